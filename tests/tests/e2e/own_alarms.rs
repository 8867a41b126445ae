//! Our own failures that no run can tell: from the failure to the message that a person gets. The table in `functions/README.md`
//! says which alarm is there for which.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_tests::estate::{SiteError, awaited};
use watchkeeper_tests::harness::{DeployedStack, NotificationMessage};
use watchkeeper_tests::sandbox::{EmulatorSettings, FaultKind, FaultOrder, PostedMetric};

use crate::failover;
use crate::field::{Plot, play};

/// The period of these alarms.
const PERIOD: SignedDuration = SignedDuration::from_mins(5);

async fn evaluate(stack: &DeployedStack, alarms: bool) {
    let evaluated = EmulatorSettings { alarm_evaluation: Some(alarms), ..EmulatorSettings::default() };
    stack.control().change(&evaluated).await.unwrap();
}

/// Posts a figure as AWS itself does.
async fn post(
    stack: &DeployedStack,
    namespace: &str,
    (metric, dimension, of): (&str, &str, &str),
    value: f64,
    at: Timestamp,
) {
    let dimensions = BTreeMap::from([(dimension.to_owned(), of.to_owned())]);
    let posted = PostedMetric { name: metric.to_owned(), dimensions, value, at: Some(at) };
    stack.control().put_metrics(stack.region().as_str(), namespace, &[posted]).await.unwrap();
}

/// A message of an alarm that went into a state.
async fn told(stack: &DeployedStack, alarm: &'static str, state: &'static str) {
    let of_it = |letter: &NotificationMessage| letter.subject.starts_with(state) && letter.subject.contains(alarm);
    stack.notifications().letters_until(of_it).await.unwrap();
}

/// Leaves nothing to the next test.
async fn over(stack: &DeployedStack) {
    evaluate(stack, false).await;
    stack.notifications().letters().await.unwrap();
}

#[test]
fn what_a_schedule_calls_in_vain_lies_in_the_dead_letters_and_a_person_is_told() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let stack = plot.stack;
        let sqs = aws_sdk_sqs::Client::new(&harness.sandbox().sdk_config(stack.region().as_str()));
        let queue = stack.outputs().get("DeadLetterQueueUrl").unwrap();
        let depth = async || {
            let asked = sqs.get_queue_attributes().queue_url(queue);
            let asked = asked.attribute_names(QueueAttributeName::ApproximateNumberOfMessages).send().await.unwrap();
            let found = asked.attributes().and_then(|all| all.get(&QueueAttributeName::ApproximateNumberOfMessages));
            found.unwrap().parse::<f64>().unwrap()
        };
        sqs.purge_queue().queue_url(queue).send().await.unwrap();
        let silent = FaultOrder { times: None, ..FaultOrder::new("dynamodb", "*", FaultKind::Error) };
        stack.control().order(&silent).await.unwrap();
        stack.tell_failures().await.unwrap();
        let waits = awaited("a dead letter", async || {
            let waiting = depth().await;
            Ok::<_, SiteError>((waiting > 0.0).then_some(waiting))
        });
        let waiting = waits.await.unwrap();
        stack.control().clear_faults().await.unwrap();

        let name = queue.rsplit('/').next().unwrap();
        let now = stack.control().now().await.unwrap();
        post(stack, "AWS/SQS", ("ApproximateNumberOfMessagesVisible", "QueueName", name), waiting, now).await;
        stack.pass(SignedDuration::from_mins(1)).await.unwrap();
        evaluate(stack, true).await;
        told(stack, "DeadLettersWaiting", "ALARM").await;
        over(stack).await;
        sqs.purge_queue().queue_url(queue).send().await.unwrap();
    });
}

/// An alarm on a function that is not called any more: calm while it is, and told once it was not for its time, and once it is again.
/// CloudWatch looks a few periods further back than it evaluates, for figures that come late.
async fn missed(stack: &DeployedStack, function: &str, alarm: &'static str, period: SignedDuration, periods: i32) {
    let arn = stack.outputs().get(function).unwrap();
    let invocations = ("Invocations", "FunctionName", arn.rsplit(':').next().unwrap());
    let now = stack.control().now().await.unwrap();
    for before in 0..=periods {
        post(stack, "AWS/Lambda", invocations, 1.0, now - period * before).await;
    }
    stack.pass(SignedDuration::from_mins(1)).await.unwrap();
    evaluate(stack, true).await;
    told(stack, alarm, "OK").await;

    stack.pass(period * (periods + 3)).await.unwrap();
    told(stack, alarm, "ALARM").await;
    post(stack, "AWS/Lambda", invocations, 1.0, stack.control().now().await.unwrap()).await;
    stack.pass(SignedDuration::from_mins(1)).await.unwrap();
    told(stack, alarm, "OK").await;
    over(stack).await;
}

#[test]
fn a_schedule_that_stays_away_for_a_quarter_of_an_hour_is_told_and_so_is_its_return() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        missed(plot.stack, "TickFunction", "TickMissing", PERIOD, 3).await;
    });
}

#[test]
fn a_watch_over_a_pair_that_stays_away_for_five_minutes_is_told_and_so_is_its_return() {
    failover::field::play(async |harness| {
        let scene = failover::field::Scene::fresh(harness, "fleet-orchestration").await;
        missed(scene.standby, "FailoverFunction", "WatchMissing", SignedDuration::from_mins(1), 5).await;
    });
}
