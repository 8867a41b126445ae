//! Assess and approve: can this region serve, what would be lost, and who has to say yes?

use jiff::SignedDuration;
use watchkeeper_domain::failover::readiness::{Grade, Readiness, judge};
use watchkeeper_domain::failover::{Ending, Manner, Phase, Promoted, may_lose, report, serving, waves};
use watchkeeper_domain::guardrail::Code;

use super::super::gather::{Kept, gather};
use super::super::mover::{Mover, Work};
use super::super::ports::{Prober, Promotions, Sight, Switches};
use super::super::turn::Turn;
use super::super::{MoveError, means};
use super::fence::tasks_of;
use crate::backup::BackupLog;
use crate::ledger::Ledger;
use crate::ports::{Announcer, Clock, ExecutionStates, Executions};

/// How long a planned move waits for replicas to catch up before it is refused.
const CATCH_UP: SignedDuration = SignedDuration::from_mins(10);

/// Between two looks at the lag, in seconds: the metric has a period of a minute.
const LAG_LOOK: i64 = 15;

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
    pub(super) async fn assess(&self, work: &mut Work<'_>) -> Result<Turn, MoveError> {
        let half = work.half;
        let now = self.clock.now();
        let sample = work.pair.samples.get(&work.pointer.active).cloned();
        if half.region == half.standby {
            work.record.serving = serving(&half.failover, &half.declared, sample.as_ref());
        }
        work.record.waves = waves(&half.failover);
        if let Some(singleton) = half.failover.singletons.first().filter(|_| work.record.answered.is_none()) {
            work.record.answered = Some(tasks_of(&self.peer, half, &singleton.service).await.is_ok());
        }
        let traffic = means::facts(&self.switches, half).await;
        let kept = Kept::of(&self.ledger, half, &work.pair, now).await;
        let facts = gather(&self.here, &self.pacer, &self.clock, half, kept, traffic).await;
        let readiness = Readiness { at: now, region: half.region.clone(), findings: judge(&facts, &half.failover) };
        work.record.note(now, readiness.summary());
        let blocking: Vec<String> = readiness
            .findings
            .iter()
            .filter(|finding| finding.grade == Grade::Blocks)
            .map(ToString::to_string)
            .collect();
        if !blocking.is_empty() {
            let why = format!("{} is not ready: {}", half.region, blocking.join("; "));
            if work.record.graceful {
                return Ok(Turn::Fail(why));
            }
            work.record.asks.insert(Code::NotReady, why);
        }
        if let Some(turn) = self.data(work, sample.as_ref()).await? {
            return Ok(turn);
        }
        if work.request.mode == Manner::Plan {
            work.record.reason = report::plan(&half.id.to_string(), &half.failover, &work.record, work.request);
            work.record.note(now, readiness.text());
            return Ok(Turn::End(Ending::Planned));
        }
        Ok(Turn::Enter(Phase::Approve))
    }

    /// How much may be lost: nothing without a person's word, if it is more than was promised.
    async fn data(
        &self,
        work: &mut Work<'_>,
        sample: Option<&watchkeeper_domain::failover::Sample>,
    ) -> Result<Option<Turn>, MoveError> {
        let half = work.half;
        let now = self.clock.now();
        let promised = half.failover.rpo.signed();
        let lag = if work.record.graceful {
            self.lag_now(work).await
        } else {
            // Nobody knows what the lag became after the last sample; what is known is told, and a stale sample asks.
            sample.filter(|sample| sample.is_fresh(now)).and_then(|sample| sample.lag(&half.failover))
        };
        work.record.lag_ms = lag.and_then(|lag| i64::try_from(lag.as_millis()).ok());
        let why = match lag {
            Some(lag) if lag <= promised => None,
            Some(lag) => Some(format!("the tables lag by {lag:#}, and {promised:#} is promised")),
            None => Some(format!("how far the tables lag is not known, and {promised:#} is promised")),
        };
        if let Some(why) = why {
            if work.record.graceful && work.request.mode != Manner::Plan {
                let late = self.age(work) >= CATCH_UP;
                return Ok(Some(if late { Turn::Fail(why) } else { Turn::Again(LAG_LOOK, why) }));
            }
            work.record.asks.insert(Code::DataLoss, why);
        }
        let databases = half.failover.databases.iter().filter_map(Promoted::of);
        let losses: Vec<String> = databases.filter_map(|database| may_lose(&database, work.record.graceful)).collect();
        if !losses.is_empty() {
            let why = work.record.asks.remove(&Code::DataLoss).into_iter().chain(losses).collect::<Vec<_>>().join("; ");
            work.record.asks.insert(Code::DataLoss, why);
        }
        Ok(None)
    }

    /// The lag of the region that is left, as it says now.
    async fn lag_now(&self, work: &Work<'_>) -> Option<SignedDuration> {
        let mut worst = SignedDuration::ZERO;
        for table in &work.half.failover.tables {
            let lag = self.peer.lag(&table.table, &work.half.region, self.clock.now()).await.ok()??;
            worst = worst.max(lag);
        }
        Some(worst)
    }

    pub(super) fn approve(work: &mut Work<'_>) -> Turn {
        let approved = work.record.approved.clone();
        work.record.asks.retain(|code, _| !approved.contains(code));
        if work.record.asks.is_empty() {
            return Turn::Enter(Phase::Begin);
        }
        let codes: Vec<&str> = work.record.asks.keys().map(|code| code.name()).collect();
        Turn::Ask(format!("a person is asked about {}", codes.join(", ")))
    }
}
