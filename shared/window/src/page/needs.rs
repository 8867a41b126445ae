//! The list of what needs a person: each with its words, its age or its end, and the one action that helps.

use maud::{Markup, html};
use watchkeeper_domain::violation::{Severity, Violation};

use super::frame::{Button, Look};
use crate::call::{Call, CallMode, Verb};
use crate::confirm;
use crate::facts::{Frame, Offer, OfferedIntent, ScopeTrouble, TroubleKind};
use crate::html::text;
use crate::next::{Next, next};
use crate::person::{Need, NeedOf};
use crate::state::EnvironmentState;
use crate::words::{self, Clock, counted, length, roughly};

/// The most items of the list: what a message lists before it only counts.
const ITEMS: usize = 12;

/// The list.
pub(super) fn drawn(frame: &Frame, needs: &[NeedOf<'_, '_>]) -> Markup {
    html! {
        ol class="todo" aria-label="What needs a person" {
            @for need in needs.iter().take(ITEMS) { (item(frame, need)) }
            @if needs.len() > ITEMS { li { span {} span {} span class="mut" { "and " (needs.len() - ITEMS) " more" } } }
        }
    }
}

fn item(frame: &Frame, of: &NeedOf<'_, '_>) -> Markup {
    let clock = Clock::new(&of.state.facts.zone, frame.now);
    let (shape, tone) = of.need.shape();
    html! {
        li {
            (shape.beside(tone)) b { (confirm::name(of.state)) } span class="what" { (what(of, &clock)) }
            @if let Some(due) = of.due {
                span class="due" { (length(due.duration_since(frame.now))) " left" }
            } @else if let Some(since) = of.since {
                span class="age mut" { "for " (roughly(frame.now.duration_since(since))) }
            } @else {
                span class="age" {}
            }
            span class="go" { @if let Some(button) = action(of, &clock) { (button.about(confirm::name(of.state)).drawn(frame)) } }
        }
    }
}

/// What is the matter, in a sentence or two.
fn what(of: &NeedOf<'_, '_>, clock: &Clock<'_>) -> Markup {
    let state = of.state;
    html! {
        @match &of.need {
            Need::Asks(question) => {
                "asks: " (text(&question.what)) "? " (text(&question.why)) ". Without an answer by " (clock.shown_hour(question.until))
                " it is refused."
            }
            Need::Trouble(trouble) => (troubled(trouble)),
            Need::Halted(halt) => { "is halted: " (text(&halt.reason)) ". " (held_up(state, clock)) }
            Need::Held((_, _, why)) => { "the move is held where it stands: " (text(why)) "." }
            Need::Away(readiness) => {
                "serves from " (state.region) ", away from home. "
                @if let Some(since) = state.pair.and_then(|pair| pair.heard_since) {
                    (state.facts.home) " is heard again since " (clock.shown_hour(since)) ". "
                }
                (text(&readiness.summary())) "."
            }
            Need::NotReady(readiness) => { (text(&readiness.summary())) "." }
            Need::Stale(backup, more) => {
                (text(&backup.resource.to_string())) ": "
                @if let Some(newest) = backup.newest {
                    "the newest good backup is " (length(clock.now().duration_since(newest))) " old, at most "
                    (words::policy(jiff::SignedDuration::from_secs(backup.within_seconds))) " are allowed."
                } @else { "there is no good backup." }
                @if let Some(last) = backup.failed.last() {
                    " " (counted(backup.failed.len(), "attempt")) " failed: " (text(&last.why)) "."
                }
                @if *more > 0 { " And " (counted(*more, "more resource")) "." }
            }
            Need::Stuck(finding) => { "daily unblock: " (text(&finding.to_string())) }
        }
    }
}

/// What a run found, with the guardrail or the error.
fn troubled(trouble: &ScopeTrouble) -> Markup {
    let told = |violation: &Violation| {
        html! {
            @if let Some(resource) = &violation.resource { (text(&resource.to_string())) ": " }
            (text(&violation.found)) "."
        }
    };
    let stopping = trouble.violations.iter().filter(|it| it.severity > Severity::Warn).collect::<Vec<_>>();
    html! {
        @match trouble.kind {
            TroubleKind::Drift => {
                @if let Some(first) = trouble.violations.first() { (told(first)) " It is left alone." }
                @else { "somebody else changed it, and it is left alone." }
                @if trouble.violations.len() > 1 { " And " (counted(trouble.violations.len() - 1, "more resource")) "." }
            }
            TroubleKind::Refused => {
                (text(&trouble.wanted)) " was refused"
                @if let Some(first) = stopping.first() { " by " (first.code) ": " (told(first)) } @else { "." }
                @if stopping.len() > 1 { " And " (counted(stopping.len() - 1, "more finding")) "." }
            }
            TroubleKind::Failed => {
                (text(&trouble.wanted)) " failed with " (text(trouble.error.as_deref().unwrap_or("an error")))
                ". The next tick begins again by itself."
            }
            TroubleKind::Overdue => {
                (text(&trouble.wanted)) " is due, and nothing brings it about: look whether the tick comes, and whether its runs begin."
            }
            TroubleKind::Unverified => { (text(&trouble.wanted)) ": not all was there at the deadline. The next tick goes on by itself." }
        }
    }
}

