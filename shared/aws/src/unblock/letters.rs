//! Dead letters in SQS queues: received, sent again with our stamp, and removed.

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::operation::send_message::SendMessageError;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};
use aws_smithy_types::Blob;
use watchkeeper_control::ports::AwsError;
use watchkeeper_control::unblock::ports::{DeadLetter, DeadLetters, MessageAttribute, MessageStamp};
use watchkeeper_domain::unblock::LetterStamps;
use watchkeeper_domain::value::ResourceName;

use super::AwsUnblockSources;
use crate::fault::{failed, odd};
use crate::once::ThrottleOnlyRetry;

/// How often a message was sent again by us.
const RETURNS: &str = "watchkeeper-returns";
/// Why a message is parked.
const PARKED: &str = "watchkeeper-parked";

/// How long nobody else sees a message that was received, in seconds: longer than a slice works.
const UNSEEN: i32 = 120;
/// How long to wait for a message, in seconds: with any wait at all SQS asks all its servers, so that none means none
/// (Amazon SQS developer guide, short and long polling); less than an attempt of a call may take.
const WAIT: i32 = 1;

impl DeadLetters for AwsUnblockSources {
    async fn waiting(&self, queue: &ResourceName) -> Result<u64, AwsError> {
        const OPERATION: &str = "GetQueueAttributes";
        let wanted = QueueAttributeName::ApproximateNumberOfMessages;
        let call = self.sqs.get_queue_attributes().queue_url(self.url(queue).await?).attribute_names(wanted.clone());
        let answer = call.send().await.map_err(|error| failed(OPERATION, queue, error))?;
        let found = answer.attributes().and_then(|all| all.get(&wanted)).map(String::as_str);
        let number = found.and_then(|text| text.parse().ok());
        number.ok_or_else(|| odd(OPERATION, queue, format!("{wanted:?}: found {found:?}, expected a number")))
    }

    async fn receive(&self, queue: &ResourceName, most: u32) -> Result<Vec<DeadLetter>, AwsError> {
        let call = self.sqs.receive_message().queue_url(self.url(queue).await?).visibility_timeout(UNSEEN);
        let call = call.max_number_of_messages(i32::try_from(most).unwrap_or(1)).wait_time_seconds(WAIT);
        let call = call.message_attribute_names("All");
        let call = call.message_system_attribute_names(MessageSystemAttributeName::MessageGroupId);
        let call = call.message_system_attribute_names(MessageSystemAttributeName::DeadLetterQueueSourceArn);
        let answer = call.send().await.map_err(|error| failed("ReceiveMessage", queue, error))?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(read).collect())
    }

    async fn send(&self, queue: &ResourceName, letter: &DeadLetter, stamp: &MessageStamp) -> Result<(), AwsError> {
        let stamps = stamped(&letter.stamps, stamp);
        let call = self.sqs.send_message().queue_url(self.url(queue).await?).message_body(&letter.body);
        let attributes = attributes(letter, &stamps).map_err(|what| odd("SendMessage", queue, what))?;
        let call = call.set_message_attributes(Some(attributes)).set_message_group_id(letter.group.clone());
        let call = call.set_message_deduplication_id(deduplication(queue, letter, &stamps));
        let sent = if queue.is_fifo() {
            call.send().await
        } else {
            call.customize()
                .config_override(Builder::new().retry_classifier(ThrottleOnlyRetry::<SendMessageError>::new()))
                .send()
                .await
        };
        sent.map_err(|error| failed("SendMessage", queue, error))?;
        Ok(())
    }

    async fn remove(&self, queue: &ResourceName, letter: &DeadLetter) -> Result<(), AwsError> {
        let call = self.sqs.delete_message().queue_url(self.url(queue).await?).receipt_handle(&letter.receipt);
        call.send().await.map_err(|error| failed("DeleteMessage", queue, error))?;
        Ok(())
    }
}

impl AwsUnblockSources {
    async fn url(&self, queue: &ResourceName) -> Result<String, AwsError> {
        let known = self.urls.lock().unwrap_or_else(PoisonError::into_inner).get(queue.as_str()).cloned();
        if let Some(url) = known {
            return Ok(url);
        }
        let answer = self.sqs.get_queue_url().queue_name(queue.as_str()).send().await;
        let answer = answer.map_err(|error| failed("GetQueueUrl", queue, error))?;
        let url = answer.queue_url().unwrap_or_default().to_owned();
        self.urls.lock().unwrap_or_else(PoisonError::into_inner).insert(queue.to_string(), url.clone());
        Ok(url)
    }
}

/// In a queue that keeps an order, the same step taken twice within five minutes is one message. Other queues have groups,
/// too, and refuse the id (Amazon SQS API reference, `SendMessage`: it applies only to FIFO queues).
fn deduplication(queue: &ResourceName, letter: &DeadLetter, stamps: &LetterStamps) -> Option<String> {
    queue.is_fifo().then(|| format!("{}-{}", letter.id, stamps.returns.as_deref().unwrap_or_default()))
}

