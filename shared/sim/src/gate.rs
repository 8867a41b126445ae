//! The gate that every call goes through: the record, the fault plan, the quotas, and then the effect.

use std::fmt::Display;

use watchkeeper_control::ports::{AwsError, Fault};

use crate::call::{Call, Ending, Operation};
use crate::fault::Trouble;
use crate::state::State;
use crate::world::World;

/// Why the world does not do what is asked.
#[derive(Debug)]
pub(crate) struct Refusal {
    fault: Fault,
    why: String,
}

impl Refusal {
    pub(crate) fn new(fault: Fault, why: impl Into<String>) -> Self {
        Self { fault, why: why.into() }
    }

    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::new(Fault::Invalid, why)
    }

    pub(crate) fn not_found(what: impl Display) -> Self {
        Self::new(Fault::NotFound, format!("{what} does not exist"))
    }

    /// The policy of the writing role allows resources with the tag only.
    pub(crate) fn not_managed(what: impl Display) -> Self {
        Self::new(Fault::Denied, format!("{what} does not carry the tag watchkeeper:managed = true"))
    }

    pub(crate) fn of(self, operation: Operation, subject: String) -> AwsError {
        AwsError { operation: operation.name(), subject, fault: self.fault, source: Some(self.why.into()) }
    }
}

impl World {
    /// One call that AWS may refuse.
    pub(crate) async fn ask<T>(
        &self,
        operation: Operation,
        subject: impl Display,
        effect: impl FnOnce(&mut State) -> Result<T, Refusal>,
    ) -> Result<T, AwsError> {
        let subject = subject.to_string();
        let of = subject.clone();
        self.call(operation, subject, |state| effect(state).map_err(|refusal| refusal.of(operation, of))).await
    }

    /// One call. When the process dies of it, or has died, it never returns.
    pub(crate) async fn call<T, E: From<AwsError>>(
        &self,
        operation: Operation,
        subject: String,
        effect: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<T, E> {
        let answer = self.lock().call(operation, subject, effect);
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

impl State {
    fn call<T, E: From<AwsError>>(
        &mut self,
        operation: Operation,
        subject: String,
        effect: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        if self.crashed {
            return None;
        }
        let (index, nth) = self.count(operation);
        self.advance(self.settings.latency);
        let at = self.now;
        let (answer, ending) = match self.faults.strikes(index, operation, nth, &mut self.rng) {
            Some(trouble) => (self.strike(trouble, operation, &subject, effect), Ending::Troubled(trouble)),
            None if !self.quotas.passes(operation, at) => {
                let refusal = Refusal::new(Fault::Throttled, "the token bucket is empty");
                (Some(Err(refusal.of(operation, subject.clone()).into())), Ending::OverQuota)
            }
            None => {
                let answer = effect(self);
                let ending = if answer.is_ok() { Ending::Answered } else { Ending::Refused };
                (Some(answer), ending)
            }
        };
        self.calls.push(Call { index, at, operation, subject, ending });
        answer
    }

    /// Counts a call: its index (from 0), and its number among those of its operation (from 1).
    fn count(&mut self, operation: Operation) -> (u64, u64) {
        let index = self.made;
        self.made += 1;
        let nth = self.made_of.entry(operation).or_default();
        *nth += 1;
        (index, *nth)
    }

    /// Has a call go wrong. What a late trouble's effect answers, nobody hears.
    fn strike<T, E: From<AwsError>>(
        &mut self,
        trouble: Trouble,
        operation: Operation,
        subject: &str,
        effect: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        if trouble.has_effect() {
            let _unheard = effect(self);
        }
        if trouble.takes_time() {
            self.advance(self.settings.time_out);
        }
        self.crashed |= trouble.is_crash();
        let refusal = Refusal::new(trouble.seen()?, format!("fault on purpose: {trouble:?}"));
        Some(Err(refusal.of(operation, subject.to_owned()).into()))
    }
}
