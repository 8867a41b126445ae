//! The daily unblock: what is stuck is freed where that is proved, and named to the person who can where it is not.
//!
//! Every rule here is a function of what was read and of a time that came with it. What a run did is in its [`Record`];
//! what is remembered from run to run, in the [`Memory`].

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

pub use blocker::{Blocker, BlockerItem, Look, Stuck, look};
pub use deployment::{Rolling, stuck_since};
pub use due::{CATCH_UP, Hour};
pub use escalate::{Escalation, Escalations, Level, Pattern, Withdrawal, escalate};
pub use event::{LISTED, detail, escalated, freed_capacity};
pub use field::Field;
pub use figures::{Freed, LockFigures, OwnFigures, QueueFigures};
pub use finding::{Finding, Findings, Source};
pub use letter::{Fate, MESSAGE_ATTRIBUTES_MAX, Stamps, entry_of, fate, fate_of};
pub use limits::{Held, WipViolation};
pub use lock::{Lock, LockItem, Proof, Release, ReleaseEnd, Standing, Undone, judge};
pub use memory::{Escalated, Figures, KEPT_MAX, Kept, Memory};
pub use message::message;
pub use own::{Fate as RunFate, INTENT_GRACE, expired, run_fate};
pub use record::{End, Kind, Record, Stage};
pub use request::{Purpose, UnblockRequest};
pub use undo::{undo_input, wanted};