/// The name at the end of a queue's ARN.
fn queue_name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn read(message: Message) -> DeadLetter {
    let system = |name| message.attributes().and_then(|all| all.get(&name)).cloned();
    let group = system(MessageSystemAttributeName::MessageGroupId);
    let source = system(MessageSystemAttributeName::DeadLetterQueueSourceArn).map(|arn| queue_name(&arn).to_owned());
    let mut stamps = LetterStamps::default();
    let mut attributes = BTreeMap::new();
    for (name, value) in message.message_attributes.unwrap_or_default() {
        match name.as_str() {
            RETURNS => stamps.returns = value.string_value,
            PARKED => stamps.parked = value.string_value,
            _ => {
                attributes.insert(name, attribute(value));
            }
        }
    }
    stamps.others = attributes.len();
    DeadLetter {
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        attributes,
        stamps,
        group,
        source,
    }
}

fn attribute(found: MessageAttributeValue) -> MessageAttribute {
    let kind = found.data_type;
    match found.binary_value {
        Some(bytes) => MessageAttribute::Binary { kind, value: bytes.into_inner() },
        None => MessageAttribute::Text { kind, value: found.string_value.unwrap_or_default() },
    }
}

fn stamped(before: &LetterStamps, stamp: &MessageStamp) -> LetterStamps {
    let mut stamps = before.clone();
    match stamp {
        MessageStamp::Returns(returns) => stamps.returns = Some(returns.to_string()),
        MessageStamp::Parked(why) => stamps.parked = Some(why.clone()),
    }
    stamps
}

fn attributes(letter: &DeadLetter, stamps: &LetterStamps) -> Result<HashMap<String, MessageAttributeValue>, String> {
    let text = |kind: &str, value: &str| MessageAttributeValue::builder().data_type(kind).string_value(value);
    let mut all = HashMap::new();
    for (name, attribute) in &letter.attributes {
        let value = match attribute {
            MessageAttribute::Text { kind, value } => text(kind, value),
            MessageAttribute::Binary { kind, value } => {
                MessageAttributeValue::builder().data_type(kind).binary_value(Blob::new(value.clone()))
            }
        };
        all.insert(name.clone(), value);
    }
    all.extend(stamps.returns.as_ref().map(|returns| (RETURNS.to_owned(), text("Number", returns))));
    all.extend(stamps.parked.as_ref().map(|why| (PARKED.to_owned(), text("String", why))));
    all.into_iter().map(|(name, value)| Ok((name, value.build().map_err(|error| error.to_string())?))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn message() -> Message {
        let text = |kind: &str, value: &str| {
            MessageAttributeValue::builder().data_type(kind).string_value(value).build().unwrap()
        };
        let bytes = MessageAttributeValue::builder().data_type("Binary.png").binary_value(Blob::new([1, 2]));
        Message::builder()
            .message_id("m-1")
            .receipt_handle("r-1")
            .body("{}")
            .message_attributes("trace", text("String.custom", "abc"))
            .message_attributes("picture", bytes.build().unwrap())
            .message_attributes(RETURNS, text("Number", "2"))
            .attributes(MessageSystemAttributeName::MessageGroupId, "pod-1")
            .attributes(
                MessageSystemAttributeName::DeadLetterQueueSourceArn,
                "arn:aws-cn:sqs:cn-north-1:123456789012:orders",
            )
            .build()
    }

    #[test]
    fn only_a_queue_that_keeps_an_order_gets_an_id_against_doubles() {
        let letter = read(message());
        assert_eq!(letter.group.as_deref(), Some("pod-1"), "a group that a queue of either kind may have");
        let id = |queue: &str| deduplication(&queue.parse().unwrap(), &letter, &letter.stamps);
        assert_eq!(id("orders.fifo").as_deref(), Some("m-1-2"));
        assert_eq!(id("orders"), None);
        assert_eq!(id("fifo"), None);
    }

    #[test]
    fn a_message_keeps_what_its_sender_gave_it_and_our_stamps_are_apart() {
        let letter = read(message());
        assert_eq!(letter.stamps, LetterStamps { returns: Some("2".to_owned()), parked: None, others: 2 });
        assert_eq!((letter.group.as_deref(), letter.source.as_deref()), (Some("pod-1"), Some("orders")));
        let picture = MessageAttribute::Binary { kind: "Binary.png".to_owned(), value: vec![1, 2] };
        assert_eq!(letter.attributes["picture"], picture);
        let again = attributes(&letter, &stamped(&letter.stamps, &MessageStamp::Returns(3))).unwrap();
        let Message { message_attributes, .. } = message();
        for (name, value) in message_attributes.unwrap() {
            if name == RETURNS {
                assert_eq!(again[&name].string_value(), Some("3"));
            } else {
                assert_eq!(again[&name], value);
            }
        }
    }

    #[test]
    fn a_parked_message_says_why_and_how_often_it_came_back() {
        let letter = read(message());
        let parked = attributes(&letter, &stamped(&letter.stamps, &MessageStamp::Parked("poison".to_owned()))).unwrap();
        assert_eq!(parked[PARKED].string_value(), Some("poison"));
        assert_eq!(parked[RETURNS].string_value(), Some("2"));
    }
}
