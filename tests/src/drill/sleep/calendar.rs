//! One night of a calendar: when to begin, when it sleeps, when it wakes.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::schedule::Calendar;

/// How far ahead a night is looked for: every holiday has passed by then.
const AHEAD: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A night, and the day before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChosenNight {
    /// An instant of the day.
    pub day: Timestamp,
    /// The first instant of sleep.
    pub evening: Timestamp,
    /// The first instant after it.
    pub morning: Timestamp,
}

/// The next whole night after `now`, with a piece of the day before it.
pub(super) fn next_night(calendar: &Calendar, now: Timestamp) -> Option<ChosenNight> {
    let end = now.checked_add(AHEAD).ok()?;
    let mut transitions = calendar.transitions(now, end).into_iter();
    let decision = calendar.at(now);
    let (day, evening) = if decision.awake {
        (now, decision.until?)
    } else {
        let day = transitions.find(|transition| transition.awake)?.at;
        (day, calendar.at(day).until?)
    };
    let morning = transitions.find(|transition| transition.awake && transition.at > evening)?.at;
    Some(ChosenNight { day, evening, morning })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_domain::schedule::AwakeHours;

    use super::*;

    fn night(now: &str) -> ChosenNight {
        let awake = r#"{"zone": "America/New_York", "weekly": {"mon-fri": "08:00-19:00"}}"#;
        let calendar = serde_json::from_str::<AwakeHours>(awake).unwrap().calendar().unwrap();
        next_night(&calendar, now.parse().unwrap()).unwrap()
    }

    #[test]
    fn by_day_it_is_the_night_of_that_day() {
        let now = "2026-11-19T17:00:00Z";
        let [evening, morning] = ["2026-11-20T00:00:00Z", "2026-11-20T13:00:00Z"].map(|text| text.parse().unwrap());
        assert_eq!(night(now), ChosenNight { day: now.parse().unwrap(), evening, morning });
    }

    #[test]
    fn at_a_weekend_it_is_the_night_after_monday() {
        let found = night("2026-11-21T17:00:00Z");
        let [day, evening, morning] =
            ["2026-11-23T13:00:00Z", "2026-11-24T00:00:00Z", "2026-11-24T13:00:00Z"].map(|text| text.parse().unwrap());
        assert_eq!(found, ChosenNight { day, evening, morning });
    }
}
