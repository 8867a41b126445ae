//! Fence: the old region's own hand is asked to stop its singletons, and before one starts here it is judged whether it did.

use futures_util::future::{join, join_all};
use jiff::Timestamp;
use watchkeeper_domain::estate::Singleton;
use watchkeeper_domain::failover::fence::{FenceEvidence, FenceState, SingletonTasks as FencedTasks, judge};
use watchkeeper_domain::failover::{Move, MovePhase, Pointer};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::name::ServiceName;

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use super::super::ports::RegionTasks;
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Services};
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    /// Begins the fence; what has no singleton needs none, and a region that does not answer is not asked again at once.
    pub(super) async fn fence(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        work.record.fenced_since.get_or_insert(self.clock.now());
        if work.record.silent_since.is_none() && !singletons(work.member, &work.pointer).is_empty() {
            self.nudge(work, "a fence").await;
        }
        Ok(PhaseOutcome::Enter(MovePhase::Promote))
    }

    /// What stands in the way of these services; nothing once every singleton among them is fenced.
    pub(super) async fn gate(
        &self,
        work: &mut MoveStep<'_>,
        wave: &[ServiceName],
    ) -> Result<Option<PhaseOutcome>, RunbookError> {
        let member = work.member;
        let mut waiting = singletons(member, &work.pointer);
        waiting.retain(|singleton| wave.contains(&singleton.service));
        if waiting.is_empty() {
            return Ok(None);
        }
        work.record.fence_looked.get_or_insert(self.clock.now());
        // All at once: a region that hangs costs its bound once.
        let looks = join_all(waiting.iter().map(|singleton| tasks_of(&self.peer, member, &singleton.service))).await;
        let now = self.clock.now();
        work.record.asked_other(looks.iter().any(Result::is_ok), now);
        let mut asked = Vec::new();
        for (singleton, tasks) in waiting.iter().zip(looks) {
            match proof(&self.ledger, member, &work.pair, &work.record, singleton, tasks.ok(), now).await? {
                FenceState::Holds(why) => work.record.header.note(self.clock.now(), why),
                FenceState::Wait(seconds, why) => {
                    // Its replica of the pointer may have come after the last time that it was asked to look.
                    if work.record.silent_since.is_none() {
                        self.nudge(work, "a fence").await;
                    }
                    return Ok(Some(PhaseOutcome::Again(seconds, why)));
                }
                FenceState::Ask(why) => asked.push(why),
                FenceState::Fails(why) => return Ok(Some(PhaseOutcome::Fail(format!("the fence fails: {why}")))),
            }
        }
        if asked.is_empty() {
            return Ok(None);
        }
        let why = format!(
            "make sure that it has stopped in {}, and that nothing there starts it again before its stack has seen this move: {}",
            member.other(),
            asked.join("; ")
        );
        work.record.asks = [(GuardrailCode::FenceUnproved, why)].into();
        Ok(Some(PhaseOutcome::Ask("a person is asked whether the singletons have stopped".to_owned())))
    }
}

/// The singletons of a move: those of the document, and those that it had when the move began.
pub(in super::super) fn singletons(member: &PairMember, pointer: &Pointer) -> Vec<Singleton> {
    let declared = &member.failover.singletons;
    let kept = pointer.moving.iter().flat_map(|moving| &moving.singletons);
    let gone = kept.filter(|service| !declared.iter().any(|singleton| singleton.service == **service));
    let bare = gone.map(|service| Singleton { service: service.clone(), fence: None, silence: None });
    declared.iter().cloned().chain(bare).collect()
}

/// Whether the fence of a singleton holds for a move, as it stands now, given its tasks in the other region, if that answers.
pub(in super::super) async fn proof<L: Ledger>(
    ledger: &L,
    member: &PairMember,
    pair: &PairReplica,
    record: &Move,
    singleton: &Singleton,
    tasks: Option<FencedTasks>,
    now: Timestamp,
) -> Result<FenceState, RunbookError> {
    let settled = ledger.settled(&member.scope_in(member.other())).await?;
    let granted = pair.heartbeats.get(&member.region).and_then(|heartbeat| heartbeat.granted);
    // Armed when the move began, and, as far as has been heard, still.
    let silence = pair.heartbeats.get(member.other()).and_then(|theirs| theirs.silence(&singleton.service));
    let beat = granted.filter(|_| record.switches.contains(&singleton.service) && silence.is_some());
    // What was approved beforehand does not cover a loss that began after it.
    let lost_since = record.answered == Some(true) && tasks.is_none();
    let beforehand = record.header.approved.contains(&GuardrailCode::FenceUnproved) && !lost_since;
    let by = || record.by.clone().unwrap_or_else(|| "whoever started it".to_owned());
    let who = record.word.clone().or_else(|| beforehand.then(by));
    Ok(judge(
        singleton,
        &FenceEvidence {
            settled: settled.and_then(|settled| settled.epoch),
            tasks,
            beat,
            silence,
            word: who.as_deref(),
            from_home: *member.other() == member.home,
            epoch: record.epoch.unwrap_or(0),
            since: record.fenced_since.unwrap_or(record.header.started),
            looked: record.fence_looked.unwrap_or(record.header.started),
            silent: record.silent_since,
            lost: record.lost_since.is_some() && record.answered == Some(false),
            now,
        },
    ))
}

/// A service's tasks in the other region, whose calls are bounded.
pub(in super::super) async fn tasks_of<P: Services + RegionTasks>(
    peer: &P,
    member: &PairMember,
    service: &ServiceName,
) -> Result<FencedTasks, AwsError> {
    let Some(id) = member.others.get(service) else {
        return Ok(FencedTasks { desired: 0, running: 0, pending: 0, alive: 0 });
    };
    let (found, alive) =
        join(peer.describe_services(&id.cluster, std::slice::from_ref(service)), peer.tasks_alive(id)).await;
    let (found, alive) = (found?, alive?);
    // A service that does not exist runs nothing.
    let found = found.get(id);
    Ok(FencedTasks {
        desired: found.map_or(0, |service| service.capacity.desired),
        running: found.map_or(0, |service| service.running),
        pending: found.map_or(0, |service| service.pending),
        alive,
    })
}
