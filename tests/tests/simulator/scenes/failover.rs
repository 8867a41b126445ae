//! A pair in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_control::ledger::Ledger;
use watchkeeper_domain::capacity::{Capacity, ScalingState, ServiceId};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::failover::{Move, MovePhase, Pointer};
use watchkeeper_domain::name::{Region, Scope, ServiceName};
use watchkeeper_sim::{Operation, RecordedCall, RegionLoss, SimRegion};

use super::seen;
use watchkeeper_in_memory::{FailoverRun, FailoverRunState, InMemoryPair};
use watchkeeper_tests::harness::HarnessError;
use watchkeeper_tests::scenarios::failover::{FailoverHarness, MoveStage, SeenSingleton, UnansweredCalls};
use watchkeeper_tests::scenarios::{CapacityWrite, Harness, RunEnd, Unplayed};

/// Both members of a pair in memory, seen from the standby. Any check that fails panics.
#[derive(Debug)]
pub(crate) struct InMemoryPairScene {
    stacks: InMemoryPair,
    environment: Environment,
    scope: Scope,
    standby: SimRegion,
    /// The last move.
    moving: Option<FailoverRun>,
    /// The rehearsal that is up.
    rehearsal: Option<FailoverRun>,
    began: Timestamp,
    told: usize,
    published: usize,
    started: usize,
}

impl InMemoryPairScene {
    /// A pair that is at home.
    ///
    /// # Panics
    /// When its documents do not have it.
    pub(crate) fn of(stacks: InMemoryPair) -> Self {
        let stacks = stacks.keeping_reports();
        let region = stacks.pair.standby_region().clone();
        let scope = stacks.member(&region).scope();
        let found = stacks.estates().environment(scope.estate.as_str(), scope.environment.as_str());
        let environment = found.unwrap_or_else(|error| panic!("{error}")).1.clone();
        let (standby, began) = (stacks.pair.standby(), stacks.pair.now());
        Self {
            stacks,
            environment,
            scope,
            standby,
            moving: None,
            rehearsal: None,
            began,
            told: 0,
            published: 0,
            started: 0,
        }
    }

    fn name(&mut self) -> String {
        self.started += 1;
        format!("by-hand-{}", self.started)
    }

    /// A move goes on until it asks or ends.
    fn goes_on(&mut self, mut moving: FailoverRun) -> MoveStage {
        self.began = self.stacks.pair.now();
        self.stacks.fly(&mut moving);
        self.kept(moving)
    }

    fn kept(&mut self, moving: FailoverRun) -> MoveStage {
        let took = self.stacks.pair.now().duration_since(self.began).unsigned_abs();
        let end = |outcome: &str, succeeded: bool, output: Value| {
            let (name, says, outcome) = (moving.name.clone(), moving.said.clone(), outcome.to_owned());
            MoveStage::Ended(RunEnd { name, succeeded, outcome, says, output, took })
        };
        let stage = match &moving.state {
            FailoverRunState::Asking(_) => MoveStage::Asking(self.question()),
            FailoverRunState::Ended(ending, None) => end(ending, true, json!({ "ending": ending })),
            FailoverRunState::Ended(_, Some(error)) => end(error, false, Value::Null),
            FailoverRunState::Failed(why) => end(why, false, Value::Null),
            FailoverRunState::Running | FailoverRunState::Crashed => end("it died", false, Value::Null),
        };
        self.moving = Some(moving);
        stage
    }

    /// What the last question says.
    fn question(&self) -> String {
        let asked = self.standby.messages().into_iter().rfind(|message| message.subject.contains(": approve "));
        asked.map(|message| message.text).unwrap_or_default()
    }

    fn record(&self, run: &FailoverRun) -> Result<Option<Move>, HarnessError> {
        let id = &self.stacks.member(&run.region).id;
        let moves = self.stacks.pair.sim(&run.region).moves(id)?;
        Ok(moves.into_iter().find(|record| record.header.id == run.name))
    }

    fn since(&self, mark: u64) -> impl Iterator<Item = RecordedCall> {
        self.standby.calls().into_iter().filter(move |call| call.index >= mark)
    }

    fn pass(&mut self, time: SignedDuration) {
        self.stacks.pass(Duration::try_from(time).unwrap_or_default());
    }
}

impl Harness for InMemoryPairScene {
    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn siblings(&self) -> Vec<Environment> {
        vec![self.environment.clone()]
    }

    #[track_caller]
    fn check(&mut self, name: &str, ok: bool, seen: impl Into<String>) {
        assert!(ok, "{name}: {}", seen.into());
    }

