//! Pairs of regions: whether the standby could take over, what moves nothing, the loss of a region, its return, and the way home.

mod calm;
mod loss;
mod readiness;
mod rehearsal;

pub use calm::{a_false_alarm, a_plan_of_a_failover};
pub use loss::a_region_that_is_lost;
pub use readiness::a_standby_that_is_not_ready;
pub use rehearsal::{
    a_certificate_that_is_out_of_date, a_loss_during_a_rehearsal, a_rehearsal, a_rehearsal_without_room,
};

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::estate::Failover;
use watchkeeper_domain::failover::readiness::Readiness;
use watchkeeper_domain::failover::{Move, Pointer};
use watchkeeper_domain::name::{Region, ServiceName};

use super::{Harness, Played, RunEnd, Unplayed, difference, line};
use crate::harness::HarnessError;

/// Where the execution of a move waits for a person, who reads this, or how it ended.
#[derive(Debug, Clone)]
pub enum MoveStage {
    /// It asks.
    Asking(String),
    /// It has ended.
    Ended(RunEnd),
}

impl MoveStage {
    /// How it ended: the word of its output, or its error.
    fn ending(&self) -> &str {
        match self {
            Self::Asking(_) => "it asks",
            Self::Ended(end) if end.succeeded => end.output["ending"].as_str().unwrap_or(&end.outcome),
            Self::Ended(end) => &end.outcome,
        }
    }

    /// What it says for a person.
    fn says(&self) -> &str {
        match self {
            Self::Asking(text) => text,
            Self::Ended(end) => &end.says,
        }
    }
}

