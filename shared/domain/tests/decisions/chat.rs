//! Messages as a chat takes them.

#![allow(clippy::unwrap_used)]
use jiff::Timestamp;
use rstest::rstest;
use serde_json::Value;
use watchkeeper_domain::emergency::{ask, question_mark};
use watchkeeper_domain::execution::parent_of;
use watchkeeper_domain::message::{ChatNotification, ChatTopic, Machine, MachineStart, Message, MessageContext};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::run::RunRef;

const RUN: &str = "clos-v2-prod-surge-20261120T180000Z";

fn scope() -> Scope {
    Scope {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: Region::new("us-east-1").unwrap(),
    }
}

fn topic() -> ChatTopic {
    "arn:aws:sns:us-east-1:123456789012:watchkeeper-chat".parse().unwrap()
}

fn sent(message: &Message) -> Value {
    serde_json::to_value(ChatNotification::of(message, &topic())).unwrap()
}

fn question() -> Message {
    let until = Timestamp::from_second(1_795_200_000).unwrap();
    ask(
        &RunRef::new(scope(), RUN),
        "surge",
        "5xx is in ALARM",
        "4 writes to make it at surge\n",
        "AQCEAAAAKgAAAAM",
        until,
    )
}

#[test]
fn a_question_has_what_answers_it_and_not_the_token() {
    let found = sent(&question());
    insta::assert_snapshot!(serde_json::to_string_pretty(&found).unwrap());
    assert!(question().text.contains("AQCEAAAAKgAAAAM") && !found.to_string().contains("AQCEAAAAKgAAAAM"));
    assert_eq!(
        found["metadata"]["additionalContext"]["Question"],
        question_mark("5xx is in ALARM", "4 writes to make it at surge\n")
    );
}

#[test]
fn a_message_has_the_exact_command_for_what_can_be_started() {
    let input = r#"{"estate": "clos-v2", "reason": "Anna's"}"#;
    let there = MachineStart {
        region: Some(Region::new("us-west-2").unwrap()),
        ..MachineStart::new("To go on", Machine::Failover, input)
    };
    let context = MessageContext::of_run(&scope(), RUN).with_codes(["quota", "quota"]).with_starts([there]);
    let found = sent(&Message::new("clos-v2 prod: held", "text").with(context));
    assert_eq!(
        found["content"]["nextSteps"][0],
        "To go on: `aws stepfunctions start-execution --region us-west-2 --state-machine-arn \
         arn:aws:states:us-west-2:123456789012:stateMachine:watchkeeper-failover --input '{\"estate\": \"clos-v2\", \"reason\": \
         \"Anna'\\''s\"}'`"
    );
    assert_eq!(found["content"]["keywords"], serde_json::json!(["clos-v2", "prod", "us-east-1", "quota"]));
    assert_eq!(found["metadata"]["threadId"], RUN);
}

#[test]
fn a_message_of_which_no_more_is_known_has_nothing_that_is_empty() {
    let found = sent(&Message::new("us-east-1: 3 executions failed", "text"));
    insta::assert_snapshot!(found.to_string());
}

#[test]
fn what_anybody_wrote_is_no_link_and_no_mention() {
    let found = sent(&Message::new("<!channel> & @here", "see <https://x|y>, @channel; anna@example.com"));
    assert_eq!(found["content"]["title"], "&lt;!channel&gt; &amp; @\u{2060}here");
    assert_eq!(found["content"]["description"], "see &lt;https://x|y&gt;, @\u{2060}channel; anna@example.com");
}

#[test]
fn a_text_and_a_command_that_are_too_long_say_where_they_are_whole() {
    let long = MachineStart::new("To go on", Machine::Backup, "x".repeat(2000));
    let context = MessageContext::about(&scope()).with_starts([long]);
    let found = sent(&Message::new("s", "ä".repeat(9000)).with(context));
    let description = found["content"]["description"].as_str().unwrap();
    assert!(description.chars().count() < 2700 && description.ends_with("the message on the topic TopicArn is whole)"));
    assert_eq!(
        found["content"]["nextSteps"][0],
        "To go on: the command is too long for a chat; the message on the topic TopicArn has it."
    );
}

#[rstest]
#[case("clos-v2-prod-surge-20261120T180000Z-apply-1", "clos-v2-prod-surge-20261120T180000Z")]
#[case("shop-prod-failover-20261120T180000Z-wave-12", "shop-prod-failover-20261120T180000Z")]
#[case("shop-prod-20261120T180000Z-move-1", "shop-prod-20261120T180000Z")]
#[case("clos-v2-dev-20261120T180000Z", "clos-v2-dev-20261120T180000Z")]
#[case("by-hand-1", "by-hand-1")]
#[case("apply-1", "apply-1")]
fn a_child_stands_in_the_thread_of_the_execution_that_started_it(#[case] name: &str, #[case] thread: &str) {
    assert_eq!(parent_of(name), thread);
}

#[rstest]
#[case("")]
#[case("watchkeeper-chat")]
#[case("arn:aws:sns:us-east-1:123456789012:watchkeeper-Topic-0123")]
#[case("arn:aws:sns:us-east-1:123456789012:-chat")]
#[case("arn:aws:sqs:us-east-1:123456789012:watchkeeper-chat")]
fn what_is_no_topic_for_chats_is_named(#[case] arn: &str) {
    let error = arn.parse::<ChatTopic>().unwrap_err().to_string();
    assert_eq!(error, format!("found {arn:?}, expected arn:PARTITION:sns:REGION:ACCOUNT:STACK-chat"));
}
