//! A pair in the sandbox.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use watchkeeper_domain::capacity::{Capacity, TaskDefinition};
use watchkeeper_domain::failover::readiness::Readiness;
use watchkeeper_domain::failover::{Move, MovePhase, Pointer};
use watchkeeper_domain::name::{Region, ServiceName};

use super::SandboxScene;
use crate::estate::SingletonMonitor;
use crate::harness::{DeployedStack, HarnessError, MoveExecution, MoveExecutionState, StackPair};
use crate::sandbox::{EmulatorSettings, LossOrder, Progress as _, SiteFace, SiteTrouble};
use crate::scenarios::failover::{
    FailoverHarness, MoveStage, ReadinessHarness, SeenSingleton, StandbyLack, UnansweredCalls,
};
use crate::scenarios::{Harness as _, RunEnd};

/// Longer than the time between two looks at readiness.
const LATER: SignedDuration = SignedDuration::from_mins(31);
/// How long ECS takes to start tasks of a region that is back: as long as AWS does, longer than a tick's run, in seconds.
const START: f64 = 45.0;
/// How long it takes otherwise: the emulator's own figure.
const USUAL: f64 = 0.3;

/// How often two minutes, less than a lease lasts, pass for a wave that has no room: an hour and a half.
const ROOMLESS: u32 = 45;
/// What its own hand has for a step between two of them.
const STEP: std::time::Duration = std::time::Duration::from_millis(500);
/// The caller of what the tests ask themselves.
const TEST: &str = "test";

/// What a scene keeps of its pair.
pub(super) struct PairScene<'a> {
    stacks: StackPair<'a>,
    /// The last move.
    moving: Option<MoveExecution<'a>>,
    /// Since when a failover that ticks start is a new one.
    since: Option<Timestamp>,
    /// The rehearsal that is up.
    rehearsal: Option<MoveExecution<'a>>,
    /// The release that a service had before it was deployed anew.
    deployed: Option<TaskDefinition>,
    lost: bool,
    monitors: Vec<(ServiceName, SingletonMonitor)>,
    lag: Option<f64>,
}

impl<'a> PairScene<'a> {
    pub(super) fn of(stacks: StackPair<'a>) -> Self {
        Self {
            stacks,
            moving: None,
            since: None,
            rehearsal: None,
            deployed: None,
            lost: false,
            monitors: Vec::new(),
            lag: None,
        }
    }

    fn stack(&self, region: &Region) -> &'a DeployedStack {
        if region == self.stacks.home.region() { self.stacks.home } else { self.stacks.standby }
    }

    /// The regions that run.
    fn running(&self) -> Vec<&'a DeployedStack> {
        if self.lost { vec![self.stacks.standby] } else { vec![self.stacks.home, self.stacks.standby] }
    }
}

impl<'a> SandboxScene<'a> {
    fn pair(&self) -> Result<&PairScene<'a>, HarnessError> {
        self.pair.as_ref().ok_or_else(|| HarnessError::Unknown(format!("{} is no pair", self.scope)))
    }

    fn pair_mut(&mut self) -> Result<&mut PairScene<'a>, HarnessError> {
        self.pair.as_mut().ok_or_else(|| HarnessError::Unknown(format!("{} is no pair", self.scope)))
    }

    /// The last move goes on until it asks or ends.
    async fn goes_on(&mut self, what: &str) -> Result<MoveStage, HarnessError> {
        let at = self.now().await?;
        let step = format!("{}: {what}", self.local(at));
        self.show.begin(&step);
        let began = std::time::Instant::now();
        let pair = self.pair_mut()?;
        let moving = pair.moving.as_mut().ok_or_else(|| HarnessError::Unknown("nothing moves".to_owned()))?;
        let stage = loop {
            match moving.goes_on().await? {
                MoveExecutionState::Asking => break None,
                MoveExecutionState::Waiting(seconds) => {
                    pair.stacks.standby.pass(SignedDuration::from_secs(seconds + 1)).await?;
                }
                MoveExecutionState::Ended(ended) => {
                    break Some(MoveStage::Ended(RunEnd { took: ended.worked, ..RunEnd::from(&ended) }));
                }
            }
        };
        pair.since = Some(pair.stacks.control().now().await?);
        let stage = if let Some(ended) = stage {
            ended
        } else {
            let (question, letters) = self.stack.asked().await?;
            let text = question.letter.text.clone();
            self.question = Some(question);
            self.letters.extend(letters);
            MoveStage::Asking(text)
        };
        self.done(at, &step, began.elapsed());
        Ok(stage)
    }

    async fn settle(&self, seconds: f64) -> Result<(), HarnessError> {
        let settings = EmulatorSettings { ecs_settle_seconds: Some(seconds), ..EmulatorSettings::default() };
        Ok(self.stack.control().change(&settings).await?)
    }
}

