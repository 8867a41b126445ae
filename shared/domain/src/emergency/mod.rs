//! The emergency runbook: what it is asked for, what it decides before it acts, and how long it holds.

pub mod alarm;
mod asked;
mod decide;
mod hold;
mod notice;
mod question;
mod request;

pub use crate::estate::MAX_LASTS;
pub use asked::LastQuestion;
pub use decide::{DecisionInputs, EmergencyDecision, EmergencyStep, decide};
pub use hold::{EmergencyHold, HoldAction, hold, made_worse, still_called_for};
pub use notice::{not_done, unknown_alarms, worse};
pub use question::{PersonReply, ask};
pub use request::{EmergencyPurpose, EmergencyRequest};
