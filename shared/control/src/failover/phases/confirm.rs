//! Confirm: is the active region lost, by evidence that does not come from the probe?

use std::collections::BTreeSet;

use futures_util::future::join;
use jiff::Timestamp;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::DetectionMode;
use watchkeeper_domain::failover::evidence::{LossEvidence, LossVerdict, RunningServices, confirm};
use watchkeeper_domain::failover::{MoveEnding, MovePhase};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::value::AlarmName;

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use super::super::probe;
use crate::ledger::PairReplica;
use crate::platform::Platform;
use crate::ports::{Alarms, AwsError, Clock, DESCRIBE_SERVICES_MAX, Services};
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn confirm(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let member = work.member;
        let found = self.evidence(member, &work.pair, self.clock.now()).await;
        // Whoever hangs is not asked again in this step.
        work.record.answered.get_or_insert(found.services.is_ok());
        let now = self.clock.now();
        work.record.asked_other(found.services.is_ok(), now);
        let reasons = match confirm(&found) {
            LossVerdict::FalseAlarm(reasons) => {
                let what = format!("{} is not lost: {}", member.other(), reasons.join("; "));
                work.record.header.note(now, what.clone());
                work.record.reason = what;
                return Ok(PhaseOutcome::End(MoveEnding::FalseAlarm));
            }
            LossVerdict::Lost(reasons) => reasons,
            LossVerdict::Unclear(reasons) => {
                let why = format!("it is not clear that {} is lost: {}", member.other(), reasons.join("; "));
                work.record.asks.insert(GuardrailCode::Unconfirmed, why);
                reasons
            }
        };
        work.record.reason = format!("{} is lost: {}", member.other(), reasons.join("; "));
        work.record.header.note(now, work.record.reason.clone());
        if member.failover.approve || member.failover.detect == DetectionMode::Ask {
            let why = format!("the document asks before a failover that was detected; {}", work.record.reason);
            work.record.asks.insert(GuardrailCode::Failover, why);
        }
        Ok(PhaseOutcome::Enter(MovePhase::Assess))
    }

    /// What is known of the other region. Its calls are bounded, and made all at once: one that hangs costs no more than that.
    async fn evidence(&self, member: &PairMember, pair: &PairReplica, now: Timestamp) -> LossEvidence {
        let names: BTreeSet<AlarmName> = member.failover.evidence.iter().cloned().collect();
        let ids: Vec<&ServiceId> = member.others.values().collect();
        let alarms = join(on(&self.peer, &names), on(&self.here, &names));
        let asked = join(running(&self.peer, &ids), alarms);
        let (probe, (services, (theirs, ours))) =
            join(probe::once(&self.prober, member, member.other(), |_| true), asked).await;
        let heard = pair.heartbeats.get(member.other()).map(|heartbeat| now.duration_since(heartbeat.at));
        LossEvidence {
            probe,
            services: services.map_err(|error| error.to_string()),
            silent: heard,
            alarms: &theirs | &ours,
        }
    }
}

async fn running<P: Services>(peer: &P, ids: &[&ServiceId]) -> Result<RunningServices, AwsError> {
    let mut running = RunningServices::default();
    let clusters: BTreeSet<_> = ids.iter().map(|id| &id.cluster).collect();
    for cluster in clusters {
        let names: Vec<_> = ids.iter().filter(|id| id.cluster == *cluster).map(|id| id.service.clone()).collect();
        for batch in names.chunks(DESCRIBE_SERVICES_MAX) {
            let found = peer.describe_services(cluster, batch).await?;
            for name in batch {
                let service = found.iter().find(|(id, _)| id.service == *name).map(|(_, service)| service);
                let whole = service
                    .is_some_and(|service| service.capacity.desired > 0 && service.running >= service.capacity.desired);
                let side = if whole { &mut running.whole } else { &mut running.broken };
                side.insert(name.clone());
            }
        }
    }
    Ok(running)
}

/// The alarms that are in ALARM; a region that does not answer has none to tell of.
async fn on<A: Alarms>(alarms: &A, names: &BTreeSet<AlarmName>) -> BTreeSet<AlarmName> {
    if names.is_empty() {
        return BTreeSet::new();
    }
    let states = alarms.alarm_states(names).await.unwrap_or_default();
    states.into_iter().filter(|(_, seen)| seen.state == AlarmState::Alarm).map(|(name, _)| name).collect()
}
