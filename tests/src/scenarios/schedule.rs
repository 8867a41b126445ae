//! Nights, as the schedule brings them and as people change them.

use serde_json::json;
use watchkeeper_domain::capacity::{Capacity, ScalingState, ServiceId, Suspensions};

use super::{Harness, RunEnd, asleep};

fn done(run: Option<&RunEnd>) {
    assert!(run.is_some_and(|run| run.outcome == "done"), "{run:?}");
}

async fn sleeps(harness: &impl Harness) {
    let night = harness.capacity().await;
    assert!(asleep(&night), "{night:?}");
}

/// A person has suspended scaling in of the first service, and the second one has no scalable target.
async fn touched(harness: &mut impl Harness) -> Capacity {
    let before = harness.capacity().await;
    let mut services = before.services.iter();
    if let Some((id, scaling)) = services.next().and_then(|(id, service)| Some((id, service.scaling?))) {
        let suspended = Suspensions { scale_in: true, ..scaling.suspended };
        harness.set_target(id, Some(ScalingState { suspended, ..scaling })).await;
    }
    if let Some((id, _)) = services.next() {
        harness.set_target(id, None).await;
    }
    let touched = harness.capacity().await;
    assert_ne!(touched, before);
    touched
}

/// It sleeps in the evening and wakes in the morning, exactly as it was, with no write too many; databases stop last and start
/// first.
pub async fn a_night(harness: &mut impl Harness) {
    let original = touched(harness).await;
    let _before = (harness.told().await, harness.events().await);
    let mark = harness.mark().await;
    let run = harness.tick(harness.time("19:05")).await;
    done(run.as_ref());
    sleeps(harness).await;
    let writes = harness.capacity_writes(mark).await;
    let services = original.services.values().map(|service| 1 + usize::from(service.scaling.is_some()));
    let expected = services.sum::<usize>() + original.databases.len();
    assert_eq!(writes.len(), expected, "a count a service, bounds where it has any, and one a database: {writes:?}");
    let stopped = writes.iter().position(|write| write.operation.starts_with("StopDB"));
    let counted = writes.iter().rposition(|write| write.operation == "UpdateService");
    assert!(original.databases.is_empty() || counted < stopped, "{writes:?}");

    let subject = |state: &str| format!("{} {} is {state}", harness.scope().estate, harness.scope().environment);
    let (asleep, awake) = (subject("asleep"), subject("awake"));
    let told = harness.told().await;
    assert!(told.iter().any(|(told, _)| *told == asleep), "{told:?}");
    let events = harness.events().await;
    let of_run = |event: &&serde_json::Value| run.as_ref().is_some_and(|run| event["run"] == run.name.as_str());
    assert!(events.iter().filter(of_run).any(|event| event["outcome"] == "done"), "{events:?}");

    let mark = harness.mark().await;
    done(harness.tick(harness.time("+08:00")).await.as_ref());
    assert_eq!(harness.capacity().await, original);
    let told = harness.told().await;
    assert!(told.iter().any(|(told, _)| *told == awake), "{told:?}");
    let writes = harness.capacity_writes(mark).await;
    assert_eq!(writes.len(), expected, "{writes:?}");
    let started = writes.iter().position(|write| write.operation.starts_with("StartDB"));
    let counted = writes.iter().position(|write| write.operation == "UpdateService");
    assert!(original.databases.is_empty() || started < counted, "{writes:?}");
}

