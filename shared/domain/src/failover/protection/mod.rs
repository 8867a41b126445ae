//! Protected again: what a move has cost, as a list of work. The region that was left, once its stack is at work again, is looked
//! at as any standby is; what it lacks is the list, and the pair is protected once that is empty.

mod command;
mod instance;
mod list;
mod memory;
mod replica;
mod text;

pub use instance::{InstanceFacts, InstanceSettings, NewReplica};
pub use list::{ProtectionFacts, ProtectionHand, ProtectionItem, ProtectionWork, protection_work};
pub use memory::{PROTECTION_EVERY, ProtectionMemory, ProtectionTold, StepTries, protection_mark};
pub use replica::{ReplicaSituation, ReplicaStep, left_name};
pub use text::{protected_text, unprotected_text};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pointer::Pointer;
use crate::name::Region;

/// Whether a move is made good, in its record, which stays open until it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MoveProtection {
    /// What is missing, by resource; empty once nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Since when the pair is protected again; `None` until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<Timestamp>,
}

/// How protection stands, as the region that serves knows it: from the other region's own memory, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtectionStanding {
    /// It is protected again, since an instant.
    Protected(Timestamp),
    /// These are missing.
    Missing(Vec<ProtectionItem>),
}

impl ProtectionStanding {
    /// What follows from the other region's memory, and from when its stack was heard of last.
    pub fn of(theirs: Option<&ProtectionMemory>, pointer: &Pointer, other: &Region, heard: Option<Timestamp>) -> Self {
        let looked = theirs.filter(|memory| memory.epoch == pointer.epoch);
        match looked {
            Some(ProtectionMemory { protected: Some(at), .. }) => Self::Protected(*at),
            Some(memory) if !memory.items.is_empty() => Self::Missing(memory.items.clone()),
            _ => {
                let heard = heard.map_or_else(|| "never".to_owned(), |at| format!("at {at}"));
                let missing = format!("its stack, last heard of {heard}, has not looked since the move");
                let advice = "Wait until the region answers: its stack looks by itself then, and lists what is missing";
                Self::Missing(vec![ProtectionItem::of(other.to_string(), missing, advice)])
            }
        }
    }
}
