//! The form of a custom notification of Amazon Q Developer in chat applications (its administrator guide, "Custom notifications",
//! event schema and parameter details), and the event that a custom action makes of one.

use std::collections::BTreeMap;

use serde_json::Value;

/// The fields of each part, and of which kind each is.
const EVENT: [(&str, Kind); 5] = [
    ("version", Kind::Word("1.0")),
    ("source", Kind::Word("custom")),
    ("id", Kind::Text),
    ("content", Kind::Object),
    ("metadata", Kind::Object),
];
const CONTENT: [(&str, Kind); 5] = [
    ("textType", Kind::Word("client-markdown")),
    ("title", Kind::Text),
    ("description", Kind::Text),
    ("nextSteps", Kind::Texts),
    ("keywords", Kind::Texts),
];
const METADATA: [(&str, Kind); 5] = [
    ("threadId", Kind::Text),
    ("summary", Kind::Text),
    ("eventType", Kind::Text),
    ("relatedResources", Kind::Texts),
    ("additionalContext", Kind::Named),
];

#[derive(Clone, Copy)]
enum Kind {
    Word(&'static str),
    Text,
    Texts,
    Named,
    Object,
}

/// What is not as the guide has it, each with its place.
pub fn notification_flaws(found: &Value) -> Vec<String> {
    let mut flaws = of_part("", found, &EVENT, &["version", "source", "content"]);
    flaws.extend(of_part("content.", &found["content"], &CONTENT, &["description"]));
    if found.get("metadata").is_some() {
        flaws.extend(of_part("metadata.", &found["metadata"], &METADATA, &[]));
    }
    flaws
}

fn of_part(place: &str, part: &Value, known: &[(&str, Kind)], required: &[&str]) -> Vec<String> {
    let Some(fields) = part.as_object() else { return vec![format!("{place}: found {part}, expected an object")] };
    let missing = required.iter().filter(|name| !fields.contains_key(**name));
    let mut flaws: Vec<String> = missing.map(|name| format!("{place}{name}: found nothing")).collect();
    for (name, value) in fields {
        match known.iter().find(|(field, _)| field == name) {
            None => flaws.push(format!("{place}{name}: no such field")),
            Some((_, kind)) if !kind.fits(value) => flaws.push(format!("{place}{name}: found {value}")),
            Some(_) => {}
        }
    }
    flaws
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        match self {
            Self::Word(word) => value == word,
            Self::Text => text(value),
            Self::Texts => value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(text)),
            Self::Named => value.as_object().is_some_and(|all| all.values().all(text)),
            Self::Object => value.is_object(),
        }
    }
}

/// The payload of a custom action's command, as a button below `notification` sends it: its variables are taken out of that.
/// Nothing where its criteria leave the button out.
///
/// # Errors
/// What of the action is not as the template reference of `AWS::Chatbot::CustomAction` has it.
pub fn pressed(action: &Value, notification: &Value) -> Result<Option<Value>, String> {
    let attachment = &action["Attachments"][0];
    let variables = attachment["Variables"].as_object().ok_or("Variables: found none")?;
    let mut values = BTreeMap::new();
    for (variable, path) in variables {
        let path = path.as_str().and_then(|path| path.strip_prefix("event."));
        let path = path.ok_or_else(|| format!("{variable}: expected a path that begins with event."))?;
        let value = notification.pointer(&format!("/{}", path.replace('.', "/"))).and_then(Value::as_str);
        values.insert(variable.as_str(), value);
    }
    for criterion in attachment["Criteria"].as_array().into_iter().flatten() {
        if criterion["Operator"] != "HAS_VALUE" {
            return Err(format!("Operator: found {}, expected HAS_VALUE", criterion["Operator"]));
        }
        let variable = criterion["VariableName"].as_str().unwrap_or_default();
        match values.get(variable) {
            None => return Err(format!("VariableName: found {variable:?}, expected one of {:?}", values.keys())),
            Some(None) => return Ok(None),
            Some(Some(_)) => {}
        }
    }
    let command = action["Definition"]["CommandText"].as_str().unwrap_or_default();
    let (_, payload) = command.split_once("--payload ").ok_or("CommandText: expected --payload")?;
    let mut payload = payload.to_owned();
    for (variable, value) in &values {
        payload = payload.replace(&format!("${variable}"), value.unwrap_or_default());
    }
    serde_json::from_str(&payload).map(Some).map_err(|error| format!("the payload {payload}: {error}"))
}

/// The custom actions of a page: the properties of each, out of its block of CloudFormation.
///
/// # Errors
/// That the page has no such block.
pub fn paper_actions(page: &str) -> Result<Vec<Value>, String> {
    let blocks = page.split("```json\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let mut blocks = blocks.filter_map(|block| serde_json::from_str::<Value>(block).ok());
    let found = blocks.find(|block| block.to_string().contains("AWS::Chatbot::CustomAction"));
    let resources = found.as_ref().and_then(|block| block["Resources"].as_object());
    let resources = resources.ok_or("the page has no block of custom actions")?;
    Ok(resources.values().map(|resource| resource["Properties"].clone()).collect())
}
