//! Sources that cannot be read, and queues that do not take what is sent.

use serde_json::json;
use watchkeeper_aws::clients::ATTEMPTS;
use watchkeeper_domain::unblock::{FindingSource, UnblockEnd};
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};

use crate::unblock::field::{Ground, play};

/// A refusal of this operation, each time.
fn denied(service: &str, operation: &str) -> FaultOrder {
    FaultOrder {
        times: None,
        code: Some("AccessDeniedException".to_owned()),
        status: Some(400),
        ..FaultOrder::new(service, operation, FaultKind::Error)
    }
}

#[test]
fn a_table_that_cannot_be_read_frees_nothing_and_the_queues_have_their_turn() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        ground.put(&[ground.lock("left", -2)]).await;
        ground.fixtures.fail(ground.queue(), "letter", &[]).await.unwrap();
        ground.stack.at(ground.due).await.unwrap();
        ground.stack.control().order(&denied("dynamodb", "Scan")).await.unwrap();
        let ended = ground.by_hand(&json!({})).await;
        ground.stack.control().clear_faults().await.unwrap();
        assert!(ended.succeeded, "{ended:?}");
        let record = ground.record(&ended.name).await;
        assert!(
            record.findings.has(FindingSource::Locks, "unreadable")
                && record.findings.has(FindingSource::Blockers, "unreadable")
        );
        assert_eq!(record.end.map(|(end, _)| end), Some(UnblockEnd::Partly));
        assert!(!ground.is_released("left").await);
        assert_eq!(ground.fixtures.drain(ground.queue().queue.as_str()).await.unwrap().len(), 1);
        let letters = ground.stack.notifications().letters().await.unwrap();
        assert!(letters.iter().any(|letter| letter.subject.ends_with("not all could be looked at")), "{letters:?}");
    });
}

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
