//! What a rehearsal of a failover wants of the one hand.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RequestError, RunMode, RunRequest, RunTrigger, bad};
use crate::name::ServiceName;

/// What a rehearsal wants of the one hand. It is of the machine `failover` only: its intent has a name that gives it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum RehearsalDemand {
    /// So many tasks of each service at least, until then.
    Hold {
        /// Tasks by service.
        services: BTreeMap<ServiceName, u32>,
        /// When it ends by itself, whatever became of the rehearsal.
        until: Timestamp,
        /// The execution that gives it back.
        by: String,
    },
    /// All of it given back.
    GiveBack {
        /// Only if this execution holds it.
        by: String,
    },
}

impl RunRequest {
    /// Checks what a rehearsal asks for, if it is one.
    pub(super) fn check_rehearsal(&self) -> Result<(), RequestError> {
        let Some(demand) = &self.rehearsal else { return Ok(()) };
        if self.trigger != RunTrigger::Failover || self.mode != RunMode::Apply {
            return Err(bad(
                "rehearsal",
                "a demand of another trigger, or only a plan",
                "trigger failover with mode apply",
            ));
        }
        match demand {
            RehearsalDemand::Hold { services, .. } if services.is_empty() => {
                Err(bad("rehearsal.hold.services", "nothing", "the tasks of at least one service"))
            }
            RehearsalDemand::Hold { .. } | RehearsalDemand::GiveBack { .. } => Ok(()),
        }
    }
}
