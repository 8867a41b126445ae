//! When a wish ends, as a person writes it.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// Reads a duration, an instant with an offset, or a local time of `zone` (UTC where the environment has none).
pub(super) fn read_end(text: &str, start: Timestamp, zone: Option<&TimeZone>) -> Option<Timestamp> {
    let zone = zone.cloned().unwrap_or(TimeZone::UTC);
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    // A date before a time of day: the library reads the time out of a date and time as well.
    if let Ok(local) = text.parse::<DateTime>() {
        return next(local, start, &zone).or_else(|| Some(local.to_zoned(zone).ok()?.timestamp()));
    }
    if let Ok(time) = text.parse::<Time>() {
        let today = start.to_zoned(zone.clone()).date();
        let tomorrow = || next(today.checked_add(1.day()).ok()?.to_datetime(time), start, &zone);
        return next(today.to_datetime(time), start, &zone).or_else(tomorrow);
    }
    let span = text.parse::<Span>().ok()?;
    Some(start.to_zoned(zone).checked_add(span).ok()?.timestamp())
}

/// The first instant after `start` at which a clock in the zone shows this: in the hour that comes twice in autumn, the
/// second one where the first is over.
fn next(local: DateTime, start: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = || zone.to_ambiguous_zoned(local);
    let readings = [ambiguous().compatible(), ambiguous().later()];
    readings.into_iter().filter_map(|reading| Some(reading.ok()?.timestamp())).find(|instant| *instant > start)
}