/// Something that the standby needs, and lacks.
#[derive(Debug, Clone, Copy)]
pub enum StandbyLack<'a> {
    /// The streams of the document.
    Streams,
    /// An image of this repository.
    Image(&'a str),
    /// The replica of this table is not active.
    Replica(&'a str),
    /// Replicas lag by so many milliseconds.
    Lag(f64),
    /// Its quota suffices for what a failover starts, and for less than the primary's.
    Quota,
}

/// What was asked of a region that does not answer.
#[derive(Debug, Clone)]
pub struct UnansweredCalls {
    /// How many calls were given up.
    pub calls: usize,
    /// How many steps made them.
    pub steps: usize,
    /// The longest step.
    pub longest: std::time::Duration,
    /// Operations that one step called more than once.
    pub repeated: Vec<String>,
}

/// What was seen of a singleton.
#[derive(Debug, Clone)]
pub struct SeenSingleton {
    /// Which.
    pub service: ServiceName,
    /// How often both regions were looked at.
    pub looks: u64,
    /// When it ran twice first.
    pub double: Option<String>,
}

/// The levers and views of a pair. It is at home, and both regions have ticked. The harness is that of the standby: what is told,
/// and its capacity, is of there.
pub trait FailoverHarness: Harness {
    /// What both members run, home first.
    async fn capacities(&self) -> Result<[Capacity; 2], HarnessError>;

    /// The time between two ticks passes, and the watch ticks in each region that runs.
    async fn minute(&mut self) -> Result<(), HarnessError>;

    /// Calls to the home region hang, and its tasks are gone.
    async fn lose_home(&mut self) -> Result<(), HarnessError>;

    /// It is there again, with its old counts; its tasks take a while to start.
    async fn regain_home(&mut self) -> Result<(), HarnessError>;

    /// The way to the home region is broken, or not; the region is well.
    async fn block_home(&mut self, blocked: bool) -> Result<(), HarnessError>;

    /// The failover that the ticks have started since the last move, if they have: it goes on until it asks or ends.
    async fn detected(&mut self) -> Result<Option<MoveStage>, HarnessError>;

    /// A person starts a failover in the standby with this input: it goes on until it asks or ends. Time passes for that, and with it
    /// the ticks of memory; those of the sandbox come with [`FailoverHarness::minute`].
    async fn fail_over(&mut self, input: &Value) -> Result<MoveStage, HarnessError>;

    /// A person starts the way home at home.
    async fn fail_back(&mut self, input: &Value) -> Result<MoveStage, HarnessError>;

    /// A person answers, and the move goes on until it asks again or ends.
    async fn answer_move(&mut self, approved: bool) -> Result<MoveStage, HarnessError>;

    /// The record of the last move.
    async fn moved(&self) -> Result<Option<Move>, HarnessError>;

    /// A person starts a rehearsal in the standby with this input: it goes on until its capacity is up and held.
    async fn rehearse(&mut self, input: &Value) -> Result<(), HarnessError>;

    /// The same, where the standby has room for so many tasks only: it goes on to its end, and there is room again.
    async fn rehearse_without_room(&mut self, input: &Value, tasks: u32) -> Result<MoveStage, HarnessError>;

    /// The rehearsal that is up goes on to its end: how, and its record.
    async fn rehearsed(&mut self) -> Result<(MoveStage, Option<Move>), HarnessError>;

    /// What functions have written in the home region since an instant; in memory, what the standby asked of it at all.
    async fn written_at_home(&self, since: Timestamp) -> Result<Vec<String>, HarnessError>;

    /// The pointer as a region sees it.
    async fn pointer(&self, region: &Region) -> Result<Pointer, HarnessError>;

    /// The region that people reach.
    async fn reached(&self) -> Result<Option<Region>, HarnessError>;

    /// What the last move asked of the home region since then, while it did not answer. Nothing in memory, where nothing waits.
    async fn unanswered(&self, since: u64) -> Result<Option<UnansweredCalls>, HarnessError>;

    /// From here on the singletons are watched over.
    async fn watch_singletons(&mut self) -> Result<(), HarnessError>;

    /// What was seen of them.
    async fn singletons(&mut self) -> Result<Vec<SeenSingleton>, HarnessError>;

    /// The files of the reports of the standby's stack, by their keys, once its tick has written the one of this name.
    async fn report_files(&mut self, name: &str) -> Result<BTreeMap<String, String>, HarnessError>;

    /// What the document says of failovers.
    fn failover(&self) -> Result<Failover, Unplayed> {
        let said = self.environment().document().failover.clone();
        said.ok_or_else(|| Unplayed::new("no `failover`", "`regions.standby` and `failover` with a `probe`"))
    }

    /// The regions of the pair, home first.
    fn regions(&self) -> [Region; 2] {
        [self.environment().document().regions.primary.clone(), self.scope().region.clone()]
    }

    /// Nothing was changed: both regions run what they ran, and the pointer is where it was.
    async fn untouched(&mut self, name: &str, before: &[Capacity; 2]) -> Played {
        let (found, pointer) = (self.capacities().await?, self.pointer(&self.scope().region.clone()).await?);
        let seen = format!("{}; {}; {pointer}", line(&found[0]), line(&found[1]));
        self.check(name, found == *before && pointer.moving.is_none(), seen);
        Ok(())
    }

    /// The pair is in the home region again, and both regions run exactly what they ran.
    async fn goes_home(&mut self, before: &[Capacity; 2]) -> Played {
        self.minute().await?;
        let stage = self.fail_back(&self.input(json!({}))).await?;
        self.check("the failback waits until home is ready, and is done", stage.ending() == "done", stage.says());
        if let MoveStage::Ended(end) = &stage {
            self.measured("home_after_ms", super::millis(end.took));
        }
        // The region that was left gives back what it was lent as soon as its stack sees the pointer.
        self.minute().await?;
        let (found, regions) = (self.capacities().await?, self.regions());
        for ((region, found), before) in regions.iter().zip(&found).zip(before) {
            let seen = if found == before { line(found) } else { difference(before, found) };
            self.check(&format!("{region} is exactly as before"), found == before, seen);
        }
        self.serves(&regions[0]).await?;
        for region in &regions {
            let pointer = self.pointer(region).await?;
            let steady = pointer.moving.is_none() && pointer.active == regions[0] && pointer.serving.is_empty();
            self.check(&format!("the pointer in {region} is steady at home"), steady, pointer.to_string());
        }
        Ok(())
    }

    /// People reach a region.
    async fn serves(&mut self, region: &Region) -> Played {
        let reached = self.reached().await?;
        let seen = reached.as_ref().map_or("nothing", Region::as_str);
        self.check(&format!("people reach {region}"), reached.as_ref() == Some(region), seen);
        Ok(())
    }

    /// No singleton ever ran twice since they are watched over.
    async fn were_never_double(&mut self) -> Played {
        for SeenSingleton { service, looks, double } in self.singletons().await? {
            let seen = match &double {
                None => format!("{looks} looks at both regions, never more than one task"),
                Some(first) => format!("of {looks} looks, first {first}"),
            };
            self.check(&format!("{service} was never double"), double.is_none() && looks > 0, seen);
            self.measured("looks", looks);
        }
        Ok(())
    }
}

/// What the standby of a pair needs, where that can be taken from it. The simulated AWS has no quotas of Fargate.
pub trait ReadinessHarness: FailoverHarness {
    /// Half an hour passes, both regions tick, and the standby has looked at its readiness.
    async fn look(&mut self) -> Result<Readiness, HarnessError>;

    /// The estate's own pipeline deploys a service of the standby anew, from another family of task definitions, or from the one that
    /// it had.
    async fn redeploys(&mut self, service: &ServiceName, other_family: bool) -> Result<(), HarnessError>;

    /// The standby lacks something from now on, or has it again.
    async fn lacks(&mut self, what: StandbyLack<'_>, lacks: bool) -> Result<(), HarnessError>;
}

/// So long that figures of before count no more.
const LATER: SignedDuration = SignedDuration::from_hours(1);

/// The pair as every scenario begins: nothing of before counts, both regions have ticked, and nobody remembers what was told.
async fn begun(harness: &mut impl FailoverHarness) -> Played<[Capacity; 2]> {
    harness.at(super::later(harness.now().await?, LATER)).await?;
    harness.minute().await?;
    harness.told().await?;
    harness.events().await?;
    Ok(harness.capacities().await?)
}

/// Probes in a row that a document asks for where it does not say.
const FAILURES: u32 = 3;

/// The probes that have to fail, and the failover that the last of them starts; where nothing detects, a person starts it.
async fn detected(harness: &mut impl FailoverHarness) -> Played<MoveStage> {
    let failover = harness.failover()?;
    if failover.detect == watchkeeper_domain::estate::DetectionMode::Off {
        let input = harness.input(json!({ "reason": "drill" }));
        return Ok(harness.fail_over(&input).await?);
    }
    let failures = failover.probe.as_ref().and_then(|probe| probe.failures).unwrap_or(FAILURES);
    let mut stage = None;
    // A tick probes again and again, but not for ever: where the document asks for many, the next one goes on counting.
    for _ in 0..failures {
        harness.minute().await?;
        stage = harness.detected().await?;
        if stage.is_some() {
            break;
        }
    }
    let seen = stage.as_ref().map_or("nothing", MoveStage::says).to_owned();
    harness.check(&format!("after {failures} probes that failed a failover is started"), stage.is_some(), seen);
    Ok(stage.ok_or_else(|| HarnessError::Unknown("no failover to look at".to_owned()))?)
}
