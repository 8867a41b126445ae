//! The databases of an environment: named one by one, or found by their tags.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cluster::MANAGED;
use super::document::DatabaseEntry;
use crate::value::{BadValue, TextForm};

/// The databases that sleep and wake with an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentDatabases {
    /// These.
    Named(Vec<DatabaseEntry>),
    /// All of the primary region that carry the tags `watchkeeper:managed = true` and `watchkeeper:environment =
    /// ESTATE/ENVIRONMENT` when they are looked at.
    Managed,
}

impl Default for EnvironmentDatabases {
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

impl EnvironmentDatabases {
    /// Those that the document names; none where they are found by their tags.
    pub fn named(&self) -> &[DatabaseEntry] {
        match self {
            Self::Named(databases) => databases,
            Self::Managed => &[],
        }
    }

    /// Whether there can be none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Serialize for EnvironmentDatabases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(databases) => databases.serialize(serializer),
            Self::Managed => serializer.serialize_str(MANAGED),
        }
    }
}

impl<'de> Deserialize<'de> for EnvironmentDatabases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Named(Vec<DatabaseEntry>),
            Word(Word),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Managed,
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Named(databases) => Self::Named(databases),
            Form::Word(Word::Managed) => Self::Managed,
        })
    }
}

impl TextForm for EnvironmentDatabases {
    const FORMAT: &'static str = "databases-or-managed";
    const EXPECTED: &'static str = "managed, or a list of databases";
    const PATTERN: &'static str = "^managed$";
    const EXAMPLES: &'static [&'static str] = &[MANAGED];
}

impl std::str::FromStr for EnvironmentDatabases {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == MANAGED { Ok(Self::Managed) } else { Err(BadValue::of::<Self>(text)) }
    }
}

/// `format` and `pattern` speak of text only, `items` of lists only: no "any of", so a plain message.
impl JsonSchema for EnvironmentDatabases {
    fn schema_name() -> Cow<'static, str> {
        "EnvironmentDatabases".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "description": Self::EXPECTED,
            "format": Self::FORMAT,
            "pattern": Self::PATTERN,
            "items": generator.subschema_for::<DatabaseEntry>(),
            "examples": Self::EXAMPLES,
        })
    }
}
