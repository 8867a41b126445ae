//! The race between a renewal and a release, against the real conditional write, in both orders.

use serde_json::json;
use watchkeeper_tests::estate::{SiteError, awaited};
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};

use crate::unblock::field::{Ground, play};

#[test]
fn a_lock_that_is_renewed_between_its_reading_and_its_release_stays() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        ground.put(&[ground.lock("renewed", -1)]).await;
        ground.stack.at(ground.due).await.unwrap();
        let control = ground.stack.control();
        let mark = ground.mark().await;
        // The write is on its way, and what it is about was read before.
        control
            .order(&FaultOrder { seconds: 2.0, ..FaultOrder::new("dynamodb", "UpdateItem", FaultKind::Delay) })
            .await
            .unwrap();
        let renewed = ground.lock("renewed", 24);
        let renew = async {
            awaited("the release on its way", async || {
                let calls = control.calls(mark).await.unwrap();
                Ok::<_, SiteError>(calls.iter().any(|call| call.fault.is_some()).then_some(()))
            })
            .await
            .unwrap();
            ground.put(std::slice::from_ref(&renewed)).await;
        };
        let nothing = json!({});
        let (ended, ()) = tokio::join!(ground.by_hand(&nothing), renew);
        assert!(ended.succeeded, "{ended:?}");
        assert_eq!(ground.found(&renewed).await, renewed);
        let record = ground.record(&ended.name).await;
        assert_eq!((record.locks.released, record.locks.changed), (0, 1), "{record:?}");
    });
}

#[test]
fn a_lock_that_is_taken_again_after_its_release_is_nobodys_to_undo() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        ground.put(&[ground.lock("again", -1)]).await;
        ground.stack.at(ground.due).await.unwrap();
        let ended = ground.by_hand(&json!({})).await;
        assert!(ended.succeeded && ground.is_released("again").await, "{ended:?}");
        let taken = ground.lock("again", 24);
        ground.put(std::slice::from_ref(&taken)).await;
        // Neither a second run nor the undo of the first touches what is somebody's again.
        for more in [json!({}), json!({ "undo": ended.name })] {
            assert!(ground.by_hand(&more).await.succeeded);
            assert_eq!(ground.found(&taken).await, taken);
        }
    });
}

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
