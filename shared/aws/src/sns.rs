//! The topic that people listen to.

use std::borrow::Cow;

use aws_config::SdkConfig;
use aws_sdk_sns::operation::publish::PublishError;
use watchkeeper_control::ports::AwsError;

use crate::fault::failed;
use crate::once::ThrottleOnlyRetry;

/// The longest subject, in bytes (SNS API reference: less than 100 characters long; bytes are the safe side of that).
const SUBJECT_MAX: usize = 99;

/// The longest text, in bytes (SNS API reference: 256 KiB with attributes), with room for the rest of the message.
const TEXT_MAX: usize = 250 * 1024;

/// What a text that was cut ends with.
const CUT: &str = "\n[cut]";

/// One SNS topic.
#[derive(Debug, Clone)]
pub struct SnsTopic {
    client: aws_sdk_sns::Client,
    arn: String,
}

impl SnsTopic {
    /// The topic with this ARN.
    pub fn new(config: &SdkConfig, arn: impl Into<String>) -> Self {
        let config = aws_sdk_sns::config::Builder::from(config)
            .retry_classifier(ThrottleOnlyRetry::<PublishError>::new())
            .build();
        Self { client: aws_sdk_sns::Client::from_conf(config), arn: arn.into() }
    }

    /// Sends a message that a person reads, and returns the id that SNS gives it.
    ///
    /// # Errors
    /// [`AwsError`] when SNS did not take it.
    pub async fn send(&self, subject: &str, text: &str) -> Result<String, AwsError> {
        let call = self.client.publish().topic_arn(&self.arn).subject(line(subject)).message(body(text));
        let answer = call.send().await.map_err(|error| failed("Publish", &self.arn, error))?;
        Ok(answer.message_id.unwrap_or_default())
    }
}

/// A subject as SNS takes it: one line without control characters, and not too long.
fn line(subject: &str) -> String {
    let printable: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(printable.trim(), SUBJECT_MAX).trim_end().to_owned()
}

/// A text as SNS takes it: not empty and not too long.
fn body(text: &str) -> Cow<'_, str> {
    match text {
        "" => Cow::Borrowed("(no text)"),
        text if text.len() <= TEXT_MAX => Cow::Borrowed(text),
        text => Cow::Owned(format!("{}{CUT}", cut(text, TEXT_MAX - CUT.len()))),
    }
}

/// The longest beginning of `text` that has at most `max` bytes and ends between two characters.
fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_that_fits() {
        assert_eq!(line("clos-v2 dev: asleep"), "clos-v2 dev: asleep");
        assert_eq!(line("\ta\r\nb "), "a  b");
        assert_eq!(line(&"x".repeat(120)).len(), SUBJECT_MAX);
        assert_eq!(line(&"é".repeat(60)), "é".repeat(49));
    }

    #[test]
    fn a_text_that_is_too_long_says_that_it_was_cut() {
        assert_eq!(body("as it is"), "as it is");
        assert_eq!(body(""), "(no text)");
        let long = "ä".repeat(TEXT_MAX);
        let sent = body(&long);
        assert!(sent.len() <= TEXT_MAX && sent.ends_with(CUT), "{}", sent.len());
    }
}