impl FailoverHarness for SandboxScene<'_> {
    async fn capacities(&self) -> Result<[Capacity; 2], HarnessError> {
        self.pair()?.stacks.capacity().await
    }

    async fn minute(&mut self) -> Result<(), HarnessError> {
        let now = self.now().await?;
        let pair = self.pair_mut()?;
        pair.since.get_or_insert(now);
        let ticked = match pair.lag {
            Some(lag) => pair.stacks.tick_with_lag(&pair.running(), lag).await?,
            None => pair.stacks.tick(&pair.running()).await?,
        };
        let did: Vec<String> = ticked.iter().map(|tick| tick.did(&self.scope)).filter(|did| !did.is_empty()).collect();
        self.prepare(&format!("a minute later the watch ticks {}", did.join(", "))).await
    }

    async fn lose_home(&mut self) -> Result<(), HarnessError> {
        let pair = self.pair_mut()?;
        pair.lost = true;
        pair.stacks.lose_home(LossOrder::hang().with_its_tasks()).await?;
        self.prepare("the home region is lost: its calls hang, and its tasks are gone").await
    }

    async fn regain_home(&mut self) -> Result<(), HarnessError> {
        self.settle(START).await?;
        let pair = self.pair_mut()?;
        pair.lost = false;
        pair.stacks.regain_home().await?;
        self.prepare("the home region is back").await
    }

    async fn block_home(&mut self, blocked: bool) -> Result<(), HarnessError> {
        let trouble = if blocked { SiteTrouble::Fail } else { SiteTrouble::None };
        let stacks = &self.pair()?.stacks;
        stacks.control().trouble_site(stacks.site(), SiteFace::Primary, trouble).await?;
        self.prepare(if blocked { "the health paths of home answer 503" } else { "they answer again" }).await
    }

    async fn detected(&mut self) -> Result<Option<MoveStage>, HarnessError> {
        let scope = self.scope.clone();
        let pair = self.pair_mut()?;
        let since = pair.since.unwrap_or(Timestamp::UNIX_EPOCH);
        let Some(started) = pair.stacks.standby.crossings(&scope, since).await?.pop() else { return Ok(None) };
        // One that ended within this second has been seen.
        if pair.moving.as_ref().is_some_and(|seen| seen.is(&started)) {
            return Ok(None);
        }
        pair.moving = Some(started);
        self.goes_on("the failover that was started looks for other evidence").await.map(Some)
    }

    async fn fail_over(&mut self, input: &Value) -> Result<MoveStage, HarnessError> {
        let pair = self.pair_mut()?;
        pair.moving = Some(pair.stacks.standby.fail_over(input).await?);
        self.goes_on(&format!("a failover by hand: {input}")).await
    }

    async fn fail_back(&mut self, input: &Value) -> Result<MoveStage, HarnessError> {
        self.settle(USUAL).await?;
        let pair = self.pair_mut()?;
        pair.moving = Some(pair.stacks.home.fail_back(input).await?);
        self.goes_on("the failback machine waits until home is ready, and moves").await
    }

    async fn answer_move(&mut self, approved: bool) -> Result<MoveStage, HarnessError> {
        let asked = self.question.take().ok_or_else(|| HarnessError::Unknown("nobody was asked".to_owned()))?;
        let command = if approved { asked.approve } else { asked.refuse };
        if let Some(refused) = self.stack.answer(&command.by("drill")).await? {
            return Err(HarnessError::Unknown(format!("the answer was refused: {refused}")));
        }
        let what = if approved { "says yes" } else { "says no" };
        self.goes_on(&format!("a person makes sure, and {what} with the message's own command")).await
    }

    async fn moved(&self) -> Result<Option<Move>, HarnessError> {
        match &self.pair()?.moving {
            Some(moving) => moving.record().await,
            None => Ok(None),
        }
    }

    async fn rehearse(&mut self, input: &Value) -> Result<(), HarnessError> {
        let stack = self.pair()?.stacks.standby;
        let rehearsal = stack.fail_over(input).await?;
        rehearsal.reaches(MovePhase::Hold).await?;
        self.prepare("a rehearsal holds up what a failover would start").await?;
        let now = self.now().await?;
        let pair = self.pair_mut()?;
        // What the watch starts from here on is no rehearsal.
        pair.since = Some(now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(now));
        pair.rehearsal = Some(rehearsal);
        Ok(())
    }

    async fn rehearse_without_room(&mut self, input: &Value, tasks: u32) -> Result<MoveStage, HarnessError> {
        let room = |most: u32| EmulatorSettings { ecs_most_tasks: Some(most), ..EmulatorSettings::default() };
        let running = self.running().await?;
        self.stack.control().change(&room(running + tasks)).await?;
        let stack = self.pair()?.stacks.standby;
        let rehearsal = stack.fail_over(input).await?;
        rehearsal.reaches(MovePhase::Scale).await?;
        // The own hand waits for what is not there for as long as it waits for anything.
        for _ in 0..ROOMLESS {
            stack.pass(SignedDuration::from_mins(2)).await?;
            if rehearsal.record().await?.is_some_and(|record| record.phase != MovePhase::Scale) {
                break;
            }
            tokio::time::sleep(STEP).await;
        }
        self.pair_mut()?.moving = Some(rehearsal);
        let stage = self.goes_on("a rehearsal where there is room for all but one task").await?;
        self.stack.control().change(&room(u32::MAX)).await?;
        Ok(stage)
    }

    async fn rehearsed(&mut self) -> Result<(MoveStage, Option<Move>), HarnessError> {
        let none = || HarnessError::Unknown("no rehearsal is up".to_owned());
        let mut rehearsal = self.pair_mut()?.rehearsal.take().ok_or_else(none)?;
        let ended = rehearsal.run_out().await?;
        let record = rehearsal.record().await?;
        Ok((MoveStage::Ended(RunEnd { took: ended.worked, ..RunEnd::from(&ended) }), record))
    }

    async fn written_at_home(&self, since: Timestamp) -> Result<Vec<String>, HarnessError> {
        let pair = self.pair()?;
        let home = pair.stacks.home.region().as_str();
        let calls = self.stack.control().calls(0).await?.into_iter();
        let functions = calls.filter(|call| call.caller.as_deref().is_some_and(|caller| caller != TEST));
        let written = functions.filter(|call| call.region == home && call.write && call.at >= since);
        Ok(written.map(|call| format!("{} {}", call.service, call.operation)).collect())
    }

    async fn pointer(&self, region: &Region) -> Result<Pointer, HarnessError> {
        let pair = self.pair()?;
        pair.stacks.pointer(pair.stack(region)).await
    }

    async fn reached(&self) -> Result<Option<Region>, HarnessError> {
        let (status, region) = self.pair()?.stacks.reached().await?;
        Ok(region.filter(|_| status == 200))
    }

    async fn unanswered(&self, since: u64) -> Result<Option<UnansweredCalls>, HarnessError> {
        let pair = self.pair()?;
        let Some(moving) = &pair.moving else { return Ok(None) };
        let (calls, steps) = (pair.stacks.calls_across(pair.stacks.home, since).await?, moving.steps().await?);
        let mut repeated = Vec::new();
        for (began, ended) in &steps {
            let mut names: Vec<&str> = calls
                .iter()
                .filter(|call| *began <= call.at && call.at <= *ended)
                .map(|call| call.operation.as_str())
                .collect();
            names.sort_unstable();
            repeated.extend(names.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0].to_owned()));
        }
        let answered = calls.iter().filter(|call| call.fault.as_deref() != Some("lost"));
        repeated.extend(answered.map(|call| format!("{}, which was answered", call.operation)));
        let longest = steps.iter().map(|(began, ended)| ended.duration_since(*began).unsigned_abs()).max();
        let longest = longest.unwrap_or_default();
        Ok(Some(UnansweredCalls { calls: calls.len(), steps: steps.len(), longest, repeated }))
    }

    async fn report_files(&mut self, name: &str) -> Result<BTreeMap<String, String>, HarnessError> {
        self.pair()?.stacks.standby.report_files(name).await
    }

    async fn watch_singletons(&mut self) -> Result<(), HarnessError> {
        let pair = self.pair_mut()?;
        pair.monitors = pair.stacks.monitor_singleton()?;
        Ok(())
    }

    async fn singletons(&mut self) -> Result<Vec<SeenSingleton>, HarnessError> {
        let mut seen = Vec::new();
        for (service, monitor) in std::mem::take(&mut self.pair_mut()?.monitors) {
            let report = monitor.end().await?;
            let double = report.double.first().map(ToString::to_string);
            seen.push(SeenSingleton { service, looks: report.looks, double });
        }
        Ok(seen)
    }
}

