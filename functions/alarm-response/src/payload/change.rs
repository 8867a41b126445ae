//! A change of an alarm: the fields that every transport has, and the part that events and invocations share.
//!
//! The configuration beside it (metrics, periods, rules, descriptions) decides nothing here and is not looked at.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
use watchkeeper_domain::emergency::alarm::{AlarmChange, AlarmState};
use watchkeeper_domain::value::{AlarmName, TextForm};

use super::field::Field;
use super::origin::Origin;
use super::{Kind, PayloadError};

/// The longest reason that CloudWatch keeps, in characters: `StateReason` in the CloudWatch API reference.
const REASON: usize = 1023;

/// The states of an alarm.
const STATES: &str = "\"OK\", \"ALARM\" or \"INSUFFICIENT_DATA\"";

/// How an instant is written.
const INSTANT: &str = "an instant, such as \"2026-11-27T14:02:11.312+0000\"";

/// The change that the `detail` of an event, or the `alarmData` of an invocation, tells of.
///
/// # Errors
/// The first field that is not as it must be.
pub(super) fn of_detail(detail: Field<'_>, origin: Origin) -> Result<AlarmChange, PayloadError> {
    let detail = detail.object("an object with the alarm's name and its state")?;
    of_whole_alarm(&detail.key("alarmContributor"))?;
    let alarm = name(&detail.key("alarmName"))?;
    state_of(&detail, alarm.clone(), origin).map_err(|error| error.about(&alarm))
}

fn state_of(detail: &Field<'_>, alarm: AlarmName, origin: Origin) -> Result<AlarmChange, PayloadError> {
    let now = detail.key("state").object("an object with the alarm's state")?;
    let before = detail.key("previousState");
    let previous = if before.is_there() { state(&before.object("an object, or nothing")?.key("value"))? } else { None };
    Ok(AlarmChange {
        alarm,
        account: origin.account,
        region: origin.region,
        state: state_now(&now.key("value"))?,
        previous,
        at: instant(&now.key("timestamp"))?,
        reason: reason(&now.key("reason")),
        suppressed: now.key("actionsSuppressedBy").is_there() || detail.key("muteDetail").is_there(),
    })
}

/// Refuses what is about one of an alarm's several time series: its state is not the alarm's, and the alarm's own
/// change is told by a message of its own.
pub(super) fn of_whole_alarm(contributor: &Field<'_>) -> Result<(), PayloadError> {
    if contributor.is_there() {
        let error = contributor.wrong("nothing: the state of one time series is not the alarm's");
        return Err(error.of(Kind::Contributor));
    }
    Ok(())
}

/// The name of an alarm.
pub(super) fn name(field: &Field<'_>) -> Result<AlarmName, PayloadError> {
    field.need(AlarmName::EXPECTED, |text| text.parse().ok())
}

/// The state that an alarm is in.
pub(super) fn state_now(field: &Field<'_>) -> Result<AlarmState, PayloadError> {
    field.need(STATES, parse_state)
}

/// A state, where one is told.
pub(super) fn state(field: &Field<'_>) -> Result<Option<AlarmState>, PayloadError> {
    field.read(STATES, parse_state)
}

/// An instant, with `Z`, `+00:00` or CloudWatch's own `+0000` at its end.
pub(super) fn instant(field: &Field<'_>) -> Result<Timestamp, PayloadError> {
    field.need(INSTANT, |text| text.parse().ok())
}

/// Why, in CloudWatch's words; empty where it gives no reason, as for `PromQL` alarms. It is only read by people, so
/// nothing about it is an error.
pub(super) fn reason(field: &Field<'_>) -> String {
    field.text().unwrap_or_default().chars().take(REASON).collect()
}

fn parse_state(text: &str) -> Option<AlarmState> {
    AlarmState::deserialize(IntoDeserializer::<Error>::into_deserializer(text)).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    #[rstest]
    #[case("2026-11-27T14:02:11.312+0000")]
    #[case("2026-11-27T14:02:11.312Z")]
    #[case("2026-11-27T14:02:11.312+00:00")]
    #[case("2026-11-27T23:02:11.312+09:00")]
    #[case("2026-11-27T09:02:11.312-0500")]
    fn an_instant_is_read_in_every_way_that_it_is_written(#[case] text: &str) {
        let expected: Timestamp = "2026-11-27T14:02:11.312Z".parse().unwrap();
        assert_eq!(instant(&Field::root(&json!(text))), Ok(expected));
    }

    #[rstest]
    #[case(json!("2026-11-27T14:02:11.312"))]
    #[case(json!("2026-11-27"))]
    #[case(json!("yesterday"))]
    #[case(json!(""))]
    #[case(json!(1_795_788_131_312_u64))]
    #[case(json!(null))]
    fn an_instant_without_an_offset_or_of_another_kind_is_an_error(#[case] value: Value) {
        assert_eq!(instant(&Field::root(&value)).unwrap_err().expected, INSTANT);
    }

    #[rstest]
    #[case("ok")]
    #[case("ALERT")]
    #[case("")]
    #[case(" OK")]
    fn an_unknown_state_is_an_error(#[case] text: &str) {
        assert_eq!(state(&Field::root(&json!(text))).unwrap_err().expected, STATES);
    }

    #[test]
    fn a_reason_is_never_longer_than_cloudwatch_keeps_it_and_never_an_error() {
        assert_eq!(reason(&Field::root(&json!("ü".repeat(2000)))), "ü".repeat(REASON));
        assert_eq!(reason(&Field::root(&json!({"not": "a text"}))), "");
    }
}
