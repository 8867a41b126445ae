//! What a person can do about a finished run.

use crate::intent::{DesiredState, Intent};
use crate::name::Scope;
use crate::reconcile::run::{IntentOutcome, RunOutcome, RunRecord};
use crate::request::RunTrigger;
use crate::violation::GuardrailCode;

/// What to do, as the end of a message.
pub fn advice(scope: &Scope, run: &RunRecord) -> String {
    let Scope { estate, environment, .. } = scope;
    let input = |rest: &str| format!(r#"{{"estate": "{estate}", "environment": "{environment}", {rest}}}"#);
    let asleep = run.deciding.iter().any(|intent| intent.want == DesiredState::Asleep);
    match run.outcome {
        Some(RunOutcome::Done) if asleep => format!(
            "nothing. To wake it for some hours, start the reconcile machine with {}",
            input(r#""want": "awake", "until": "2h""#)
        ),
        Some(RunOutcome::Done) => match &run.wanted {
            Some(IntentOutcome::Declared(intent)) => declared(intent, input),
            _ if run.violations.iter().any(|it| it.code == GuardrailCode::Overwritten) => {
                "see what was overwritten; what was meant to stay has to be set again".to_owned()
            }
            _ => "nothing".to_owned(),
        },
        Some(RunOutcome::Refused) if run.header.trigger == RunTrigger::Emergency => {
            "see what each guardrail says, and start the emergency-scale machine again".to_owned()
        }
        Some(RunOutcome::Refused) => "see what each guardrail says; the next tick tries again by itself".to_owned(),
        Some(RunOutcome::Drift) if asleep => format!(
            "nothing, if it was meant. To undo it now, start the reconcile machine with {}",
            input(r#""want": "asleep", "until": "2h""#)
        ),
        Some(RunOutcome::Drift) => "nothing, if it was meant; it ends with the intent that holds now".to_owned(),
        Some(RunOutcome::PartlyDone) => {
            "see what is said of each resource that was left out; the tick goes on with it once it can be changed, and tells \
             it again only when something else is left out"
                .to_owned()
        }
        Some(RunOutcome::Unverified) => "look at what is not there yet; the next tick goes on by itself".to_owned(),
        _ => format!("the next tick begins again by itself. To see what it would do: {}", input(r#""mode": "plan""#)),
    }
}

/// What follows an intent that was declared; `input` makes an input of its fields.
fn declared(intent: &Intent, input: impl Fn(&str) -> String) -> String {
    match (&intent.want, intent.expires) {
        (DesiredState::Scaled(requested), expires) => {
            let until = expires.map_or_else(String::new, |end| format!(", at {end} at the latest"));
            let when = if requested.alarms.is_empty() { "when its time is over" } else { "once its alarms are quiet" };
            let input = input(&format!(r#""profile": "{}", "give-back": true"#, requested.profile));
            format!(
                "nothing. It is given back {when}{until}. To do it now, start the emergency-scale machine with {input}"
            )
        }
        (_, Some(end)) => format!("nothing. The wish ends at {end}"),
        (_, None) => "nothing".to_owned(),
    }
}