impl ReadinessHarness for SandboxScene<'_> {
    async fn look(&mut self) -> Result<Readiness, HarnessError> {
        self.pair()?.stacks.home.pass(LATER).await?;
        self.minute().await?;
        let pair = self.pair()?;
        let found = pair.stacks.readiness(pair.stacks.standby).await?;
        found.ok_or_else(|| HarnessError::Unknown(format!("{} has not looked at its readiness", self.scope)))
    }

    async fn redeploys(&mut self, service: &ServiceName, other_family: bool) -> Result<(), HarnessError> {
        self.prepare(&format!("{service} is deployed anew in the standby")).await?;
        let pair = self.pair_mut()?;
        let (stack, id) = (pair.stacks.standby, pair.stacks.service(pair.stacks.standby, service)?);
        let release = if let Some(before) = pair.deployed.take().filter(|_| !other_family) {
            before
        } else {
            pair.deployed = Some(stack.site().released(&id).await?);
            stack.site().make_release_of(&format!("{service}-next"), &id).await?
        };
        Ok(stack.site().release(&id, &release).await?)
    }

    async fn lacks(&mut self, what: StandbyLack<'_>, lacks: bool) -> Result<(), HarnessError> {
        self.prepare(&format!("the standby {} it: {what:?}", if lacks { "lacks" } else { "has" })).await?;
        let pair = self.pair_mut()?;
        let (stacks, failover) = (&pair.stacks, pair.stacks.failover()?);
        let site = stacks.standby.site();
        match what {
            StandbyLack::Streams if lacks => site.drop_streams(&failover.streams).await?,
            StandbyLack::Streams => site.make_streams(&failover.streams).await?,
            StandbyLack::Image(name) => {
                for repository in failover.images.iter().filter(|repository| repository.as_str() == name) {
                    if lacks { site.drop_image(repository).await? } else { site.push_image(repository).await? }
                }
            }
            StandbyLack::Replica(table) => {
                // Of its own replica a region knows that it is the table itself.
                let status = if lacks { "REPLICATION_NOT_AUTHORIZED" } else { "ACTIVE" };
                stacks.control().put_replica_status(stacks.home.region().as_str(), table, status).await?;
            }
            StandbyLack::Lag(milliseconds) => pair.lag = lacks.then_some(milliseconds),
            StandbyLack::Quota => {
                let vcpu = if lacks { stacks.vcpu() / 2.0 } else { stacks.vcpu() };
                stacks.quota(stacks.standby, vcpu).await?;
            }
        }
        Ok(())
    }
}
