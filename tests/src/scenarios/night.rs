//! One night of a calendar: when to begin, when it sleeps, when it wakes.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::FreezeWindow;
use watchkeeper_domain::schedule::Calendar;

/// How far ahead a night is looked for: every holiday has passed by then.
const AHEAD: SignedDuration = SignedDuration::from_hours(400 * 24);
/// The shortest night in which the ticks of an evening have room.
const SHORTEST: SignedDuration = SignedDuration::from_mins(30);

/// A night, and the day before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenNight {
    /// An instant of the day.
    pub day: Timestamp,
    /// The first instant of sleep.
    pub evening: Timestamp,
    /// The first instant after it.
    pub morning: Timestamp,
}

/// Why there is no night to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoNight {
    /// It is always awake.
    NeverSleeps,
    /// It is always asleep.
    NeverWakes,
    /// Each is shorter than half an hour.
    Short,
    /// A freeze holds in each.
    Frozen,
}

/// The next whole night after `now`, with a piece of the day before it, in which no freeze holds.
pub fn next_night(calendar: &Calendar, freezes: &[FreezeWindow], now: Timestamp) -> Result<ChosenNight, NoNight> {
    let end = now.checked_add(AHEAD).map_err(|_| NoNight::NeverSleeps)?;
    let mut day = calendar.at(now).awake.then_some(now);
    let (mut dusk, mut why) = (None, None);
    for transition in calendar.transitions(now, end) {
        if !transition.awake {
            dusk = day.take().map(|day| (day, transition.at));
            continue;
        }
        let morning = transition.at;
        day = Some(morning);
        let Some((before, evening)) = dusk.take() else { continue };
        let open = |freeze: &FreezeWindow| freeze.from < morning && evening < freeze.to;
        if morning.duration_since(evening) < SHORTEST {
            why = why.or(Some(NoNight::Short));
        } else if freezes.iter().any(open) {
            why = Some(NoNight::Frozen);
        } else {
            return Ok(ChosenNight { day: before, evening, morning });
        }
    }
    let always = if calendar.at(now).awake { NoNight::NeverSleeps } else { NoNight::NeverWakes };
    Err(why.unwrap_or(always))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_domain::schedule::AwakeHours;

    use super::*;

    fn night(now: &str) -> ChosenNight {
        let awake = r#"{"zone": "America/New_York", "weekly": {"mon-fri": "08:00-19:00"}}"#;
        let calendar = serde_json::from_str::<AwakeHours>(awake).unwrap().calendar().unwrap();
        next_night(&calendar, &[], now.parse().unwrap()).unwrap()
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
