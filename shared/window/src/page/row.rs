//! A row of the window: one environment in full, or in a line.

use maud::{Markup, html};
use watchkeeper_domain::capacity::DatabasePower;
use watchkeeper_domain::failover::readiness::{FindingGrade, Readiness, ReadyVerdict};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::reconcile::run::RunOutcome;

use super::frame::{Button, Look};
use super::{needs, strip};
use crate::call::{Call, Verb};
use crate::confirm;
use crate::facts::{Frame, HistoryEntry, HistoryEvent, ObservedCapacity, OfferedIntent, Reading, TroubleKind};
use crate::html::{name, text};
use crate::next::{Next, next};
use crate::person;
use crate::shape::{Shape, Tone};
use crate::state::{Calm, EnvironmentState, Matter};
use crate::words::{Clock, counted, length, policy};

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
                dt { "tasks" } dd { (tasks(state)) }
                (backups(frame, state))
                @if state.facts.pair.is_some() { dt { "failover" } dd { (failover(frame, state)) } }
                dt { "last run" } dd { (last_run(frame, state, &clock)) }
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
        Next::GivenBack { .. } | Next::Moves | Next::Never | Next::Unread => "–".to_owned(),
    };
    let count = state.observed.map_or_else(
        || "?".to_owned(),
        |it| {
            let (running, wanted) = tasks_of(it);
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

/// How many tasks run, and how many are wanted.
fn tasks_of(observed: &ObservedCapacity) -> (u32, u32) {
    observed.services.values().fold((0, 0), |(running, wanted), it| (running + it.running, wanted + it.wanted))
}

fn tasks(state: &EnvironmentState<'_>) -> Markup {
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
fn backups(frame: &Frame, state: &EnvironmentState<'_>) -> Markup {
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
            let stale = all.iter().filter(|it| !person::is_fresh(it, frame.now)).count();
            let age = worst.newest.map_or_else(|| "none".to_owned(), |newest| length(frame.now.duration_since(newest)));
            let label = format!("{age} of {}", policy(jiff::SignedDuration::from_secs(worst.within_seconds)));
            html! {
                @if stale == 0 { (Shape::Tick.beside(Tone::Green)) " " (page(label)) }
                @else { (Shape::Clock.beside(Tone::Red)) " " b { (page(label)) } ", " (stale) " of " (all.len()) }
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

fn failover(frame: &Frame, state: &EnvironmentState<'_>) -> Markup {
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

fn last_run(frame: &Frame, state: &EnvironmentState<'_>, clock: &Clock<'_>) -> Markup {
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
    let is_run = |it: &&HistoryEntry| matches!(it.event, HistoryEvent::Run { .. } | HistoryEvent::AlarmIgnored { .. });
    match ledger.history.iter().rev().find(is_run) {
        Some(HistoryEntry { at, event: HistoryEvent::Run { id, outcome, writes, .. } }) => {
            let (shape, tone) = ended(*outcome);
            let writes =
                writes.filter(|n| *n > 0).map(|n| format!(", {}", counted(n as usize, "write"))).unwrap_or_default();
            html! { (shape.beside(tone)) " " (page(format!("{} {outcome}{writes}", clock.bare(*at)), call(Verb::Run, id))) }
        }
        Some(HistoryEntry { at, event: HistoryEvent::AlarmIgnored { alarm, code } }) => html! {
            (Shape::Bar.beside(Tone::Red)) " " (clock.bare(*at)) " refused: " (name(alarm.as_str())) ", " (name(code))
        },
        _ => html! { span class="mut" { "none is known" } },
    }
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
