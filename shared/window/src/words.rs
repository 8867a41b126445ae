//! Times, lengths of time and sizes in words.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use watchkeeper_domain::value::Zone;

/// How far from the instant of the page a time may be to be told by its weekday alone.
const WEEK: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Tells times by the clocks of an environment.
#[derive(Debug, Clone, Copy)]
pub struct Clock<'a> {
    rules: &'a TimeZone,
    now: Timestamp,
}

impl<'a> Clock<'a> {
    /// The clocks of a zone, at the instant of a page.
    pub fn new(zone: &'a Zone, now: Timestamp) -> Self {
        Self { rules: zone.rules(), now }
    }

    /// The instant of the page.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    fn told(&self, at: Timestamp, format: &str) -> String {
        at.to_zoned(self.rules.clone()).strftime(format).to_string()
    }

    /// Whether a weekday alone would be of another week.
    fn is_far(&self, at: Timestamp) -> bool {
        at.duration_since(self.now).abs() > WEEK
    }

    /// Weekday and time, such as `Wed 07:00 PST`; with the date where that is not of these days.
    pub fn time(&self, at: Timestamp) -> String {
        self.told(at, if self.is_far(at) { "%a %-d %b %H:%M %Z" } else { "%a %H:%M %Z" })
    }

    /// The same without the zone.
    pub fn bare(&self, at: Timestamp) -> String {
        self.told(at, if self.is_far(at) { "%-d %b %H:%M" } else { "%a %H:%M" })
    }

    /// The time of day, such as `07:00 PST`.
    pub fn hour(&self, at: Timestamp) -> String {
        self.told(at, "%H:%M %Z")
    }

    /// The day, such as `Wed 23 Dec`.
    pub fn day(&self, at: Timestamp) -> String {
        self.told(at, "%a %-d %b")
    }

    /// Local and UTC, such as `Wed 21:20 EST (02:20 UTC)`, for a confirmation.
    pub fn both(&self, at: Timestamp) -> String {
        format!("{} ({})", self.time(at), utc_hour(at))
    }

    /// A time on a page: local, with UTC in its title.
    pub(crate) fn shown(&self, at: Timestamp) -> Markup {
        html! { time title=(utc(at)) { (self.time(at)) } }
    }

    /// A time of day on a page: local, with UTC in its title.
    pub(crate) fn shown_hour(&self, at: Timestamp) -> Markup {
        html! { time title=(utc(at)) { (self.hour(at)) } }
    }
}

/// An instant in UTC, such as `Wed 23 Dec 15:00 UTC`.
pub fn utc(at: Timestamp) -> String {
    at.strftime("%a %-d %b %H:%M UTC").to_string()
}

/// The time of day in UTC, such as `15:00 UTC`.
pub fn utc_hour(at: Timestamp) -> String {
    at.strftime("%H:%M UTC").to_string()
}

/// A length of time to the nearest minute, or to the second below a minute: `2 d 20 h 50 min`, `40 min`, `41 s`.
pub fn length(time: SignedDuration) -> String {
    let time = time.abs();
    let minutes = (time.as_secs() + 30) / 60;
    if time.as_mins() == 0 {
        return format!("{} s", time.as_secs());
    }
    parts(&[(minutes / 1440, "d"), (minutes / 60 % 24, "h"), (minutes % 60, "min")])
}

/// The same in its two largest units, for how old something is: `2 d 20 h`, `1 h 35 min`.
pub fn roughly(time: SignedDuration) -> String {
    let time = time.abs();
    let (hours, minutes) = (time.as_hours(), time.as_mins());
    match hours {
        0 => length(time),
        1..10 => parts(&[(hours, "h"), (minutes % 60, "min")]),
        10..24 => parts(&[(hours, "h")]),
        _ => parts(&[(hours / 24, "d"), (hours % 24, "h")]),
    }
}

/// A policy's length: hours up to two days, then days and hours: `30 h`, `3 d 6 h`.
pub fn policy(time: SignedDuration) -> String {
    let hours = time.as_hours();
    if time.as_mins() % 60 != 0 {
        return length(time);
    }
    if hours < 48 { format!("{hours} h") } else { parts(&[(hours / 24, "d"), (hours % 24, "h")]) }
}

