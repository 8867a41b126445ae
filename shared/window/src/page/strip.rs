//! The strip and its axis, drawn.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use maud::{Markup, html};

use crate::shape::Shape;
use crate::state::EnvironmentState;
use crate::strip::{BACK, Stretch, Strip, WIDTH, Was, instant, minute, strip};
use crate::words::Clock;

/// The height of a strip, in pixels.
const HEIGHT: u32 = 32;

/// The strip of a row, which tells the same in words.
pub(super) fn drawn(state: &EnvironmentState<'_>, clock: &Clock<'_>, days: &[i64]) -> Markup {
    let it = strip(state);
    let label = label(state, &it, clock);
    let (shape, tone) = state.shape();
    // At the moment of a move stands that it moved.
    let shape = if shape == Shape::Bars { Shape::Arrows } else { shape };
    html! {
        svg class="strip" role="img" aria-label=(label) height=(HEIGHT) {
            svg width="100%" height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" {
                @for (from, to) in &it.holidays { path class="hol" d={ "M" (from) " 0h" (to - from) "v" (HEIGHT) "h-" (to - from) "z" } {} }
                path class="mid" d=(upright(days)) {}
                (paths(&it.back, false, tall))
                (paths(&it.ahead, true, tall))
                @for (from, to) in &it.overrides { path class="ovr" d={ "M" (from) " 4v6m0-3H" (to) "m0-3v6" } {} }
                path class="now" d=(upright(&[BACK])) {}
            }
            @for (from, _) in &it.holidays { text x=(part(*from)) dx="4" y="9" { "holiday" } }
            @for (from, to) in it.halts.iter().chain(&it.halted) { line class="hlt" x1=(part(*from)) x2=(part(*to)) y1="6" y2="6" {} }
            @if let Some(mark) = it.mark {
                svg class=(tone.class()) x=(part(mark)) y="0" overflow="visible" {
                    svg x="-12" width="11" height="11" viewBox="0 0 16 16" { (shape.drawn()) }
                }
            }
        }
    }
}

/// Lines from top to bottom.
fn upright(minutes: &[i64]) -> String {
    minutes.iter().fold(String::new(), |path, minute| path + &format!("M{minute} 0v{HEIGHT}"))
}

/// The strip of a line: smaller, and hidden beside its words.
pub(super) fn small(state: &EnvironmentState<'_>) -> Markup {
    let it = strip(state);
    html! {
        svg class="m" viewBox={ "0 0 " (WIDTH / TENTH) " 14" } preserveAspectRatio="none" aria-hidden="true" {
            (paths(&it.back, false, thin))
            (paths(&it.ahead, true, thin))
        }
    }
}

/// How many minutes a unit of a small strip has.
const TENTH: i64 = 10;

/// How a stretch is drawn.
type Draw = fn(&Stretch) -> String;

/// One path for each kind, however many stretches there are.
fn paths(stretches: &[Stretch], to_come: bool, draw: Draw) -> Markup {
    let kinds = [(Was::Awake, "on"), (Was::Asleep, "off"), (Was::Emergency, "hot"), (Was::Away, "away")];
    let drawn = kinds.into_iter().filter_map(|(was, class)| {
        let path: String = stretches.iter().filter(|it| it.was == was).map(draw).collect();
        (!path.is_empty()).then_some((if to_come { format!("{class} nx") } else { class.to_owned() }, path))
    });
    html! { @for (class, path) in drawn { path class=(class) d=(path) {} } }
}

/// A bar of a strip: what is asleep is the line below, an emergency is taller, the other region is split.
fn tall(stretch: &Stretch) -> String {
    let (from, width) = (stretch.from, stretch.to - stretch.from);
    let rect = |top: u32, height: u32| format!("M{from} {top}h{width}v{height}h-{width}z");
    match stretch.was {
        Was::Awake => rect(12, 16),
        Was::Asleep => rect(26, 2),
        Was::Emergency => rect(0, 28),
        Was::Away => rect(12, 6) + &rect(22, 6),
        Was::Unknown => String::new(),
    }
}

/// The same in a small strip, as a thick stroke, which is shorter; its line below is there already.
fn thin(stretch: &Stretch) -> String {
    let (from, to) = (stretch.from / TENTH, stretch.to / TENTH);
    let stroke = |middle: u32| format!("M{from} {middle}h{}", (to - from).max(1));
    match stretch.was {
        Was::Awake => stroke(8),
        Was::Emergency => stroke(7),
        Was::Away => stroke(4) + &stroke(11),
        Was::Asleep | Was::Unknown => String::new(),
    }
}

/// A place on the strip, as a part of its width.
fn part(minute: i64) -> String {
    let hundredths = minute * 10_000 / WIDTH;
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// The minutes at which the viewer's days begin.
pub(super) fn days(now: Timestamp, zone: &TimeZone) -> Vec<i64> {
    let first = instant(now, 0).to_zoned(zone.clone()).date();
    let starts = (1..=3).filter_map(|n| first.checked_add(n.days()).ok()?.to_zoned(zone.clone()).ok());
    let minutes = starts.map(|start| minute(now, start.timestamp()));
    minutes.filter(|minute| (0..WIDTH).contains(minute)).collect()
}

/// The axis above the strips of an estate, in the viewer's zone.
pub(super) fn axis(now: Timestamp, zone: &TimeZone, days: &[i64]) -> Markup {
    let day = |minute: i64| instant(now, minute).to_zoned(zone.clone()).strftime("%a %-d").to_string();
    html! {
        svg class="axis" height="13" aria-hidden="true" {
            @for start in days {
                text x=(part(*start)) y="10" dx="3" class="d" { (day(*start)) }
                @if start + 720 < WIDTH { text x=(part(start + 720)) y="10" text-anchor="middle" { "12:00" } }
            }
            text class="n" x=(part(BACK)) dx="2" text-anchor="end" y="10" { "now" }
        }
    }
}

/// What the strip shows, in words.
fn label(state: &EnvironmentState<'_>, strip: &Strip, clock: &Clock<'_>) -> String {
    let time = |minute: i64| clock.time(instant(state.now, minute));
    let told = |stretches: &[Stretch]| {
        let one = |it: &Stretch| {
            let was = match it.was {
                Was::Awake => "awake".to_owned(),
                Was::Asleep => "asleep".to_owned(),
                Was::Emergency => "in an emergency".to_owned(),
                Was::Away => format!("served from {}", state.region),
                Was::Unknown => "not known".to_owned(),
            };
            format!(
                "{was} until {}",
                if it.to == BACK { "now".to_owned() } else { clock.bare(instant(state.now, it.to)) }
            )
        };
        stretches.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let mut label = format!("Last 24 hours: {}. Next 48 hours: {}.", told(&strip.back), told(&strip.ahead));
    for (from, to) in &strip.overrides {
        _ = write!(label, " Override from {} to {}.", time(*from), time(*to));
    }
    for (from, to) in &strip.halts {
        _ = write!(label, " Halted from {} to {}.", time(*from), time(*to));
    }
    if let Some((from, _)) = strip.halted {
        _ = write!(label, " Halted since {}.", time(from));
    }
    for (from, _) in &strip.holidays {
        _ = write!(label, " Holiday {}.", clock.day(instant(state.now, *from)));
    }
    label
}
