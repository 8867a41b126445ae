//! What an emergency wants of the one hand.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::ServiceName;
use crate::value::{AlarmName, ProfileName};

/// What an emergency wants of the one hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Urgency {
    /// A profile, until it expires or is given back.
    Scale {
        /// Which profile of the document.
        profile: ProfileName,
        /// When it ends by itself.
        until: Timestamp,
        /// The alarms that hold it.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        alarms: BTreeSet<AlarmName>,
        /// The execution that gives it back; without one, the run itself, and then only its end does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A profile given back.
    GiveBack {
        /// The profile that is given back.
        profile: ProfileName,
        /// Only if this execution holds it: a later one may have taken it over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Services back to the last release that was rolled out completely.
    RollBack {
        /// Which services; empty for every one that is suspect, or without `since` for every one.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        services: BTreeSet<ServiceName>,
        /// Only releases that began between these two instants are suspect.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suspect: Option<(Timestamp, Timestamp)>,
        /// When a person who agreed was asked: what was released after it, they did not see.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Timestamp>,
    },
}
