//! Databases that have to be promoted before the new region can write.

use serde::{Deserialize, Serialize};

use crate::estate::PairDatabase;

/// What a database is in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
