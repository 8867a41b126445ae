//! The event of a custom widget: what a person pressed, who looks, and what they wrote into the form (Amazon CloudWatch user
//! guide, "Details about custom widgets" and "Interactivity in custom widgets").

use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;
use serde_json::{Map, Value};
use watchkeeper_domain::request::RequestError;
use watchkeeper_window::call::Call;
use watchkeeper_window::facts::{Theme, Viewer};

/// What the console adds to every call.
const CONTEXT: &str = "widgetContext";

/// What asks for the widget's own documentation, in place of a page.
const DESCRIBE: &str = "describe";

/// The longest text of a form that is read, in characters: what is longer is cut by nobody, and refused.
const LONGEST: usize = 500;

/// A call of a widget.
#[derive(Debug, Clone)]
pub struct WidgetEvent {
    /// Whether the widget's own documentation is asked for.
    pub describe: bool,
    /// What is asked for.
    pub call: Call,
    /// Which rows, where the widget's parameters say so.
    pub only: Option<OnlyRows>,
    /// Who looks.
    pub viewer: Viewer,
    /// What was written into the form.
    pub form: Form,
}

/// Which rows a widget shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum OnlyRows {
    /// What needs a person.
    Person,
    /// What sleeps.
    Asleep,
    /// What is awake.
    Awake,
}

/// The fields of the form, as they were written; an empty one is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// The name of whoever acts, as it was typed: a claim, and no proof.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The profile of an emergency.
    pub profile: Option<String>,
    /// How long an emergency lasts.
    pub lasts: Option<String>,
}

/// A field of an event that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: found {found}, expected {expected}")]
pub struct EventError {
    /// Which field.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl From<RequestError> for EventError {
    fn from(error: RequestError) -> Self {
        Self { field: error.field.to_owned(), found: error.found, expected: error.expected }
    }
}

/// The parameters of a widget beside the fields of a call; CloudWatch hands them on with every call.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Parameters {
    only: Option<OnlyRows>,
    read_only: Option<bool>,
}

/// As much of the context as is read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WidgetContext {
    theme: Option<String>,
    width: Option<f64>,
    timezone: Option<WidgetZone>,
    params: Option<Map<String, Value>>,
    forms: Option<WidgetForms>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WidgetZone {
    #[serde(rename = "offsetISO")]
    offset_iso: Option<String>,
    offset_in_minutes: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WidgetForms {
    all: Map<String, Value>,
}

impl WidgetEvent {
    /// Reads an event.
    ///
    /// # Errors
    /// [`EventError`] names the first field that is unknown or does not read.
    pub fn read(event: Value) -> Result<Self, EventError> {
        let Value::Object(mut fields) = event else {
            return Err(bad("event", shown(&event), r#"an object, such as {"do": "window"}"#));
        };
        let context = fields.remove(CONTEXT).unwrap_or_default();
        let context = if context.is_null() { Value::Object(Map::new()) } else { context };
        let context: WidgetContext = field(CONTEXT, &context)?;
        let describe = fields.remove(DESCRIBE).is_some_and(|asked| asked == Value::Bool(true));
        let mut given = context.params.unwrap_or_default();
        for name in ["only", "read-only"] {
            given.extend(fields.remove(name).map(|value| (name.to_owned(), value)));
        }
        let parameters: Parameters = field("params", &Value::Object(given))?;
        let call: Call = field("event", &Value::Object(fields))?;
        let zone = context.timezone.and_then(offset).unwrap_or(Offset::UTC);
        let form = Form::read(context.forms.unwrap_or_default().all)?;
        let theme = match context.theme.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::Unknown,
        };
        Ok(Self {
            describe,
            call,
            only: parameters.only,
            viewer: Viewer {
                theme,
                width: context.width.and_then(pixels),
                clock: if zone == Offset::UTC { "UTC".to_owned() } else { format!("UTC{zone}") },
                zone: TimeZone::fixed(zone),
                by: form.by.clone().unwrap_or_default(),
                reason: form.reason.clone().unwrap_or_default(),
                read_only: parameters.read_only.unwrap_or_default(),
            },
            form,
        })
    }
}

impl Form {
    fn read(mut fields: Map<String, Value>) -> Result<Self, EventError> {
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) if text.chars().count() > LONGEST => {
                let found = format!("{} characters", text.chars().count());
                Err(bad(&format!("forms.{name}"), found, &format!("at most {LONGEST} characters")))
            }
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            None | Some(Value::Null) => Ok(None),
            Some(other) => Err(bad(&format!("forms.{name}"), shown(&other), "a text")),
        };
        Ok(Self { by: text("by")?, reason: text("reason")?, profile: text("profile")?, lasts: text("for")? })
    }
}

