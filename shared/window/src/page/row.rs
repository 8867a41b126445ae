//! A row of the window: one environment in full, or in a line.

use maud::{Markup, html};
use watchkeeper_domain::intent::Layer;

use super::frame::{Button, Look};
use super::{cells, needs, strip};
use crate::call::{Call, Verb};
use crate::confirm;
use crate::facts::{Frame, OfferedIntent, TroubleKind};
use crate::html::{name, text};
use crate::next::{Next, next};
use crate::shape::Tone;
use crate::state::{Calm, EnvironmentState, Matter};
use crate::words::{Clock, counted, length};

/// A row in full.
pub(super) fn full(frame: &Frame, state: &EnvironmentState<'_>, days: &[i64]) -> Markup {
    let clock = Clock::new(&state.facts.zone, frame.now);
    let (shape, tone) = state.shape();
    html! {
        article class="env" {
            div class="who" {
                (shape.beside(tone))
                div {
                    h3 { (state.facts.environment) " " span class=(tone.class()) { (state.word()) } }
                    (when(state, &clock)) (who(state, &clock)) (more(state, &clock))
                }
            }
            div { (strip::drawn(state, &clock, days)) (coming(state, &clock)) (asleep(state)) }
            dl class="facts" {
                dt { "tasks" } dd { (cells::tasks(state)) }
                (cells::backups(frame, state))
                @if state.facts.pair.is_some() { dt { "failover" } dd { (cells::failover(frame, state)) } }
                dt { "last run" } dd { (cells::last_run(frame, state, &clock)) }
            }
            div class="do" { (actions(frame, state, &clock)) }
        }
    }
}

/// A row in a line.
pub(super) fn line(frame: &Frame, state: &EnvironmentState<'_>) -> Markup {
    let clock = Clock::new(&state.facts.zone, frame.now);
    let (shape, tone) = state.shape();
    let coming = match next(state) {
        Next::Turns { awake, at, .. } => format!("{} {}", if awake { "awake" } else { "asleep" }, clock.time(at)),
        Next::GivenBack { at: Some(at), .. } => format!("back {}", clock.bare(at)),
        Next::Ends(at) => format!("override ends {}", clock.bare(at)),
        Next::AwayFromHome => "away from home".to_owned(),
        Next::NoCalendar => "no calendar".to_owned(),
        Next::UntilUsed => "until used".to_owned(),
        Next::GivenBack { .. } | Next::Moves | Next::Never | Next::Unread => "–".to_owned(),
    };
    let count = state.observed.map_or_else(
        || "?".to_owned(),
        |it| {
            let (running, wanted) = cells::tasks_of(it);
            format!("{running}/{wanted}")
        },
    );
    html! {
        div class={ "ln " (tone.class()) } {
            (shape.plain()) b { (state.facts.environment) } i { (state.brief()) }
            (strip::small(state)) span { (coming) } span { (count) }
        }
    }
}

/// Since when, and until when.
fn when(state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
    if let Some(Matter::Unread(as_of)) = &state.matter {
        return html! {
            p class="mut" { @match as_of { Some(at) => { "what is shown is as of " span class="t-bad" { (clock.shown(*at)) } } None => "not everything of it was read" } }
        };
    }
    let until = state.until().filter(|_| state.halt.is_none());
    let latest = state.emergency().is_some_and(|it| !it.alarms.is_empty());
    html! {
        @if state.since().is_some() || until.is_some() || state.halt.is_some() {
            p {
                @if let Some(since) = state.since() { "since " (clock.shown(since)) } @else { "since when, nobody knows" }
                @if let Some(until) = until { ", until " (clock.shown(until)) @if latest { " at the latest" } }
                @if state.halt.is_some() { ", until the halt is lifted" }
            }
        }
    }
}

