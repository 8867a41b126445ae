//! What a run was asked for: by the tick, or by a person in as few words as possible.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::guardrail::Code;
use crate::name::{EnvironmentName, EstateName, Scope};

/// The longest that an override may last: a quarter of a year, so that a mistyped year does not keep an environment
/// awake for ever.
pub const MAX_OVERRIDE: SignedDuration = SignedDuration::from_hours(92 * 24);

/// What started a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The tick.
    Schedule,
    /// A person.
    #[default]
    Human,
}

/// Whether a run may write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It only reports.
    Plan,
    /// It does what it reports.
    #[default]
    Apply,
}

/// What a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// Awake until a time.
    Awake,
    /// Asleep until a time.
    Asleep,
    /// The override taken back: the calendar decides again.
    AsScheduled,
}

/// The input of the `reconcile` machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Request {
    /// Which estate; without one only `halt` has a meaning, for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estate: Option<EstateName>,
    /// Which environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// What started it.
    #[serde(default)]
    pub trigger: Trigger,
    /// The instant that a tick is about; a person's run is about its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant: Option<Timestamp>,
    /// Whether it may write.
    #[serde(default)]
    pub mode: Mode,
    /// What is wanted, until when, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub want: Option<Wish>,
    /// When the wish ends: a time today or tomorrow, a date and time in the environment's zone, one with an offset, or
    /// a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why, as it will be read in messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Guardrails that ask, answered beforehand.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approve: BTreeSet<Code>,
    /// Turns the halt switch on or off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<bool>,
    /// The execution that started this one as its child; Step Functions asks for it, and we do not use it.
    #[serde(rename = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID", default, skip_serializing)]
    pub parent: Option<String>,
}

/// A field of a request that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: found {found}, expected {expected}")]
pub struct RequestError {
    /// Which field.
    pub field: &'static str,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

fn bad(field: &'static str, found: impl Into<String>, expected: impl Into<String>) -> RequestError {
    RequestError { field, found: found.into(), expected: expected.into() }
}

impl fmt::Display for Request {
    /// The request as JSON: the input of an execution.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Request {
    /// What a tick asks for.
    pub fn of_tick(scope: &Scope, instant: Timestamp) -> Self {
        Self {
            estate: Some(scope.estate.clone()),
            environment: Some(scope.environment.clone()),
            trigger: Trigger::Schedule,
            instant: Some(instant),
            mode: Mode::Apply,
            want: None,
            until: None,
            reason: None,
            approve: BTreeSet::new(),
            halt: None,
            parent: None,
        }
    }

    /// The environment that is meant.
    ///
    /// # Errors
    /// [`RequestError`] that names the missing field.
    pub fn place(&self) -> Result<(&EstateName, &EnvironmentName), RequestError> {
        let estate = self.estate.as_ref().ok_or_else(|| bad("estate", "nothing", "the name of an estate"))?;
        let environment =
            self.environment.as_ref().ok_or_else(|| bad("environment", "nothing", "the name of an environment"))?;
        Ok((estate, environment))
    }

    /// Checks what one field means for another.
    ///
    /// # Errors
    /// The first [`RequestError`].
    pub fn check(&self) -> Result<(), RequestError> {
        match (self.trigger, &self.want, &self.until) {
            (Trigger::Schedule, Some(_), _) => {
                Err(bad("want", "a wish with trigger schedule", "none: a tick has none"))
            }
            (Trigger::Schedule, ..) if self.instant.is_none() => {
                Err(bad("instant", "nothing", "the instant of the tick, such as 2026-11-21T22:00:00Z"))
            }
            (Trigger::Human, ..) if self.instant.is_some() => {
                Err(bad("instant", "an instant", "none: a run by hand is about its own start"))
            }
            (_, Some(Wish::Awake | Wish::Asleep), None) => {
                Err(bad("until", "nothing", "when the wish ends, such as 2026-11-21T22:00, 22:00 or 2h"))
            }
            (_, None | Some(Wish::AsScheduled), Some(until)) => {
                Err(bad("until", format!("{until:?}"), "none without a wish to be awake or asleep"))
            }
            _ => Ok(()),
        }
    }

