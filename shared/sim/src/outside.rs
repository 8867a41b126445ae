//! The ports to the outside: messages, events, and time.

use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::ports::{AwsError, Clock, Notifier};
use watchkeeper_domain::message::Message;

use crate::kinds::outside::{PublishedEvent, SentMessage};
use crate::operation::Operation;
use crate::refusal::{CallRefusal, json};
use crate::region::SimRegion;
use crate::sleep::Sleep;

/// The longest subject of a message, in characters (SNS API reference, Publish).
const SUBJECT_MAX: usize = 100;

/// The largest message or event, in bytes (SNS and EventBridge quotas).
const TEXT_MAX: usize = 256 * 1024;

impl Notifier for SimRegion {
    async fn notify(&self, message: &Message) -> Result<String, AwsError> {
        let Message { subject, text, context } = message;
        self.ask(Operation::Publish, subject, |state| {
            let length = subject.chars().count();
            if !(1..=SUBJECT_MAX).contains(&length) || !subject.chars().all(|c| c.is_ascii() && !c.is_ascii_control()) {
                let expected = format!("1 to {SUBJECT_MAX} printable ASCII characters expected");
                return Err(CallRefusal::invalid(format!("subject of {length} characters, {expected}")));
            }
            fits(text)?;
            let (subject, text, context) = (subject.to_owned(), text.to_owned(), context.clone());
            state.outside.messages.push(SentMessage { at: state.now, subject, text, context });
            Ok(format!("message-{}", state.outside.messages.len()))
        })
        .await
    }

    async fn publish(&self, detail_type: &str, detail: &str) -> Result<String, AwsError> {
        self.ask(Operation::PutEvents, detail_type, |state| {
            fits(detail)?;
            let detail = json(detail)?;
            state.outside.events.push(PublishedEvent { at: state.now, detail_type: detail_type.to_owned(), detail });
            Ok(format!("event-{}", state.outside.events.len()))
        })
        .await
    }
}

impl Clock for SimRegion {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().checked_add(duration).unwrap_or(Timestamp::MAX);
        Sleep { sim: self, until }.await;
    }
}

fn fits(text: &str) -> Result<(), CallRefusal> {
    if (1..=TEXT_MAX).contains(&text.len()) {
        Ok(())
    } else {
        Err(CallRefusal::invalid(format!("{} bytes, expected 1 to {TEXT_MAX}", text.len())))
    }
}
