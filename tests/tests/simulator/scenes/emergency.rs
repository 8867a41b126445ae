//! Emergencies in memory.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_control::emergency::{AlarmOutcome, Handled};
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::runbook::RunbookError;
use watchkeeper_domain::capacity::{Rollout, ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::{AlarmMemory, AlarmState, IgnoreReason};
use watchkeeper_domain::value::AlarmName;
use watchkeeper_sim::alarm_event;

use super::{InMemoryScene, seen};
use watchkeeper_in_memory::{EmergencyRun, EmergencyRunState, ExecutionEnd};
use watchkeeper_tests::harness::{HarnessError, name_prefix};
use watchkeeper_tests::scenarios::emergency::{EmergencyHarness, EmergencyNumber, EmergencyStage};
use watchkeeper_tests::scenarios::{Harness as _, RunEnd, later};

impl InMemoryScene {
    /// An event reaches the function that answers alarms.
    fn delivered(&mut self, event: &Value) -> Result<(), HarnessError> {
        let handled = self.harness.hears(event);
        self.handled(handled)
    }

    fn handled(&mut self, handled: Option<Result<Handled, RunbookError>>) -> Result<(), HarnessError> {
        let handled = handled.ok_or_else(|| broken("the function died"))?;
        self.handled = handled.map_err(broken)?.lines;
        Ok(())
    }

    /// Keeps an execution: its number, and where it waits.
    fn kept(&mut self, run: EmergencyRun) -> (EmergencyNumber, EmergencyStage) {
        self.emergencies.push(run);
        let number = self.emergencies.len() - 1;
        (number, self.stage(number))
    }

    fn stage(&self, number: EmergencyNumber) -> EmergencyStage {
        let run = &self.emergencies[number];
        match &run.stage {
            EmergencyRunState::Asking(_) => EmergencyStage::Asking,
            EmergencyRunState::Holding(_) => EmergencyStage::Holding,
            EmergencyRunState::Ended(_) | EmergencyRunState::Crashed => EmergencyStage::Ended(ended(run)),
        }
    }
}

fn ended(run: &EmergencyRun) -> RunEnd {
    let (name, took) = (run.name().to_owned(), std::time::Duration::ZERO);
    seen(name, run.end().unwrap_or(&ExecutionEnd::Died), took)
}

fn broken(why: impl std::fmt::Display) -> HarnessError {
    HarnessError::Unknown(why.to_string())
}

impl EmergencyHarness for InMemoryScene {
    async fn alarm(&mut self, alarm: &AlarmName, state: AlarmState) -> Result<(), HarnessError> {
        self.harness.sim.set_alarm(alarm.as_str(), state);
        self.hear(alarm, state, self.harness.sim.now()).await
    }

    async fn hear(&mut self, alarm: &AlarmName, state: AlarmState, at: Timestamp) -> Result<(), HarnessError> {
        let home = (self.account.as_str(), self.scope.region.as_str());
        self.delivered(&alarm_event(alarm.as_str(), home, &state.to_string(), at))
    }

    async fn sweep(&mut self) -> Result<(), HarnessError> {
        let handled = self.harness.sweeps();
        self.handled(handled)
    }

    async fn ignored(&mut self, _alarm: &AlarmName, reason: IgnoreReason) -> Result<String, HarnessError> {
        let mut ours = self.handled.iter().filter(|line| line.scope == self.scope);
        let found = ours.find_map(|line| match &line.did {
            AlarmOutcome::Ignored { why, text } if *why == reason => Some(text.clone()),
            _ => None,
        });
        found.ok_or_else(|| broken(format!("not ignored for {}: {:?}", reason.name(), self.handled)))
    }

    async fn memory(&self, alarm: &AlarmName) -> Result<AlarmMemory, HarnessError> {
        Ok(self.harness.sim.recall(&self.scope, alarm).await.map_err(broken)?.0)
    }

    async fn started(&self) -> Result<usize, HarnessError> {
        let own = name_prefix(&[self.scope.estate.as_str(), self.scope.environment.as_str()]);
        Ok(self.harness.sim.executions().keys().filter(|name| name.starts_with(&own)).count())
    }

    async fn emergency(&mut self, about: &str) -> Result<(EmergencyNumber, EmergencyStage), HarnessError> {
        let own = name_prefix(&[self.scope.estate.as_str(), self.scope.environment.as_str(), about]);
        for run in self.harness.emergency_runs() {
            self.kept(run);
        }
        let found = self.emergencies.iter().rposition(|run| run.name().starts_with(&own));
        found.map(|number| (number, self.stage(number))).ok_or_else(|| broken(format!("no execution {own}")))
    }

    async fn raise(&mut self, input: &Value) -> Result<(EmergencyNumber, EmergencyStage), HarnessError> {
        let name = format!("by-hand-emergency-{}", self.emergencies.len() + 1);
        let run = self.harness.emergency_run(&name, input.clone());
        Ok(self.kept(run))
    }

    async fn answer(
        &mut self,
        run: EmergencyNumber,
        approved: bool,
    ) -> Result<Result<EmergencyStage, String>, HarnessError> {
        if self.stage(run) != EmergencyStage::Asking {
            return Ok(Err("nothing waits for it".to_owned()));
        }
        self.emergencies[run].answer(&self.harness, json!({ "approved": approved, "by": "drill" }));
        Ok(Ok(self.stage(run)))
    }

    async fn pass(&mut self, run: EmergencyNumber, time: SignedDuration) -> Result<EmergencyStage, HarnessError> {
        let until = later(self.harness.sim.now(), time);
        while let EmergencyRunState::Holding(wait) = self.emergencies[run].stage {
            let next = SignedDuration::try_from(wait).map_err(broken)?;
            if later(self.harness.sim.now(), next) > until {
                break;
            }
            self.emergencies[run].look(&self.harness);
        }
        self.at(until).await?;
        Ok(self.stage(run))
    }

    async fn run_out(&mut self, run: EmergencyNumber) -> Result<RunEnd, HarnessError> {
        self.emergencies[run].run_out(&self.harness);
        Ok(ended(&self.emergencies[run]))
    }

    async fn release(&mut self, service: &ServiceId) -> Result<TaskDefinition, HarnessError> {
        self.releases += 1;
        self.harness.sim.release(service, &format!("{}:{}", service.service, 100 + self.releases), Rollout::Completed);
        self.released(service).await
    }

    async fn released(&self, service: &ServiceId) -> Result<TaskDefinition, HarnessError> {
        let found = self.harness.sim.service(service).and_then(|found| found.task_definition);
        found.ok_or_else(|| broken(format!("{service} runs nothing")))
    }
}
