//! The watch: each minute every region says that it lives, the active one says what it runs, and the other one looks at it
//! from outside.

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_domain::estate::TrafficStrategy;
use watchkeeper_domain::execution::{ExecutionStatus, execution_name};
use watchkeeper_domain::failover::protection::ProtectionMemory;
use watchkeeper_domain::failover::readiness::{Readiness, ReadyVerdict};
use watchkeeper_domain::failover::rehearsal::StandingVerdict;
use watchkeeper_domain::failover::{
    FailoverRefusal, FailoverRequest, MoveStage, PROBE_AGAIN, Placement, Pointer, UnfollowablePointer, WatchAction,
    WatchState, same_home,
};
use watchkeeper_domain::guardrail::Allowance;
use watchkeeper_domain::intent::{Intent, Layer};
use watchkeeper_domain::message::{Message, MessageContext};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::request::RunRequest;

use super::FailoverRunbook;
use super::gather::{LedgerFacts, gather, sample};
use super::ports::TrafficSwitches;
use super::{probe, traffic_switch};
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::{Clock, ExecutionStates, Executions, Notifier};
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

/// What a tick did about one pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairTick {
    /// This region's member of it.
    #[serde(flatten)]
    pub scope: Scope,
    /// The pointer, in words.
    pub pointer: String,
    /// Whether the active region answered the probe; `None` where it was not asked.
    pub reached: Option<bool>,
    /// For how long it has not, in seconds; `None` where it did, or was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreached_seconds: Option<i64>,
    /// How ready this region is, where it stands by and that is known.
    pub readiness: Option<ReadyVerdict>,
    /// What the certificate of this region is worth, where it stands by and that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<StandingVerdict>,
    /// How much is missing until the other region could take over from this one, which serves since a move; `None` where nothing
    /// is, and where this region does not serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unprotected: Option<usize>,
    /// For how long the other region has not been heard of, in seconds; `None` when it never was.
    pub silent_seconds: Option<i64>,
    /// What was done.
    pub did: Vec<String>,
    /// What could not be done, and why: the next tick tries again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

impl PairTick {
    pub(super) fn note(&mut self, done: Result<(), RunbookError>) {
        self.failed.extend(done.err().map(|error| error.message()));
    }
}

impl<P: Platform> FailoverRunbook<P> {
    /// Looks after one half of a pair, at the instant of a tick. What fails keeps nothing else from its turn: it is in
    /// [`PairTick::failed`], and the next tick looks again.
    ///
    /// # Errors
    /// [`RunbookError`] when it cannot be read where the pair is.
    pub async fn tick(
        &self,
        member: &PairMember,
        allowance: &Allowance,
        at: Timestamp,
    ) -> Result<PairTick, RunbookError> {
        let pair = self.ledger.pair(&member.id).await?;
        let pointer = member.pointer(&pair);
        // Who is at home is the pointer's word: a document that says otherwise by now moves nothing.
        let rehomed = same_home(&pointer, &member.home).err();
        let member = &member.as_made(&pointer);
        let heard = pair.heartbeats.get(member.other()).map(|heartbeat| heartbeat.at);
        let mut ticked = PairTick {
            scope: member.scope(),
            pointer: pointer.to_string(),
            reached: None,
            unreached_seconds: None,
            readiness: None,
            certificate: None,
            unprotected: None,
            silent_seconds: heard.map(|heard| at.duration_since(heard).as_secs()),
            did: Vec::new(),
            failed: Vec::new(),
        };
        let beat = self.beat(member, allowance, &pair, &pointer, at).await;
        ticked.note(beat);
        let followed = self.follow(member, &pair, at, &mut ticked).await;
        ticked.note(followed);
        let quiet = self.keep_sources_off(member, &pair, &mut ticked).await;
        ticked.note(quiet);
        if member.failover.traffic.strategy == TrafficStrategy::Alarm && member.region == member.standby {
            let serves = at_standby(&pointer, member);
            let told = self.own_metrics.tell_alarm(&member.id.estate, &member.id.environment, serves).await;
            ticked.note(told.map_err(RunbookError::from));
        }
        let looked = match &pointer.moving {
            _ if rehomed.is_some() => self.refuse(member, rehomed, &mut ticked).await,
            Some(moving) if moving.to == member.region => {
                self.take_over(member, &pair, &pointer, at, &mut ticked).await
            }
            Some(_) => Ok(()),
            None if pointer.active == member.region => {
                let told = self.tell_protection(member, &pair, &pointer, at, &mut ticked).await;
                ticked.note(told);
                self.sampled(member, &pair).await
            }
            None => self.watch(member, &pair, &pointer, at, &mut ticked).await,
        };
        ticked.note(looked);
        Ok(ticked)
    }

