//! What a person can do about a finished run.

use jiff::Timestamp;

use crate::intent::{DesiredState, Intent};
use crate::message::{Machine, MachineStart};
use crate::name::Scope;
use crate::reconcile::run::{IntentOutcome, RunOutcome, RunRecord};
use crate::request::RunTrigger;
use crate::violation::GuardrailCode;
use crate::wake_page::is_of_page;

/// What to do, for a page that tells instants by clocks of its own.
pub fn advice(scope: &Scope, run: &RunRecord, told: impl Fn(Timestamp) -> String) -> String {
    Advice::of(scope, run, told).text
}

/// What to do, in words and as an execution that can be started.
pub(super) struct Advice {
    pub(super) text: String,
    pub(super) start: Option<MachineStart>,
}

impl Advice {
    pub(super) fn of(scope: &Scope, run: &RunRecord, told: impl Fn(Timestamp) -> String) -> Self {
        let Scope { estate, environment, .. } = scope;
        let input = |rest: &str| format!(r#"{{"estate": "{estate}", "environment": "{environment}", {rest}}}"#);
        let outvoted = |intent: &Intent| intent.want == DesiredState::Asleep && !run.deciding.contains(intent);
        let asleep = run.deciding.iter().any(|intent| intent.want == DesiredState::Asleep);
        match run.outcome {
            Some(RunOutcome::Done) if asleep => {
                let start = input(r#""want": "awake", "until": "2h""#);
                Self::starting("nothing. ", "To wake it for some hours", Machine::Reconcile, start)
            }
            Some(RunOutcome::Done) => match &run.wanted {
                Some(IntentOutcome::Declared(intent)) if outvoted(intent) => {
                    Self::words("nothing. It is put to sleep once nothing keeps it awake any more")
                }
                Some(IntentOutcome::Declared(intent)) => declared(intent, input, told),
                _ if run.violations.iter().any(|it| it.code == GuardrailCode::Overwritten) => {
                    Self::words("see what was overwritten; what was meant to stay has to be set again")
                }
                _ => Self::words("nothing"),
            },
            Some(RunOutcome::Refused) if run.header.trigger == RunTrigger::Emergency => {
                Self::words("see what each guardrail says, and start the emergency-scale machine again")
            }
            Some(RunOutcome::Refused) => {
                Self::words("see what each guardrail says; the next tick tries again by itself")
            }
            Some(RunOutcome::Drift) if asleep => {
                let start = input(r#""want": "asleep", "until": "2h""#);
                Self::starting("nothing, if it was meant. ", "To undo it now", Machine::Reconcile, start)
            }
            Some(RunOutcome::Drift) => Self::words("nothing, if it was meant; it ends with the intent that holds now"),
            Some(RunOutcome::PartlyDone) => Self::words(
                "see what is said of each resource that was left out; the tick goes on with it once it can be changed, and \
                 tells it again only when something else is left out",
            ),
            Some(RunOutcome::Unverified) => {
                Self::words("look at what is not there yet; the next tick goes on by itself")
            }
            _ => {
                let (purpose, input) = ("To see what it would do", input(r#""mode": "plan""#));
                let text = format!("the next tick begins again by itself. {purpose}: {input}");
                Self { text, start: Some(MachineStart::new(purpose, Machine::Reconcile, input)) }
            }
        }
    }

    fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), start: None }
    }

    /// Words, and then what can be started.
    fn starting(words: &str, purpose: &str, machine: Machine, input: String) -> Self {
        let text = format!("{words}{purpose}, start the {machine} machine with {input}");
        Self { text, start: Some(MachineStart::new(purpose, machine, input)) }
    }
}

/// What follows an intent that was declared; `input` makes an input of its fields.
fn declared(intent: &Intent, input: impl Fn(&str) -> String, told: impl Fn(Timestamp) -> String) -> Advice {
    match (&intent.want, intent.expires) {
        (DesiredState::Scaled(requested), expires) => {
            let until = expires.map_or_else(String::new, |end| format!(", at {} at the latest", told(end)));
            let when = if requested.alarms.is_empty() { "when its time is over" } else { "once its alarms are quiet" };
            let input = input(&format!(r#""profile": "{}", "give-back": true"#, requested.profile));
            let words = format!("nothing. It is given back {when}{until}. ");
            Advice::starting(&words, "To do it now", Machine::EmergencyScale, input)
        }
        (_, Some(end)) if let Some(release) = &intent.for_release => {
            let input = input(&format!(r#""want": "as-scheduled", "for-release": "{release}""#));
            let whose = if is_of_page(release) { "its wake page".to_owned() } else { format!("release {release}") };
            let words = format!("nothing. The wish of {whose} ends at {}. ", told(end));
            Advice::starting(&words, "To end it now", Machine::Reconcile, input)
        }
        (_, Some(end)) => Advice::words(format!("nothing. The wish ends at {}", told(end))),
        (_, None) => Advice::words("nothing"),
    }
}
