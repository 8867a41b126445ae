//! Assess and approve: can this region serve, what would be lost, and who has to say yes?

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::failover::rehearsal::rehearsing;
use watchkeeper_domain::failover::{MoveEnding, MoveFacts, MoveManner, MovePhase, MovePlan, report};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::ServiceName;

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::gather::{LedgerFacts, gather};
use super::super::outcome::PhaseOutcome;
use super::super::traffic_switch;
use super::fence::tasks_of;
use crate::failover::ports::ReplicatedStores;
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

/// How long a planned move waits for replicas to catch up before it is refused.
const CATCH_UP: SignedDuration = SignedDuration::from_mins(10);

/// Between two looks at the lag, in seconds: the metric has a period of a minute.
const LAG_LOOK: i64 = 15;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn assess(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let member = work.member;
        let now = self.clock.now();
        if let Some(refused) = self.halted(work).await?.filter(|_| work.request.mode != MoveManner::Plan) {
            return Ok(refused);
        }
        if let Some(singleton) = member.failover.singletons.first().filter(|_| work.record.answered.is_none()) {
            let answered = tasks_of(&self.peer, member, &singleton.service).await.is_ok();
            work.record.answered = Some(answered);
            work.record.asked_other(answered, self.clock.now());
        }
        let traffic = traffic_switch::facts(&self.switches, member).await;
        let kept = LedgerFacts::of(&self.ledger, member, &work.pair, now).await;
        let facts = gather(&self.here, &self.pace(Layer::Failover), member, kept, traffic).await;
        let mut facts = MoveFacts {
            readiness: facts,
            failover: member.failover.clone(),
            order: member.order.of(&member.services),
            declared: member.declared.clone(),
            to_standby: member.region == member.standby,
            graceful: work.record.graceful,
            lag_ms: None,
            head_start: self.head_start(member, now).await,
            rehearsed: None,
        };
        work.record.proved = facts.readiness.certificate.clone().ok().flatten();
        if !facts.head_start.is_empty() {
            let names: Vec<&str> = facts.head_start.iter().map(ServiceName::as_str).collect();
            work.record
                .header
                .note(now, format!("a rehearsal has {} up: the move goes on from there", names.join(", ")));
        }
        let readiness = facts.readiness();
        work.record.header.note(now, readiness.summary());
        let not_ready = facts.not_ready().filter(|_| work.record.graceful);
        if not_ready.is_none() {
            facts.lag_ms = self.lag(work).await;
        }
        let plan = self.planned(work, facts.clone());
        if let Some(why) = not_ready {
            return Ok(PhaseOutcome::Fail(why));
        }
        // A planned move waits for replicas to catch up.
        if let Some(why) = facts.lag().filter(|_| work.record.graceful && work.request.mode != MoveManner::Plan) {
            let late = self.age(work) >= CATCH_UP;
            return Ok(if late { PhaseOutcome::Fail(why) } else { PhaseOutcome::Again(LAG_LOOK, why) });
        }
        work.record.asks.extend(plan.asks);
        if work.request.mode == MoveManner::Plan {
            work.record.reason = report::plan(&member.id.to_string(), &member.failover, &work.record);
            work.record.header.note(now, readiness.text());
            return Ok(PhaseOutcome::End(MoveEnding::Planned));
        }
        Ok(PhaseOutcome::Enter(MovePhase::Approve))
    }

    /// A region that is halted can start nothing: a move to it would only stop what runs. It is refused before anything is written.
    pub(super) async fn halted(&self, work: &mut MoveStep<'_>) -> Result<Option<PhaseOutcome>, RunbookError> {
        let Some(halt) = self.ledger.load(&work.member.scope()).await?.halt else { return Ok(None) };
        work.record.header.note(self.clock.now(), format!("{} is {halt}", work.member.region));
        Ok(Some(PhaseOutcome::End(MoveEnding::Refused)))
    }

    /// What a rehearsal has up: it is opened at once, and nothing of it is started again. Not to know of it costs its time.
    async fn head_start(&self, member: &PairMember, now: Timestamp) -> BTreeSet<ServiceName> {
        let seen = self.ledger.load(&member.scope()).await.unwrap_or_default();
        let up = rehearsing(&seen.intents, now).into_iter();
        up.flat_map(|intent| member.failover.capacity.keys().filter(|service| intent.is_about(service)))
            .cloned()
            .collect()
    }

    /// Takes the plan over into the record, with what it was made of where a report is kept.
    pub(in super::super) fn planned(&self, work: &mut MoveStep<'_>, facts: MoveFacts) -> MovePlan {
        let plan = facts.plan();
        work.record.serving.clone_from(&plan.serving);
        work.record.waves.clone_from(&plan.waves);
        work.record.lag_ms = facts.lag_ms;
        work.record.facts = self.reports.as_ref().map(|_| Box::new(facts));
        plan
    }

    /// How far the tables lag, in milliseconds. Nobody knows what the lag became after the last sample of a region that is lost;
    /// what is known is told, and a stale sample asks.
    async fn lag(&self, work: &MoveStep<'_>) -> Option<i64> {
        let lag = if work.record.graceful {
            self.lag_now(work).await
        } else {
            let (now, sample) = (self.clock.now(), work.pair.samples.get(&work.pointer.active));
            sample.filter(|sample| sample.is_fresh(now)).and_then(|sample| sample.lag(&work.member.failover))
        };
        lag.and_then(|lag| i64::try_from(lag.as_millis()).ok())
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
