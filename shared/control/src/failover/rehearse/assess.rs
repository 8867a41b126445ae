//! Assess: may it be rehearsed now, what would a failover stumble over, and what is to start?

use watchkeeper_domain::estate::FreezeWindow;
use watchkeeper_domain::failover::rehearsal::{RehearsalSituation, refusal};
use watchkeeper_domain::failover::{MoveEnding, MoveFacts, MovePhase};
use watchkeeper_domain::intent::Layer;

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::gather::{LedgerFacts, gather, observed};
use super::super::outcome::PhaseOutcome;
use super::super::traffic_switch;
use crate::ledger::Ledger;
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn rehearse_assess(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let (member, now) = (work.member, self.clock.now());
        let pace = self.pace(Layer::Rehearsal);
        let mut refused = self.refused(work).await?;
        if refused.is_none() {
            // The budget is asked before anything that needs it.
            let wanted = member.own.len().max(1);
            refused = pace.slot(ApiBucket::EcsServiceWrite, wanted).await.err().map(|crowded| crowded.to_string());
        }
        if let Some(why) = refused {
            work.record.header.note(now, format!("refused: {why}"));
            return Ok(PhaseOutcome::End(MoveEnding::Refused));
        }
        let traffic = traffic_switch::facts(&self.switches, member).await;
        let kept = LedgerFacts::of(&self.ledger, member, &work.pair, now).await;
        let share = work.record.rehearsal.as_ref().map(|rehearsal| rehearsal.share);
        let facts = MoveFacts {
            readiness: gather(&self.here, &pace, member, kept, traffic).await,
            failover: member.failover.clone(),
            order: member.order.of(&member.services),
            declared: member.declared.clone(),
            to_standby: true,
            graceful: false,
            lag_ms: None,
            head_start: [].into(),
            rehearsed: share,
        };
        work.record.header.note(now, facts.readiness().summary());
        let not_ready = facts.not_ready();
        self.planned(work, facts);
        if let Some(why) = not_ready {
            self.see_placed(work).await;
            return Ok(PhaseOutcome::Fail(why));
        }
        let ids: Vec<_> = work.record.serving.keys().filter_map(|service| member.own.get(service)).collect();
        let before = match observed(&self.here, &pace, &ids).await {
            Ok(found) => found.scope.services,
            Err(why) => return Ok(PhaseOutcome::Fail(format!("{} cannot be seen: {why}", member.region))),
        };
        if let Some(rehearsal) = &mut work.record.rehearsal {
            rehearsal.before = before.into_iter().map(|(id, found)| (id.service, found.capacity)).collect();
        }
        Ok(PhaseOutcome::Enter(MovePhase::Scale))
    }

    /// What it makes way for.
    async fn refused(&self, work: &MoveStep<'_>) -> Result<Option<String>, RunbookError> {
        let (member, now) = (work.member, self.clock.now());
        let own = self.ledger.load(&member.scope()).await?;
        // Of the region that serves this is what the own replica has: nobody there is asked.
        let theirs = self.ledger.load(&member.scope_in(member.other())).await?;
        let open = |freeze: &&FreezeWindow| freeze.holds(now);
        Ok(refusal(&RehearsalSituation {
            pointer: &work.pointer,
            region: &member.region,
            standby: &member.standby,
            halt: own.halt.as_ref(),
            freeze: member.freezes.iter().find(open),
            own: &own.intents,
            theirs: &theirs.intents,
            by: &work.record.header.id,
            now,
        }))
    }
}
