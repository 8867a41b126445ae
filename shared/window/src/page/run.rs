//! The page of a run: why it was, what it did and when, and what a person can do about it.

use maud::{Markup, html};
use watchkeeper_domain::intent::{DesiredState, Intent};
use watchkeeper_domain::reconcile::report::{advice, cause, headline};
use watchkeeper_domain::reconcile::run::{RunOutcome, RunRecord};

use super::cells::ended;
use super::frame::{Button, Look, seconds};
use super::gantt::{self, Bar, TimelineRow};
use super::needs;
use super::parts::{Extent, guardrails, moments, page, plan, stale, title, unread};
use crate::call::{Call, Verb};
use crate::facts::{Frame, OfferedIntent, RunFacts, RunSpell, SpellKind, raised};
use crate::html::{Html, name, text};
use crate::shape::{Shape, Tone};
use crate::state::EnvironmentState;
use crate::words::{Clock, counted, sentence, took};

/// The page of a run.
pub fn run(frame: &Frame, facts: &RunFacts) -> Html {
    let environment = format!("{} {}", facts.scope.estate, facts.scope.environment);
    let (label, path) = (format!("Run of {environment}"), [environment.as_str(), "run"]);
    let Some(record) = facts.record.known() else {
        return unread(frame, &label, &path, facts.record.why().unwrap_or_default());
    };
    let Some(record) = record else {
        return page(frame, &[], &label, &path, &not_begun(frame, facts));
    };
    let clock = Clock::new(&facts.zone, frame.now);
    let (shape, tone) = record.outcome.map_or((Shape::Arrows, Tone::Grey), ended);
    let content = html! {
        (title(shape, tone, &headline(&facts.scope, record), &html! { span class="mut" { (ending(record)) } }))
        (stale(facts.record.why(), &clock, facts.record.as_of()))
        section class="cols" {
            div { (known(facts, record, &clock)) }
            div { h2 { "What to do" } (instructions(&advice(&facts.scope, record, |at| clock.both(at)))) (buttons(frame, facts)) }
        }
        @if !facts.spells.is_empty() { section { (timeline(&facts.spells, frame.now)) } }
        section class="cols" { div { (plan(&record.plan, Extent::Page)) } div { (guardrails(&record.violations, Extent::Page)) (vetoes(facts)) } }
        section { (moments(&record.header.timeline, Extent::Page)) }
        section class="mut" {
            p {
                "Run " code { (name(&record.header.id)) }
                @if let Some(generation) = facts.generation { ", generation " (generation) " of the lease" } "."
                @if let Some(until) = facts.kept_until { " Kept until " (until.strftime("%-d %b %Y").to_string()) "." }
            }
        }
    };
    page(frame, &[], &label, &path, &content)
}

/// The record is not there: it has not begun, never began, or is gone.
fn not_begun(frame: &Frame, facts: &RunFacts) -> Markup {
    html! {
        (title(Shape::Dashed, Tone::Grey, "There is no record of this run", &html! {}))
        section {
            p { "It has not begun yet, was refused before it began, or its record is older than the ledger keeps." }
            p { "Run " code { (name(&facts.id)) } }
            (buttons(frame, facts))
        }
    }
}

fn buttons(frame: &Frame, facts: &RunFacts) -> Markup {
    let scope = &facts.scope;
    let call = |verb| Call { id: Some(facts.id.clone()), ..Call::of(verb, &scope.estate, &scope.environment) };
    html! {
        div class="acts" {
            (give_back(frame, facts))
            @if reported(facts) { (Button::look(&facts.stack, Look::Button, "Report for the record", call(Verb::Report)).drawn(frame)) }
            (Button::look(&facts.stack, Look::Button, "Look again", call(Verb::Run)).drawn(frame))
        }
    }
}

/// What forbids the profile that it raised, as it is now: how it stood then, nobody has kept.
fn vetoes(facts: &RunFacts) -> Markup {
    let Some(alarms) = facts.vetoes.known() else {
        return html! { p class="mut" { "The vetoes cannot be read: " (text(facts.vetoes.why().unwrap_or_default())) } };
    };
    let loud = alarms.values().any(|state| state == "ALARM");
    let (shape, tone) = if loud { (Shape::Warning, Tone::Amber) } else { (Shape::Tick, Tone::Green) };
    html! {
        @if !alarms.is_empty() {
            table class="nw" {
                tbody {
                    tr {
                        th scope="row" { (shape.beside(tone)) " vetoes" }
                        td {
                            @for (place, (alarm, state)) in alarms.iter().enumerate() {
                                @if place > 0 { ", " } (name(alarm.as_str())) " " (name(state))
                            }
                            " " span class="mut" { "now" }
                        }
                    }
                }
            }
        }
    }
}

/// Whether a report of it is kept, by this stack.
fn reported(facts: &RunFacts) -> bool {
    let asked =
        facts.record.known().and_then(Option::as_ref).is_some_and(|it| it.facts.is_some() && it.outcome.is_some());
    asked && facts.scope.region == *facts.stack.window.region()
}

