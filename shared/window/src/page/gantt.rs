//! Where a run's time went: a table whose bars are drawn to scale.

use maud::{Markup, html};

/// How a bar is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bar {
    /// Work of our own.
    Work,
    /// Waiting for AWS.
    Wait,
    /// Waiting for a person.
    Person,
    /// Before it began: until something was noticed.
    Detect,
    /// The whole, as it was promised.
    Whole,
}

impl Bar {
    fn class(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Wait => "wait",
            Self::Person => "pers",
            Self::Detect => "det",
            Self::Whole => "rto",
        }
    }
}

/// A line of the table. Times are in milliseconds from its left end.
#[derive(Debug, Clone)]
pub(super) struct TimelineRow {
    /// What.
    pub(super) name: String,
    /// How long it took, in words.
    pub(super) took: String,
    /// When, and what kind of time it was.
    pub(super) bars: Vec<(i64, i64, Bar)>,
    /// What came of it.
    pub(super) what: Markup,
}

/// The whole table. `promised` is a time that was promised, in milliseconds.
pub(super) fn drawn(caption: &Markup, lines: &[TimelineRow], promised: Option<i64>) -> Markup {
    let end = lines.iter().flat_map(|line| &line.bars).map(|(_, to, _)| *to).max().unwrap_or_default();
    // A little room on the right, so that the last label has a place.
    let width = (end.max(promised.unwrap_or_default()) * 16 / 15).max(1000);
    let ticks = ticks(width);
    html! {
        table class="gt" {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { "phase" }
                    th scope="col" class="r" { "took" }
                    th scope="col" class="b" { span class="vh" { "when" } (axis(&ticks, width, promised)) }
                    th scope="col" class="n" { "what" }
                }
            }
            tbody {
                @for line in lines {
                    tr {
                        th scope="row" { (line.name) }
                        td class="r" { (line.took) }
                        td class="b" { (bars(line, &ticks, width, promised)) }
                        td class="n" { (line.what) }
                    }
                }
            }
        }
    }
}

fn bars(line: &TimelineRow, ticks: &[i64], width: i64, promised: Option<i64>) -> Markup {
    html! {
        svg class="gb" width="100%" height="100%" aria-hidden="true" {
            @for tick in ticks { line class="mid" x1=(part(*tick, width)) x2=(part(*tick, width)) y1="0" y2="100%" {} }
            @if let Some(promised) = promised { line class="prm" x1=(part(promised, width)) x2=(part(promised, width)) y1="0" y2="100%" {} }
            @for (from, to, bar) in &line.bars {
                rect class=(bar.class()) x=(part(*from, width)) y="6" width=(part((to - from).max(width / 300), width)) height="10" {}
            }
        }
    }
}

fn axis(ticks: &[i64], width: i64, promised: Option<i64>) -> Markup {
    // A label that stands where the promised time has its own would be drawn over: that one ends at its time.
    let free = |tick: &&i64| promised.is_none_or(|it| **tick < it - width / 4 || **tick > it + width / 8);
    html! {
        svg class="axis" height="13" width="100%" aria-hidden="true" {
            @for tick in ticks.iter().filter(free) {
                text x=(part(*tick, width)) y="10" text-anchor=(if *tick == 0 { "start" } else { "middle" }) { (told(*tick, width)) }
            }
            @if let Some(promised) = promised {
                text class="p" x=(part(promised, width)) y="10" dx="3" text-anchor="end" { "promised " (crate::words::took(promised)) }
            }
        }
    }
}

/// Steps of an axis, in seconds.
const STEPS: [i64; 14] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600];

/// At most six marks at round times, from the left end.
fn ticks(width: i64) -> Vec<i64> {
    let step = STEPS.into_iter().map(|s| s * 1000).find(|step| width / step <= 5).unwrap_or(width / 5).max(1);
    (0..=width / step).map(|n| n * step).collect()
}

fn told(tick: i64, width: i64) -> String {
    let seconds = tick / 1000;
    match seconds {
        0 => "0".to_owned(),
        _ if width < 120_000 => format!("{seconds} s"),
        _ if width < 7_200_000 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

/// A time as a part of the width.
fn part(time: i64, width: i64) -> String {
    let hundredths = i128::from(time.clamp(0, width)) * 10_000 / i128::from(width);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}
