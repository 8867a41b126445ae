//! The watch: each minute every region says that it lives, the active one says what it runs, and the other one looks at it
//! from outside.

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_domain::estate::Strategy;
use watchkeeper_domain::execution::{ExecutionStatus, execution_name};
use watchkeeper_domain::failover::readiness::{Readiness, ReadyVerdict};
use watchkeeper_domain::failover::{Ending, FailoverRequest, Heartbeat, Heed, Placement, Pointer, Stage, Watch};
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::request::Request;

use super::gather::{Kept, gather, sample};
use super::ports::{Prober, Promotions, Sight, Switches};
use super::{MoveError, means, probe};
use crate::backup::BackupLog;
use crate::ledger::{Ledger, Pair};
use crate::pacing::Pacer;
use crate::place::PairPlace;
use crate::ports::{Announcer, Clock, ExecutionStates, Executions};

/// Everything that the watch needs.
#[derive(Debug)]
pub struct Watcher<L, S, W, H, N, K, X, Y, E> {
    /// What is remembered.
    pub ledger: L,
    /// This region.
    pub here: S,
    /// The means by which traffic moves.
    pub switches: W,
    /// Asking from outside.
    pub prober: H,
    /// Where people hear of it.
    pub announcer: N,
    /// Wall time.
    pub clock: K,
    /// This region's own hand.
    pub hand: X,
    /// The failover machine of this region.
    pub failover: Y,
    /// Its executions.
    pub executions: E,
    /// The pace of the calls.
    pub pacer: std::sync::Arc<Pacer>,
}

/// What a tick did about one pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticked {
    /// This region's half of it.
    #[serde(flatten)]
    pub scope: Scope,
    /// The pointer, in words.
    pub pointer: String,
    /// Whether the active region answered the probe; `None` where it was not asked.
    pub reached: Option<bool>,
    /// How ready this region is, where it stands by and that is known.
    pub readiness: Option<ReadyVerdict>,
    /// For how long the other region has not been heard of, in seconds; `None` when it never was.
    pub silent_seconds: Option<i64>,
    /// What was done.
    pub did: Vec<String>,
}

