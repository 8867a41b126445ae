//! Our own failures: what no run could tell itself, the next tick tells.

use serde_json::json;
use watchkeeper_tests::harness::NotificationMessage;
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};

use crate::field::{Plot, play};

#[test]
fn a_run_that_fails_is_told_by_the_next_tick_with_its_error() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let failed = async |estate: &str| {
            let run = plot.stack.run(&json!({ "estate": estate, "environment": "nowhere" })).await.unwrap();
            assert!(!run.succeeded, "{}", run.says());
            run
        };
        let first = failed("clos-v2").await;
        let names = |name: &str| {
            let name = name.to_owned();
            move |letter: &NotificationMessage| letter.text.contains(&name)
        };
        plot.stack.tell_failures().await.unwrap();
        let letters = plot.stack.notifications().letters_until(names(&first.name)).await.unwrap();
        let told = &letters[letters.len() - 1].text;
        assert!(told.contains("watchkeeper-reconcile ") && told.contains("Environment.Unknown: "), "{told}");

        // It is not told again, and what failed since is.
        let second = failed("nowhere").await;
        plot.stack.tell_failures().await.unwrap();
        let letters = plot.stack.notifications().letters_until(names(&second.name)).await.unwrap();
        assert!(!letters.iter().any(names(&first.name)), "{letters:?}");
        assert!(letters[letters.len() - 1].text.contains("Estate.Unknown: "), "{letters:?}");
    });
}

#[test]
fn a_function_that_fails_in_all_tries_of_its_machine_fails_the_run_and_the_next_tick_tells_it() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let silent = FaultOrder { times: None, ..FaultOrder::new("dynamodb", "*", FaultKind::Error) };
        plot.stack.control().order(&silent).await.unwrap();
        let input = json!({ "estate": "clos-v2", "environment": "dev", "want": "asleep", "until": "1h" });
        let run = plot.stack.run(&input).await.unwrap();
        plot.stack.control().clear_faults().await.unwrap();
        assert!(!run.succeeded, "{}", run.says());
        plot.stack.tell_failures().await.unwrap();
        let of_it = |letter: &NotificationMessage| letter.text.contains(&run.name);
        let letters = plot.stack.notifications().letters_until(of_it).await.unwrap();
        let told = &letters[letters.len() - 1].text;
        assert!(told.contains(run.outcome()), "{told}");
    });
}
