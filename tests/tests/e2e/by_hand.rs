//! Runs by hand: overrides, plans, the halt switch, and input that is not right.

use serde_json::{Value, json};
use watchkeeper_tests::harness::listed;

use crate::field::{Plot, asleep, play};

fn dev(mut more: Value) -> Value {
    more["estate"] = "clos-v2".into();
    more["environment"] = "dev".into();
    more
}

#[test]
fn an_override_keeps_it_awake_and_expires_by_itself() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = plot.capacity().await;
        plot.stack.at(plot.time("18:30")).await.unwrap();
        let until = format!("{}T21:00", plot.day);
        let input = dev(json!({ "want": "awake", "until": until, "reason": "release" }));
        let run = plot.stack.run(&input).await.unwrap();
        assert_eq!(run.outcome(), "done", "{}", run.says());

        plot.stack.tick(plot.time("19:05")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
        plot.stack.tick(plot.time("21:00")).await.unwrap();
        let night = plot.capacity().await;
        assert!(asleep(&night), "{night:?}");
        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
    });
}

#[test]
fn a_person_wakes_it_at_night_and_gives_it_back() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = plot.capacity().await;
        plot.stack.tick(plot.time("19:05")).await.unwrap();
        plot.stack.at(plot.time("19:30")).await.unwrap();
        let run = plot.stack.run(&dev(json!({ "want": "awake", "until": "2h" }))).await.unwrap();
        assert_eq!(run.outcome(), "done", "{}", run.says());
        assert_eq!(plot.capacity().await, original);
        let run = plot.stack.run(&dev(json!({ "want": "as-scheduled" }))).await.unwrap();
        assert_eq!(run.outcome(), "done", "{}", run.says());
        assert!(asleep(&plot.capacity().await));
        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
    });
}

#[test]
fn a_plan_tells_every_write_and_makes_none() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let before = plot.capacity().await;
        let mark = plot.mark().await;
        let run = plot.stack.run(&dev(json!({ "want": "asleep", "until": "2h", "mode": "plan" }))).await.unwrap();
        assert_eq!(run.outcome(), "planned");
        for id in before.services.keys() {
            assert!(run.says().contains(id.service.as_str()), "{}", run.says());
        }
        assert!(run.says().contains("clos-v2-db-cluster"), "{}", run.says());
        let api_calls = plot.stack.api_calls(mark).await.unwrap();
        assert!(api_calls.writes().is_empty(), "{}", listed(&api_calls.writes()));
        assert_eq!(plot.capacity().await, before);
    });
}

#[test]
fn the_halt_switch_holds_every_run_until_it_is_lifted() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = plot.capacity().await;
        plot.stack.run(&dev(json!({ "halt": true, "reason": "maintenance", "by": "ada" }))).await.unwrap();
        let ticked = plot.stack.tick(plot.time("19:05")).await.unwrap();
        let run = ticked.run_of(&plot.scope).unwrap();
        assert_eq!(run.outcome(), "Guardrail.Refused");
        assert!(run.says().contains("halted"), "{}", run.says());
        assert_eq!(plot.capacity().await, original);

        plot.stack.run(&dev(json!({ "halt": false }))).await.unwrap();
        plot.stack.tick(plot.time("19:10")).await.unwrap();
        assert!(asleep(&plot.capacity().await));
        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
    });
}

#[test]
fn input_that_is_not_right_fails_by_name_and_says_which_field() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        for (input, error, names) in [
            (dev(json!({ "want": "awake", "until": "soon" })), "Request.Invalid", "until"),
            (dev(json!({ "want": "awake" })), "Request.Invalid", "until"),
            (dev(json!({ "wants": "awake", "until": "2h" })), "Request.Invalid", "wants"),
            (dev(json!({ "want": "sleepy", "until": "2h" })), "Request.Invalid", "want"),
            (dev(json!({ "halt": true, "reason": "x", "by": "ada", "mode": "plan" })), "Request.Invalid", "mode"),
            (dev(json!({ "halt": true, "by": "ada" })), "Request.Invalid", "reason"),
            (dev(json!({ "halt": true, "reason": "x", "by": "YOUR NAME" })), "Request.Invalid", "by"),
            (dev(json!({ "approve": "quota" })), "Request.Invalid", "approve"),
            (json!(["clos-v2", "dev"]), "Request.Invalid", "found a list"),
            (json!({ "estate": "clos-v2" }), "Request.Invalid", "environment"),
            (json!({ "estate": "clos-v3", "environment": "dev" }), "Estate.Unknown", "clos-v2"),
            (json!({ "estate": "clos-v2", "environment": "test" }), "Environment.Unknown", "dev"),
        ] {
            let mark = plot.mark().await;
            let run = plot.stack.run(&input).await.unwrap();
            assert_eq!(run.outcome(), error, "{input}: {}", run.says());
            assert!(run.says().contains(names), "{input}: {}", run.says());
            assert!(!run.says().contains("errorMessage"), "in words: {}", run.says());
            let api_calls = plot.stack.api_calls(mark).await.unwrap();
            assert!(api_calls.writes().is_empty(), "{input}: {}", listed(&api_calls.writes()));
        }
    });
}
