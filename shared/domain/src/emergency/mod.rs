//! The emergency runbook: what it is asked for, what it decides before it acts, and how long it holds.

pub mod alarm;
mod asked;
mod calls;
mod decide;
mod hold;
mod notice;
mod question;
mod request;
mod watched;

pub use crate::estate::MAX_LASTS;
pub use asked::{LastQuestion, PLAN_MAX, PutQuestion, question_mark};
pub use calls::{AlarmCalls, Call};
pub use decide::{DecisionInputs, EmergencyDecision, EmergencyStep, decide};
pub use hold::{EmergencyHold, HoldAction, hold, made_worse, still_called_for};
pub use notice::{not_done, unknown_alarms, worse};
pub use question::{PersonReply, ask};
pub use request::{EmergencyPurpose, EmergencyRequest};
pub use watched::{HeldEmergency, HeldLook, in_spite_of_veto, watched};