    /// What this region says of itself.
    async fn sampled(&self, member: &PairMember, pair: &PairReplica) -> Result<(), RunbookError> {
        let before = pair.samples.get(&member.region);
        let found = sample(&self.here, &self.pace(Layer::Schedule), member, before).await?;
        Ok(self.ledger.keep_sample(&member.id, &member.region, &found).await?)
    }

    /// Tells once that a document cannot be followed; everything stays as it is.
    async fn refuse(
        &self,
        member: &PairMember,
        why: Option<UnfollowablePointer>,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        let what = why.map_or_else(String::new, |why| why.to_string());
        let (mut watch, version) = self.ledger.watch(&member.id, &member.region).await?;
        ticked.did.push(what.clone());
        if watch.told.as_deref() == Some(&*what) {
            return Ok(());
        }
        let subject = format!("{}: the document does not fit the pair", member.id);
        let text = format!("{what}.\n\nEverything stays as it is, and nothing moves.");
        self.notifier.notify(&said(member, &subject, text)).await?;
        watch.told = Some(what);
        Ok(self.ledger.keep_watch(&member.id, &member.region, &watch, version).await?)
    }

    /// Lets the own hand look where the pointer wants something of this region that has not been reached.
    async fn follow(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        at: Timestamp,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        let seen = self.ledger.load(&member.scope()).await?;
        let wanted = member.placement(pair, &seen, at)?;
        self.take_back(member, pair, &seen.intents, at, ticked).await?;
        let mark = wanted.as_ref().and_then(Intent::placement).map(Placement::mark);
        let reached = seen.standing.settled.and_then(|settled| settled.placement);
        if mark == reached || pair.pointer.as_ref().is_some_and(|pointer| pointer.is_moving_to(&member.region)) {
            return Ok(());
        }
        let name = execution_name(&[member.id.estate.as_str(), member.id.environment.as_str(), "pair"], at);
        let why = wanted.map_or_else(|| "the pair is at home".to_owned(), |wanted| wanted.to_string());
        self.reconcile_machine
            .start(&name, &RunRequest::of_failover(&member.scope(), why.clone(), None).to_string())
            .await?;
        ticked.did.push(format!("reconcile was started: {why}"));
        Ok(())
    }

    pub(super) async fn launch(
        &self,
        member: &PairMember,
        word: &str,
        request: &FailoverRequest,
        at: Timestamp,
    ) -> Result<String, RunbookError> {
        let name = execution_name(&[member.id.estate.as_str(), member.id.environment.as_str(), word], at);
        self.machine.start(&name, &request.to_string()).await?;
        Ok(name)
    }

    /// Looks at the region that serves, from outside, and at how ready this one is.
    async fn watch(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        pointer: &Pointer,
        at: Timestamp,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        let (before, version) = self.ledger.watch(&member.id, &member.region).await?;
        let mut watch = before.clone();
        if member.failover.probe.is_some() {
            watch = self.probed(member, watch, at).await;
            ticked.reached = Some(watch.since.is_none());
            ticked.unreached_seconds = watch.since.map(|since| at.duration_since(since).as_secs());
        }
        let asking = self.asked(member, &mut watch).await?;
        let halt = match watch.since {
            Some(_) => self.ledger.load(&member.scope()).await?.halt,
            None => None,
        };
        match watch.next_action(&member.failover, pointer, halt.as_ref(), at) {
            WatchAction::Nothing => {}
            WatchAction::Tell(what) => {
                let subject = format!("{}: {} is not reached", member.id, member.other());
                let since = watch.since.map_or_else(String::new, |since| since.to_string());
                let text = format!("{} has not been reached since {since}.\n\n{what}", member.other());
                let told = self.notifier.notify(&said(member, &subject, text)).await;
                // What nobody heard is told again by the next tick.
                watch.told = if told.is_ok() { Some(what.clone()) } else { watch.told };
                ticked.did.push(what);
                ticked.note(told.map(drop).map_err(RunbookError::from));
            }
            WatchAction::Start(_) if asking => {}
            WatchAction::Start(since) => {
                let request = FailoverRequest {
                    detected: Some(since),
                    reason: Some(format!("{} has not been reached since {since}", member.other())),
                    ..FailoverRequest::about(member.id.estate.clone(), member.id.environment.clone())
                };
                watch.execution = Some(self.launch(member, "failover", &request, at).await?);
                ticked.did.push(format!("failover was started: not reached since {since}"));
                watch.started = Some(at);
            }
        }
        let unprotected =
            pointer.revision > 0 && ProtectionMemory::is_due(watch.protection.as_ref(), pointer.epoch, at);
        let mut step = None;
        if watch.readiness_is_due(at) || unprotected {
            let told = self.look_at_readiness(member, pair, &mut watch).await;
            ticked.note(told);
            let looked = self.protect(member, pair, pointer, &mut watch, at).await;
            ticked.note(looked.map(|found| step = found));
        }
        if pointer.active == member.home && watch.since.is_none() {
            let rehearsed = self.rehearse_if_due(member, &mut watch, at, ticked).await;
            ticked.note(rehearsed);
        }
        let declared = member.failover.rehearse.is_some();
        ticked.certificate = watch.standing.as_ref().filter(|_| declared).map(|standing| standing.verdict);
        ticked.readiness = watch.readiness.as_ref().map(Readiness::verdict);
        // While nothing fails, when it was probed last is not worth a write each minute.
        let calm = watch.failures == 0 && WatchState { probed: before.probed, ..watch.clone() } == before;
        if !calm {
            self.ledger.keep_watch(&member.id, &member.region, &watch, version).await?;
        }
        if let Some(step) = step {
            self.take_protection_step(member, &step, watch, version + 1, ticked).await?;
        }
        Ok(())
    }

