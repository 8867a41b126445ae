//! A time zone of the IANA database that is compiled in.

use std::{borrow::Cow, fmt, str::FromStr};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{BadValue, TextForm};

/// An IANA time zone, such as `America/New_York`, with its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    zone: TimeZone,
    name: String,
}

impl Zone {
    /// Coordinated universal time: what is used where a document names no zone.
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC, name: "UTC".to_owned() }
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rules, for arithmetic.
    pub fn rules(&self) -> &TimeZone {
        &self.zone
    }

    /// The names of every zone that a document may use, sorted.
    pub fn all_names() -> Vec<String> {
        let database = TimeZoneDatabase::bundled();
        let mut names: Vec<String> = database.available().map(|name| name.as_str().to_owned()).collect();
        names.sort_unstable();
        names
    }
}

impl TextForm for Zone {
    const FORMAT: &'static str = "time-zone";
    const EXPECTED: &'static str = "an IANA time zone, such as America/New_York";
    const PATTERN: &'static str = "^[A-Za-z0-9_+/-]+$";
    const EXAMPLES: &'static [&'static str] = &["Etc/UTC", "America/New_York", "Asia/Seoul"];
}

impl FromStr for Zone {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        // The look-up forgives capitals; a document is read by people and by other tools, so it may not.
        match TimeZoneDatabase::bundled().get(text) {
            Ok(zone) if zone.iana_name() == Some(text) => Ok(Self { zone, name: text.to_owned() }),
            _ => Err(BadValue::of::<Self>(text)),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> Cow<'static, str> {
        "Zone".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // The whole list, so that an editor completes it.
        json_schema!({
            "type": "string",
            "description": Self::EXPECTED,
            "format": Self::FORMAT,
            "enum": Self::all_names(),
            "examples": Self::EXAMPLES,
        })
    }
}
