//! Emergencies: the answers to alarms, and the steps of the `emergency-scale` machine. It decides and asks; it changes no
//! capacity.

mod alarms;
mod call;
mod handle;
mod incoming;
mod missing;
mod question;
mod respond;

use crate::platform::Platform;

pub use call::{Decided, Details, Looked, Step, after_decision, after_look};
pub use incoming::{AlarmOutcome, AlarmResult, Handled, Incoming, Nothing, Passed, Unread};

/// What emergencies are answered with.
#[derive(Debug, Clone)]
pub struct EmergencyRunbook<P: Platform> {
    /// What is remembered.
    pub ledger: P::Ledger,
    /// The alarms.
    pub alarms: P::Alarms,
    /// The machine `emergency-scale`.
    pub machine: P::Machine,
    /// Where people hear of it.
    pub notifier: P::Notifier,
}
