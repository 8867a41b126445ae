//! What a button stands for: one of our machines, and its input.

use watchkeeper_domain::backup::{BackupRequest, RestoreRequest};
use watchkeeper_domain::emergency::EmergencyRequest;
use watchkeeper_domain::failover::{FailoverRequest, MoveManner};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::request::{RequestedState, RunMode, RunRequest, RunTrigger};
use watchkeeper_domain::value::{Duration, ProfileName};
use watchkeeper_window::call::{Call, CallMode, Verb};

use super::WindowActor;
use super::asked::{Refusal, missing};
use crate::ledger::{Ledger, PairId};
use crate::platform::Platform;
use crate::runbook::RunbookError;
use crate::window::event::{EventError, Form};
use crate::window::pages::MeantScope;
use crate::window::ports::QuestionAnswers;

/// One of our machines, by what its name ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Machine {
    Reconcile,
    EmergencyScale,
    Failover,
    Failback,
    Backup,
    RestoreDrill,
}

impl<P: Platform, Q: QuestionAnswers> WindowActor<P, Q> {
    /// The machine that does what is asked for, and its input.
    pub(super) async fn request(
        &self,
        meant: Option<&MeantScope<'_>>,
        call: &Call,
        form: &Form,
    ) -> Result<(Machine, String), Refusal> {
        let reason = reason(form);
        let Some(meant) = meant else {
            let request = RunRequest::of_everything(call.verb == Verb::HaltAll, form.by.clone(), form.reason.clone());
            request.check()?;
            return Ok((Machine::Reconcile, request.to_string()));
        };
        let scope = meant.scope();
        let by_hand = RunRequest::of_person(&scope);
        let (machine, input) = match call.verb {
            Verb::Halt | Verb::Lift => {
                let halt = Some(call.verb == Verb::Halt);
                let request = RunRequest { halt, by: form.by.clone(), reason: form.reason.clone(), ..by_hand };
                request.check()?;
                (Machine::Reconcile, request.to_string())
            }
            Verb::Awake | Verb::Asleep | Verb::AsScheduled => {
                let want = Some(match call.verb {
                    Verb::Awake => RequestedState::Awake,
                    Verb::Asleep => RequestedState::Asleep,
                    _ => RequestedState::AsScheduled,
                });
                let request = RunRequest { want, until: call.until.clone(), reason, ..by_hand };
                request.check()?;
                (Machine::Reconcile, request.to_string())
            }
            Verb::Scale | Verb::GiveBack => (Machine::EmergencyScale, emergency(&scope, call, form, reason)?),
            Verb::Backup => {
                let (estate, environment) = (scope.estate, scope.environment);
                let (trigger, instant, mode, report) = (RunTrigger::Human, None, RunMode::Apply, false);
                let resource = call.resource.clone();
                let request = BackupRequest { estate, environment, trigger, instant, mode, resource, report };
                (Machine::Backup, request.to_string())
            }
            Verb::Drill => {
                let resource = call.resource.clone().ok_or_else(|| missing("resource", "what is restored"))?;
                let request =
                    RestoreRequest { trigger: RunTrigger::Human, ..RestoreRequest::of_tick(&scope, resource) };
                (Machine::RestoreDrill, request.to_string())
            }
            Verb::Failover | Verb::Failback | Verb::TakeOver => self.moved(&scope, meant, call, reason).await?,
            other => return Err(misplaced(other)),
        };
        Ok((machine, input))
    }

    async fn moved(
        &self,
        scope: &Scope,
        meant: &MeantScope<'_>,
        call: &Call,
        reason: Option<String>,
    ) -> Result<(Machine, String), Refusal> {
        let about =
            FailoverRequest { reason, ..FailoverRequest::about(scope.estate.clone(), scope.environment.clone()) };
        if call.verb != Verb::TakeOver {
            if call.mode != Some(CallMode::Graceful) {
                return Err(missing("mode", "graceful: the window starts planned moves only").into());
            }
            let machine = if call.verb == Verb::Failback { Machine::Failback } else { Machine::Failover };
            let request = FailoverRequest { mode: MoveManner::Graceful, ..about };
            request.check()?;
            return Ok((machine, request.to_string()));
        }
        // The machine that the move belongs to: the way home is another one than the way out.
        let pair = PairId { estate: scope.estate.clone(), environment: scope.environment.clone() };
        let replica = self.reader.ledger.pair(&pair).await.map_err(RunbookError::from)?;
        let to = replica.pointer.and_then(|pointer| pointer.moving).map(|moving| moving.to);
        let to = to.ok_or_else(|| EventError {
            field: "do".to_owned(),
            found: format!("take-over of {pair}, which does not move"),
            expected: "a pair whose move is held".to_owned(),
        })?;
        let home = to == meant.environment.document().regions.primary;
        let request = FailoverRequest { take_over: true, back: call.back, ..about };
        request.check()?;
        Ok((if home { Machine::Failback } else { Machine::Failover }, request.to_string()))
    }
}

fn emergency(scope: &Scope, call: &Call, form: &Form, reason: Option<String>) -> Result<String, Refusal> {
    let written = form.profile.as_deref().map(str::parse::<ProfileName>).transpose();
    let written =
        written.map_err(|bad| EventError { field: "profile".to_owned(), found: bad.found, expected: bad.expected })?;
    let profile = call.profile.clone().or(written).ok_or_else(|| missing("profile", "a profile of the document"))?;
    let lasts = form.lasts.as_deref().map(str::parse::<Duration>).transpose();
    let lasts =
        lasts.map_err(|bad| EventError { field: "for".to_owned(), found: bad.found, expected: bad.expected })?;
    let give_back = call.verb == Verb::GiveBack;
    let request = EmergencyRequest {
        profile: Some(profile),
        give_back,
        lasts: lasts.filter(|_| !give_back),
        reason,
        ..EmergencyRequest::about(scope.estate.clone(), scope.environment.clone())
    };
    request.purpose()?;
    Ok(request.to_string())
}

/// Why, with the name that was written: a run by hand has no field of its own for it.
fn reason(form: &Form) -> Option<String> {
    match (&form.reason, &form.by) {
        (Some(reason), Some(by)) => Some(format!("{reason} ({by})")),
        (Some(reason), None) => Some(reason.clone()),
        (None, Some(by)) => Some(format!("by hand ({by})")),
        (None, None) => None,
    }
}

fn misplaced(verb: Verb) -> Refusal {
    EventError {
        field: "do".to_owned(),
        found: verb.to_string(),
        expected: "something that acts: pages are the window's".to_owned(),
    }
    .into()
}
