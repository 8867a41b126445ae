//! What a person starts: a plan, an undo, and inputs that cannot be followed; and what happens under a halt.

use serde_json::{Value, json};
use watchkeeper_domain::estate::LockSchema;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::unblock::{ItemAttribute, LockItem};

use super::UnblockHarness;
use super::leases::leave_lease;
use super::stuck::{LEFT, Morning, POD};
use crate::scenarios::{Played, RunEnd, count};

/// A plan tells what would be freed, and frees nothing.
pub async fn a_plan_of_a_morning(harness: &mut impl UnblockHarness) -> Played {
    let morning = Morning::of(harness).await?;
    morning.fill(harness).await?;
    let dead = harness.holder(&ExecutionStatus::Dead("FAILED".to_owned())).await?;
    let lease = leave_lease(harness, &dead).await?;
    let mark = harness.mark().await?;
    let plan = harness.unblock(&harness.input(json!({ "mode": "plan" }))).await?;
    harness.check("a plan comes to its end", plan.succeeded, plan.says.clone());
    let (parts, record) = (morning.parts(), harness.record(&plan.name).await?);
    if let Ok(schema) = parts.locks {
        // One more than is freed in the end: nobody has renewed it yet.
        let (would, released) = (count(Morning::freed(schema).len() + 1), harness.released(schema).await?);
        let right = u64::from(record.locks.released) == would && released == 1;
        harness.check("it counts locks, and releases none", right, format!("{:?}, {released} released", record.locks));
    }
    if let Ok(queue) = parts.queue {
        let (would, lie) = (
            record.queues.iter().map(|it| it.redriven).sum::<u32>(),
            harness.length(queue.dead_letters.as_str()).await?,
        );
        harness.check(
            "dead letters are counted, and lie where they lay",
            would > 0 && lie == 3,
            format!("{would} of {lie}"),
        );
    }
    let kept = harness.lease().await? == Some(lease) && record.own.leases == 1;
    harness.check("the lease of a dead run is named, and stays", kept, format!("{:?}", record.own));
    let frees = harness.frees(mark).await?;
    harness.check("no call frees anything, or holds it up", frees == 0, format!("{frees} calls"));
    let told = harness.told().await?;
    harness.check(
        "a person reads what would be freed",
        told.iter().any(|(_, text)| text.contains("Would be freed")),
        format!("{told:?}"),
    );
    if let Ok(report) = parts.bus {
        let escalated: Vec<Value> = harness.heard(report, 0).await?;
        let none = escalated.iter().all(|event| event["detail-type"] != "Blocker Escalated");
        harness.check("nothing is escalated", none, format!("{} events", escalated.len()));
    }
    Ok(())
}

/// Under a halt the run that is due only reports, and nothing is undone.
pub async fn a_halt_of_the_unblock(harness: &mut impl UnblockHarness) -> Played {
    let morning = Morning::of(harness).await?;
    let schema = morning.parts().locks?;
    let (item, _) = LEFT[0];
    let left = morning.lock(item, -2);
    harness.put_locks(schema, std::slice::from_ref(&left)).await?;
    harness.start(&harness.input(json!({ "halt": true, "reason": "migration", "by": "ada" }))).await?;
    harness.told().await?;
    let runs = harness.unblock_tick(morning.due).await?;
    let reports = runs.len() == 1 && runs.iter().all(|run| run.succeeded && run.says.contains("would be freed"));
    harness.check("the run that is due only reports", reports, format!("{runs:?}"));
    is(harness, schema, "nothing is freed", &left).await?;
    let told = harness.told().await?;
    let why = told.iter().any(|(_, text)| text.contains("it is halted (migration)"));
    harness.check("a person reads why", why, format!("{told:?}"));
    let refused = undo(harness, &morning.id(), None).await?;
    let halted = refused.outcome == "Guardrail.Refused" && refused.says.contains("halted");
    harness.check("an undo is refused", halted, refused.to_string());
    harness.start(&harness.input(json!({ "halt": false }))).await?;
    let run = harness.unblock(&harness.input(json!({}))).await?;
    released(harness, schema, "it is freed once the halt is lifted", &left).await?;
    undo(harness, &run.name, None).await?;
    is(harness, schema, "and put back by an undo", &left).await
}

