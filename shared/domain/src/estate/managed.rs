//! What an environment looks after: named one by one, or found by its tags.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::document::DatabaseEntry;
use crate::name::ServiceName;
use crate::value::{BadValue, TextForm};

/// Resources of one kind that an environment looks after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ManagedResources<T> {
    /// All that carry the tags of their kind when they are looked at.
    Managed,
    /// These.
    #[serde(untagged)]
    Named(Vec<T>),
}

/// The services of a cluster; the tag is `watchkeeper:managed = true`.
pub type ClusterServices = ManagedResources<ServiceName>;

/// The databases that sleep and wake with an environment, in its primary region; the tags are `watchkeeper:managed = true` and
/// `watchkeeper:environment = ESTATE/ENVIRONMENT`.
pub type EnvironmentDatabases = ManagedResources<DatabaseEntry>;

/// A kind of resource that can be found by its tags.
pub trait FoundByTag: JsonSchema {
    /// What the schema calls a selection of them.
    const SCHEMA: &'static str;
    /// The `format` of one in the schema.
    const FORMAT: &'static str;
    /// What belongs there, as the end of "expected …".
    const EXPECTED: &'static str;
}

impl FoundByTag for ServiceName {
    const SCHEMA: &'static str = "ClusterServices";
    const FORMAT: &'static str = "services-or-managed";
    const EXPECTED: &'static str = "managed, or the names of services";
}

impl FoundByTag for DatabaseEntry {
    const SCHEMA: &'static str = "EnvironmentDatabases";
    const FORMAT: &'static str = "databases-or-managed";
    const EXPECTED: &'static str = "managed, or a list of databases";
}

/// The word for what is found by its tags.
const MANAGED: &str = "managed";

impl<T: PartialEq> ManagedResources<T> {
    /// Those that the document names; none where they are found by their tags.
    pub fn named(&self) -> &[T] {
        match self {
            Self::Named(resources) => resources,
            Self::Managed => &[],
        }
    }

    /// Takes one out of those that are named.
    pub fn take_out(&mut self, resource: &T) {
        if let Self::Named(resources) = self {
            resources.retain(|one| one != resource);
        }
    }

    /// Whether there can be none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<T> Default for ManagedResources<T> {
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

impl<T: FoundByTag> TextForm for ManagedResources<T> {
    const FORMAT: &'static str = T::FORMAT;
    const EXPECTED: &'static str = T::EXPECTED;
    const PATTERN: &'static str = "^managed$";
    const EXAMPLES: &'static [&'static str] = &[MANAGED];
}

impl<T: FoundByTag> std::str::FromStr for ManagedResources<T> {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == MANAGED { Ok(Self::Managed) } else { Err(BadValue::of::<Self>(text)) }
    }
}

/// `format` and `pattern` speak of text only, `items` of lists only: no "any of", so a plain message.
impl<T: FoundByTag> JsonSchema for ManagedResources<T> {
    fn schema_name() -> Cow<'static, str> {
        T::SCHEMA.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "description": Self::EXPECTED,
            "format": Self::FORMAT,
            "pattern": Self::PATTERN,
            "items": generator.subschema_for::<T>(),
            "examples": Self::EXAMPLES,
        })
    }
}
