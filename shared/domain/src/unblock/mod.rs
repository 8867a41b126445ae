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

pub use blocker::{Blocker, BlockerItem, BlockerEvaluation, StuckItem, look};
pub use deployment::{StuckDeployment, stuck_since};
pub use due::{CATCH_UP, UnblockHour};
pub use escalate::{Escalation, EscalationNews, EscalationLevel, BlockerPattern, EscalationWithdrawal, escalate};
pub use event::{LISTED, detail, escalated, freed_capacity};
pub use field::ItemAttribute;
pub use figures::{FreedCapacity, LockFigures, OwnFigures, QueueFigures};
pub use finding::{UnblockFinding, FindingList, FindingSource};
pub use letter::{LetterFate, MESSAGE_ATTRIBUTES_MAX, LetterStamps, entry_of, fate, fate_of};
pub use limits::{HeldLocks, WipViolation};
pub use lock::{LockEntry, LockItem, AbandonmentProof, LockRelease, ReleaseEnd, LockStanding, UndoOutcome, judge};
pub use memory::{EscalatedItem, PreviousFigures, KEPT_MAX, RetakenLock, UnblockMemory};
pub use message::message;
pub use own::{RunFate as RunFate, INTENT_GRACE, expired, run_fate};
pub use record::{UnblockEnd, UnblockKind, UnblockRecord, UnblockStage};
pub use request::{UnblockPurpose, UnblockRequest};
pub use undo::{undo_input, wanted};
