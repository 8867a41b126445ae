//! The figures of a row: tasks, backups, failover, and its last run.

use maud::{Markup, html};
use watchkeeper_domain::capacity::DatabasePower;
use watchkeeper_domain::failover::readiness::{FindingGrade, Readiness, ReadyVerdict};
use watchkeeper_domain::reconcile::history::RunEnding;
use watchkeeper_domain::reconcile::run::RunOutcome;

use super::frame::{Button, Look};
use crate::call::{Call, Verb};
use crate::confirm;
use crate::facts::{Frame, ObservedCapacity, Reading};
use crate::html::text;
use crate::person;
use crate::shape::{Shape, Tone};
use crate::state::EnvironmentState;
use crate::words::{Clock, counted, length, policy};

/// How many tasks run, and how many are wanted.
pub(super) fn tasks_of(observed: &ObservedCapacity) -> (u32, u32) {
    observed.services.values().fold((0, 0), |(running, wanted), it| (running + it.running, wanted + it.wanted))
}

/// The tasks that run of those that are wanted, and the databases that are on.
pub(super) fn tasks(state: &EnvironmentState<'_>) -> Markup {
    let Some(observed) = state.observed else {
        let why = state
            .facts
            .regions
            .get(&state.region)
            .and_then(|it| it.observed.why())
            .unwrap_or("no stack answers for it");
        return html! { span class="mut" { "cannot be read: " (text(why)) } };
    };
    let (running, wanted) = tasks_of(observed);
    let on = observed.databases.values().filter(|(power, _)| *power == DatabasePower::On).count();
    let other = state.facts.regions.iter().find(|(region, _)| **region != state.region);
    html! {
        @if running == wanted { (running) " of " (wanted) } @else { b { (running) " running, " (wanted) " wanted" } }
        @if let Some((_, there)) = other.filter(|_| state.facts.pair.is_some()) {
            ", and "
            @match there.observed.known().map(tasks_of) { Some((running, wanted)) => { (running) " of " (wanted) } None => "? of ?" }
            @if state.region == state.facts.home { " in the other region" } @else { " at home" }
        }
        @if !observed.databases.is_empty() { " · " (on) " of " (counted(observed.databases.len(), "database")) }
    }
}

/// The age of its backups: that of the worst of them.
pub(super) fn backups(frame: &Frame, state: &EnvironmentState<'_>) -> Markup {
    let page = |label: String| {
        let call = Call::of(Verb::Backups, &state.facts.estate, &state.facts.environment);
        let button = Button::look(&state.facts.stack, Look::Link, label, call);
        button.about(format!("{}, backups", confirm::name(state))).drawn(frame)
    };
    let told = match &state.facts.backups {
        Reading::Unread { why } => {
            html! { (Shape::Dashed.beside(Tone::Grey)) " " span class="mut" { "cannot be read: " (text(why)) } }
        }
        Reading::Now(all) | Reading::Last { value: all, .. } => {
            let Some(worst) = person::worst(all, frame.now) else { return html! {} };
            let overdue = all.iter().filter(|it| !person::is_fresh(it, frame.now)).count();
            let age = worst.newest.map_or_else(|| "none".to_owned(), |newest| length(frame.now.duration_since(newest)));
            let label = format!("{age} of {}", policy(jiff::SignedDuration::from_secs(worst.within_seconds)));
            html! {
                @if overdue == 0 { (Shape::Tick.beside(Tone::Green)) " " (page(label)) }
                @else { (Shape::Clock.beside(Tone::Red)) " " b { (page(label)) } ", " (overdue) " of " (all.len()) }
                @if let Some(at) = state.facts.backups.as_of() { " " span class="t-bad" { "as of " (Clock::new(&state.facts.zone, frame.now).shown(at)) } }
            }
        }
    };
    html! { dt { "backup" } dd { (told) } }
}

/// The shape of a verdict on readiness, with its words.
pub(super) fn ready(readiness: &Readiness) -> (Shape, Tone, String) {
    let codes = |grade: FindingGrade| {
        let mut codes: Vec<String> =
            readiness.findings.iter().filter(|it| it.grade == grade).map(|it| it.code.to_string()).collect();
        codes.dedup();
        codes.join(", ")
    };
    match readiness.verdict() {
        ReadyVerdict::Ready => (Shape::Tick, Tone::Green, "ready".to_owned()),
        ReadyVerdict::Degraded => (Shape::Warning, Tone::Amber, format!("degraded: {}", codes(FindingGrade::Degrades))),
        ReadyVerdict::NotReady => (Shape::Warning, Tone::Red, format!("not ready: {}", codes(FindingGrade::Blocks))),
    }
}

/// Whether the other region could take over.
pub(super) fn failover(frame: &Frame, state: &EnvironmentState<'_>) -> Markup {
    let page = |label: String| {
        let call = Call::of(Verb::Failover, &state.facts.estate, &state.facts.environment);
        Button::look(&state.facts.stack, Look::Link, label, call)
            .about(format!("{}, failover", confirm::name(state)))
            .drawn(frame)
    };
    match state.pair {
        None => html! { (Shape::Dashed.beside(Tone::Grey)) " " (page("cannot be read".to_owned())) },
        Some(pair) => match &pair.readiness {
            None => html! { (page("not looked at yet".to_owned())) },
            Some(readiness) => {
                let (shape, tone, label) = ready(readiness);
                html! { (shape.beside(tone)) " " (page(label)) }
            }
        },
    }
}

/// The shape of how a run ended.
pub(super) fn ended(outcome: RunOutcome) -> (Shape, Tone) {
    match outcome {
        RunOutcome::Done => (Shape::Tick, Tone::Green),
        RunOutcome::PartlyDone => (Shape::Warning, Tone::Amber),
        RunOutcome::Unverified | RunOutcome::Failed => (Shape::Cross, Tone::Red),
        RunOutcome::Refused => (Shape::Bar, Tone::Red),
        RunOutcome::Drift => (Shape::Waves, Tone::Amber),
    }
}

/// What the last run came to.
pub(super) fn last_run(frame: &Frame, state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
    let call = |verb, id: &str| Call {
        id: Some(id.to_owned()),
        ..Call::of(verb, &state.facts.estate, &state.facts.environment)
    };
    let page = |label: String, call| {
        Button::look(&state.facts.stack, Look::Link, label, call)
            .about(format!("{}, last run", confirm::name(state)))
            .drawn(frame)
    };
    if let Some(question) = state.questions().next() {
        let label = format!("{} waits for an answer", clock.bare(question.asked));
        return html! { (Shape::Diamond.beside(Tone::Red)) " " (page(label, call(Verb::Question, &question.id))) };
    }
    let Some(ledger) = state.ledger else { return html! { span class="mut" { "cannot be read" } } };
    let Some(RunEnding { at, run, outcome, writes, .. }) = ledger.history.last() else {
        return html! { span class="mut" { "none is known" } };
    };
    let (shape, tone) = ended(*outcome);
    let writes = Some(*writes).filter(|n| *n > 0);
    let writes = writes.map(|n| format!(", {}", counted(n as usize, "write"))).unwrap_or_default();
    html! { (shape.beside(tone)) " " (page(format!("{} {outcome}{writes}", clock.bare(*at)), call(Verb::Run, run))) }
}
