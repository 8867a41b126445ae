//! The gate that every call goes through: the record, the fault plan, the loss of a region, the quotas, and then the effect.

use std::fmt::Display;
use std::time::Duration;

use watchkeeper_control::ports::{AwsError, Fault};

use crate::aws::SimAws;
use crate::call::{CallEnding, RecordedCall};
use crate::fault::CallTrouble;
use crate::kinds::loss::LossAnswer;
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::state::SimState;

/// What is asked, from where, and where.
#[derive(Debug, Clone)]
pub(crate) struct GatedCall {
    operation: Operation,
    subject: String,
    from: usize,
    /// The region that has to answer; `None` for what is everywhere.
    at: Option<usize>,
    /// What no answer takes, where the caller has a bound of its own.
    pub(crate) patience: Option<Duration>,
}

impl GatedCall {
    fn refused(&self, refusal: CallRefusal) -> AwsError {
        refusal.of(self.operation, self.subject.clone())
    }
}

impl SimRegion {
    /// One call that AWS may refuse.
    pub(crate) async fn ask<T>(
        &self,
        operation: Operation,
        subject: impl Display,
        effect: impl FnOnce(&mut SimState) -> Result<T, CallRefusal>,
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
        effect: impl FnOnce(&mut SimState) -> Result<T, E>,
    ) -> Result<T, E> {
        let at = self.at;
        self.reach(self.asked(operation, subject, Some(at)), |aws| effect(&mut aws.states[at])).await
    }

    /// What is asked by this handle; without a region, it is asked of what is everywhere.
    pub(crate) fn asked(&self, operation: Operation, subject: impl Display, at: Option<usize>) -> GatedCall {
        GatedCall { operation, subject: subject.to_string(), from: self.from, at, patience: None }
    }

    /// One call whose effect may be anywhere.
    pub(crate) async fn reach<T, E: From<AwsError>>(
        &self,
        asked: GatedCall,
        effect: impl FnOnce(&mut SimAws) -> Result<T, E>,
    ) -> Result<T, E> {
        let answer = self.lock().aws.call(&asked, effect);
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    /// The same, where AWS may refuse.
    pub(crate) async fn reach_or_refuse<T>(
        &self,
        asked: GatedCall,
        effect: impl FnOnce(&mut SimAws) -> Result<T, CallRefusal>,
    ) -> Result<T, AwsError> {
        let of = asked.clone();
        self.reach(asked, |aws| effect(aws).map_err(|refusal| of.refused(refusal))).await
    }
}

impl SimAws {
    fn call<T, E: From<AwsError>>(
        &mut self,
        asked: &GatedCall,
        effect: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        let GatedCall { operation, ref subject, from, .. } = *asked;
        self.made += 1;
        let caller = &mut self.states[from];
        if caller.crashed {
            return None;
        }
        let ((index, nth), latency) = (caller.count(operation), caller.settings.latency);
        self.advance(latency);
        let (at, caller) = (self.now(), &mut self.states[from]);
        let trouble = caller.faults.strikes(index, operation, nth, &mut caller.rng);
        let (answer, ending) = if let Some(trouble) = trouble {
            (self.strike(trouble, asked, effect), CallEnding::Troubled(trouble))
        } else {
            let (answer, ending) = self.answer(asked, effect);
            (Some(answer), ending)
        };
        let (subject, abroad) = (subject.clone(), asked.at.is_some_and(|at| at != from));
        self.states[from].calls.push(RecordedCall { index, at, operation, subject, abroad, ending });
        answer
    }

    fn answer<T, E: From<AwsError>>(
        &mut self,
        asked: &GatedCall,
        effect: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> (Result<T, E>, CallEnding) {
        let place = asked.at.unwrap_or(asked.from);
        if let Some(answering) = self.struck(asked.from, place) {
            let bound = asked.patience.unwrap_or(self.states[asked.from].settings.abroad);
            if answering == LossAnswer::Never {
                self.advance(bound);
            }
            let refusal = CallRefusal::new(Fault::Unavailable, "the region does not answer");
            return (Err(asked.refused(refusal).into()), CallEnding::Lost);
        }
        if place != asked.from && asked.operation.writes_capacity() {
            let refusal = CallRefusal::new(Fault::Denied, "no stack may change capacity in another region");
            return (Err(asked.refused(refusal).into()), CallEnding::Refused);
        }
        let now = self.now();
        if !self.states[place].quotas.passes(asked.operation, now) {
            let refusal = CallRefusal::new(Fault::Throttled, "the token bucket is empty");
            return (Err(asked.refused(refusal).into()), CallEnding::OverQuota);
        }
        let answer = effect(self);
        let ending = if answer.is_ok() { CallEnding::Answered } else { CallEnding::Refused };
        (answer, ending)
    }

    /// Has a call go wrong. What a late trouble's effect answers, nobody hears.
    fn strike<T, E: From<AwsError>>(
        &mut self,
        trouble: CallTrouble,
        asked: &GatedCall,
        effect: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        if trouble.has_effect() && self.struck(asked.from, asked.at.unwrap_or(asked.from)).is_none() {
            let _unheard = effect(self);
        }
        if trouble.takes_time() {
            self.advance(asked.patience.unwrap_or(self.states[asked.from].settings.time_out));
        }
        self.states[asked.from].crashed |= trouble.is_crash();
        let refusal = CallRefusal::new(trouble.seen()?, format!("fault on purpose: {trouble:?}"));
        Some(Err(asked.refused(refusal).into()))
    }
}

impl SimState {
    /// Counts a call: its index (from 0), and its number among those of its operation (from 1). What reserves something of a
    /// budget has the index of the call that it is for.
    fn count(&mut self, operation: Operation) -> (u64, u64) {
        let index = self.made;
        self.made += u64::from(!operation.reserves());
        let nth = self.made_of.entry(operation).or_default();
        *nth += 1;
        (index, *nth)
    }
}
