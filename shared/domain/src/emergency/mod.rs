//! The emergency runbook: what it is asked for, what it decides before it acts, and how long it holds.

pub mod alarm;
mod asked;
mod decide;
mod hold;
mod notice;
mod question;
mod request;

pub use crate::estate::MAX_LASTS;
pub use asked::Asked;
pub use decide::{Decision, Known, Step, decide};
pub use hold::{Held, Hold, hold, made_worse, still_called_for};
pub use notice::{not_done, unknown_alarms, worse};
pub use question::{Reply, ask};
pub use request::{EmergencyRequest, Purpose};