/// A tick that comes twice, in between, late or not at all changes nothing.
pub async fn ticks_that_are_doubled_lost_or_late(harness: &mut impl Harness) {
    let original = touched(harness).await;
    // The tick of 19:00 is lost; that of 19:05 does its work.
    harness.tick(harness.time("19:05")).await;
    sleeps(harness).await;
    let (night, mark) = (harness.capacity().await, harness.mark().await);
    for again in ["19:05", "19:10", "19:10", "19:25"] {
        harness.tick(harness.time(again)).await;
    }
    assert_eq!(harness.writes(mark).await, 0, "neither to AWS nor to the ledger, and nothing is told");
    assert_eq!(harness.capacity().await, night);
    harness.tick(harness.time("+08:10")).await;
    assert_eq!(harness.capacity().await, original);
    let mark = harness.mark().await;
    for again in ["+08:10", "+08:15", "+12:00"] {
        harness.tick(harness.time(again)).await;
    }
    assert_eq!(harness.capacity_writes(mark).await, []);
    assert_eq!(harness.capacity().await, original);
}

/// A person keeps it awake in the evening, and that ends by itself.
pub async fn an_override_that_expires(harness: &mut impl Harness) {
    let original = harness.capacity().await;
    harness.at(harness.time("18:30")).await;
    let until = format!("{}T21:00", harness.day());
    let run = harness.start(&harness.input(json!({ "want": "awake", "until": until, "reason": "release" }))).await;
    done(Some(&run));
    harness.tick(harness.time("19:05")).await;
    assert_eq!(harness.capacity().await, original);
    harness.tick(harness.time("21:00")).await;
    sleeps(harness).await;
    harness.tick(harness.time("+08:00")).await;
    assert_eq!(harness.capacity().await, original);
}

/// A person wakes it at night, and gives it back before that ends.
pub async fn a_wake_by_hand_that_is_given_back(harness: &mut impl Harness) {
    let original = harness.capacity().await;
    harness.tick(harness.time("19:05")).await;
    harness.at(harness.time("19:30")).await;
    done(Some(&harness.start(&harness.input(json!({ "want": "awake", "until": "2h" }))).await));
    assert_eq!(harness.capacity().await, original);
    done(Some(&harness.start(&harness.input(json!({ "want": "as-scheduled" }))).await));
    sleeps(harness).await;
    harness.tick(harness.time("+08:00")).await;
    assert_eq!(harness.capacity().await, original);
}

/// A plan by hand tells every write and makes none.
pub async fn a_plan(harness: &mut impl Harness) {
    let (before, mark) = (harness.capacity().await, harness.mark().await);
    let plan = harness.input(json!({ "want": "asleep", "until": "2h", "mode": "plan" }));
    let run = harness.start(&plan).await;
    assert_eq!(run.outcome, "planned");
    for (id, service) in &before.services {
        assert!(run.says.contains(&format!("{}: {} -> 0 tasks", id.service, service.desired)), "{}", run.says);
    }
    for id in before.databases.keys() {
        assert!(run.says.contains(&format!("{id}: stop")), "{}", run.says);
    }
    assert_eq!(harness.writes(mark).await, 0);
    assert_eq!(harness.capacity().await, before);
}

/// The halt switch holds every run until it is lifted, and the refusal is told once.
pub async fn a_halt(harness: &mut impl Harness) {
    let original = harness.capacity().await;
    harness.start(&harness.input(json!({ "halt": true, "reason": "maintenance", "by": "ada" }))).await;
    harness.told().await;
    let mark = harness.mark().await;
    let run = harness.tick(harness.time("19:05")).await;
    assert!(
        run.as_ref().is_some_and(|run| run.outcome == "Guardrail.Refused" && run.says.contains("halted")),
        "{run:?}"
    );
    for again in ["19:10", "19:15"] {
        harness.tick(harness.time(again)).await;
    }
    assert_eq!(harness.capacity_writes(mark).await, []);
    assert_eq!(harness.capacity().await, original);
    let subject = format!("{} {} was not changed: halted", harness.scope().estate, harness.scope().environment);
    let told = harness.told().await.into_iter().filter(|(told, _)| *told == subject);
    assert_eq!(told.count(), 1);
    harness.start(&harness.input(json!({ "halt": false }))).await;
    harness.tick(harness.time("19:20")).await;
    sleeps(harness).await;
    harness.tick(harness.time("+08:00")).await;
    assert_eq!(harness.capacity().await, original);
}

