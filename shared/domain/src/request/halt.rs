//! The halt switch: a request that turns it does nothing else, and says who wants it and why.

use super::{RequestError, RunMode, RunRequest, RunTrigger, bad};
use crate::message::{Machine, MachineStart, Message, MessageContext};
use crate::name::Scope;
use crate::person::{PLACEHOLDER, PersonName};

/// The longest name and reason that are kept, in characters: they are in every refusal while the switch is on.
const LONGEST: usize = 500;

impl RunRequest {
    /// Checks a request that turns the halt switch, if it does.
    pub(super) fn check_halt(&self) -> Result<(), RequestError> {
        if self.halt.is_none() {
            if self.by.is_some() {
                return Err(bad("by", "a name without `halt`", "none: only the halt switch asks for one"));
            }
            // What a machine gives as its reason is made of texts that have limits of their own.
            return match self.reason.as_deref().filter(|_| self.trigger == RunTrigger::Human) {
                Some(reason) => text("reason", Some(reason), "why"),
                None => Ok(()),
            };
        }
        let none = "none: a request with `halt` turns the switch and does nothing else";
        let others = [
            ("mode", self.mode == RunMode::Plan, "plan"),
            ("trigger", self.trigger != RunTrigger::Human, "another trigger than a person"),
            ("instant", self.instant.is_some(), "an instant"),
            ("want", self.want.is_some(), "a wish"),
            ("until", self.until.is_some(), "an end"),
            ("for-release", self.for_release.is_some(), "a release"),
            ("emergency", self.emergency.is_some(), "an emergency"),
            ("rehearsal", self.rehearsal.is_some(), "a rehearsal"),
            ("approve", !self.approve.is_empty(), "approvals"),
            ("instead-of", self.instead_of.is_some(), "another run"),
        ];
        if let Some((field, _, found)) = others.iter().find(|(_, given, _)| *given) {
            return Err(bad(field, format!("{found} beside `halt`"), none));
        }
        if self.estate.is_none() && self.environment.is_some() {
            return Err(bad("estate", "nothing", "the estate of the environment; without both, everything is meant"));
        }
        if self.halt == Some(true) {
            text("reason", self.reason.as_deref(), "why nothing may be changed")?;
        }
        match (self.halt, self.by.as_deref()) {
            (Some(false), None) => Ok(()),
            (_, by) => person(by),
        }
    }
}

/// A name that a person gave.
fn person(by: Option<&str>) -> Result<(), RequestError> {
    let expected = "the name of the person who wants it";
    text("by", by, expected)?;
    PersonName::read(by).map(drop).map_err(|unsigned| bad("by", unsigned.found, expected))
}

fn text(field: &'static str, found: Option<&str>, expected: &str) -> Result<(), RequestError> {
    match found.map(|found| found.trim().chars().count()) {
        None => Err(bad(field, "nothing", expected)),
        Some(0) => Err(bad(field, "an empty text", expected)),
        Some(long) if long > LONGEST => {
            Err(bad(field, format!("{long} characters"), format!("{expected}, in at most {LONGEST} characters")))
        }
        Some(_) => Ok(()),
    }
}

/// What people are told when the switch was turned: of a scope, or of everything. `by` is a person's name, else the run's.
pub fn switched(scope: Option<&Scope>, on: bool, by: &str, reason: Option<&str>, run: &str) -> Message {
    let what = scope.map_or_else(|| "everything".to_owned(), ToString::to_string);
    let why = reason.map_or_else(String::new, |reason| format!("\nWhy: {reason}."));
    let input = |rest: &str| match scope {
        Some(scope) => format!(r#"{{"estate": "{}", "environment": "{}", {rest}}}"#, scope.estate, scope.environment),
        None => format!("{{{rest}}}"),
    };
    let next = input(&format!(r#""halt": false, "by": "{PLACEHOLDER}""#));
    let (subject, text) = if on {
        let text = format!("No run writes until it is lifted. To lift it, start the reconcile machine with {next}");
        (format!("{what} is halted"), text)
    } else {
        (format!("{what} is not halted any more"), "Runs write again; the next tick compares.".to_owned())
    };
    let text = format!("{subject}.\n{why}\nBy: {by}.\n\n{text}\n\nRun: {run}");
    let lift = on.then(|| MachineStart::new("To lift it", Machine::Reconcile, next));
    let context = MessageContext { scope: scope.cloned(), run: Some(run.to_owned()), ..MessageContext::default() };
    Message::new(&subject, text).with(context.with_starts(lift))
}
