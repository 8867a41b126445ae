//! Queues and buses.

use std::time::Duration;

use watchkeeper_control::ports::AwsError;
use watchkeeper_control::unblock::ports::{DeadLetter, DeadLetters, EventBuses, MessageStamp};
use watchkeeper_domain::value::{Label, ResourceName};

use crate::kinds::pile::{BusEvent, QueuedMessage};
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::state::SimState;

/// How long nobody else sees a message that was received.
const UNSEEN: Duration = Duration::from_mins(2);

impl DeadLetters for SimRegion {
    async fn waiting(&self, queue: &ResourceName) -> Result<u64, AwsError> {
        self.ask(Operation::GetQueueAttributes, queue, |state| {
            let now = state.now;
            Ok(lying(state, queue)?.iter().filter(|lying| lying.visible <= now).count() as u64)
        })
        .await
    }

    async fn receive(&self, queue: &ResourceName, most: u32) -> Result<Vec<DeadLetter>, AwsError> {
        self.ask(Operation::ReceiveMessage, queue, |state| {
            let (now, number) = (state.now, state.pile.numbered);
            let mut received = Vec::new();
            for lying in lying(state, queue)?.iter_mut().filter(|lying| lying.visible <= now).take(most as usize) {
                lying.visible = now + UNSEEN;
                lying.letter.receipt = format!("{}-{number}", lying.letter.id);
                received.push(lying.letter.clone());
            }
            state.pile.numbered += 1;
            Ok(received)
        })
        .await
    }

    async fn send(&self, queue: &ResourceName, letter: &DeadLetter, stamp: &MessageStamp) -> Result<(), AwsError> {
        self.ask(Operation::SendMessage, queue, |state| {
            let mut sent = DeadLetter { receipt: String::new(), source: None, ..letter.clone() };
            match stamp {
                MessageStamp::Returns(returns) => sent.stamps.returns = Some(returns.to_string()),
                MessageStamp::Parked(why) => sent.stamps.parked = Some(why.clone()),
            }
            state.pile.numbered += 1;
            sent.id = format!("{}+", letter.id);
            let visible = state.now;
            lying(state, queue)?.push(QueuedMessage { letter: sent, visible });
            Ok(())
        })
        .await
    }

    async fn remove(&self, queue: &ResourceName, letter: &DeadLetter) -> Result<(), AwsError> {
        self.ask(Operation::DeleteMessage, queue, |state| {
            lying(state, queue)?.retain(|lying| lying.letter.receipt != letter.receipt);
            Ok(())
        })
        .await
    }
}

fn lying<'s>(state: &'s mut SimState, queue: &ResourceName) -> Result<&'s mut Vec<QueuedMessage>, CallRefusal> {
    state.pile.queues.get_mut(queue.as_str()).ok_or_else(|| CallRefusal::not_found(queue))
}

impl EventBuses for SimRegion {
    async fn emit(&self, bus: &ResourceName, source: &Label, detail_type: &str, detail: &str) -> Result<(), AwsError> {
        self.ask(Operation::PutEvents, bus, |state| {
            let read = |error: serde_json::Error| CallRefusal::invalid(format!("JSON expected: {error}"));
            let (bus, source) = (bus.to_string(), source.to_string());
            let detail = serde_json::from_str(detail).map_err(read)?;
            let event = BusEvent { bus: bus.clone(), source, detail_type: detail_type.to_owned(), detail };
            state.pile.buses.get_mut(&bus).ok_or_else(|| CallRefusal::not_found(&bus))?.push(event);
            Ok(())
        })
        .await
    }
}
