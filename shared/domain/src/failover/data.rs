//! Databases that have to be promoted before the new region can write.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::estate::{ResourceName, StandbyDatabase};

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

    /// Its name, without its kind.
    pub fn name(&self) -> &ResourceName {
        match self {
            Self::Replica(name) | Self::AuroraGlobal(name) => name,
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

/// What a database is in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseRole {
    /// It takes writes.
    Writer,
    /// It follows a writer elsewhere.
    Follower,
    /// It changes, in the words of AWS.
    Changing(String),
}

/// What is to be done about a database on the way to a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promotion {
    /// Nothing: it takes writes already.
    Nothing,
    /// It has to become a writer.
    Promote,
    /// It is on its way.
    Wait(String),
    /// It cannot be done.
    Impossible(String),
}

/// What follows from what a database is.
pub fn promotion(database: &PairDatabase, role: Option<&DatabaseRole>) -> Promotion {
    match role {
        Some(DatabaseRole::Writer) => Promotion::Nothing,
        Some(DatabaseRole::Follower) => Promotion::Promote,
        Some(DatabaseRole::Changing(what)) => Promotion::Wait(format!("{database}: {what}")),
        None => Promotion::Impossible(format!("{database} does not exist in this region")),
    }
}

/// Why a person has to accept that data may be lost; nothing where none can be. An Aurora global database loses nothing when
/// both regions take part; a replica that is promoted loses what its source had not sent, and nobody can tell how much
/// once the source is gone.
pub fn may_lose(database: &PairDatabase, lossless: bool) -> Option<String> {
    match database {
        PairDatabase::AuroraGlobal(_) if lossless => None,
        PairDatabase::AuroraGlobal(name) => {
            Some(format!("the global database {name} fails over without its writer, and loses what was not replicated"))
        }
        PairDatabase::Replica(name) => {
            Some(format!("the replica {name} is promoted for good, and loses what its source had not sent"))
        }
    }
}