/// Who decides, and why.
fn who(state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
    let Some(ledger) = state.ledger else {
        let why =
            state.facts.regions.get(&state.region).and_then(|it| it.ledger.why()).unwrap_or("no stack answers for it");
        return html! { p class="mut" { "ledger: " (text(why)) } };
    };
    let protected: Vec<String> = state.facts.protected.clone();
    let baseline =
        ledger.baseline.as_ref().map(|it| it.capacity.services.values().map(|service| service.desired).sum::<u32>());
    html! {
        p class="mut" {
            @if let Calm::ServingFrom(region) = &state.calm {
                "failover: " (region) " serves"
                @if let Some(pair) = state.pair { " (epoch " (pair.pointer.epoch) ")" }
                "; home is " (state.facts.home)
            } @else if let Some(intent) = state.chosen().filter(|intent| intent.layer > Layer::Schedule) {
                (intent.layer) ": " (text(&intent.reason))
                @if intent.layer == Layer::Override { (beside(state, clock)) }
                @if let (Layer::Emergency, Some(tasks)) = (intent.layer, baseline) { "; the baseline is " (counted(tasks as usize, "task")) }
            } @else if let Some(intent) = state.idle() {
                "schedule: " (text(&intent.reason))
            } @else if let Some(calendar) = &state.calendar {
                "schedule: " (calendar.why)
            } @else { "nothing decides: it is at its baseline" }
            @if !protected.is_empty() { "; " (name(&protected.join(", "))) @if protected.len() == 1 { " is" } @else { " are" } " protected" }
        }
    }
}

/// What the calendar says beside an override.
fn beside(state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
    let Some(calendar) = &state.calendar else { return html! {} };
    let agrees = calendar.awake != state.wants_sleep();
    html! {
        "; the calendar says "
        @if let (true, Some(until)) = (agrees, calendar.until) { (clock.hour(until)) }
        @else if calendar.awake { "awake" } @else { "asleep" }
    }
}

/// What else is the matter.
fn more(state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
    let trouble = state.ledger.and_then(|ledger| ledger.trouble.as_ref());
    html! {
        @if let Some(halt) = state.halt { p { "halted since " (clock.shown(halt.since)) ": " (text(&halt.reason)) } }
        @if let Some(trouble) = trouble {
            @let tone = if trouble.kind == TroubleKind::Drift { Tone::Amber } else { Tone::Red };
            p class=(tone.class()) {
                (trouble.kind) " since " (clock.shown(trouble.since))
                @if let Some(first) = trouble.violations.first() {
                    ": " @if trouble.kind != TroubleKind::Drift { (first.code) " " }
                    @if let Some(resource) = &first.resource { (name(&resource.to_string())) }
                } @else if let Some(error) = &trouble.error { ": " (name(error)) }
            }
        }
        @if let Some((id, since)) = state.ledger.and_then(|it| it.running.as_ref()) {
            p class="mut" { "a run is at work since " (clock.shown(*since)) ": " (name(id)) }
        }
    }
}

/// What comes next by itself.
fn coming(state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
    let within = |at: jiff::Timestamp| length(at.duration_since(clock.now()));
    html! {
        p class="nextup" {
            @match next(state) {
                Next::Turns { awake, at, override_ends } => {
                    "next: " b { (if awake { "awake" } else { "asleep" }) } " " (clock.shown(at)) " "
                    span class="mut" { "(" (crate::words::utc_hour(at)) ")" } ", in " (within(at))
                    @if override_ends { ", when the override ends" }
                    @if state.halt.is_some() { "; " b { "refused" } " while it is halted" }
                }
                Next::GivenBack { at, alarms } => {
                    "next: " b { "given back" }
                    @if let Some(at) = at {
                        " " (clock.shown(at)) " " span class="mut" { "(" (crate::words::utc_hour(at)) ")" } ", in " (within(at))
                    }
                    @if let Some((alarms, quiet)) = alarms {
                        @if at.is_some() { " at the latest; sooner, " } @else { " " }
                        (length(jiff::SignedDuration::from_secs(i64::try_from(quiet).unwrap_or(i64::MAX)))) " after "
                        @if alarms.len() == 1 { "the alarm is quiet" } @else { "the alarms are quiet" }
                    }
                }
                Next::Ends(at) => { "next: the override ends " (clock.shown(at)) ", in " (within(at)) "; nothing changes by it" }
                Next::AwayFromHome => span class="mut" { "nothing moves by itself: a person starts the way home" },
                Next::Moves => span class="mut" { "the move goes on by itself, or is held" },
                Next::NoCalendar if state.is_production() => span class="mut" { "no calendar: production is never put to sleep" },
                Next::NoCalendar => span class="mut" { "no calendar: it is always awake" },
                Next::UntilUsed => span class="mut" { "it sleeps until somebody wakes it" },
                Next::Never => span class="mut" { "the calendar changes nothing any more" },
                Next::Unread => span class="mut" { "what comes next cannot be read" },
            }
        }
    }
}