    /// Probes the region that serves, and where that fails again and again, until a loss is known or the region answers.
    async fn probed(&self, member: &PairMember, mut watch: WatchState, at: Timestamp) -> WatchState {
        let (began, other) = (self.clock.now(), member.other());
        let mut last = at;
        watch = watch.after(&probe::region(&self.prober, member, other).await, last);
        while watch.probes_again(&member.failover, at, last) {
            self.clock.sleep(PROBE_AGAIN.unsigned_abs()).await;
            last = at + self.clock.now().duration_since(began);
            watch = watch.after(&probe::once(&self.prober, member, other, |_| true).await, last);
        }
        watch
    }

    /// Whether an execution over this loss still runs, and perhaps asks: there is one question at a time. A person's no to
    /// it is remembered for as long as the loss lasts.
    async fn asked(&self, member: &PairMember, watch: &mut WatchState) -> Result<bool, RunbookError> {
        let Some(name) = watch.execution.clone().filter(|_| watch.refused.is_none()) else { return Ok(false) };
        if self.machine.status(&name).await? == ExecutionStatus::Running {
            return Ok(true);
        }
        let record = self.ledger.moved(&member.id, &name).await?.map(|(record, _)| record);
        watch.refused = record.and_then(|it| it.refused).map(|answer| FailoverRefusal { execution: name, answer });
        Ok(false)
    }

    /// Looks whether this region could serve, and tells of it when that has changed.
    async fn look_at_readiness(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        watch: &mut WatchState,
    ) -> Result<(), RunbookError> {
        let kept = LedgerFacts::of(&self.ledger, member, pair, self.clock.now()).await;
        let traffic = traffic_switch::facts(&self.switches, member).await;
        let facts = gather(&self.here, &self.pace(Layer::Schedule), member, kept, traffic).await;
        let readiness = Readiness::of(&facts, &member.failover);
        let ready = readiness.verdict() == ReadyVerdict::Ready;
        let mark = (!ready).then(|| readiness.mark());
        let (subject, text) =
            (format!("{}: {} is {}", member.id, member.region, readiness.verdict()), readiness.text());
        watch.readiness = Some(readiness);
        let standing = facts.standing(&member.failover).ok();
        self.tell_standing(member, watch, standing).await?;
        if mark != watch.told_readiness {
            self.notifier.notify(&said(member, &subject, text)).await?;
            watch.told_readiness = mark;
        }
        Ok(())
    }
}

/// What is told of a pair.
pub(super) fn said(member: &PairMember, subject: &str, text: String) -> Message {
    Message::new(subject, text).with(MessageContext::about(&member.scope()))
}

/// Whether traffic belongs to the standby, as the pointer has it.
fn at_standby(pointer: &Pointer, member: &PairMember) -> bool {
    let serves = pointer.active == member.standby;
    match &pointer.moving {
        Some(moving) if moving.stage == MoveStage::Traffic => moving.to == member.standby,
        _ => serves,
    }
}
