//! A release whose answer is lost.

use serde_json::json;
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};

use crate::unblock::field::{Ground, play};

#[test]
fn an_answer_that_is_lost_after_the_release_is_no_failure() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        ground.put(&[ground.lock("lost", -1)]).await;
        ground.stack.at(ground.due).await.unwrap();
        let lost = FaultOrder { after_effect: true, ..FaultOrder::new("dynamodb", "UpdateItem", FaultKind::Error) };
        ground.stack.control().order(&lost).await.unwrap();
        let ended = ground.by_hand(&json!({})).await;
        assert!(ground.is_released("lost").await);
        let record = ground.record(&ended.name).await;
        assert_eq!((record.locks.released, record.locks.changed, record.locks.remaining), (1, 0, 0), "{record:?}");
    });
}