/// A person takes releases back: exactly what was released, unless somebody has taken it again; and it is left alone.
pub async fn an_undo(harness: &mut impl UnblockHarness) -> Played {
    let morning = Morning::of(harness).await?;
    let schema = morning.parts().locks?;
    let [one, again, other] = ["one", "taken-again", "other"].map(|item| morning.lock(item, -2));
    harness.put_locks(schema, &[one.clone(), again.clone(), other.clone()]).await?;
    let run = harness.unblock(&harness.input(json!({}))).await?;
    for lock in [&one, &again, &other] {
        released(harness, schema, "it is released", lock).await?;
    }
    let taken = morning.lock("taken-again", 30);
    harness.put_locks(schema, std::slice::from_ref(&taken)).await?;

    let undone = undo(harness, &run.name, Some("one")).await?;
    harness.check("one release is undone", undone.succeeded, undone.says);
    is(harness, schema, "it is held again, as it was", &one).await?;
    released(harness, schema, "the others are not", &other).await?;
    let rest = undo(harness, &run.name, None).await?;
    is(harness, schema, "all that is left is undone", &other).await?;
    is(harness, schema, "but what somebody has taken again", &taken).await?;
    let record = harness.record(&rest.name).await?;
    let counted = (record.locks.restored, record.locks.changed) == (1, 1);
    harness.check("the record counts both", counted, format!("{:?}", record.locks));

    let next = harness.unblock(&harness.input(json!({}))).await?;
    is(harness, schema, "what a person took back is left alone", &one).await?;
    let kept = harness.record(&next.name).await?.locks.kept;
    harness.check("and counted", kept == 2, format!("{kept} kept"));
    Ok(())
}

/// Input that cannot be followed fails by name, and says which field.
pub async fn input_that_cannot_be_followed(harness: &mut impl UnblockHarness) -> Played {
    let now = harness.now().await?;
    for (more, error, names) in [
        (json!({ "mode": "aply" }), "Request.Invalid", "mode"),
        (json!({ "lock": "drill/x" }), "Request.Invalid", "lock: found a lock without `undo`"),
        (json!({ "instant": now }), "Request.Invalid", "instant"),
        (json!({ "trigger": "schedule" }), "Request.Invalid", "instant"),
        (json!({ "trigger": "schedule", "instant": now, "undo": "x" }), "Request.Invalid", "undo"),
        (json!({ "undo": "no-such-run" }), "Run.Unknown", "no-such-run"),
    ] {
        let run = harness.unblock(&harness.input(more.clone())).await?;
        let named = run.outcome == error && run.says.contains(names);
        harness.check(&format!("{error} for {more}"), named, run.to_string());
    }
    let elsewhere = json!({ "estate": harness.scope().estate, "environment": "none-such" });
    let run = harness.unblock(&elsewhere).await?;
    let named = run.outcome == "Environment.Unknown" && run.says.contains("none-such");
    harness.check("an environment that nobody knows is named", named, run.to_string());
    Ok(())
}

/// A person takes back what a run released, or only one lock of it.
async fn undo(harness: &mut impl UnblockHarness, run: &str, item: Option<&str>) -> Played<RunEnd> {
    let mut input = harness.input(json!({ "undo": run }));
    if let Some(item) = item {
        input["lock"] = format!("{POD}/{item}").into();
    }
    Ok(harness.unblock(&input).await?)
}

async fn is(harness: &mut impl UnblockHarness, schema: &LockSchema, name: &str, lock: &LockItem) -> Played {
    let found = harness.lock(schema, lock).await?;
    let seen = if found.as_ref() == Some(lock) { lock.name() } else { format!("{found:?}") };
    harness.check(name, found.as_ref() == Some(lock), seen);
    Ok(())
}

async fn released(harness: &mut impl UnblockHarness, schema: &LockSchema, name: &str, lock: &LockItem) -> Played {
    let found = harness.lock(schema, lock).await?;
    let free = found.as_ref().is_some_and(|found| found.released_at != ItemAttribute::Absent);
    harness.check(name, free, lock.name());
    Ok(())
}
