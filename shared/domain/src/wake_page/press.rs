//! What a press of the button leads to.

use jiff::{Timestamp, ToSpan as _};

use super::{LastPress, WakeMemory, WakeSituation, WakeState, for_page};
use crate::request::{RequestedState, RunRequest};

/// A press that wakes: what is to be remembered first, and the execution of `reconcile` that is to be started then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakePress {
    /// The memory with this press in it.
    pub memory: WakeMemory,
    /// The name of the execution.
    pub execution: String,
    /// What it is asked for.
    pub request: RunRequest,
}

/// Why a press wakes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WakeRefusal {
    /// The word that has to be typed is another one.
    WrongToken,
    /// Nothing may be changed now.
    Halted,
    /// It wakes already.
    UnderWay,
    /// It is awake.
    Awake,
    /// The button has woken it as often as it may on one day.
    UsedUp {
        /// How often that is.
        at_most: u32,
        /// When the next day begins.
        again: Timestamp,
    },
}

impl WakeSituation<'_> {
    /// What a press leads to, by somebody who has typed this.
    ///
    /// # Errors
    /// [`WakeRefusal`] says why it wakes nothing.
    pub fn press(&self, typed: &str) -> Result<WakePress, WakeRefusal> {
        // Who does not know the word learns nothing else.
        if self.policy.token.as_ref().is_some_and(|token| !token.is_of(typed.as_bytes())) {
            return Err(WakeRefusal::WrongToken);
        }
        match self.state() {
            WakeState::Awake => return Err(WakeRefusal::Awake),
            WakeState::Waking { .. } => return Err(WakeRefusal::UnderWay),
            WakeState::Asleep { .. } if self.halted => return Err(WakeRefusal::Halted),
            WakeState::Asleep { .. } => {}
        }
        let (number, execution) = self.next()?;
        let last = LastPress { execution: execution.clone(), at: self.now, started: false };
        let memory = WakeMemory { day: Some(self.policy.day(self.now)), count: number, last: Some(last) };
        Ok(WakePress { memory, execution, request: self.request() })
    }

    /// How often the button may still wake today.
    pub fn left(&self) -> u32 {
        self.policy.at_most.saturating_sub(self.memory.count_on(self.policy.day(self.now)))
    }

    /// The number of the next press of the day, and its execution. A press that never learned whether it started anything is made
    /// again, and not counted twice; one whose execution has ended after all was one.
    fn next(&self) -> Result<(u32, String), WakeRefusal> {
        let day = self.policy.day(self.now);
        let count = self.memory.count_on(day);
        let lost =
            self.memory.last.as_ref().filter(|last| !last.started && last.execution == self.execution(day, count));
        let first = if lost.is_some() { count } else { count + 1 };
        let mut numbers = (first..=self.policy.at_most).map(|number| (number, self.execution(day, number)));
        numbers.find(|(_, execution)| self.ending(execution).is_none()).ok_or_else(|| {
            let again = day.checked_add(1.day()).map_or(Timestamp::MAX, |next| self.policy.begins(next));
            WakeRefusal::UsedUp { at_most: self.policy.at_most, again }
        })
    }

    fn request(&self) -> RunRequest {
        RunRequest {
            want: Some(RequestedState::Awake),
            until: Some(self.policy.lasts.to_string()),
            for_release: for_page(),
            reason: Some("by its wake page".to_owned()),
            ..RunRequest::of_person(self.scope)
        }
    }
}
