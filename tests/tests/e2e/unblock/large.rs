//! Ten thousand locks.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_tests::estate::{SiteError, awaited};

use crate::unblock::field::{Ground, input, play};

/// How many locks there are, and which of them have run out.
const LOCKS: usize = 10_000;
const EVERY: usize = 125;
/// Half of what the function is given, in KiB: most of it is the program itself, without debug information.
const MEMORY: u64 = 128 * 1024;

/// Wait until the function has read so many pages of locks.
async fn pages(ground: &Ground, mark: u64, number: usize) {
    let control = ground.stack.control();
    awaited("pages of locks", async || {
        let calls = control.calls(mark).await.unwrap();
        let scans = calls.iter().filter(|call| call.operation == "Scan" && call.status.is_some()).count();
        Ok::<_, SiteError>((scans >= number).then_some(()))
    })
    .await
    .unwrap();
}

#[test]
fn ten_thousand_locks_are_one_pass_of_pages_that_outlives_two_crashes() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        let hours = |n: usize| if n.is_multiple_of(EVERY) { -5 } else { 50 };
        let all: Vec<_> = (0..LOCKS).map(|n| ground.lock(&format!("lock-{n:05}"), hours(n))).collect();
        ground.put(&all).await;
        ground.stack.at(ground.due).await.unwrap();
        let mark = ground.mark().await;

        // The execution is ended from outside in the middle: no Catch runs, and nobody records it.
        let schedule = json!({ "trigger": "schedule", "instant": ground.due });
        let first = ground.stack.start_unblock(&input(&schedule)).await.unwrap();
        pages(&ground, mark, 8).await;
        ground.stack.stop_unblock(&first).await.unwrap();
        let member = ground.record(&ground.id()).await.locks.read;
        assert!(member > 0 && (member as usize) < LOCKS, "{member} locks were read");

        // The next tick goes on, and its process is killed in the middle.
        let tick = ground.stack.unblock_tick(ground.due + SignedDuration::from_mins(5), &ground.scope);
        let kill = async {
            pages(&ground, mark, 20).await;
            #[cfg(target_os = "linux")]
            {
                let function = ground.stack.outputs().get("DailyUnblockFunction").unwrap();
                assert!(crate::crash::kill(function, harness.sandbox().emulator().endpoint()) > 0);
            }
        };
        let (ended, ()) = tokio::join!(tick, kill);
        let ended = ended.unwrap();
        assert!(ended.len() == 1 && ended[0].succeeded, "{ended:?}");

        let record = ground.record(&ground.id()).await;
        assert_eq!(record.locks.read as usize, LOCKS);
        assert_eq!(record.locks.released as usize, LOCKS / EVERY);
        assert_eq!(ground.fixtures.released(ground.locks()).await.unwrap(), LOCKS / EVERY);
        // A page of 250 each, and again only what a crash has cut: a function goes on for a moment after its execution was
        // ended, and then loses its record to its successor. From the beginning again it would be far more.
        let scans = ground.stack.api_calls(mark).await.unwrap().count("Scan");
        assert!((LOCKS / 250..=LOCKS / 250 + 16).contains(&scans), "{scans} pages");
        #[cfg(target_os = "linux")]
        {
            let function = ground.stack.outputs().get("DailyUnblockFunction").unwrap();
            let peak = crate::crash::peak_memory(function, harness.sandbox().emulator().endpoint());
            assert!(peak < MEMORY, "the function has had {peak} KiB");
        }
        let size = serde_json::to_string(&record).unwrap().len();
        assert!(size < 64 * 1024, "the record of the run has {size} bytes");
    });
}
