//! The next days of many environments as one picture: SVG that needs nothing else, light or dark as its viewer is.
//!
//! A bar is awake, a line is asleep, a shaded day is a holiday, dashes are a freeze. Each strip tells the same in words. Days are
//! those of the zone that the estate's axis names; words have the environment's own time.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use maud::{Markup, html};
use watchkeeper_domain::estate::{Environment, Estate, EstateFolder};
use watchkeeper_domain::value::Zone;

use super::figures::WeekFigures;
use super::table::kind;

/// All lengths are in pixels of a picture of this width; the figures between are where its three columns begin and end.
const WIDTH: i64 = 1200;
const STRIP: i64 = 330;
const STRIP_END: i64 = 960;
const NEXT: i64 = 976;
/// Height of an environment's row, and of the line of an estate.
const ROW: i64 = 44;
const HEAD: i64 = 52;
const TOP: i64 = 40;
const FOOT: i64 = 48;
/// Minutes of a strip.
const MINUTES: i64 = 7 * 24 * 60;
/// Characters of a name that a row has room for.
const SHOWN: usize = 30;

/// Colours and letters. The colours are those of the operator's window.
const STYLE: &str = include_str!("picture.css");

/// The next seven days of every environment.
pub fn picture_of(estates: &EstateFolder, instant: Timestamp) -> String {
    let height = TOP + FOOT + estates.iter().map(|estate| HEAD + ROW * count(estate)).sum::<i64>();
    let date = instant.to_zoned(TimeZone::UTC).strftime("%a %d %b %Y %H:%M UTC").to_string();
    let title = format!("Seven days from {date}");
    let mut y = TOP;
    let mut body = Vec::new();
    for estate in estates.iter() {
        body.push(group(estate, instant, y));
        y += HEAD;
        for environment in estate.environments() {
            body.push(row(estate, environment, instant, y));
            y += ROW;
        }
    }
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height) role="img" aria-label=(title) {
            style { (STYLE) } // nothing in it would be escaped
            rect class="bg" width=(WIDTH) height=(height) {}
            text class="title" x="20" y="34" { (title) }
            @for part in &body { (part) }
            (key(height - FOOT + 30))
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", picture.into_string())
}

fn count(estate: &Estate) -> i64 {
    i64::try_from(estate.environments().count()).unwrap_or(i64::MAX / 1000)
}

/// The zone of an estate's axis: that of its first calendar.
fn zone(estate: &Estate) -> Zone {
    let calendar = estate.environments().find_map(Environment::calendar);
    calendar.map_or_else(Zone::utc, |calendar| calendar.zone().clone())
}

/// The name of an estate, and its days.
fn group(estate: &Estate, instant: Timestamp, y: i64) -> Markup {
    let zone = zone(estate);
    html! {
        text class="estate" x="20" y=(y + 42) { (shown(estate.name().as_str())) }
        text class="mut" x=(NEXT) y=(y + 42) { (zone.to_string()) }
        @for midnight in midnights(&zone, instant) {
            @let x = at(instant, midnight);
            // A day that has hardly room for its name has none.
            @if x < STRIP_END - 66 { text class="day" x=(x + 3) y=(y + 42) { (named(&zone, midnight, "%a %d %b")) } }
        }
        path class="rule" d={ "M20 " (y + 49) "H" (WIDTH - 20) } {}
    }
}

/// One environment.
fn row(estate: &Estate, environment: &Environment, instant: Timestamp, y: i64) -> Markup {
    let figures = WeekFigures::of(environment, instant);
    let (awake, asleep) = stretches(&figures);
    let upright: String = midnights(&zone(estate), instant)
        .iter()
        .fold(String::new(), |path, midnight| path + &format!("M{} {y}v{ROW}", at(instant, *midnight)));
    html! {
        g role="img" aria-label=(words(&figures)) {
            title { (words(&figures)) }
            text class="name" x="20" y=(y + 27) { (shown(environment.name().as_str())) }
            text class="mut" x=(STRIP - 14) y=(y + 27) text-anchor="end" { (kind(environment)) }
            @for (from, to) in holidays(&figures) {
                rect class="hol" x=(from) y=(y) width=(to - from) height=(ROW) {}
                @if to - from > 50 { text class="small" x=(from + 3) y=(y + 11) { "holiday" } }
            }
            path class="mid" d=(upright) {}
            path class="off" d=(bars(&asleep, y + 32, 2)) {}
            path class="on" d=(bars(&awake, y + 18, 16)) {}
            @for freeze in figures.freezes() {
                @let (from, to) = (at(instant, freeze.from), at(instant, freeze.to));
                path class="ice" d={ "M" (from) " " (y + 14) "H" (to) } { title { "frozen: " (printable(&freeze.reason)) } }
            }
            text class="next" x=(NEXT) y=(y + 27) { (next(&figures)) }
        }
    }
}

