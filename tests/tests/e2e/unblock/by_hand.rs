//! By hand: a plan, an undo, a halt, and inputs that cannot be followed.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::guardrail::HaltSwitch;

use crate::unblock::field::{Ground, play};

#[test]
fn a_plan_frees_nothing_and_a_halt_makes_a_plan_of_every_run() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        let left = ground.lock("left", -2);
        ground.put(std::slice::from_ref(&left)).await;
        ground.fixtures.fail(ground.queue(), "letter", &[]).await.unwrap();
        ground.stack.at(ground.due).await.unwrap();
        let plan = ground.by_hand(&json!({ "mode": "plan" })).await;
        // What tests before this one left in the ledger is counted apart.
        let would = async |name: &str| {
            let record = ground.record(name).await;
            (record.locks.released, record.queues[0].redriven, record.held_back.is_some())
        };
        assert!(plan.says().contains("would be freed"), "{}", plan.says());
        assert_eq!(would(&plan.name).await, (1, 1, false));
        let halt = HaltSwitch { by: "a person".to_owned(), reason: "migration".to_owned(), since: ground.due };
        ground.stack.ledger().set_halt(Some(&ground.scope), Some(&halt)).await.unwrap();
        let halted = ground.by_hand(&json!({})).await;
        assert_eq!(would(&halted.name).await, (1, 1, true));
        assert_eq!(ground.found(&left).await, left);
        assert_eq!(ground.fixtures.length(ground.queue().dead_letters.as_str()).await.unwrap(), 1);

        ground.stack.ledger().set_halt(Some(&ground.scope), None).await.unwrap();
        let run = ground.by_hand(&json!({})).await;
        assert!(ground.is_released("left").await);
        ground.stack.ledger().set_halt(Some(&ground.scope), Some(&halt)).await.unwrap();
        let refused = ground.by_hand(&json!({ "undo": run.name })).await;
        assert_eq!(refused.outcome(), "Guardrail.Refused", "{}", refused.says());
        ground.stack.ledger().set_halt(Some(&ground.scope), None).await.unwrap();
        let undone = ground.by_hand(&json!({ "undo": run.name })).await;
        assert!(undone.says().contains("1 put back"), "{}", undone.says());
        assert_eq!(ground.found(&left).await, left);
    });
}

#[test]
fn an_input_that_cannot_be_followed_names_its_field() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        for (more, error, says) in [
            (json!({ "mode": "aply" }), "Request.Invalid", "mode"),
            (json!({ "lock": "Meta/x" }), "Request.Invalid", "lock: found a lock without `undo`"),
            (json!({ "environment": "prd" }), "Environment.Unknown", "prd"),
            (json!({ "environment": "dev" }), "Request.Invalid", "account"),
            (json!({ "undo": "no-such-run" }), "Run.Unknown", "no-such-run"),
        ] {
            let ended = ground.by_hand(&more).await;
            assert_eq!(ended.outcome(), error, "{more}");
            assert!(ended.says().contains(says), "{more}: {}", ended.says());
        }
    });
}

#[test]
fn a_tick_that_comes_twice_is_one_run_and_one_after_an_outage_makes_up_for_it() {
    play(async |harness| {
        let ground = Ground::fresh(harness).await;
        let minutes = SignedDuration::from_mins;
        let early = ground.stack.unblock_tick(ground.due - minutes(5), &ground.scope).await.unwrap();
        // Yesterday's run was never made, for this environment is new: it is made up for.
        assert!(early.len() <= 1, "{early:?}");
        let lost_until = ground.due + minutes(190);
        let first = ground.stack.unblock_tick(lost_until, &ground.scope).await.unwrap();
        assert!(first.len() == 1 && first[0].succeeded, "{first:?}");
        assert_eq!(ground.record(&ground.id()).await.instant, ground.due);
        for again in [lost_until, lost_until + minutes(5)] {
            assert_eq!(ground.stack.unblock_tick(again, &ground.scope).await.unwrap().len(), 0);
        }
    });
}
