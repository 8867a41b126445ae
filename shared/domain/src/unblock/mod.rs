//! The daily unblock: what is stuck is freed where that is proved, and named to the person who can where it is not.
//!
//! Every rule here is a function of what was read and of a time that came with it. What a run did is in its [`UnblockRecord`];
//! what is remembered from run to run, in the [`UnblockMemory`].

mod blocker;
mod deployment;
mod due;
mod escalate;
mod event;
mod field;
mod figures;
mod finding;
mod letter;
mod limits;
mod lock;
mod memory;
mod message;
mod own;
mod record;
mod request;
mod undo;

pub use blocker::{Blocker, BlockerEvaluation, BlockerItem, StuckItem, look};
pub use deployment::{StuckDeployment, stuck_since};
pub use due::{CATCH_UP, UnblockHour};
pub use escalate::{BlockerPattern, Escalation, EscalationLevel, EscalationNews, EscalationWithdrawal, escalate};
pub use event::{LISTED, detail, escalated, freed_capacity};
pub use field::ItemAttribute;
pub use figures::{FreedCapacity, LockFigures, OwnFigures, QueueFigures};
pub use finding::{FindingList, FindingSource, UnblockFinding};
pub use letter::{LetterFate, LetterStamps, MESSAGE_ATTRIBUTES_MAX, entry_of, fate, fate_of};
pub use limits::{HeldLocks, WipViolation};
pub use lock::{AbandonmentProof, LockEntry, LockItem, LockRelease, LockStanding, ReleaseEnd, UndoOutcome, judge};
pub use memory::{EscalatedItem, KEPT_MAX, PreviousFigures, RetakenLock, UnblockMemory};
pub use message::message;
pub use own::{INTENT_GRACE, RunFate, expired, run_fate};
pub use record::{UnblockEnd, UnblockKind, UnblockRecord, UnblockStage};
pub use request::{UnblockPurpose, UnblockRequest};
pub use undo::{undo_input, wanted};