impl<L, S, W, H, N, K, X, Y, E> Watcher<L, S, W, H, N, K, X, Y, E>
where
    L: Ledger + BackupLog,
    S: Sight + Promotions,
    W: Switches,
    H: Prober,
    N: Announcer,
    K: Clock,
    X: Executions,
    Y: Executions,
    E: ExecutionStates,
{
    /// Looks after one half of a pair, at the instant of a tick.
    ///
    /// # Errors
    /// [`MoveError`]; the next tick looks again.
    pub async fn tick(&self, half: &PairPlace, at: Timestamp) -> Result<Ticked, MoveError> {
        let pair = self.ledger.pair(&half.id).await?;
        let pointer = half.pointer(&pair);
        let heard = pair.heartbeats.get(half.other()).map(|heartbeat| heartbeat.at);
        let mut ticked = Ticked {
            scope: half.scope(),
            pointer: pointer.to_string(),
            reached: None,
            readiness: None,
            silent_seconds: heard.map(|heard| at.duration_since(heard).as_secs()),
            did: Vec::new(),
        };
        self.beat(half, &pair, &pointer, at).await?;
        self.follow(half, &pair, at, &mut ticked).await?;
        if half.failover.traffic.strategy == Strategy::Alarm && half.region == half.standby {
            self.switches.tell_alarm(&half.id.estate, &half.id.environment, at_standby(&pointer, half)).await?;
        }
        match &pointer.moving {
            Some(moving) if moving.to == half.region => self.take_over(half, &pointer, at, &mut ticked).await?,
            Some(_) => {}
            None if pointer.active == half.region => {
                let found = sample(&self.here, &self.pacer, &self.clock, half).await?;
                self.ledger.keep_sample(&half.id, &half.region, &found).await?;
            }
            None => self.watch(half, &pair, &pointer, at, &mut ticked).await?,
        }
        Ok(ticked)
    }

    /// A sign of life, and of a standby that sees the pair at home the grant that a dead man's switch listens to. Its
    /// instant is that of the tick that read the pointer, so that one that comes late grants nothing new.
    async fn beat(&self, half: &PairPlace, pair: &Pair, pointer: &Pointer, at: Timestamp) -> Result<(), MoveError> {
        let last = pair.heartbeats.get(&half.region);
        if last.is_some_and(|last| last.at >= at) {
            return Ok(());
        }
        let grants = half.region == half.standby && pointer.active == half.home && pointer.moving.is_none();
        let granted = if grants { Some(at) } else { last.and_then(|last| last.granted) };
        let heard = pair.heartbeats.get(half.other()).and_then(|heartbeat| heartbeat.granted);
        let heartbeat = Heartbeat { at, epoch: pointer.epoch, heard, granted };
        Ok(self.ledger.beat(&half.id, &half.region, &heartbeat).await?)
    }

    /// Lets the own hand look where the pointer wants something of this region that has not been reached.
    async fn follow(&self, half: &PairPlace, pair: &Pair, at: Timestamp, ticked: &mut Ticked) -> Result<(), MoveError> {
        let seen = self.ledger.load(&half.scope()).await?;
        let wanted = half.placement(pair, seen.standing.followed, at)?;
        let mark = wanted.as_ref().and_then(Intent::placement).map(Placement::mark);
        let reached = seen.standing.settled.and_then(|settled| settled.placement);
        if mark == reached || pair.pointer.as_ref().is_some_and(|pointer| pointer.is_moving_to(&half.region)) {
            return Ok(());
        }
        let name = execution_name(&[half.id.estate.as_str(), half.id.environment.as_str(), "pair"], at);
        let why = wanted.map_or_else(|| "the pair is at home".to_owned(), |wanted| wanted.to_string());
        self.hand.start(&name, &Request::of_failover(&half.scope(), why.clone(), None).to_string()).await?;
        ticked.did.push(format!("reconcile was started: {why}"));
        Ok(())
    }

    /// Goes on with a move to this region whose execution is dead. One that waits for a person is left alone.
    async fn take_over(
        &self,
        half: &PairPlace,
        pointer: &Pointer,
        at: Timestamp,
        ticked: &mut Ticked,
    ) -> Result<(), MoveError> {
        let record = self.ledger.moved(&half.id, &pointer.by).await?;
        let held = record.is_some_and(|(record, _)| record.ending == Some(Ending::Held));
        if held || self.executions.status(&pointer.by).await? == ExecutionStatus::Running {
            return Ok(());
        }
        let request = FailoverRequest {
            take_over: true,
            reason: Some(format!("{} is dead", pointer.by)),
            ..FailoverRequest::about(half.id.estate.clone(), half.id.environment.clone())
        };
        self.start(half, "take-over", &request, at).await?;
        ticked.did.push(format!("the move of {}, which is dead, was taken over", pointer.by));
        Ok(())
    }

    async fn start(
        &self,
        half: &PairPlace,
        word: &str,
        request: &FailoverRequest,
        at: Timestamp,
    ) -> Result<(), MoveError> {
        let name = execution_name(&[half.id.estate.as_str(), half.id.environment.as_str(), word], at);
        self.failover.start(&name, &request.to_string()).await?;
        Ok(())
    }

    /// Looks at the region that serves, from outside, and at how ready this one is.
    async fn watch(
        &self,
        half: &PairPlace,
        pair: &Pair,
        pointer: &Pointer,
        at: Timestamp,
        ticked: &mut Ticked,
    ) -> Result<(), MoveError> {
        let (before, version) = self.ledger.watch(&half.id, &half.region).await?;
        let mut watch = before.clone();
        if half.failover.probe.is_some() {
            let probed = probe::region(&self.prober, half, half.other()).await;
            ticked.reached = Some(!probed.is_lost());
            watch = watch.after(&probed, at);
        }
        match watch.heed(&half.failover, pointer, at) {
            Heed::Nothing => {}
            Heed::Tell(what) => {
                let subject = format!("{}: {} is not reached", half.id, half.other());
                self.announcer
                    .tell(
                        &subject,
                        &format!(
                            "{} has not been reached since {}.\n\n{what}",
                            half.other(),
                            watch.since.map_or_else(String::new, |since| since.to_string())
                        ),
                    )
                    .await?;
                ticked.did.push(what.clone());
                watch.told = Some(what);
            }
            Heed::Start(since) => {
                let request = FailoverRequest {
                    detected: Some(since),
                    reason: Some(format!("{} has not been reached since {since}", half.other())),
                    ..FailoverRequest::about(half.id.estate.clone(), half.id.environment.clone())
                };
                self.start(half, "failover", &request, at).await?;
                ticked.did.push(format!("failover was started: not reached since {since}"));
                watch.started = Some(at);
            }
        }
        if watch.readiness_is_due(at) {
            self.look_at_readiness(half, pair, &mut watch).await?;
        }
        ticked.readiness = watch.readiness.as_ref().map(Readiness::verdict);
        if watch != before {
            self.ledger.keep_watch(&half.id, &half.region, &watch, version).await?;
        }
        Ok(())
    }

    /// Looks whether this region could serve, and tells of it when that has changed.
    async fn look_at_readiness(&self, half: &PairPlace, pair: &Pair, watch: &mut Watch) -> Result<(), MoveError> {
        let kept = Kept::of(&self.ledger, half, pair, self.clock.now()).await;
        let traffic = means::facts(&self.switches, half).await;
        let facts = gather(&self.here, &self.pacer, &self.clock, half, kept, traffic).await;
        let readiness = Readiness::of(&facts, &half.failover);
        let ready = readiness.verdict() == ReadyVerdict::Ready;
        let mark = (!ready).then(|| readiness.mark());
        if mark != watch.told_readiness {
            let subject = format!("{}: {} is {}", half.id, half.region, readiness.verdict());
            self.announcer.tell(&subject, &readiness.text()).await?;
            watch.told_readiness = mark;
        }
        watch.readiness = Some(readiness);
        Ok(())
    }
}

/// Whether traffic belongs to the standby, as the pointer has it.
fn at_standby(pointer: &Pointer, half: &PairPlace) -> bool {
    let serves = pointer.active == half.standby;
    match &pointer.moving {
        Some(moving) if moving.stage == Stage::Traffic => moving.to == half.standby,
        _ => serves,
    }
}