    #[track_caller]
    fn leave_out(&mut self, part: &str, why: &Unplayed) {
        panic!("{part} is left out: {why}");
    }

    fn measured(&mut self, _figure: &'static str, _value: u64) {}

    fn ledger(&self) -> &impl Ledger {
        &self.standby
    }

    async fn now(&self) -> Result<Timestamp, HarnessError> {
        Ok(self.stacks.pair.now())
    }

    async fn at(&mut self, instant: Timestamp) -> Result<(), HarnessError> {
        self.pass(instant.duration_since(self.stacks.pair.now()).max(SignedDuration::ZERO));
        Ok(())
    }

    async fn tick(&mut self, instant: Timestamp) -> Result<Option<RunEnd>, HarnessError> {
        self.at(instant).await?;
        Ok(None)
    }

    async fn start(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        let (name, region) = (self.name(), self.scope.region.clone());
        let end = self.stacks.run(&region, &name, input);
        Ok(seen(name, &end, Duration::ZERO))
    }

    async fn capacity_of(&self, _environment: &Environment) -> Result<Capacity, HarnessError> {
        Ok(self.standby.capacity())
    }

    async fn running(&self) -> Result<u32, HarnessError> {
        Ok(self.standby.capacity().services.keys().map(|id| self.standby.alive(id)).sum())
    }

    async fn told(&mut self) -> Result<Vec<(String, String)>, HarnessError> {
        self.told_of("").await
    }

    async fn told_of(&mut self, beginning: &str) -> Result<Vec<(String, String)>, HarnessError> {
        let messages = self.standby.messages().split_off(self.told);
        self.told += messages.len();
        let told = messages.into_iter().map(|message| (message.subject, message.text));
        Ok(told.filter(|(subject, _)| subject.starts_with(beginning)).collect())
    }

    async fn events(&mut self) -> Result<Vec<Value>, HarnessError> {
        let events = self.standby.events().split_off(self.published);
        self.published += events.len();
        Ok(events.into_iter().map(|event| event.detail).collect())
    }

    async fn mark(&self) -> Result<u64, HarnessError> {
        Ok(self.standby.calls_made())
    }

    async fn capacity_writes(&self, since: u64) -> Result<Vec<CapacityWrite>, HarnessError> {
        let writes = self.since(since).filter(|call| call.operation.writes_capacity());
        Ok(writes.map(|call| CapacityWrite { operation: call.operation.to_string(), about: call.subject }).collect())
    }

    async fn writes(&self, since: u64) -> Result<usize, HarnessError> {
        let wrote = |it: Operation| it.writes_capacity() || it.writes_ledger();
        Ok(self.since(since).filter(|call| wrote(call.operation)).count())
    }

    async fn set_count(&mut self, service: &ServiceId, desired: u32) -> Result<(), HarnessError> {
        self.standby.change_count(service, desired);
        Ok(())
    }

    async fn set_target(&mut self, service: &ServiceId, target: Option<ScalingState>) -> Result<(), HarnessError> {
        self.standby.change_scaling(service, target);
        Ok(())
    }
}

impl FailoverHarness for InMemoryPairScene {
    async fn capacities(&self) -> Result<[Capacity; 2], HarnessError> {
        Ok([self.stacks.pair.home().capacity(), self.standby.capacity()])
    }

    async fn minute(&mut self) -> Result<(), HarnessError> {
        self.stacks.minutes(1);
        Ok(())
    }

    async fn lose_home(&mut self) -> Result<(), HarnessError> {
        let home = self.stacks.pair.home_region().clone();
        self.stacks.pair.lose(&home, RegionLoss::hanging().tasks_die());
        Ok(())
    }

    async fn regain_home(&mut self) -> Result<(), HarnessError> {
        // Half a minute before a tick: the ledgers have replicated by then, and no task has started yet, as in the sandbox.
        let second = self.stacks.pair.now().as_second();
        self.pass(SignedDuration::from_secs((30 - second).rem_euclid(60)));
        let home = self.stacks.pair.home_region().clone();
        self.stacks.pair.regain(&home);
        Ok(())
    }

    async fn block_home(&mut self, blocked: bool) -> Result<(), HarnessError> {
        let home = self.stacks.pair.home_region().clone();
        self.stacks.pair.block(&home, blocked);
        Ok(())
    }

    async fn detected(&mut self) -> Result<Option<MoveStage>, HarnessError> {
        let started = self.stacks.failover_runs.pop();
        Ok(started.map(|started| self.goes_on(started)))
    }