/// What does not come by itself while it is halted.
fn held_up(state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
    html! {
        @if let Next::Turns { awake, at, .. } = next(state) {
            "It will not " (if awake { "wake" } else { "go to sleep" }) " at " (clock.shown_hour(at)) ", in "
            (length(at.duration_since(clock.now()))) "."
        } @else { "Nothing is done to it until somebody lifts the halt." }
    }
}

/// The one action that helps, if one does.
fn action<'a>(of: &NeedOf<'_, 'a>, clock: &Clock<'_>) -> Option<Button<'a>> {
    let (state, facts) = (of.state, of.state.facts);
    let call = |verb| Call::of(verb, &facts.estate, &facts.environment);
    let looks = |look, label: &str, call| Some(Button::look(&facts.stack, look, label, call));
    match &of.need {
        Need::Asks(question) => {
            let asked = Call { id: Some(question.id.clone()), ..call(Verb::Question) };
            looks(Look::Primary, "See the plan and answer", asked)
        }
        Need::Trouble(trouble) => {
            let back = offer(state, |intent| matches!(intent, OfferedIntent::Asleep { .. }))
                .filter(|_| trouble.kind == TroubleKind::Drift);
            if let Some(offer) = back.filter(|_| state.wants_sleep()) {
                return Some(offered(state, offer, "Put it back to sleep", clock));
            }
            match &trouble.run {
                Some(run) => looks(Look::Button, "See the run", Call { id: Some(run.clone()), ..call(Verb::Run) }),
                None => looks(Look::Button, "See the plan", call(Verb::Plan)),
            }
        }
        Need::Halted(_) => lift(state, clock),
        Need::Held(_) | Need::NotReady(_) => looks(Look::Button, "Failover page", call(Verb::Failover)),
        Need::Away(_) => {
            looks(Look::Button, "Plan the way home", Call { mode: Some(CallMode::Plan), ..call(Verb::Failback) })
        }
        Need::Stale(_, more) if *more > 0 => looks(Look::Button, "See its backups", call(Verb::Backups)),
        Need::Stale(backup, _) => {
            let confirmation = confirm::backup(&confirm::name(state), &backup.resource);
            let taken = Call { resource: Some(backup.resource.clone()), ..call(Verb::Backup) };
            Some(Button::act(&facts.stack, Look::Button, "Back it up now", taken, confirmation))
        }
        Need::Stuck(_) => None,
    }
}

/// The button that lifts the halt: that of the environment, else that of everything.
pub(super) fn lift<'a>(state: &EnvironmentState<'a>, clock: &Clock<'_>) -> Option<Button<'a>> {
    let facts = state.facts;
    let own = facts.regions.values().filter_map(|it| it.ledger.known()).any(|it| it.halt.is_some());
    state.halt?;
    let verb = if own { Verb::Lift } else { Verb::LiftAll };
    let call = if own { Call::of(verb, &facts.estate, &facts.environment) } else { Call { verb, ..Call::default() } };
    let confirmation = if own {
        confirm::lift(state, clock)
    } else {
        "Lift the halt of everything? Runs may write again, everywhere. What was due while it was halted is done with the next tick.".to_owned()
    };
    Some(Button::act(
        &facts.stack,
        Look::Button,
        if own { "Lift the halt" } else { "Lift the halt of everything" },
        call,
        confirmation,
    ))
}

/// An offer of the region that serves.
pub(super) fn offer<'a>(state: &EnvironmentState<'a>, which: impl Fn(&OfferedIntent) -> bool) -> Option<&'a Offer> {
    let here = state.facts.regions.get(&state.region)?;
    // A plan over what was not read now promises nothing.
    (here.ledger.now().is_some() && here.observed.now().is_some()).then_some(())?;
    here.offers.iter().find(|offer| which(&offer.intent))
}

/// The button of an offer.
pub(super) fn offered<'a>(state: &EnvironmentState<'a>, offer: &Offer, label: &str, clock: &Clock<'_>) -> Button<'a> {
    let facts = state.facts;
    let call = |verb| Call { plan: Some(offer.plan.mark()), ..Call::of(verb, &facts.estate, &facts.environment) };
    let call = match &offer.intent {
        OfferedIntent::Awake { until } => Call { until: Some(until.to_string()), ..call(Verb::Awake) },
        OfferedIntent::Asleep { until } => Call { until: Some(until.to_string()), ..call(Verb::Asleep) },
        OfferedIntent::AsScheduled => call(Verb::AsScheduled),
        OfferedIntent::GiveBack { profile } => Call { profile: Some(profile.clone()), ..call(Verb::GiveBack) },
    };
    Button::act(&facts.stack, Look::Button, label, call, confirm::offer(state, offer, clock))
}
