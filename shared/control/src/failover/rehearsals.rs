//! Rehearsals, as the watch looks after them: it starts what is due, tells what a certificate is worth by now, and gives back what
//! a rehearsal that died has left up.

use jiff::Timestamp;
use watchkeeper_domain::execution::{ExecutionStatus, execution_name};
use watchkeeper_domain::failover::rehearsal::{CertificateStanding, RehearsalDue, StandingVerdict};
use watchkeeper_domain::failover::{FailoverRequest, MoveEnding, MoveManner, WatchState};
use watchkeeper_domain::intent::{Intent, Layer};
use watchkeeper_domain::request::{RehearsalDemand, RunRequest};

use super::FailoverRunbook;
use super::watch::{PairTick, said};
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::{ExecutionStates, Executions, Notifier};
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    /// Starts the rehearsal that is due, one at a time.
    pub(super) async fn rehearse_if_due(
        &self,
        member: &PairMember,
        watch: &mut WatchState,
        at: Timestamp,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        let Some(policy) = &member.failover.rehearse else { return Ok(()) };
        let last = watch.rehearsal.clone();
        // How the last one ended is asked only where that could change anything.
        let mut due = policy.due(last.as_ref(), Some(MoveEnding::Refused), at);
        if due == RehearsalDue::Nothing {
            return Ok(());
        }
        if let Some(name) = last.as_ref().and_then(|last| last.execution.as_ref()) {
            if self.machine.status(name).await? == ExecutionStatus::Running {
                return Ok(());
            }
            let ended = self.ledger.moved(&member.id, name).await?.and_then(|(record, _)| record.ending);
            due = policy.due(last.as_ref(), ended, at);
        }
        match due {
            RehearsalDue::Nothing => {}
            RehearsalDue::Remember(memory) => watch.rehearsal = Some(memory),
            RehearsalDue::Start(instant, memory) => {
                let request = FailoverRequest {
                    mode: MoveManner::Rehearse,
                    reason: Some(format!("a rehearsal was due at {instant}")),
                    ..FailoverRequest::about(member.id.estate.clone(), member.id.environment.clone())
                };
                // Named by what was due: a tick that does not come to remember it starts the same one again.
                let execution = self.launch(member, "rehearse", &request, instant).await?;
                ticked.did.push(format!("a rehearsal was started: it was due at {instant}"));
                watch.rehearsal = Some(memory.started(execution));
            }
        }
        Ok(())
    }

    /// Tells that a certificate ages or is out of date, once. What a rehearsal has proved, or has not, it tells by itself.
    pub(super) async fn tell_standing(
        &self,
        member: &PairMember,
        watch: &mut WatchState,
        standing: Option<CertificateStanding>,
    ) -> Result<(), RunbookError> {
        let Some(standing) = standing else { return Ok(()) };
        let CertificateStanding { verdict, reason } = &standing;
        let worse = matches!(verdict, StandingVerdict::Aging | StandingVerdict::Stale);
        if worse && watch.told_standing != Some(*verdict) {
            let subject = format!("{}: the certificate of {} is {verdict}", member.id, member.region);
            let text = format!("{subject}: {reason}.\n\nThe next rehearsal renews it.");
            self.notifier.notify(&said(member, &subject, text)).await?;
        }
        watch.told_standing = Some(*verdict);
        watch.standing = Some(standing);
        Ok(())
    }

    /// Gives back what a rehearsal has left up whose execution is over. While a move comes here it is the move's.
    pub(super) async fn take_back(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        intents: &[Intent],
        at: Timestamp,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        let Some(left) = intents.iter().find(|intent| intent.layer == Layer::Rehearsal) else { return Ok(()) };
        let moves = pair.pointer.as_ref().is_some_and(|pointer| pointer.is_moving_to(&member.region));
        if moves || self.machine.status(&left.by).await? == ExecutionStatus::Running {
            return Ok(());
        }
        let name = execution_name(&[member.id.estate.as_str(), member.id.environment.as_str(), "rehearsed"], at);
        let demand = RehearsalDemand::GiveBack { by: left.by.clone() };
        let reason = format!("the rehearsal {} is over", left.by);
        let request = RunRequest::of_rehearsal(&member.scope(), demand, reason.clone());
        self.reconcile_machine.start(&name, &request.to_string()).await?;
        ticked.did.push(format!("reconcile was started to give back: {reason}"));
        Ok(())
    }
}
