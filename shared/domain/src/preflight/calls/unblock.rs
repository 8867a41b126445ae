//! What is stuck: what `daily-unblock` reads and frees.

use super::is_managed;
use crate::preflight::{PreflightCase, SimulatedCalls, places, queues, tables};

const FUNCTION: &str = "DailyUnblock";

pub(super) fn add(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    for (name, need) in case.wanted.tables.iter().filter(|(_, need)| need.tagged) {
        let Some(Ok(Some(table))) = case.facts.tables.get(name) else { continue };
        if let Some(tags) = table.tags.as_ref().ok().filter(|tags| need.tagged && is_managed(tags)) {
            let actions = ["dynamodb:Scan", "dynamodb:GetItem", "dynamodb:UpdateItem"];
            let call = case.call(FUNCTION, &actions, format!("table {name}"), tables::arn(case, name));
            calls.push(call.tagged(tags));
        }
    }
    for bus in &case.wanted.buses {
        let Some(Ok(Some(Ok(tags)))) = case.facts.buses.get(bus) else { continue };
        if is_managed(tags) {
            let (subject, arn) = (format!("event bus {bus}"), places::bus_arn(case, bus));
            calls.push(case.call(FUNCTION, &["events:PutEvents"], subject, arn).tagged(tags));
        }
    }
    for name in case.wanted.queues.keys() {
        let Some(Ok(Some(queue))) = case.facts.queues.get(name) else { continue };
        if let Some(tags) = queue.tags.as_ref().ok().filter(|tags| is_managed(tags)) {
            let actions = ["sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:DeleteMessage"];
            let call = case.call(FUNCTION, &actions, format!("queue {name}"), queues::arn(case, name));
            calls.push(call.tagged(tags));
        }
    }
}
