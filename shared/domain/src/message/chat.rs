//! A message as Amazon Q Developer in chat applications takes it: a custom notification (its administrator guide, "Custom
//! notifications": `version`, `source`, `content` and `metadata`).

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{ChatTopic, Message, MessageContext};
use crate::execution::parent_of;

/// The most of a text that is shown, in characters. No page of the guide that could be read gives a limit; Slack cuts a text of a
/// message's block at 3,000 (Slack API, block kit, section), and escapes need room.
const TEXT_MAX: usize = 2500;

/// The longest command that is shown, in characters, for the same reason: one that is cut would do something else.
const COMMAND_MAX: usize = 1500;

/// A custom notification. What is empty is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChatNotification {
    version: &'static str,
    source: &'static str,
    content: ChatContent,
    metadata: ChatMetadata,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatContent {
    text_type: &'static str,
    title: String,
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next_steps: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    summary: String,
    event_type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_resources: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    additional_context: BTreeMap<&'static str, String>,
}

impl ChatNotification {
    /// The notification of a message, as the topic of this stack carries it.
    pub fn of(message: &Message, topic: &ChatTopic) -> Self {
        let Message { subject, text, context } = message;
        // The text of a question has the token that answers it: whoever reads a channel need not hold it.
        let text = context.question.as_ref().map_or(text, |question| &question.asked);
        let title = plain(subject, usize::MAX);
        Self {
            version: "1.0",
            source: "custom",
            content: ChatContent {
                text_type: "client-markdown",
                title: title.clone(),
                description: plain(text, TEXT_MAX),
                next_steps: steps(message, topic),
                keywords: keywords(context),
            },
            metadata: ChatMetadata {
                // What a child tells stands in the thread of the execution that started it.
                thread_id: context.run.as_deref().map(|run| parent_of(run).to_owned()),
                summary: title,
                event_type: if context.question.is_some() { "WatchkeeperQuestion" } else { "WatchkeeperMessage" },
                related_resources: context.run.iter().cloned().collect(),
                additional_context: additional(context),
            },
        }
    }
}

/// What can be done, each with its exact command.
fn steps(message: &Message, topic: &ChatTopic) -> Vec<String> {
    let answers = message.context.question.iter().flat_map(|question| {
        let answer = |word: &str, approved| Some((format!("To {word}"), topic.answer(&message.context, approved)?));
        let window = format!("Answer until {} in the operator's window, or here", question.until);
        let answers = [answer("approve", true), answer("refuse", false)].into_iter().flatten();
        std::iter::once((window, None)).chain(answers.map(|(purpose, command)| (purpose, Some(command))))
    });
    let starts = message.context.starts.iter().map(|start| (start.purpose.clone(), Some(topic.start(start))));
    let step = |(purpose, command): (String, Option<String>)| match command {
        None => plain(&purpose, TEXT_MAX),
        Some(command) if command.chars().count() > COMMAND_MAX => {
            format!(
                "{}: the command is too long for a chat; the message on the topic TopicArn has it.",
                plain(&purpose, TEXT_MAX)
            )
        }
        Some(command) => format!("{}: `{}`", plain(&purpose, TEXT_MAX), escaped(&command)),
    };
    answers.chain(starts).map(step).collect()
}

fn keywords(context: &MessageContext) -> Vec<String> {
    let scope = context.scope.iter();
    let names = scope.flat_map(|it| [it.estate.to_string(), it.environment.to_string(), it.region.to_string()]);
    names.chain(context.codes.iter().cloned()).collect()
}

/// What custom actions take their variables from. A button with a criterion on `Question` stands below questions alone.
fn additional(context: &MessageContext) -> BTreeMap<&'static str, String> {
    let mut all = BTreeMap::new();
    if let Some(scope) = &context.scope {
        all.insert("Estate", scope.estate.to_string());
        all.insert("Environment", scope.environment.to_string());
    }
    all.extend(context.run.clone().map(|run| ("Execution", run)));
    if let Some(question) = &context.question {
        all.insert("Question", question.mark.clone());
    }
    all
}

/// Text of anybody, as it is shown and as nothing else: no link, no mention, at most so long.
fn plain(text: &str, max: usize) -> String {
    let mut shown: String = text.trim().chars().take(max).collect();
    if text.trim().chars().count() > max {
        shown.push_str("\n… (cut here: the message on the topic TopicArn is whole)");
    }
    let mut before = ' ';
    let mut all = String::with_capacity(shown.len());
    for c in escaped(&shown).chars() {
        all.push(c);
        // A mention begins with it (administrator guide, "Custom notifications", its samples); a word joiner ends that.
        if c == '@' && !before.is_alphanumeric() {
            all.push('\u{2060}');
        }
        before = c;
    }
    all
}

/// The three characters by which a chat knows links and mentions (Slack API, "Formatting text for app surfaces", escaping).
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl fmt::Display for ChatNotification {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