/// What the shapes mean.
fn key(y: i64) -> Markup {
    html! {
        path class="on" d={ "M20 " (y - 12) "h26v12h-26z" } {}
        text class="mut" x="54" y=(y - 1) { "awake" }
        path class="off" d={ "M120 " (y - 3) "h26v2h-26z" } {}
        text class="mut" x="154" y=(y - 1) { "asleep" }
        path class="ice" d={ "M220 " (y - 6) "h26" } {}
        text class="mut" x="254" y=(y - 1) { "frozen" }
        rect class="hol" x="320" y=(y - 14) width="26" height="16" {}
        text class="mut" x="354" y=(y - 1) { "holiday" }
    }
}

/// Where an instant lies.
fn at(instant: Timestamp, other: Timestamp) -> i64 {
    let minutes = (other.as_second() - instant.as_second()).div_euclid(60).clamp(0, MINUTES);
    STRIP + minutes * (STRIP_END - STRIP) / MINUTES
}

/// The midnights of these days in a zone.
fn midnights(zone: &Zone, instant: Timestamp) -> Vec<Timestamp> {
    let today = instant.to_zoned(zone.rules().clone()).date();
    let day = |days: i64| today.checked_add(days.days()).ok()?.to_zoned(zone.rules().clone()).ok();
    (1..=7)
        .filter_map(|days| Some(day(days)?.timestamp()))
        .filter(|midnight| at(instant, *midnight) < STRIP_END)
        .collect()
}

/// Where something begins and ends.
type Stretch = (i64, i64);

/// When it is awake, and asleep.
fn stretches(figures: &WeekFigures<'_>) -> (Vec<Stretch>, Vec<Stretch>) {
    let Some(nights) = &figures.nights else { return (vec![(STRIP, STRIP_END)], Vec::new()) };
    let (mut awake, mut asleep, mut begin, mut state) = (Vec::new(), Vec::new(), STRIP, nights.awake);
    let end = [(STRIP_END, !nights.changes.last().map_or(state, |last| last.awake))];
    for (x, becomes) in nights.changes.iter().map(|change| (at(figures.from, change.at), change.awake)).chain(end) {
        if becomes != state {
            if state { &mut awake } else { &mut asleep }.push((begin, x));
            (begin, state) = (x, becomes);
        }
    }
    (awake, asleep)
}

fn bars(stretches: &[Stretch], y: i64, height: i64) -> String {
    stretches.iter().fold(String::new(), |mut path, (from, to)| {
        let width = to - from;
        // Writing to a string cannot fail.
        let _ = write!(path, "M{from} {y}h{width}v{height}h-{width}z");
        path
    })
}

/// The holidays of the calendar, in its own zone.
fn holidays(figures: &WeekFigures<'_>) -> Vec<Stretch> {
    let Some((nights, awake)) = figures.nights.as_ref().zip(figures.environment.document().awake.as_ref()) else {
        return Vec::new();
    };
    let rules = nights.calendar.zone().rules();
    let span = |date: jiff::civil::Date| {
        let (begin, end) = (date.to_zoned(rules.clone()).ok()?, date.tomorrow().ok()?.to_zoned(rules.clone()).ok()?);
        let span = (at(figures.from, begin.timestamp()), at(figures.from, end.timestamp()));
        (span.0 < span.1).then_some(span)
    };
    awake.holidays.iter().filter_map(|day| span(day.date())).collect()
}

/// What comes first, in the environment's own time.
fn next(figures: &WeekFigures<'_>) -> String {
    let Some(nights) = &figures.nights else { return "never put to sleep".to_owned() };
    let zone = nights.calendar.zone();
    match nights.changes.iter().find(|change| change.awake != nights.awake) {
        Some(change) => format!("{} {}", state(change.awake), named(zone, change.at, "%a %H:%M %Z")),
        None => format!("{} all week", state(nights.awake)),
    }
}

/// All of it in words.
fn words(figures: &WeekFigures<'_>) -> String {
    let name = figures.environment.name().to_string();
    let Some(nights) = &figures.nights else { return format!("{name}: never put to sleep") };
    let zone = nights.calendar.zone();
    let changes = nights.changes.iter().map(|change| {
        format!(
            ", {} {} ({})",
            state(change.awake),
            named(zone, change.at, "%a %d %b %H:%M %Z"),
            printable(&change.why)
        )
    });
    format!("{name}: {} at first{}", state(nights.awake), changes.collect::<String>())
}

fn state(awake: bool) -> &'static str {
    if awake { "awake" } else { "asleep" }
}

fn named(zone: &Zone, at: Timestamp, format: &str) -> String {
    at.to_zoned(zone.rules().clone()).strftime(format).to_string()
}

/// A name that fits into its column.
fn shown(name: &str) -> String {
    if name.chars().count() <= SHOWN {
        return name.to_owned();
    }
    name.chars().take(SHOWN - 1).chain(['…']).collect()
}

/// A text without what XML cannot hold (XML 1.0, production 2, `Char`) and what turns the direction of the text around.
fn printable(text: &str) -> String {
    let allowed = |c: char| match c {
        '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(allowed).collect()
}
