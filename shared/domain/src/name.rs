//! The names of things, each a type of its own, so that a cluster is never passed for a service.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name that AWS or the ledger could not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: found {found:?}, expected 1 to 255 of letters, digits, '-', '_' or '.'")]
pub struct BadName {
    /// What kind of name it was meant to be.
    pub what: &'static str,
    /// What was found instead.
    pub found: String,
}

/// The characters that every resource name of these services is made of.
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// ECS tells names apart by their case ("Amazon ECS service definition parameters": names are unique within a cluster, as
/// they are written).
fn as_written(text: &str) -> String {
    text.to_owned()
}

/// RDS keeps identifiers "as a lowercase string" (Amazon RDS API reference, `CreateDBInstance`, `CreateDBCluster`), and finds
/// them in any spelling.
fn without_case(text: &str) -> String {
    text.to_ascii_lowercase()
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $what:literal, $keep:path;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(inline, extend("pattern" = "^[A-Za-z0-9_.-]{1,255}$"))]
        pub struct $name(String);

        impl $name {
            /// The name, checked.
            ///
            /// # Errors
            /// [`BadName`] with what was found.
            pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
                let text = text.into();
                if is_name(&text) { Ok(Self($keep(&text))) } else { Err(BadName { what: $what, found: text }) }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// An estate: one system.
    EstateName = "estate", as_written;
    /// One copy of an estate, such as `dev`.
    EnvironmentName = "environment", as_written;
    /// An AWS region, such as `us-east-1`.
    Region = "region", as_written;
    /// An ECS cluster.
    ClusterName = "cluster", as_written;
    /// An ECS service.
    ServiceName = "service", as_written;
    /// An RDS instance or an Aurora cluster, in lower case.
    DatabaseName = "database", without_case;
    /// A state machine of Step Functions.
    MachineName = "state machine", as_written;
}

/// One environment in one region: what a lease, a baseline and a run belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The system.
    pub estate: EstateName,
    /// The copy of it.
    pub environment: EnvironmentName,
    /// The region whose resources are meant.
    pub region: Region,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {}", self.estate, self.environment, self.region)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_keeps_what_it_was_given() {
        assert_eq!(ServiceName::new("clos-v2-core-api-service").unwrap().as_str(), "clos-v2-core-api-service");
    }

    #[test]
    fn databases_are_told_apart_as_rds_does_and_services_as_ecs_does() {
        let database = |name| DatabaseName::new(name).unwrap();
        assert_eq!(database("Shop-Shared-DB"), database("shop-shared-db"));
        assert_eq!(database("Shop-Shared-DB").as_str(), "shop-shared-db");
        assert_ne!(ServiceName::new("Api").unwrap(), ServiceName::new("api").unwrap());
    }

    #[test]
    fn an_empty_or_spaced_name_says_what_was_found() {
        let error = ClusterName::new("my cluster").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cluster: found \"my cluster\", expected 1 to 255 of letters, digits, '-', '_' or '.'"
        );
        assert!(EstateName::new("").is_err());
    }
}
