//! Events: of alarms, in each form that they come in, of schedules, and of the operator's window.

use serde_json::{Value, json};
use watchkeeper_control::emergency::{Incoming, Unread};
use watchkeeper_control::tick::Tick;
use watchkeeper_control::window::event::WidgetEvent;

use crate::entry::{EntryPoint, Input, Refusal};
use crate::requests::refusal;

/// The events of functions that nobody of ours calls.
pub fn entry_points() -> Vec<EntryPoint> {
    vec![
        EntryPoint { name: "event of an alarm", examples: alarms(), read: alarm },
        EntryPoint { name: "event of a schedule", examples: ticks(), read: tick },
        EntryPoint { name: "event of the window", examples: widgets(), read: widget },
    ]
}

/// EventBridge's own form, and SNS's around CloudWatch's message (Amazon CloudWatch user guide, "Alarm events and EventBridge";
/// AWS Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications").
fn alarms() -> Vec<Input> {
    let message = json!({
        "AlarmName": "clos-v2-alb-5xx-errors", "NewStateValue": "ALARM", "OldStateValue": "OK", "AWSAccountId": "123456789012",
        "StateChangeTime": "2026-11-27T14:02:11.312+0000", "NewStateReason": "Threshold Crossed", "Region": "US East (N. Virginia)",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:clos-v2-alb-5xx-errors",
    });
    let event = json!({
        "version": "0", "source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "account": "123456789012",
        "time": "2026-11-27T14:02:11Z", "region": "us-east-1",
        "resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:clos-v2-alb-5xx-errors"],
        "detail": {
            "alarmName": "clos-v2-alb-5xx-errors",
            "state": { "value": "ALARM", "timestamp": "2026-11-27T14:02:11.312+0000", "reason": "Threshold Crossed" },
            "previousState": { "value": "OK", "timestamp": "2026-11-27T13:02:11.312+0000" },
        },
    });
    let notification = json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Message": message.to_string() } }] });
    vec![Input::Json(event), Input::Json(notification)]
}

fn alarm(input: &Input) -> Result<(), Refusal> {
    let Input::Json(value) = input else { return Ok(()) };
    let Incoming::Changes(changes) = alarm_response::read(value) else { return Ok(()) };
    for unread in changes.into_iter().filter_map(Result::err) {
        // What is about no alarm, or about a part of one, is none of ours: there is nothing to mend in it.
        if let Unread::Damaged(_, text) = unread {
            return Err(named(text, value));
        }
    }
    Ok(())
}

/// A message of SNS is a text with fields of its own.
fn named(text: String, value: &Value) -> Refusal {
    let found = refusal(text, value);
    let inside = [
        "AlarmName",
        "NewStateValue",
        "StateChangeTime",
        "AlarmArn",
        "alarmName",
        "alarmArn",
        "state",
        "timestamp",
        "Message",
        "Records",
    ];
    Refusal { names_place: found.names_place || inside.iter().any(|field| found.text.contains(field)), ..found }
}

fn ticks() -> Vec<Input> {
    let tick = |more: Value| {
        let mut all = json!({ "time": "2026-11-27T14:00:00Z", "source": "watchkeeper.schedule" });
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        Input::Json(all)
    };
    vec![tick(json!({ "parts": ["schedule"] })), tick(json!({ "parts": ["emergency", "backup", "unblock"] }))]
}

/// As a function reads its event: an error has the path of the field.
fn tick(input: &Input) -> Result<(), Refusal> {
    let Input::Json(value) = input else { return Ok(()) };
    let read = serde_path_to_error::deserialize::<_, Tick>(value);
    read.map(drop).map_err(|error| {
        let whole = error.path().to_string() == ".";
        let found = refusal(error.to_string(), value);
        Refusal { names_place: !whole || found.names_place, ..found }
    })
}

/// Amazon CloudWatch user guide, "Custom widgets for CloudWatch dashboards".
fn widgets() -> Vec<Input> {
    let context = json!({
        "dashboardName": "Watchkeeper", "widgetId": "widget-1", "domain": "https://us-east-1.console.aws.amazon.com", "accountId": "123456789012",
        "locale": "en", "timezone": { "label": "UTC", "offsetISO": "+01:00", "offsetInMinutes": 60 }, "period": 300, "isAutoPeriod": true,
        "timeRange": { "mode": "relative", "start": 1_627_236_199_729_i64, "end": 1_627_322_599_729_i64, "relativeStart": 86_400_012 },
        "theme": "light", "linkCharts": true, "title": "Watchkeeper", "params": { "read-only": false },
        "forms": { "all": { "by": "Ada", "reason": "a migration" } }, "width": 588, "height": 369,
    });
    let of = |more: Value| {
        let mut all = json!({ "widgetContext": context });
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        Input::Json(all)
    };
    vec![
        of(json!({ "do": "window" })),
        of(json!({ "do": "awake", "estate": "clos-v2", "environment": "dev" })),
        of(json!({ "do": "run", "estate": "clos-v2", "environment": "dev", "id": "clos-v2-dev-20261121T000500Z" })),
        Input::Json(json!({ "describe": true })),
    ]
}

fn widget(input: &Input) -> Result<(), Refusal> {
    let Input::Json(value) = input else { return Ok(()) };
    let read = WidgetEvent::read(value.clone());
    read.map(drop).map_err(|error| Refusal { names_place: !error.field.is_empty(), text: error.to_string() })
}
