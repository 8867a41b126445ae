//! The phases of a move, and its endings.

use serde::{Deserialize, Serialize};

/// Where a move stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum MovePhase {
    /// Is the active region lost?
    Confirm,
    /// Can this region serve, and what would be lost?
    Assess,
    /// A person's word, where one is needed.
    Approve,
    /// The pointer says `moving`.
    Begin,
    /// The old region is asked to stop its singletons.
    Fence,
    /// Databases become writers here.
    Promote,
    /// Services start, wave after wave.
    Scale,
    /// Everything runs, targets are healthy, health paths answer.
    Verify,
    /// A rehearsal keeps up what it has started.
    Hold,
    /// The point of no return: traffic moves.
    Traffic,
    /// People outside reach the new region.
    Outside,
    /// The pointer says `steady`.
    Settle,
    /// The move goes back; a rehearsal gives back.
    Back,
    /// It is over, whatever came of it.
    Over,
}

impl MovePhase {
    /// Every phase, in order.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How a move ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum MoveEnding {
    /// The new region serves.
    Done,
    /// Nothing was to be done.
    Nothing,
    /// The plan was the answer.
    Planned,
    /// The active region is not lost.
    #[strum(serialize = "false alarm")]
    FalseAlarm,
    /// A person said no, or nobody answered.
    Declined,
    /// Something forbids it, and nothing was changed.
    Refused,
    /// It failed before traffic had moved, and everything is as before.
    Compensated,
    /// It stopped where it stands, and a person has to go on.
    Held,
}