/// The button that takes back what the run raised, while that holds.
fn give_back(frame: &Frame, facts: &RunFacts) -> Markup {
    let profile = facts.record.known().and_then(Option::as_ref).and_then(raised);
    let rows = facts.row.as_ref();
    let Some((profile, rows)) = profile.zip(rows) else { return html! {} };
    let Some(row) = rows.environments.first() else { return html! {} };
    let state = EnvironmentState::of(row, &rows.halt, frame.now);
    let wanted =
        |intent: &OfferedIntent| matches!(intent, OfferedIntent::GiveBack { profile: offered } if offered == profile);
    let Some(offer) = needs::offer(&state, wanted).filter(|_| state.region == facts.scope.region) else {
        return html! {};
    };
    let button = needs::offered(&state, offer, "Give back now", &Clock::new(&facts.zone, frame.now));
    Button { look: Look::Primary, ..button }.drawn(frame)
}

/// How it ended, and what that took.
fn ending(record: &RunRecord) -> String {
    let ended = record.header.timeline.last().map_or(record.header.started, |moment| moment.at);
    let writes = counted(record.writes as usize, "write");
    let lasted = took(i64::try_from(ended.duration_since(record.header.started).as_millis()).unwrap_or(i64::MAX));
    match record.outcome {
        None => format!("goes on; {writes} so far"),
        Some(outcome) => {
            let seen = if outcome == RunOutcome::Done { ", seen" } else { "," };
            format!("{outcome}{seen} at {}; {writes} in {lasted}", seconds(ended))
        }
    }
}

fn known(facts: &RunFacts, record: &RunRecord, clock: &Clock<'_>) -> Markup {
    let baseline = facts.baseline.known().and_then(Option::as_ref);
    html! {
        dl class="kv" {
            dt { "why" } dd { (text(&cause(record))) }
            dt { "trigger" } dd { (trigger(record)) ", " (clock.shown(record.header.started)) " " span class="mut" { "(" (seconds(record.header.started)) ")" } }
            dt { "decides" } dd { (decides(&record.deciding)) }
            @if let Some(until) = record.deciding.first().and_then(|intent| intent.expires) { dt { "until" } dd { (clock.both(until)) " at the latest" } }
            dt { "baseline" }
            dd {
                @match baseline {
                    _ if facts.baseline.known().is_none() => { "cannot be read" }
                    None => { "none is kept: nothing of ours is in it now" }
                    Some(kept) => {
                        (counted(kept.capacity.services.values().map(|it| it.desired as usize).sum(), "task"))
                        ", " (counted(kept.capacity.databases.len(), "database")) ", kept in the ledger since " (clock.shown(kept.taken))
                    }
                }
            }
            @if !record.header.approved.is_empty() {
                dt { "approved" } dd { (record.header.approved.iter().map(|code| code.name()).collect::<Vec<_>>().join(", ")) }
            }
            @if let Some(error) = &record.error { dt { "error" } dd { b { (name(&error.name)) } ": " (text(&error.message)) } }
            @if !record.awaited.is_empty() {
                dt { "not there yet" }
                dd { @for awaited in record.awaited.iter().take(super::parts::CHANGES) { p { (text(&awaited.to_string())) } } }
            }
        }
    }
}

fn trigger(record: &RunRecord) -> &'static str {
    use watchkeeper_domain::request::RunTrigger::{Emergency, Failover, Human, Schedule};
    match record.header.trigger {
        Schedule => "the schedule's tick",
        Human => "a person",
        Emergency => "an emergency",
        Failover => "a failover",
    }
}

fn decides(deciding: &[Intent]) -> Markup {
    html! {
        @match deciding.first() {
            None => { "nothing: the baseline is given back" }
            Some(intent) => {
                "layer " (intent.layer)
                @if let DesiredState::Scaled(requested) = &intent.want { ", profile " (name(requested.profile.as_str())) }
            }
        }
    }
}

/// Advice of a message: its words, and what is to be put in as a block of its own.
pub(super) fn instructions(advice: &str) -> Markup {
    let (words, input) = advice.find('{').map_or((advice, None), |at| (&advice[..at], Some(&advice[at..])));
    html! { p { (text(&sentence(words.trim_end()))) @if input.is_none() { "." } } @if let Some(input) = input { p class="cmd" { code { (text(input)) } } } }
}

/// Where its time went.
pub(super) fn timeline(spells: &[RunSpell], now: jiff::Timestamp) -> Markup {
    let Some(left) = spells.iter().map(|spell| spell.began).min() else { return html! {} };
    let from = |at: jiff::Timestamp| i64::try_from(at.duration_since(left).as_millis()).unwrap_or(i64::MAX);
    let length = |spell: &RunSpell| from(spell.ended.unwrap_or(now)) - from(spell.began);
    let sum = |kind: SpellKind| spells.iter().filter(|it| it.kind == kind).map(length).sum::<i64>();
    let lines: Vec<TimelineRow> = spells
        .iter()
        .map(|spell| TimelineRow {
            name: spell.name.clone(),
            took: took(length(spell)) + if spell.ended.is_none() { " so far" } else { "" },
            bars: vec![(from(spell.began), from(spell.began) + length(spell), bar(spell.kind))],
            what: text(&spell.what),
        })
        .collect();
    let caption = html! {
        b { "Timeline" } " from " (seconds(left)) ". Blue is work of its own, " (took(sum(SpellKind::Work))) "; grey is waiting, "
        (took(sum(SpellKind::Wait))) @if sum(SpellKind::Person) > 0 { "; amber a person, " (took(sum(SpellKind::Person))) } "."
    };
    gantt::drawn(&caption, &lines, None)
}

fn bar(kind: SpellKind) -> Bar {
    match kind {
        SpellKind::Work => Bar::Work,
        SpellKind::Wait => Bar::Wait,
        SpellKind::Person => Bar::Person,
    }
}