    async fn fail_over(&mut self, input: &Value) -> Result<MoveStage, HarnessError> {
        let (name, region) = (self.name(), self.scope.region.clone());
        let moving = self.stacks.by_hand(&region, &name, input);
        Ok(self.goes_on(moving))
    }

    async fn fail_back(&mut self, input: &Value) -> Result<MoveStage, HarnessError> {
        let name = self.name();
        let moving = self.stacks.go_home(&name, input).map_err(HarnessError::Unknown)?;
        Ok(self.goes_on(moving))
    }

    async fn answer_move(&mut self, approved: bool) -> Result<MoveStage, HarnessError> {
        let asking = self.moving.take().ok_or_else(|| HarnessError::Unknown("nobody was asked".to_owned()))?;
        let mut moving = asking;
        self.stacks.answer(&mut moving, json!({ "approved": approved, "by": "drill" }));
        Ok(self.kept(moving))
    }

    async fn moved(&self) -> Result<Option<Move>, HarnessError> {
        self.moving.as_ref().map_or(Ok(None), |moving| self.record(moving))
    }

    async fn rehearse(&mut self, input: &Value) -> Result<(), HarnessError> {
        let (name, region) = (self.name(), self.scope.region.clone());
        let mut rehearsal = self.stacks.by_hand(&region, &name, input);
        while rehearsal.state == FailoverRunState::Running {
            self.stacks.step(&mut rehearsal);
            if self.record(&rehearsal)?.is_some_and(|record| record.phase == MovePhase::Hold) {
                self.rehearsal = Some(rehearsal);
                return Ok(());
            }
        }
        Err(HarnessError::Unknown(format!("nothing was held up: {:?}, {}", rehearsal.state, rehearsal.said)))
    }

    async fn rehearse_without_room(&mut self, input: &Value, _: u32) -> Result<MoveStage, HarnessError> {
        let last = self.environment.order().waves.into_iter().flatten().rev();
        let single = |name: &ServiceName| {
            self.environment.document().failover.as_ref().is_some_and(|failover| failover.is_singleton(name))
        };
        let region = self.scope.region.clone();
        let own = &self.stacks.member(&region).own;
        let full = last.into_iter().filter(|name| !single(name)).find_map(|name| own.get(&name).cloned());
        let full = full.ok_or_else(|| HarnessError::Unknown("nothing to start".to_owned()))?;
        self.standby.never_start(&full, true);
        let stage = self.fail_over(input).await?;
        self.standby.never_start(&full, false);
        Ok(stage)
    }

    async fn rehearsed(&mut self) -> Result<(MoveStage, Option<Move>), HarnessError> {
        let mut rehearsal = self.rehearsal.take().ok_or_else(|| HarnessError::Unknown("none is up".to_owned()))?;
        self.stacks.fly(&mut rehearsal);
        let record = self.record(&rehearsal)?;
        let moving = self.moving.take();
        let stage = self.kept(rehearsal);
        self.moving = moving;
        Ok((stage, record))
    }

    async fn written_at_home(&self, since: Timestamp) -> Result<Vec<String>, HarnessError> {
        let asked = |call: &RecordedCall| call.abroad && call.at >= since && call.operation != Operation::Probe;
        Ok(self.standby.calls().into_iter().filter(asked).map(|call| call.to_string()).collect())
    }

    async fn pointer(&self, region: &Region) -> Result<Pointer, HarnessError> {
        Ok(self.stacks.pointer(region))
    }

    async fn reached(&self) -> Result<Option<Region>, HarnessError> {
        Ok(self.stacks.pair.serving())
    }

    async fn unanswered(&self, _since: u64) -> Result<Option<UnansweredCalls>, HarnessError> {
        Ok(None)
    }

    async fn report_files(&mut self, _name: &str) -> Result<BTreeMap<String, String>, HarnessError> {
        self.stacks.fire(&self.scope.region, &["reports"]);
        Ok(self.standby.reports())
    }

    /// What is true is kept from the beginning.
    async fn watch_singletons(&mut self) -> Result<(), HarnessError> {
        Ok(())
    }

    async fn singletons(&mut self) -> Result<Vec<SeenSingleton>, HarnessError> {
        let singletons = self.environment.document().failover.iter().flat_map(|failover| &failover.singletons);
        let seen = |service| {
            let (most, since) = self.stacks.pair.most_at_once(service);
            let double = (most > 1).then(|| format!("{most} since {since}"));
            SeenSingleton { service: service.clone(), looks: 1, double }
        };
        Ok(singletons.map(|singleton| seen(&singleton.service)).collect())
    }
}