/// A change by somebody else at night is told once and left alone, and the baseline survives it.
pub async fn a_drift(harness: &mut impl Harness) {
    let original = harness.capacity().await;
    let touched: ServiceId = original.services.keys().next().cloned().unwrap_or_else(|| panic!("it has no service"));
    harness.tick(harness.time("19:05")).await;
    sleeps(harness).await;
    harness.told().await;
    harness.set_count(&touched, 2).await;
    let mark = harness.mark().await;
    let run = harness.tick(harness.time("19:10")).await;
    assert!(run.as_ref().is_some_and(|run| run.outcome == "drift"), "{run:?}");
    let subject = format!("{} {}: somebody else changed it", harness.scope().estate, harness.scope().environment);
    let told = harness.told().await;
    let told = told.iter().find(|(told, _)| *told == subject).unwrap_or_else(|| panic!("{told:?}"));
    assert!(told.1.contains(touched.service.as_str()), "{}", told.1);
    for again in ["19:15", "19:20"] {
        let run = harness.tick(harness.time(again)).await;
        assert!(run.as_ref().is_some_and(|run| run.outcome == "nothing"), "{run:?}");
    }
    assert_eq!(harness.told().await, [], "nor is it told again");
    assert_eq!(harness.capacity_writes(mark).await, [], "nobody puts it back");
    assert_eq!(harness.capacity().await.services[&touched].desired, 2);
    harness.tick(harness.time("+08:00")).await;
    assert_eq!(harness.capacity().await, original);
}

/// Input that is not right fails by name, says which field, and writes nothing.
pub async fn wrong_input(harness: &mut impl Harness) {
    for (input, error, names) in [
        (harness.input(json!({ "want": "awake", "until": "soon" })), "Request.Invalid", "until"),
        (harness.input(json!({ "want": "awake" })), "Request.Invalid", "until"),
        (harness.input(json!({ "wants": "awake", "until": "2h" })), "Request.Invalid", "wants"),
        (harness.input(json!({ "want": "sleepy", "until": "2h" })), "Request.Invalid", "want"),
        (harness.input(json!({ "halt": true, "reason": "x", "by": "ada", "mode": "plan" })), "Request.Invalid", "mode"),
        (harness.input(json!({ "halt": true, "by": "ada" })), "Request.Invalid", "reason"),
        (harness.input(json!({ "halt": true, "reason": "x", "by": "YOUR NAME" })), "Request.Invalid", "by"),
        (harness.input(json!({ "approve": "quota" })), "Request.Invalid", "approve"),
        (json!(["clos-v2", "dev"]), "Request.Invalid", "found a list"),
        (json!({ "estate": "clos-v2" }), "Request.Invalid", "environment"),
        (json!({ "estate": "clos-v3", "environment": "dev" }), "Estate.Unknown", "clos-v2"),
        (json!({ "estate": "clos-v2", "environment": "test" }), "Environment.Unknown", "dev"),
    ] {
        let mark = harness.mark().await;
        let run = harness.start(&input).await;
        assert_eq!(run.outcome, error, "{input}: {}", run.says);
        assert!(run.says.contains(names), "{input}: {}", run.says);
        assert!(!run.says.contains("errorMessage"), "in words: {}", run.says);
        assert_eq!(harness.writes(mark).await, 0, "{input}");
    }
}

/// Production refuses to sleep, by name, and is never touched.
pub async fn production_that_somebody_puts_to_sleep(harness: &mut impl Harness) {
    let (before, mark) = (harness.capacity().await, harness.mark().await);
    let run = harness.start(&harness.input(json!({ "want": "asleep", "until": "2h" }))).await;
    assert_eq!(run.outcome, "Guardrail.Refused");
    assert!(run.says.contains("production-never-sleeps"), "{}", run.says);
    harness.tick(harness.time("22:05")).await;
    assert_eq!(harness.capacity_writes(mark).await, []);
    assert_eq!(harness.capacity().await, before);
}