/// How long it has been asleep this month.
fn asleep(state: &EnvironmentState<'_>) -> Markup {
    let Some(seconds) = state.ledger.and_then(|it| it.asleep_seconds).filter(|_| state.facts.calendar.is_some()) else {
        return html! {};
    };
    let month = state.now.to_zoned(jiff::tz::TimeZone::UTC).date().first_of_month();
    let begun =
        month.to_zoned(jiff::tz::TimeZone::UTC).map(|begin| state.now.duration_since(begin.timestamp()).as_hours());
    html! {
        p class="mut" {
            "asleep " (seconds / 3600) @if let Ok(hours) = begun { " of " (hours) } " h this month"
            @if let Some(cents) = state.facts.saved_cents { ", which saves " (usd(cents)) }
        }
    }
}

/// An amount in US dollars.
pub(super) fn usd(cents: u64) -> String {
    format!("{}.{:02} USD", cents / 100, cents % 100)
}

/// The buttons of a row: the one that is most likely meant, then what every row has.
fn actions(frame: &Frame, state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
    let facts = state.facts;
    let about = confirm::name(state);
    let call = |verb| Call::of(verb, &facts.estate, &facts.environment);
    let first = first(state, clock).map(|it| it.about(about.clone()).drawn(frame));
    let halt = Button::act(&facts.stack, Look::Quiet, "Halt", call(Verb::Halt), confirm::halt(&about));
    html! {
        @if let Some(first) = first { (first) }
        span class="qts" {
            (Button::look(&facts.stack, Look::Quiet, "Plan", call(Verb::Plan)).about(about.clone()).drawn(frame))
            @if state.halt.is_none() { (halt.about(about.clone()).drawn(frame)) }
        }
    }
}

fn first<'a>(state: &EnvironmentState<'a>, clock: &Clock<'_>) -> Option<Button<'a>> {
    let facts = state.facts;
    let call = |verb| Call::of(verb, &facts.estate, &facts.environment);
    let look = |label: &str, call| Some(Button::look(&facts.stack, Look::Button, label, call));
    if let Some(question) = state.questions().next() {
        return look("Answer…", Call { id: Some(question.id.clone()), ..call(Verb::Question) });
    }
    if state.halt.is_some() {
        return needs::lift(state, clock);
    }
    if state.pair.is_some_and(|pair| pair.pointer.moving.is_some() || pair.pointer.active != facts.home) {
        return look("Failover page", call(Verb::Failover));
    }
    let offered = needs::offer(state, |intent| !matches!(intent, OfferedIntent::Asleep { .. }));
    if let Some(offer) = offered {
        let label = match &offer.intent {
            OfferedIntent::AsScheduled => "As scheduled",
            OfferedIntent::GiveBack { .. } => "Give back",
            OfferedIntent::Awake { .. } if state.wants_sleep() => "Wake for 2 h",
            OfferedIntent::Awake { .. } | OfferedIntent::Asleep { .. } => "Awake 2 h longer",
        };
        return Some(needs::offered(state, offer, label, clock));
    }
    (!facts.profiles.is_empty()).then(|| look("Scale out…", call(Verb::Emergency))).flatten()
}
