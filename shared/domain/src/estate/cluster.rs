//! The services of a cluster: named one by one, or found by their tag.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name::ServiceName;
use crate::value::{BadValue, TextForm};

/// The services of a cluster that an environment looks after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterServices {
    /// These.
    Named(Vec<ServiceName>),
    /// All that carry the tag `watchkeeper:managed = true` when they are looked at.
    Managed,
}

/// The word for what is found by its tags.
pub(super) const MANAGED: &str = "managed";

impl ClusterServices {
    /// Those that the document names; none where they are found by their tag.
    pub fn named(&self) -> &[ServiceName] {
        match self {
            Self::Named(services) => services,
            Self::Managed => &[],
        }
    }

    /// Takes a service out of those that are named.
    pub fn take_out(&mut self, service: &ServiceName) {
        if let Self::Named(services) = self {
            services.retain(|one| one != service);
        }
    }
}

impl Serialize for ClusterServices {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(services) => services.serialize(serializer),
            Self::Managed => serializer.serialize_str(MANAGED),
        }
    }
}

impl<'de> Deserialize<'de> for ClusterServices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Named(Vec<ServiceName>),
            Word(Word),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Managed,
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Named(services) => Self::Named(services),
            Form::Word(Word::Managed) => Self::Managed,
        })
    }
}

impl TextForm for ClusterServices {
    const FORMAT: &'static str = "services-or-managed";
    const EXPECTED: &'static str = "managed, or the names of services";
    const PATTERN: &'static str = "^managed$";
    const EXAMPLES: &'static [&'static str] = &[MANAGED];
}

impl std::str::FromStr for ClusterServices {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == MANAGED { Ok(Self::Managed) } else { Err(BadValue::of::<Self>(text)) }
    }
}

/// `format` and `pattern` speak of text only, `items` of lists only: no "any of", so a plain message.
impl JsonSchema for ClusterServices {
    fn schema_name() -> Cow<'static, str> {
        "ClusterServices".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "description": Self::EXPECTED,
            "format": Self::FORMAT,
            "pattern": Self::PATTERN,
            "items": generator.subschema_for::<ServiceName>(),
            "examples": Self::EXAMPLES,
        })
    }
}
