//! The four environments of `carcierge`: three calendars, and production without one.

use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::estate::Environment;
use watchkeeper_tests::harness::SandboxHarness;

use crate::field::{Plot, asleep, play};

const SLEEPERS: [&str; 3] = ["staging", "qa", "uat"];

fn environment<'a>(harness: &'a SandboxHarness, name: &str) -> &'a Environment {
    harness.estates().environment("carcierge", name).unwrap().1
}

async fn capacity(harness: &SandboxHarness, name: &str) -> Capacity {
    harness.stack("us-west-1").unwrap().capacity(environment(harness, name)).await.unwrap()
}

#[test]
fn each_follows_its_own_calendar_and_production_is_never_touched() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "carcierge", "staging").await;
        // Everybody is awake at noon, in whatever state an earlier test left them.
        plot.stack.tick(plot.time("12:00")).await.unwrap();
        let mut before = Vec::new();
        for name in ["staging", "qa", "uat", "prod"] {
            before.push(capacity(harness, name).await);
        }
        let mark = plot.mark().await;
        // On a Thursday or before: uat ends at 17:00, staging at 19:00, qa at 22:00; they begin at 9, 7 and 8.
        for (time, expected) in [
            ("17:05", [false, false, true]),
            ("19:05", [true, false, true]),
            ("22:05", [true, true, true]),
            ("+07:00", [false, true, true]),
            ("+08:00", [false, false, true]),
        ] {
            plot.stack.tick(plot.time(time)).await.unwrap();
            let mut found = [false; 3];
            for (found, name) in found.iter_mut().zip(SLEEPERS) {
                *found = asleep(&capacity(harness, name).await);
            }
            assert_eq!(found, expected, "staging, qa, uat asleep at {time}");
        }
        plot.stack.tick(plot.time("+09:00")).await.unwrap();
        for (name, before) in ["staging", "qa", "uat", "prod"].into_iter().zip(before) {
            assert_eq!(capacity(harness, name).await, before, "{name}");
        }
        let api_calls = plot.stack.api_calls(mark).await.unwrap();
        let about_prod = |text: &str| text.contains("prod-carcierge");
        assert!(api_calls.capacity_writes().len() >= 30);
        assert!(!api_calls.all().iter().any(|call| about_prod(&format!("{:?}", call.resources))));
    });
}

#[test]
fn production_is_refused_by_a_named_guardrail() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "carcierge", "prod").await;
        let before = plot.capacity().await;
        let mark = plot.mark().await;
        let input =
            serde_json::json!({ "estate": "carcierge", "environment": "prod", "want": "asleep", "until": "2h" });
        let run = plot.stack.run(&input).await.unwrap();
        assert_eq!(run.outcome(), "Guardrail.Refused");
        let api_calls = plot.stack.api_calls(mark).await.unwrap();
        assert!(run.says().contains("production-never-sleeps"), "{}", run.says());
        assert!(api_calls.capacity_writes().is_empty());
        assert_eq!(plot.capacity().await, before);
    });
}
