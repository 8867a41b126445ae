//! Databases of a pair that have to be promoted.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::StandbyDatabase;
use crate::value::ResourceName;

/// A database of the pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairDatabase {
    /// An RDS read replica of this identifier in either region.
    Replica(ResourceName),
    /// An Aurora global database.
    AuroraGlobal(ResourceName),
}

impl PairDatabase {
    /// The database of an entry of the document; nothing if the entry names none or two.
    pub fn of(entry: &StandbyDatabase) -> Option<Self> {
        match (&entry.replica, &entry.aurora_global) {
            (Some(name), None) => Some(Self::Replica(name.clone())),
            (None, Some(name)) => Some(Self::AuroraGlobal(name.clone())),
            _ => None,
        }
    }

    /// Whether a promotion can be taken back by another one.
    pub fn reversible(&self, lossless: bool) -> bool {
        lossless && matches!(self, Self::AuroraGlobal(_))
    }
}

impl fmt::Display for PairDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replica(name) => write!(f, "replica {name}"),
            Self::AuroraGlobal(name) => write!(f, "global database {name}"),
        }
    }
}
