//! One question at a time: what the ledger has of the last one, before and after a decision.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::emergency::{
    EmergencyDecision, EmergencyRequest, EmergencyStep, LastQuestion, PLAN_MAX, PersonReply, PutQuestion,
};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::request::RequestError;

use super::EmergencyRunbook;
use crate::ledger::{Ledger, LedgerError, LedgerNote};
use crate::platform::Platform;
use crate::ports::{AwsError, ExecutionStates, Fault};
use crate::runbook::{Ask, RunbookError};

/// How often it is decided again when another execution was faster.
const TRIES: u32 = 5;

/// How long a question is remembered after its end: an emergency lasts at most as long.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl<P: Platform> EmergencyRunbook<P> {
    /// Decides, and writes down what the decision makes of the question: of two executions that would ask in one moment, one
    /// finds the question of the other.
    pub(super) async fn one_question(
        &self,
        scope: &Scope,
        (request, execution): (&EmergencyRequest, &str),
        reply: Option<&PersonReply>,
        now: Timestamp,
        decide: impl Fn(Option<&LastQuestion>) -> Result<EmergencyDecision, RequestError>,
    ) -> Result<EmergencyDecision, RunbookError> {
        let about = request.profile.as_ref().map_or("rollback", |profile| profile.as_str());
        let note = LedgerNote::Question(about);
        for last in (0..TRIES).rev() {
            let (found, version) = match self.ledger.read::<LastQuestion>(scope, note).await? {
                Some((found, version)) => (Some(self.alive(found, execution, now).await?), version),
                None => (None, 0),
            };
            let decision = decide(found.as_ref())?;
            let after = after(found.as_ref(), (request, execution), &decision, reply, now);
            let Some(after) = after.filter(|after| Some(after) != found.as_ref()) else { return Ok(decision) };
            let until = after.until.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
            match self.ledger.write(scope, note, &after, version, until).await {
                Err(LedgerError::Conflict { .. }) if last > 0 => {}
                written => return Ok(written.map(|()| decision)?),
            }
        }
        decide(None).map_err(RunbookError::from)
    }

    /// Notes that a question is put. It is kept to be shown: what keeps the ledger from it keeps nobody from asking.
    pub(super) async fn put(&self, ask: &Ask, now: Timestamp) {
        let until = now.saturating_add(SignedDuration::from_secs(ask.answer_seconds)).unwrap_or(Timestamp::MAX);
        let question = PutQuestion {
            execution: ask.run.id.clone(),
            what: ask.what.clone(),
            why: ask.why.clone(),
            plan: ask.plan.chars().take(PLAN_MAX).collect(),
            asked: now,
            until,
        };
        self.keep_put(&ask.run.scope, &question.execution, |_| Some(question.clone())).await;
    }

    /// Notes that a question is answered, if it was noted that it was put.
    pub(super) async fn answered(&self, scope: &Scope, execution: &str, now: Timestamp) {
        let over = |found: Option<PutQuestion>| Some(PutQuestion { until: now, ..found.filter(|it| it.until > now)? });
        self.keep_put(scope, execution, over).await;
    }

    async fn keep_put(
        &self,
        scope: &Scope,
        execution: &str,
        next: impl FnOnce(Option<PutQuestion>) -> Option<PutQuestion>,
    ) {
        let note = LedgerNote::Asked(execution);
        let kept = async {
            let (found, version) = self.ledger.read::<PutQuestion>(scope, note).await?.unzip();
            let Some(next) = next(found) else { return Ok(()) };
            let until = next.until.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
            self.ledger.write(scope, note, &next, version.unwrap_or_default(), until).await
        };
        if let Err(error) = kept.await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(execution, error, "the question is not noted for those who look what waits for a person");
        }
    }

    /// The question as it stands: one of an execution that is over does not. What cannot be read is asked again at worst.
    async fn alive(&self, asked: LastQuestion, execution: &str, now: Timestamp) -> Result<LastQuestion, AwsError> {
        if !asked.stands(execution, now) {
            return Ok(asked);
        }
        let runs = match self.machine.status(&asked.execution).await {
            Ok(status) => status == ExecutionStatus::Running,
            Err(error) if matches!(error.fault, Fault::Denied | Fault::NotFound | Fault::Invalid) => false,
            Err(error) => return Err(error),
        };
        Ok(if runs { asked } else { LastQuestion { until: now, ..asked } })
    }
}

/// What is remembered of the question after a decision; nothing where it has no part in it.
fn after(
    found: Option<&LastQuestion>,
    (request, execution): (&EmergencyRequest, &str),
    decision: &EmergencyDecision,
    reply: Option<&PersonReply>,
    now: Timestamp,
) -> Option<LastQuestion> {
    if decision.step == EmergencyStep::Ask {
        let until = now.saturating_add(decision.wait).unwrap_or(Timestamp::MAX);
        let again = matches!(reply, Some(PersonReply::Unsigned(_)));
        return Some(LastQuestion { again, ..LastQuestion::anew(found, execution, request.alarm.as_ref(), until) });
    }
    let found = found?;
    match (reply, &request.alarm) {
        (Some(reply), _) if found.execution == execution => Some(found.answered(reply, now)),
        (None, Some(alarm)) if found.stands(execution, now) && decision.step == EmergencyStep::Nothing => {
            Some(found.joined(alarm))
        }
        _ => None,
    }
}
