//! Queues that do not take what is sent.

use serde_json::json;
use watchkeeper_aws::clients::ATTEMPTS;
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};

use crate::unblock::field::{Ground, play};

#[test]
fn a_message_is_never_lost_between_two_queues() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        let (queue, dead) = (ground.queue().queue.as_str(), ground.queue().dead_letters.as_str());
        for n in 0..12 {
            ground.fixtures.fail(ground.queue(), &format!("letter-{n}"), &[]).await.unwrap();
        }
        ground.stack.at(ground.due).await.unwrap();
        // One cannot be sent, and one cannot be removed after it was sent.
        for (operation, attempts) in [("SendMessage", 1), ("DeleteMessage", ATTEMPTS)] {
            // Every attempt of the call fails; a message that was perhaps sent is not sent a second time by itself.
            let fault =
                FaultOrder { skip: 3, times: Some(attempts), ..FaultOrder::new("sqs", operation, FaultKind::Error) };
            ground.stack.control().order(&fault).await.unwrap();
        }
        let ended = ground.by_hand(&json!({})).await;
        ground.stack.control().clear_faults().await.unwrap();
        assert!(ended.succeeded, "{ended:?}");
        let sent: std::collections::BTreeSet<_> =
            ground.fixtures.drain(queue).await.unwrap().into_iter().map(|message| message.body).collect();
        assert_eq!((sent.len() as u64, ground.fixtures.length(dead).await.unwrap()), (11, 2));
        let record = ground.record(&ended.name).await;
        assert_eq!((record.queues[0].redriven, record.queues[0].left), (10, 2), "{:?}", record.queues[0]);
    });
}
