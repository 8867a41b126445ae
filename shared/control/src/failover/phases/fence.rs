//! Fence: the old region's own hand is asked to stop its singletons, and before one starts here it is judged whether it did.

use watchkeeper_domain::estate::Singleton;
use watchkeeper_domain::failover::Phase;
use watchkeeper_domain::failover::fence::{Evidence, Fenced, Tasks as FencedTasks, judge};
use watchkeeper_domain::guardrail::Code;
use watchkeeper_domain::name::ServiceName;

use super::super::MoveError;
use super::super::mover::{Mover, Work};
use super::super::ports::{Prober, Promotions, Sight, Switches, Tasks};
use super::super::turn::Turn;
use crate::backup::BackupLog;
use crate::ledger::Ledger;
use crate::place::PairPlace;
use crate::ports::{Announcer, AwsError, Clock, ExecutionStates, Executions, Services};

impl<L, S, P, W, H, N, K, X, E> Mover<L, S, P, W, H, N, K, X, E>
where
    L: Ledger + BackupLog,
    S: Sight + Promotions,
    P: Sight,
    W: Switches,
    H: Prober,
    N: Announcer,
    K: Clock,
    X: Executions,
    E: ExecutionStates,
{
    /// Begins the fence; what has no singleton needs none.
    pub(super) async fn fence(&self, work: &mut Work<'_>) -> Result<Turn, MoveError> {
        work.record.fenced_since.get_or_insert(self.clock.now());
        if !work.half.failover.singletons.is_empty() {
            self.nudge(work, "a fence").await;
        }
        Ok(Turn::Enter(Phase::Promote))
    }

    /// What stands in the way of these services; nothing once every singleton among them is fenced.
    pub(super) async fn gate(&self, work: &mut Work<'_>, wave: &[ServiceName]) -> Result<Option<Turn>, MoveError> {
        let half = work.half;
        let mut asked = Vec::new();
        for singleton in half.failover.singletons.iter().filter(|singleton| wave.contains(&singleton.service)) {
            work.record.fence_looked.get_or_insert(self.clock.now());
            match self.judged(work, singleton).await? {
                Fenced::Holds(why) => work.record.note(self.clock.now(), why),
                Fenced::Wait(seconds, why) => {
                    // Its replica of the pointer may have come after the last time that it was asked to look.
                    self.nudge(work, "a fence").await;
                    return Ok(Some(Turn::Again(seconds, why)));
                }
                Fenced::Ask(why) => asked.push(why),
                Fenced::Fails(why) => return Ok(Some(Turn::Fail(format!("the fence fails: {why}")))),
            }
        }
        if asked.is_empty() {
            return Ok(None);
        }
        let why = format!(
            "make sure that it has stopped in {}, and that nothing there starts it again before its stack has seen this move: {}",
            half.other(),
            asked.join("; ")
        );
        work.record.asks = [(Code::FenceUnproved, why)].into();
        Ok(Some(Turn::Ask("a person is asked whether the singletons have stopped".to_owned())))
    }

    async fn judged(&self, work: &Work<'_>, singleton: &Singleton) -> Result<Fenced, MoveError> {
        let half = work.half;
        let record = &work.record;
        let settled = self.ledger.settled(&half.scope_in(half.other())).await?;
        let granted = work.pair.heartbeats.get(&half.region).and_then(|heartbeat| heartbeat.granted);
        let beat = granted.filter(|_| record.armed);
        let tasks = tasks_of(&self.peer, half, &singleton.service).await.ok();
        let told = record.approved.contains(&Code::FenceUnproved);
        let who = record.by.clone().unwrap_or_else(|| "whoever started it".to_owned());
        Ok(judge(
            singleton,
            &Evidence {
                settled: settled.and_then(|settled| settled.epoch),
                tasks,
                beat,
                word: told.then_some(&*who),
                from_home: *half.other() == half.home,
                epoch: record.epoch.unwrap_or(work.pointer.epoch),
                since: record.fenced_since.unwrap_or(record.started),
                looked: record.fence_looked.unwrap_or(record.started),
                now: self.clock.now(),
            },
        ))
    }
}

/// A service's tasks in the other region, whose calls are bounded.
async fn tasks_of<P: Services + Tasks>(
    peer: &P,
    half: &PairPlace,
    service: &ServiceName,
) -> Result<FencedTasks, AwsError> {
    let Some(id) = half.others.get(service) else {
        return Ok(FencedTasks { desired: 0, running: 0, pending: 0, alive: 0 });
    };
    let (found, alive) = futures_util::future::join(
        peer.describe_services(&id.cluster, std::slice::from_ref(service)),
        peer.tasks_alive(id),
    )
    .await;
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