/// Who looks when nobody can tell: what an event that does not read is answered with.
pub fn anybody() -> Viewer {
    Viewer {
        theme: Theme::Unknown,
        width: None,
        zone: TimeZone::UTC,
        clock: "UTC".to_owned(),
        by: String::new(),
        reason: String::new(),
        read_only: false,
    }
}

/// The offset of a viewer. What the label calls it, `UTC` or `Local`, names no place.
fn offset(zone: WidgetZone) -> Option<Offset> {
    let by_text = zone.offset_iso.and_then(|text| {
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':')?;
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        Offset::from_seconds(sign * (hours.checked_mul(3600)? + minutes.checked_mul(60)?)).ok()
    });
    by_text.or_else(|| Offset::from_seconds(zone.offset_in_minutes?.checked_mul(60)?).ok())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in pixels, within its bounds")]
fn pixels(width: f64) -> Option<u32> {
    (1.0..100_000.0).contains(&width).then_some(width as u32)
}

fn field<T: for<'de> Deserialize<'de>>(name: &str, value: &Value) -> Result<T, EventError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let inner = if path == "." { name.to_owned() } else { format!("{name}.{path}") };
        let found = value.pointer(&format!("/{}", path.replace('.', "/"))).map_or_else(|| "it".to_owned(), shown);
        EventError { field: inner, found, expected: error.inner().to_string() }
    })
}

/// A value as it is quoted in an error.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 80 { text.chars().take(80).chain(['…']).collect() } else { text }
}

fn bad(field: &str, found: impl Into<String>, expected: &str) -> EventError {
    EventError { field: field.to_owned(), found: found.into(), expected: expected.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;
    use serde_json::json;
    use watchkeeper_window::call::Verb;

    use super::*;

    #[test]
    fn an_empty_event_is_the_window_for_anybody() {
        let event = WidgetEvent::read(json!({})).unwrap();
        assert_eq!((event.call.verb, event.describe, event.only), (Verb::Window, false, None));
        assert_eq!((event.viewer.theme, event.viewer.width, event.viewer.read_only), (Theme::Unknown, None, false));
        assert_eq!(event.viewer.clock, "UTC");
    }

    #[test]
    fn the_context_says_who_looks_and_what_was_written() {
        let context = json!({
            "dashboardName": "d", "widgetId": "w", "theme": "dark", "width": 588, "height": 369, "locale": "en",
            "timezone": {"label": "Local", "offsetISO": "-05:00", "offsetInMinutes": -300},
            "params": {"estate": "clos-v2", "read-only": true, "only": "person"},
            "forms": {"all": {"by": " Anna ", "reason": "", "other": "x"}},
        });
        let event = json!({"do": "halt", "estate": "clos-v2", "environment": "dev", "at": 7, CONTEXT: context});
        let event = WidgetEvent::read(event).unwrap();
        assert_eq!((event.call.verb, event.call.at), (Verb::Halt, Some(7)));
        let Viewer { theme, width, clock, read_only, .. } = event.viewer;
        assert_eq!((theme, width, clock.as_str(), read_only), (Theme::Dark, Some(588), "UTC-05", true));
        assert_eq!(event.form, Form { by: Some("Anna".to_owned()), ..Form::default() });
        assert_eq!(event.only, Some(OnlyRows::Person));
    }

    #[rstest]
    #[case(json!([]), "event: found [], expected an object")]
    #[case(json!({"dou": "window"}), "event")]
    #[case(json!({"do": "fly"}), "event.do: found \"fly\"")]
    #[case(json!({"estate": 3}), "event.estate: found 3")]
    #[case(json!({"only": "all"}), "params.only: found \"all\"")]
    #[case(json!({CONTEXT: {"forms": {"all": {"by": 3}}}}), "forms.by: found 3, expected a text")]
    #[case(json!({CONTEXT: {"forms": {"all": {"reason": "x".repeat(501)}}}}), "forms.reason: found 501 characters")]
    fn a_field_that_is_not_as_it_must_be_is_named(#[case] event: Value, #[case] expected: &str) {
        let error = WidgetEvent::read(event).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn whatever_is_asked_with_the_description_is_not_needed() {
        assert!(WidgetEvent::read(json!({"describe": true})).unwrap().describe);
    }
}
