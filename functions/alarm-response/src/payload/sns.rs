//! SNS records that hold messages of alarms.
//!
//! Source: CloudWatch user guide, "Schema of Amazon SNS notifications when alarms change state".

use serde_json::Value;
use watchkeeper_domain::emergency::alarm::AlarmChange;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::AlarmName;

use super::change::{instant, name, of_whole_alarm, reason, state, state_now};
use super::field::Field;
use super::origin::{Origin, account};
use super::{Kind, PayloadError};

/// What the text of a message must hold.
const MESSAGE: &str = "the JSON of an alarm's message, with `AlarmName` and `NewStateValue`";

/// Whether an event carries records.
pub(super) fn is_shape(event: &Field<'_>) -> bool {
    event.key("Records").is_there()
}

/// The change that each record tells of. A record that tells of none spoils none of its neighbours.
///
/// # Errors
/// No list, or an empty one; what is wrong with a record stands in its own place.
pub(super) fn changes(event: &Field<'_>) -> Result<Vec<Result<AlarmChange, PayloadError>>, PayloadError> {
    let records = event.key("Records");
    let changes: Vec<_> = records.items().map(|record| change(&record)).collect();
    if changes.is_empty() { Err(no_alarm(records.wrong("a list of SNS records"))) } else { Ok(changes) }
}

fn change(record: &Field<'_>) -> Result<AlarmChange, PayloadError> {
    let sns = record.key("Sns").object("the object of an SNS record").map_err(no_alarm)?;
    let text = sns.key("Message");
    let message: Value = text.need(MESSAGE, |text| serde_json::from_str(text).ok()).map_err(no_alarm)?;
    let message = Field::inside(text.path().clone(), &message);
    if !(message.key("AlarmName").is_there() || message.key("NewStateValue").is_there()) {
        return Err(no_alarm(message.wrong(MESSAGE)));
    }
    of_whole_alarm(&message.key("AlarmContributorId"))?;
    let alarm = name(&message.key("AlarmName"))?;
    state_of(&message, alarm.clone()).map_err(|error| error.about(&alarm))
}

fn state_of(message: &Field<'_>, alarm: AlarmName) -> Result<AlarmChange, PayloadError> {
    let origin = match Origin::of_arn(&message.key("AlarmArn"))? {
        Some(origin) => origin,
        None => Origin { account: account(&message.key("AWSAccountId"))?, region: region(&message.key("Region")) },
    };
    Ok(AlarmChange {
        alarm,
        account: origin.account,
        region: origin.region,
        state: state_now(&message.key("NewStateValue"))?,
        previous: state(&message.key("OldStateValue"))?,
        at: instant(&message.key("StateChangeTime"))?,
        reason: reason(&message.key("NewStateReason")),
        // CloudWatch sends nothing to a topic while the actions are held back.
        suppressed: false,
    })
}

/// Topics carry what any tool sends to them.
fn no_alarm(error: PayloadError) -> PayloadError {
    error.of(Kind::NoAlarm)
}

/// CloudWatch writes the region's display name, such as `US East (N. Virginia)`: that is none. A name such as
/// `us-east-1` is taken where a message has one.
fn region(field: &Field<'_>) -> Option<Region> {
    let is_name = |text: &&str| text.bytes().filter(|b| *b == b'-').count() >= 2;
    field.text().filter(is_name).and_then(|text| Region::new(text).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use watchkeeper_domain::finding::FieldPath;

    use super::*;

    fn record(message: &Value) -> Value {
        json!({"EventSource": "aws:sns", "Sns": {"Type": "Notification", "Message": message}})
    }

    fn alarm() -> Value {
        json!({
            "AlarmName": "clos-v2-alb-5xx-errors",
            "AWSAccountId": "210987654321",
            "Region": "US East (N. Virginia)",
            "NewStateValue": "ALARM",
            "StateChangeTime": "2026-11-27T14:02:11.312+0000",
        })
    }

    fn read(message: &Value) -> Result<AlarmChange, PayloadError> {
        let record = record(&json!(message.to_string()));
        change(&Field::root(&record))
    }

    #[test]
    fn a_display_name_is_no_region() {
        for (told, expected) in
            [("US East (N. Virginia)", None), ("US - Oregon", None), ("us-east-1", Some("us-east-1"))]
        {
            let mut alarm = alarm();
            alarm["Region"] = json!(told);
            assert_eq!(read(&alarm).unwrap().region.as_ref().map(Region::as_str), expected, "{told}");
        }
    }

    #[test]
    fn what_is_wrong_inside_a_message_is_named_as_if_it_lay_below_it() {
        let mut alarm = alarm();
        alarm["NewStateValue"] = json!("ALERT");
        let event = json!({"Records": [record(&json!("hello")), record(&json!(alarm.to_string())), 7]});
        let changes = changes(&Field::root(&event)).unwrap();
        let fields: Vec<String> = changes.into_iter().map(|change| change.unwrap_err().field.to_string()).collect();
        assert_eq!(fields, ["Records[0].Sns.Message", "Records[1].Sns.Message.NewStateValue", "Records[2].Sns"]);
    }

    #[test]
    fn an_empty_list_of_records_is_an_error() {
        for records in [json!([]), json!("x"), json!({})] {
            let event = json!({"Records": records});
            assert_eq!(changes(&Field::root(&event)).unwrap_err().field.to_string(), "Records");
        }
    }

    #[test]
    fn the_contributor_of_an_alarm_with_several_time_series_is_refused_and_null_is_none() {
        let mut alarm = alarm();
        alarm["AlarmContributorId"] = json!(null);
        assert!(read(&alarm).is_ok());
        alarm["AlarmContributorId"] = json!("a1b2c3d4e5f60718");
        assert_eq!(
            read(&alarm).unwrap_err().field,
            FieldPath::root().key("Sns").key("Message").key("AlarmContributorId")
        );
    }
}
