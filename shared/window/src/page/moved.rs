//! Where the time of a move went, and whether what was promised was kept.

use jiff::Timestamp;
use maud::{Markup, html};
use watchkeeper_domain::failover::{Move, MovePhase};

use super::frame::seconds;
use super::gantt::{self, Bar, TimelineRow};
use crate::facts::{FailoverFacts, Frame};
use crate::html::{name, text};
use crate::words::{Clock, listed, took};

/// Where the time of the last move went, and whether the promises were kept.
pub(super) fn moved(frame: &Frame, facts: &FailoverFacts, last: &Move, clock: &Clock<'_>) -> Markup {
    let left = last.lost_since.unwrap_or(last.header.started);
    let promised = facts.rto_seconds.and_then(|s| i64::try_from(s).ok()).map(|s| s * 1000);
    let heading = if last.ending.is_some() { "The last move" } else { "The move that goes on" };
    let caption = html! {
        b { (heading) } " " (last.from) " to " (last.to) ", " (clock.time(left)) " (" (seconds(left)) "). "
        @if let Some(ending) = last.ending { "It ended " b { (ending) } ". " }
        @match last.protection.as_ref().map(|it| (it.protected, &it.missing)) {
            Some((Some(at), _)) => { "Protected again " (clock.time(at)) ". " }
            Some((None, missing)) => { b { "Not protected" } ", for want of " (text(&listed(missing))) ". " }
            None => {}
        }
        (promises(facts, last))
        "Own share " (took(last.own_ms(frame.now)))
        @if last.person_ms() > 0 { "; a person's " (took(last.person_ms())) } ". Blue is work, grey is waiting, amber a person."
    };
    gantt::drawn(&caption, &spells(last, frame.now), promised)
}

/// The times of its phases, until now where one goes on.
pub(super) fn spells(last: &Move, now: Timestamp) -> Vec<TimelineRow> {
    let left = last.lost_since.unwrap_or(last.header.started);
    let from = |at: Timestamp| i64::try_from(at.duration_since(left).as_millis()).unwrap_or(i64::MAX).max(0);
    let mut lines: Vec<TimelineRow> = Vec::new();
    if let Some(rto) = last.rto_ms() {
        let what = html! { "until people reach " (last.to) };
        lines.push(TimelineRow { name: "RTO".to_owned(), took: took(rto), bars: vec![(0, rto, Bar::Whole)], what });
    }
    if last.lost_since.is_some() {
        let detected = from(last.header.started);
        let what = html! { "the probe fails again and again" };
        lines.push(TimelineRow {
            name: "detect".to_owned(),
            took: took(detected),
            bars: vec![(0, detected, Bar::Detect)],
            what,
        });
    }
    for spell in last.spells.iter().filter(|spell| spell.phase != MovePhase::Over) {
        let (began, ended) = (from(spell.began), from(spell.ended.unwrap_or(now)));
        let worked = (ended - spell.waited_ms).clamp(began, ended);
        let machine = (ended - spell.person_ms).clamp(worked, ended);
        let bars = [(began, worked, Bar::Work), (worked, machine, Bar::Wait), (machine, ended, Bar::Person)];
        let bars = bars.into_iter().filter(|(from, to, _)| from < to);
        let so_far = if spell.ended.is_none() { " so far" } else { "" };
        lines.push(TimelineRow {
            name: spell.phase.to_string(),
            took: took(ended - began) + so_far,
            bars: bars.collect(),
            what: what_of(last, spell.phase),
        });
    }
    lines
}

fn promises(facts: &FailoverFacts, last: &Move) -> Markup {
    let kept = |found: i64, promised: u64| {
        let promised_ms = i64::try_from(promised).unwrap_or(i64::MAX).saturating_mul(1000);
        format!(", promised {}: {}", took(promised_ms), if found <= promised_ms { "kept" } else { "not kept" })
    };
    html! {
        @if let Some(rto) = last.rto_ms() { b { "RTO " (took(rto)) @if let Some(promised) = facts.rto_seconds { (kept(rto, promised)) } } ". " }
        @if let Some(lag) = last.lag_ms { "RPO " (took(lag)) " as last measured" @if let Some(promised) = facts.rpo_seconds { (kept(lag, promised)) } ". " }
    }
}

/// What is known of a phase beside its time.
fn what_of(last: &Move, phase: MovePhase) -> Markup {
    html! {
        @match phase {
            MovePhase::Confirm => { (text(&last.reason)) }
            MovePhase::Approve => {
                @if !last.asks.is_empty() { "a person: " (listed(&last.asks.keys().map(ToString::to_string).collect::<Vec<_>>())) }
                @else if let Some(by) = &last.by { (name(by)) }
            }
            MovePhase::Begin => { @if let Some(epoch) = last.epoch { "the pointer, epoch " (epoch) } }
            MovePhase::Fence => { @if let Some(word) = &last.word { "a person's word: " (name(word)) } }
            MovePhase::Scale => { "wave " (last.wave.min(last.waves.len())) " of " (last.waves.len()) }
            MovePhase::Hold => { "it is kept up, and nothing else" }
            MovePhase::Traffic => { "from here nothing goes back by itself" }
            MovePhase::Back => { @if let Some(failure) = &last.failure { (text(failure)) } }
            _ => {}
        }
    }
}