    /// When the wish ends. `zone` is the environment's, if it has one.
    ///
    /// # Errors
    /// [`RequestError`] for `until` when it does not read, is past, or is further off than [`MAX_OVERRIDE`].
    pub fn end(&self, start: Timestamp, zone: Option<&TimeZone>) -> Result<Option<Timestamp>, RequestError> {
        let Some(text) = &self.until else { return Ok(None) };
        let found = || format!("{text:?}");
        let end = read_end(text, start, zone)
            .ok_or_else(|| bad("until", found(), "2026-11-21T22:00, 22:00, 2h, or a time with an offset"))?;
        if end <= start {
            return Err(bad("until", format!("{text:?}, which is {end}"), format!("a time after {start}")));
        }
        if end.duration_since(start) > MAX_OVERRIDE {
            return Err(bad("until", format!("{text:?}, which is {end}"), "a time within 92 days"));
        }
        Ok(Some(end))
    }
}

/// Reads a duration, an instant with an offset, or a local time of `zone` (UTC where the environment has none).
fn read_end(text: &str, start: Timestamp, zone: Option<&TimeZone>) -> Option<Timestamp> {
    let zone = zone.cloned().unwrap_or(TimeZone::UTC);
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    // A date before a time of day: the library reads the time out of a date and time as well.
    if let Ok(local) = text.parse::<DateTime>() {
        return Some(local.to_zoned(zone).ok()?.timestamp());
    }
    if let Ok(time) = text.parse::<Time>() {
        let today = start.to_zoned(zone.clone()).date();
        let first = today.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp();
        let next = || Some(today.checked_add(1.day()).ok()?.to_datetime(time).to_zoned(zone).ok()?.timestamp());
        return if first > start { Some(first) } else { next() };
    }
    let span = text.parse::<Span>().ok()?;
    Some(start.to_zoned(zone).checked_add(span).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn start() -> Timestamp {
        "2026-11-21T18:30:00Z".parse().unwrap()
    }

    fn request(value: serde_json::Value) -> Request {
        serde_json::from_value(value).unwrap()
    }

    #[rstest]
    #[case::local("2026-11-21T22:00", "2026-11-22T03:00:00Z")]
    #[case::offset("2026-11-21T22:00Z", "2026-11-21T22:00:00Z")]
    #[case::clock_later_today("22:00", "2026-11-22T03:00:00Z")]
    #[case::clock_tomorrow("08:00", "2026-11-22T13:00:00Z")]
    #[case::duration("2h", "2026-11-21T20:30:00Z")]
    #[case::days("14d", "2026-12-05T18:30:00Z")]
    fn until_reads_as_a_person_writes_it(#[case] until: &str, #[case] expected: &str) {
        let zone = TimeZone::get("America/New_York").unwrap();
        let request = request(json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": until}));
        request.check().unwrap();
        assert_eq!(request.end(start(), Some(&zone)).unwrap(), Some(expected.parse().unwrap()));
    }

    #[rstest]
    #[case::not_a_time("soon", "until: found \"soon\", expected 2026-11-21T22:00, 22:00, 2h, or a time with an offset")]
    #[case::past(
        "2026-11-20T22:00",
        "until: found \"2026-11-20T22:00\", which is 2026-11-20T22:00:00Z, expected a time after 2026-11-21T18:30:00Z"
    )]
    #[case::years(
        "2036-11-20T22:00",
        "until: found \"2036-11-20T22:00\", which is 2036-11-20T22:00:00Z, expected a time within 92 days"
    )]
    fn a_bad_until_says_what_was_found_and_expected(#[case] until: &str, #[case] expected: &str) {
        let request = request(json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": until}));
        assert_eq!(request.end(start(), None).unwrap_err().to_string(), expected);
    }

    #[rstest]
    #[case::no_end(json!({"want": "awake"}), "until")]
    #[case::end_without_wish(json!({"until": "2h"}), "until")]
    #[case::human_instant(json!({"instant": "2026-11-21T22:00:00Z"}), "instant")]
    #[case::tick_without_instant(json!({"trigger": "schedule"}), "instant")]
    #[case::tick_with_wish(json!({"trigger": "schedule", "instant": "2026-11-21T22:00:00Z", "want": "as-scheduled"}), "want")]
    fn fields_that_contradict_each_other_are_named(#[case] value: serde_json::Value, #[case] field: &str) {
        assert_eq!(request(value).check().unwrap_err().field, field);
    }

    #[test]
    fn a_request_without_a_place_names_the_missing_field() {
        assert_eq!(request(json!({})).place().unwrap_err().field, "estate");
        assert_eq!(request(json!({"estate": "clos-v2"})).place().unwrap_err().field, "environment");
    }

    #[test]
    fn an_unknown_field_is_no_request() {
        let error = serde_json::from_value::<Request>(json!({"enviroment": "dev"})).unwrap_err();
        assert!(error.to_string().contains("enviroment"), "{error}");
    }
}