/// How long something took, to the second from a minute on: `4 min 22 s`, `47.6 s`.
pub fn took(milliseconds: i64) -> String {
    let seconds = milliseconds / 1000;
    if seconds < 60 {
        return format!("{}.{} s", seconds, milliseconds % 1000 / 100);
    }
    parts(&[(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")])
}

fn parts(parts: &[(i64, &str)]) -> String {
    let told: Vec<String> = parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    told.join(" ")
}

/// A text as the beginning of a sentence: its first word gets a capital letter, unless it is a name with a digit in it.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let word = text.split_whitespace().next().unwrap_or_default();
    match chars.next() {
        Some(first) if !word.contains(|c: char| c.is_numeric()) => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// `1 service`, `2 services`.
pub fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number with its thousands apart: `1,747`.
pub fn grouped(n: u64) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", grouped(n / 1000), n % 1000) }
}

/// A size in bytes, in decimal units: `48.2 GB`, `84 kB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (u128::from(bytes) * 10, 0);
    while value >= 10_000 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1000, unit + 1);
    }
    let (whole, tenth) = (value / 10, value % 10);
    let unit = UNITS[unit];
    if tenth == 0 || whole >= 100 { format!("{whole} {unit}") } else { format!("{whole}.{tenth} {unit}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;

    use super::*;

    fn of(minutes: i64) -> SignedDuration {
        SignedDuration::from_mins(minutes)
    }

    #[rstest]
    #[case(4130, "2 d 20 h 50 min", "2 d 20 h", "2 d 20 h 50 min")]
    #[case(1800, "1 d 6 h", "1 d 6 h", "30 h")]
    #[case(840, "14 h", "14 h", "14 h")]
    #[case(95, "1 h 35 min", "1 h 35 min", "1 h 35 min")]
    #[case(12, "12 min", "12 min", "12 min")]
    #[case(4680, "3 d 6 h", "3 d 6 h", "3 d 6 h")]
    fn lengths(#[case] minutes: i64, #[case] exact: &str, #[case] rough: &str, #[case] as_policy: &str) {
        assert_eq!(
            (length(of(minutes)), roughly(of(minutes)), policy(of(minutes))),
            (exact.into(), rough.into(), as_policy.into())
        );
    }

    #[rstest]
    #[case(262_300, "4 min 22 s")]
    #[case(47_600, "47.6 s")]
    #[case(2_100, "2.1 s")]
    #[case(3_600_000, "1 h")]
    fn times_taken(#[case] ms: i64, #[case] told: &str) {
        assert_eq!(took(ms), told);
    }

    #[rstest]
    #[case(412, "412 B")]
    #[case(84_000, "84 kB")]
    #[case(48_200_000_000, "48.2 GB")]
    #[case(310_000_000, "310 MB")]
    #[case(u64::MAX, "18446744 TB")]
    fn sizes(#[case] bytes: u64, #[case] told: &str) {
        assert_eq!(size(bytes), told);
    }

    #[rstest]
    #[case("go back to h2o-backend:41", "Go back to h2o-backend:41")]
    #[case("us-west-2 is lost", "us-west-2 is lost")]
    #[case("1 database starts", "1 database starts")]
    #[case("", "")]
    fn sentences(#[case] text: &str, #[case] told: &str) {
        assert_eq!(sentence(text), told);
    }

    #[test]
    fn a_time_names_its_zone_and_a_far_one_its_date() {
        let zone: Zone = "America/Los_Angeles".parse().unwrap();
        let clock = Clock::new(&zone, "2026-12-24T00:20:07Z".parse().unwrap());
        assert_eq!(clock.time("2026-12-23T15:00:00Z".parse().unwrap()), "Wed 07:00 PST");
        assert_eq!(clock.time("2026-11-09T18:12:00Z".parse().unwrap()), "Mon 9 Nov 10:12 PST");
        assert_eq!(clock.both("2026-12-24T03:00:00Z".parse().unwrap()), "Wed 19:00 PST (03:00 UTC)");
    }
}
