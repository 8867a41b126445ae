//! What the status of a database means: whether it answers, and what can be done about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DatabaseId, DatabasePower, TagScheduler};
use crate::name::{EnvironmentName, EstateName};

/// The state of a database, by what it means to us. Sources of the words of AWS: "Viewing Amazon RDS DB instance status"
/// (Amazon RDS user guide) and "Viewing DB cluster status" (Amazon Aurora user guide).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "lowercase")]
pub enum DatabaseState {
    /// It answers, and can be stopped.
    Available,
    /// It answers, and AWS is busy with it: it can be stopped once that is over.
    #[strum(to_string = "{0}")]
    Serving(String),
    /// On its way up.
    Starting,
    /// On its way down.
    Stopping,
    /// Stopped.
    Stopped,
    /// It does not answer, and a start may bring it back.
    #[strum(to_string = "{0}")]
    Startable(String),
    /// It does not answer now, and AWS brings it on by itself.
    #[strum(to_string = "{0}")]
    Passing(String),
    /// It does not answer, or not for long, and only a person can help.
    #[strum(to_string = "{0}")]
    Broken(String),
}

/// Statuses in which a database answers as when it is available.
const SERVING: [&str; 6] = [
    "backing-up",
    "modifying",
    "resetting-master-credentials",
    "storage-initialization",
    "storage-optimization",
    "update-iam-db-auth",
];

/// Statuses that last for hours: the guide says of `storage-optimization` that it may exceed a day.
const LASTING: [&str; 2] = ["storage-initialization", "storage-optimization"];

/// Statuses that end only when a person does something.
const BROKEN: [&str; 7] = [
    "cloning-failed",
    "failed",
    "inaccessible-encryption-credentials",
    "insufficient-capacity",
    "migration-failed",
    "restore-error",
    "storage-full",
];

impl DatabaseState {
    /// What a status of AWS means. A status that is not known passes.
    pub fn of(status: &str) -> Self {
        let words = || status.to_owned();
        match status {
            "available" => Self::Available,
            "starting" => Self::Starting,
            "stopping" => Self::Stopping,
            "stopped" => Self::Stopped,
            "inaccessible-encryption-credentials-recoverable" => Self::Startable(words()),
            _ if SERVING.contains(&status) || status.starts_with("configuring-") => Self::Serving(words()),
            _ if BROKEN.contains(&status) || status.starts_with("incompatible-") => Self::Broken(words()),
            _ => Self::Passing(words()),
        }
    }

    /// Whether services can use it.
    pub fn serves(&self) -> bool {
        matches!(self, Self::Available | Self::Serving(_))
    }

    /// Whether it is worth waiting for what comes after it.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Serving(status) if LASTING.contains(&status.as_str()))
    }
}

/// A database as AWS describes it. An Aurora cluster is up when its writer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObservedDatabase {
    /// Its state.
    pub state: DatabaseState,
    /// Whether it carries the tag `watchkeeper:managed = true`.
    pub managed: bool,
    /// Why AWS would refuse to stop it, if it would.
    pub cannot_stop: Option<String>,
    /// Another scheduler that may start and stop it, by its tags. Not kept with an observation.
    #[serde(skip)]
    pub scheduler: Option<TagScheduler>,
}

impl ObservedDatabase {
    /// The power that a baseline remembers for it: what it is, or is on its way to be.
    pub fn power(&self) -> DatabasePower {
        match self.state {
            DatabaseState::Stopped | DatabaseState::Stopping => DatabasePower::Off,
            _ => DatabasePower::On,
        }
    }
}

/// The value of the tag `watchkeeper:environment`, which says of a database whose it is; written `ESTATE/ENVIRONMENT`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnvironmentTag(String);

impl EnvironmentTag {
    /// The key of the tag.
    pub const KEY: &'static str = "watchkeeper:environment";

    /// The value that an environment's databases carry.
    pub fn of(estate: &EstateName, environment: &EnvironmentName) -> Self {
        Self(format!("{estate}/{environment}"))
    }

    /// A value that was found, whatever it says.
    pub fn found(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl fmt::Display for EnvironmentTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A database among all of a region, with the tags that it may be found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDatabase {
    /// Which one.
    pub id: DatabaseId,
    /// Whether it carries the tag `watchkeeper:managed = true`.
    pub managed: bool,
    /// Whose it is by its tag, if it has that one.
    pub environment: Option<EnvironmentTag>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_guides_means_something_to_us() {
        let meaning = |status: &str| match DatabaseState::of(status) {
            DatabaseState::Available => "available",
            DatabaseState::Serving(_) => "serving",
            DatabaseState::Starting | DatabaseState::Stopping | DatabaseState::Passing(_) => "passing",
            DatabaseState::Stopped => "stopped",
            DatabaseState::Startable(_) => "startable",
            DatabaseState::Broken(_) => "broken",
        };
        for (expected, statuses) in [
            ("available", "available"),
            (
                "serving",
                "backing-up configuring-enhanced-monitoring configuring-iam-database-auth configuring-log-exports \
                 modifying resetting-master-credentials storage-initialization storage-optimization update-iam-db-auth",
            ),
            ("stopped", "stopped"),
            ("startable", "inaccessible-encryption-credentials-recoverable"),
            (
                "broken",
                "cloning-failed failed inaccessible-encryption-credentials incompatible-create incompatible-network \
                 incompatible-option-group incompatible-parameters incompatible-restore insufficient-capacity \
                 migration-failed restore-error storage-full",
            ),
            (
                "passing",
                "backtracking converting-to-vpc creating delete-precheck deleting failing-over maintenance migrating \
                 moving-to-vpc preparing-data-migration promoting rebooting renaming starting stopping \
                 storage-config-upgrade upgrading something-new",
            ),
        ] {
            for status in statuses.split_whitespace() {
                assert_eq!(meaning(status), expected, "{status}");
                assert_eq!(DatabaseState::of(status).to_string(), status);
            }
        }
    }
}
