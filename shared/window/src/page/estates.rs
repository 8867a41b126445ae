//! The environments, estate by estate: each in full, in a line, or folded.

use jiff::tz::TimeZone;
use maud::{Markup, html};
use watchkeeper_domain::name::EstateName;

use super::frame::{Button, Look};
use super::window::Detail;
use super::{row, strip};
use crate::call::Call;
use crate::facts::Frame;
use crate::html::text;
use crate::shape::{Shape, Tone};
use crate::state::{Calm, EnvironmentState};
use crate::words::{counted, listed};

/// The environments of all estates, in the order in which they came.
pub(super) fn estates(frame: &Frame, states: &[EnvironmentState<'_>], detail: Detail) -> Markup {
    let mut estates: Vec<(&EstateName, Vec<&EnvironmentState<'_>>)> = Vec::new();
    for state in states {
        match estates.iter_mut().find(|(estate, _)| **estate == state.facts.estate) {
            Some((_, rows)) => rows.push(state),
            None => estates.push((&state.facts.estate, vec![state])),
        }
    }
    let days = strip::days(frame.now, &frame.viewer.zone);
    html! {
        @if detail == Detail::Full {
            @for (estate, rows) in &estates { (in_full(frame, estate, rows, &days)) }
        } @else {
            div class="mg" { @for (estate, rows) in &estates { (in_lines(frame, estate, rows, detail)) } }
        }
    }
}

fn in_full(frame: &Frame, estate: &EstateName, rows: &[&EnvironmentState<'_>], days: &[i64]) -> Markup {
    let zone: &TimeZone = &frame.viewer.zone;
    let mut regions: Vec<String> = Vec::new();
    for region in rows.iter().flat_map(|it| std::iter::once(&it.facts.home).chain(&it.facts.standby)) {
        if !regions.contains(&region.to_string()) {
            regions.push(region.to_string());
        }
    }
    let said = rows.first().map(|it| {
        [it.facts.about.as_deref(), it.facts.owner.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("; ")
    });
    html! {
        section aria-label=(estate) {
            div class="grp" {
                div { h2 { (estate) } " " span class="mut" { (listed(&regions)) } }
                (strip::axis(frame.now, zone, days))
                span class="mut own" { (text(&said.unwrap_or_default())) }
            }
            @for state in rows { (row::full(frame, state, days)) }
        }
    }
}

fn in_lines(frame: &Frame, estate: &EstateName, rows: &[&EnvironmentState<'_>], detail: Detail) -> Markup {
    let call = Call { estate: Some(estate.clone()), ..Call::default() };
    // An estate of a peer alone is known to that peer alone.
    let stack = rows.first().map_or(&frame.stack, |row| &row.facts.stack);
    let is_quiet = |it: &&&EnvironmentState<'_>| it.matter.is_none() && matches!(it.calm, Calm::Awake | Calm::Asleep);
    let quiet = rows.iter().filter(is_quiet).count();
    let folds = detail == Detail::Folded && quiet == rows.len();
    html! {
        section aria-label=(estate) {
            h2 {
                (Button::look(stack, Look::Link, estate.to_string(), call).drawn(frame))
                @if folds { span class="mut" { ": " (counted(quiet, "environment")) " as scheduled" } }
            }
            @if !folds { @for state in rows { (row::line(frame, state)) } }
        }
    }
}

/// What bars and shapes mean.
pub(super) fn key() -> Markup {
    let shapes = [
        (Shape::Tick, Tone::Green, "good"),
        (Shape::Waves, Tone::Amber, "drift"),
        (Shape::Bar, Tone::Red, "refused"),
        (Shape::Cross, Tone::Red, "failed"),
        (Shape::Diamond, Tone::Red, "asks"),
        (Shape::Clock, Tone::Red, "backup too old"),
        (Shape::Arrows, Tone::Violet, "moving"),
        (Shape::Dashed, Tone::Grey, "cannot be read"),
    ];
    html! {
        div class="key" {
            span { svg width="26" height="14" aria-hidden="true" { rect class="on" y="3" width="13" height="11" {} rect class="on nx" x="13" y="3" width="13" height="11" {} } "awake: was, will be" }
            span { svg width="26" height="14" aria-hidden="true" { rect class="off" y="11" width="26" height="2" {} } "asleep" }
            span { svg width="26" height="14" aria-hidden="true" { rect class="hot" width="26" height="14" {} } "emergency" }
            span { svg width="26" height="14" aria-hidden="true" { rect class="away" y="2" width="26" height="5" {} rect class="away" y="9" width="26" height="5" {} } "from the other region" }
            span { svg width="26" height="14" aria-hidden="true" { path d="M1 3v6M1 6h24M25 3v6" class="ovr" fill="none" {} } "override" }
            span { svg width="26" height="14" aria-hidden="true" { line class="hlt" x2="26" y1="7" y2="7" {} } "halted" }
            span { svg width="26" height="14" aria-hidden="true" { rect class="hol" width="26" height="14" {} } "holiday" }
            @for (shape, tone, what) in shapes { span { (shape.beside(tone)) " " (what) } }
        }
    }
}
