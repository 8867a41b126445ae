//! Functions that are invoked, and what follows everything that anybody does.

use serde_json::Value;
use watchkeeper_sim::{CallEnding, FaultPlan, RecordedCall};

use super::{Later, REDELIVERY_MINUTES, Simulation};
use crate::invariant::{Actor, Violation};
use watchkeeper_sim::machine::MachineHost as _;

impl Simulation {
    /// A function is invoked with an event, again a moment later should it fail.
    pub(super) fn invoke(&mut self, function: &'static str, event: Value, left: usize) -> Result<(), Violation> {
        let answer = self.stack.host().invoke(function, event.clone());
        if !matches!(answer, Some(Ok(_))) {
            match &answer {
                Some(Err(error)) => self.say(|| format!("  {function} fails: {}", error.name)),
                _ => self.say(|| format!("  {function} dies")),
            }
            if let Some(left) = left.checked_sub(1) {
                let minutes = REDELIVERY_MINUTES[left];
                self.soon(minutes, Later::Invoke(function, event, left));
            }
        }
        self.acted(&Actor::Function(function))
    }

    /// Somebody has acted: what was started begins, and what must hold is looked at.
    pub(super) fn acted(&mut self, actor: &Actor) -> Result<(), Violation> {
        self.begin_started();
        let calls = self.stack.sim.take_calls();
        if calls.is_empty() && *actor != Actor::Somebody {
            return Ok(());
        }
        let phase = self.phase();
        for call in &calls {
            if let CallEnding::Troubled(trouble) = call.ending {
                self.coverage.strike(trouble, call.operation.name(), phase);
                self.troubled = self.troubled.max(call.at);
                if self.faults.iter().any(|(at, _)| *at == call.index) {
                    self.say(|| format!("    {call}"));
                }
            }
            if call.operation.writes_capacity() {
                self.say(|| format!("    {call}"));
            }
        }
        let changed = |call: &RecordedCall| call.ending == CallEnding::Answered && call.operation.writes_capacity();
        let troubled = |call: &RecordedCall| matches!(call.ending, CallEnding::Troubled(_));
        if calls.iter().any(|call| changed(call) || troubled(call)) {
            self.livens();
        }
        if self.diary.is_some() {
            for message in self.judge.new_messages(&self.stack.sim) {
                self.say(|| format!("  told: {message}"));
            }
            for baseline in self.judge.new_baselines(&self.stack.sim) {
                self.say(|| format!("      {baseline}"));
            }
        }
        self.judge.acted(&self.stack.sim, actor, &calls)
    }

    /// Faults and weather are as they are now.
    pub(super) fn set_faults(&mut self) {
        let (made, now) = (self.stack.sim.calls_made(), self.now());
        self.faults.retain(|(at, _)| *at >= made);
        self.weather.retain(|(until, ..)| *until > now);
        let mut plan = FaultPlan::none();
        for (at, trouble) in &self.faults {
            plan = plan.at(*at, *trouble);
        }
        for (_, percent, trouble) in &self.weather {
            plan = plan.sometimes(f64::from(*percent) / 100.0, *trouble);
        }
        self.stack.sim.set_faults(plan);
    }
}
