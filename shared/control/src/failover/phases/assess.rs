//! Assess and approve: can this region serve, what would be lost, and who has to say yes?

use jiff::SignedDuration;
use watchkeeper_domain::failover::readiness::{FindingGrade, Readiness, judge};
use watchkeeper_domain::failover::{MoveEnding, MoveManner, MovePhase, PairDatabase, may_lose, report, serving, waves};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::intent::Layer;

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::gather::{LedgerFacts, gather};
use super::super::outcome::PhaseOutcome;
use super::super::traffic_switch;
use super::fence::tasks_of;
use crate::failover::ports::ReplicatedStores;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;

/// How long a planned move waits for replicas to catch up before it is refused.
const CATCH_UP: SignedDuration = SignedDuration::from_mins(10);

/// Between two looks at the lag, in seconds: the metric has a period of a minute.
const LAG_LOOK: i64 = 15;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn assess(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let member = work.member;
        let now = self.clock.now();
        let sample = work.pair.samples.get(&work.pointer.active).cloned();
        if member.region == member.standby {
            work.record.serving = serving(&member.failover, &member.declared, sample.as_ref());
        }
        work.record.waves = waves(&member.failover);
        if let Some(singleton) = member.failover.singletons.first().filter(|_| work.record.answered.is_none()) {
            let answered = tasks_of(&self.peer, member, &singleton.service).await.is_ok();
            work.record.answered = Some(answered);
            work.record.asked_other(answered, self.clock.now());
        }
        let traffic = traffic_switch::facts(&self.switches, member).await;
        let kept = LedgerFacts::of(&self.ledger, member, &work.pair, now).await;
        let facts = gather(&self.here, &self.pace(Layer::Failover), member, kept, traffic).await;
        let readiness = Readiness { at: now, region: member.region.clone(), findings: judge(&facts, &member.failover) };
        work.record.header.note(now, readiness.summary());
        let blocking: Vec<String> = readiness
            .findings
            .iter()
            .filter(|finding| finding.grade == FindingGrade::Blocks)
            .map(ToString::to_string)
            .collect();
        if !blocking.is_empty() {
            let why = format!("{} is not ready: {}", member.region, blocking.join("; "));
            if work.record.graceful {
                return Ok(PhaseOutcome::Fail(why));
            }
            work.record.asks.insert(GuardrailCode::NotReady, why);
        }
        if let Some(turn) = self.data(work, sample.as_ref()).await? {
            return Ok(turn);
        }
        if work.request.mode == MoveManner::Plan {
            work.record.reason = report::plan(&member.id.to_string(), &member.failover, &work.record);
            work.record.header.note(now, readiness.text());
            return Ok(PhaseOutcome::End(MoveEnding::Planned));
        }
        Ok(PhaseOutcome::Enter(MovePhase::Approve))
    }

    /// How much may be lost: nothing without a person's word, if it is more than was promised.
    async fn data(
        &self,
        work: &mut MoveStep<'_>,
        sample: Option<&watchkeeper_domain::failover::RegionSample>,
    ) -> Result<Option<PhaseOutcome>, RunbookError> {
        let member = work.member;
        let now = self.clock.now();
        let promised = member.failover.rpo.signed();
        let lag = if work.record.graceful {
            self.lag_now(work).await
        } else {
            // Nobody knows what the lag became after the last sample; what is known is told, and a stale sample asks.
            sample.filter(|sample| sample.is_fresh(now)).and_then(|sample| sample.lag(&member.failover))
        };
        work.record.lag_ms = lag.and_then(|lag| i64::try_from(lag.as_millis()).ok());
        let why = match lag {
            Some(lag) if lag <= promised => None,
            Some(lag) => Some(format!("the tables lag by {lag:#}, and {promised:#} is promised")),
            None => Some(format!("how far the tables lag is not known, and {promised:#} is promised")),
        };
        if let Some(why) = why {
            if work.record.graceful && work.request.mode != MoveManner::Plan {
                let late = self.age(work) >= CATCH_UP;
                return Ok(Some(if late { PhaseOutcome::Fail(why) } else { PhaseOutcome::Again(LAG_LOOK, why) }));
            }
            work.record.asks.insert(GuardrailCode::DataLoss, why);
        }
        let databases = member.failover.databases.iter().filter_map(PairDatabase::of);
        let losses: Vec<String> = databases.filter_map(|database| may_lose(&database, work.record.graceful)).collect();
        if !losses.is_empty() {
            let why = work
                .record
                .asks
                .remove(&GuardrailCode::DataLoss)
                .into_iter()
                .chain(losses)
                .collect::<Vec<_>>()
                .join("; ");
            work.record.asks.insert(GuardrailCode::DataLoss, why);
        }
        Ok(None)
    }

    /// The lag of the region that is left, as it says now.
    async fn lag_now(&self, work: &MoveStep<'_>) -> Option<SignedDuration> {
        let mut worst = SignedDuration::ZERO;
        for table in &work.member.failover.tables {
            let lag = self.peer.lag(&table.table, &work.member.region, self.clock.now()).await.ok()??;
            worst = worst.max(lag);
        }
        Some(worst)
    }

    pub(super) fn approve(work: &mut MoveStep<'_>) -> PhaseOutcome {
        let approved = work.record.header.approved.clone();
        work.record.asks.retain(|code, _| !approved.contains(code));
        if work.record.asks.is_empty() {
            return PhaseOutcome::Enter(MovePhase::Begin);
        }
        let codes: Vec<&str> = work.record.asks.keys().map(|code| code.name()).collect();
        PhaseOutcome::Ask(format!("a person is asked about {}", codes.join(", ")))
    }
}
