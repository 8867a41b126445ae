//! Nights, as the schedule brings them and as people change them.

use serde_json::json;
use watchkeeper_domain::capacity::{Capacity, ScalingState, ServiceId, Suspensions};

use super::{Harness, RunEnd, asleep};

fn done(run: Option<&RunEnd>) {
    assert!(run.is_some_and(|run| run.outcome == "done"), "{run:?}");
}

async fn sleeps(stage: &impl Harness) {
    let night = stage.capacity().await;
    assert!(asleep(&night), "{night:?}");
}

/// A person has suspended scaling in of the first service, and the second one has no scalable target.
async fn touched(stage: &mut impl Harness) -> Capacity {
    let before = stage.capacity().await;
    let mut services = before.services.iter();
    if let Some((id, scaling)) = services.next().and_then(|(id, service)| Some((id, service.scaling?))) {
        let suspended = Suspensions { scale_in: true, ..scaling.suspended };
        stage.set_target(id, Some(ScalingState { suspended, ..scaling })).await;
    }
    if let Some((id, _)) = services.next() {
        stage.set_target(id, None).await;
    }
    let touched = stage.capacity().await;
    assert_ne!(touched, before);
    touched
}

/// It sleeps in the evening and wakes in the morning, exactly as it was, with no write too many; databases stop last and start
/// first.
pub async fn a_night(stage: &mut impl Harness) {
    let original = touched(stage).await;
    let _before = (stage.told().await, stage.events().await);
    let mark = stage.mark().await;
    let run = stage.tick(stage.time("19:05")).await;
    done(run.as_ref());
    sleeps(stage).await;
    let writes = stage.capacity_writes(mark).await;
    let services = original.services.values().map(|service| 1 + usize::from(service.scaling.is_some()));
    let expected = services.sum::<usize>() + original.databases.len();
    assert_eq!(writes.len(), expected, "a count a service, bounds where it has any, and one a database: {writes:?}");
    let stopped = writes.iter().position(|write| write.operation.starts_with("StopDB"));
    let counted = writes.iter().rposition(|write| write.operation == "UpdateService");
    assert!(original.databases.is_empty() || counted < stopped, "{writes:?}");

    let subject = |state: &str| format!("{} {} is {state}", stage.scope().estate, stage.scope().environment);
    let (asleep, awake) = (subject("asleep"), subject("awake"));
    let told = stage.told().await;
    assert!(told.iter().any(|(told, _)| *told == asleep), "{told:?}");
    let events = stage.events().await;
    let of_run = |event: &&serde_json::Value| run.as_ref().is_some_and(|run| event["run"] == run.name.as_str());
    assert!(events.iter().filter(of_run).any(|event| event["outcome"] == "done"), "{events:?}");

    let mark = stage.mark().await;
    done(stage.tick(stage.time("+08:00")).await.as_ref());
    assert_eq!(stage.capacity().await, original);
    let told = stage.told().await;
    assert!(told.iter().any(|(told, _)| *told == awake), "{told:?}");
    let writes = stage.capacity_writes(mark).await;
    assert_eq!(writes.len(), expected, "{writes:?}");
    let started = writes.iter().position(|write| write.operation.starts_with("StartDB"));
    let counted = writes.iter().position(|write| write.operation == "UpdateService");
    assert!(original.databases.is_empty() || started < counted, "{writes:?}");
}

/// A tick that comes twice, in between, late or not at all changes nothing.
pub async fn ticks_that_are_doubled_lost_or_late(stage: &mut impl Harness) {
    let original = touched(stage).await;
    // The tick of 19:00 is lost; that of 19:05 does its work.
    stage.tick(stage.time("19:05")).await;
    sleeps(stage).await;
    let (night, mark) = (stage.capacity().await, stage.mark().await);
    for again in ["19:05", "19:10", "19:10", "19:25"] {
        stage.tick(stage.time(again)).await;
    }
    assert_eq!(stage.writes(mark).await, 0, "neither to AWS nor to the ledger, and nothing is told");
    assert_eq!(stage.capacity().await, night);
    stage.tick(stage.time("+08:10")).await;
    assert_eq!(stage.capacity().await, original);
    let mark = stage.mark().await;
    for again in ["+08:10", "+08:15", "+12:00"] {
        stage.tick(stage.time(again)).await;
    }
    assert_eq!(stage.capacity_writes(mark).await, []);
    assert_eq!(stage.capacity().await, original);
}

/// A person keeps it awake in the evening, and that ends by itself.
pub async fn an_override_that_expires(stage: &mut impl Harness) {
    let original = stage.capacity().await;
    stage.at(stage.time("18:30")).await;
    let until = format!("{}T21:00", stage.day());
    let run = stage.start(&stage.input(json!({ "want": "awake", "until": until, "reason": "release" }))).await;
    done(Some(&run));
    stage.tick(stage.time("19:05")).await;
    assert_eq!(stage.capacity().await, original);
    stage.tick(stage.time("21:00")).await;
    sleeps(stage).await;
    stage.tick(stage.time("+08:00")).await;
    assert_eq!(stage.capacity().await, original);
}

/// A person wakes it at night, and gives it back before that ends.
pub async fn a_wake_by_hand_that_is_given_back(stage: &mut impl Harness) {
    let original = stage.capacity().await;
    stage.tick(stage.time("19:05")).await;
    stage.at(stage.time("19:30")).await;
    done(Some(&stage.start(&stage.input(json!({ "want": "awake", "until": "2h" }))).await));
    assert_eq!(stage.capacity().await, original);
    done(Some(&stage.start(&stage.input(json!({ "want": "as-scheduled" }))).await));
    sleeps(stage).await;
    stage.tick(stage.time("+08:00")).await;
    assert_eq!(stage.capacity().await, original);
}

/// A plan by hand tells every write and makes none.
pub async fn a_plan(stage: &mut impl Harness) {
    let (before, mark) = (stage.capacity().await, stage.mark().await);
    let plan = stage.input(json!({ "want": "asleep", "until": "2h", "mode": "plan" }));
    let run = stage.start(&plan).await;
    assert_eq!(run.outcome, "planned");
    for (id, service) in &before.services {
        assert!(run.says.contains(&format!("{}: {} -> 0 tasks", id.service, service.desired)), "{}", run.says);
    }
    for id in before.databases.keys() {
        assert!(run.says.contains(&format!("{id}: stop")), "{}", run.says);
    }
    assert_eq!(stage.writes(mark).await, 0);
    assert_eq!(stage.capacity().await, before);
}

/// The halt switch holds every run until it is lifted, and the refusal is told once.
pub async fn a_halt(stage: &mut impl Harness) {
    let original = stage.capacity().await;
    stage.start(&stage.input(json!({ "halt": true, "reason": "maintenance", "by": "ada" }))).await;
    stage.told().await;
    let mark = stage.mark().await;
    let run = stage.tick(stage.time("19:05")).await;
    assert!(
        run.as_ref().is_some_and(|run| run.outcome == "Guardrail.Refused" && run.says.contains("halted")),
        "{run:?}"
    );
    for again in ["19:10", "19:15"] {
        stage.tick(stage.time(again)).await;
    }
    assert_eq!(stage.capacity_writes(mark).await, []);
    assert_eq!(stage.capacity().await, original);
    let subject = format!("{} {} was not changed: halted", stage.scope().estate, stage.scope().environment);
    let told = stage.told().await.into_iter().filter(|(told, _)| *told == subject);
    assert_eq!(told.count(), 1);
    stage.start(&stage.input(json!({ "halt": false }))).await;
    stage.tick(stage.time("19:20")).await;
    sleeps(stage).await;
    stage.tick(stage.time("+08:00")).await;
    assert_eq!(stage.capacity().await, original);
}

/// A change by somebody else at night is told once and left alone, and the baseline survives it.
pub async fn a_drift(stage: &mut impl Harness) {
    let original = stage.capacity().await;
    let touched: ServiceId = original.services.keys().next().cloned().unwrap_or_else(|| panic!("it has no service"));
    stage.tick(stage.time("19:05")).await;
    sleeps(stage).await;
    stage.told().await;
    stage.set_count(&touched, 2).await;
    let mark = stage.mark().await;
    let run = stage.tick(stage.time("19:10")).await;
    assert!(run.as_ref().is_some_and(|run| run.outcome == "drift"), "{run:?}");
    let subject = format!("{} {}: somebody else changed it", stage.scope().estate, stage.scope().environment);
    let told = stage.told().await;
    let told = told.iter().find(|(told, _)| *told == subject).unwrap_or_else(|| panic!("{told:?}"));
    assert!(told.1.contains(touched.service.as_str()), "{}", told.1);
    for again in ["19:15", "19:20"] {
        let run = stage.tick(stage.time(again)).await;
        assert!(run.as_ref().is_some_and(|run| run.outcome == "nothing"), "{run:?}");
    }
    assert_eq!(stage.told().await, [], "nor is it told again");
    assert_eq!(stage.capacity_writes(mark).await, [], "nobody puts it back");
    assert_eq!(stage.capacity().await.services[&touched].desired, 2);
    stage.tick(stage.time("+08:00")).await;
    assert_eq!(stage.capacity().await, original);
}

/// Input that is not right fails by name, says which field, and writes nothing.
pub async fn wrong_input(stage: &mut impl Harness) {
    for (input, error, names) in [
        (stage.input(json!({ "want": "awake", "until": "soon" })), "Request.Invalid", "until"),
        (stage.input(json!({ "want": "awake" })), "Request.Invalid", "until"),
        (stage.input(json!({ "wants": "awake", "until": "2h" })), "Request.Invalid", "wants"),
        (stage.input(json!({ "want": "sleepy", "until": "2h" })), "Request.Invalid", "want"),
        (stage.input(json!({ "halt": true, "reason": "x", "by": "ada", "mode": "plan" })), "Request.Invalid", "mode"),
        (stage.input(json!({ "halt": true, "by": "ada" })), "Request.Invalid", "reason"),
        (stage.input(json!({ "halt": true, "reason": "x", "by": "YOUR NAME" })), "Request.Invalid", "by"),
        (stage.input(json!({ "approve": "quota" })), "Request.Invalid", "approve"),
        (json!(["clos-v2", "dev"]), "Request.Invalid", "found a list"),
        (json!({ "estate": "clos-v2" }), "Request.Invalid", "environment"),
        (json!({ "estate": "clos-v3", "environment": "dev" }), "Estate.Unknown", "clos-v2"),
        (json!({ "estate": "clos-v2", "environment": "test" }), "Environment.Unknown", "dev"),
    ] {
        let mark = stage.mark().await;
        let run = stage.start(&input).await;
        assert_eq!(run.outcome, error, "{input}: {}", run.says);
        assert!(run.says.contains(names), "{input}: {}", run.says);
        assert!(!run.says.contains("errorMessage"), "in words: {}", run.says);
        assert_eq!(stage.writes(mark).await, 0, "{input}");
    }
}

/// Production refuses to sleep, by name, and is never touched.
pub async fn production_that_somebody_puts_to_sleep(stage: &mut impl Harness) {
    let (before, mark) = (stage.capacity().await, stage.mark().await);
    let run = stage.start(&stage.input(json!({ "want": "asleep", "until": "2h" }))).await;
    assert_eq!(run.outcome, "Guardrail.Refused");
    assert!(run.says.contains("production-never-sleeps"), "{}", run.says);
    stage.tick(stage.time("22:05")).await;
    assert_eq!(stage.capacity_writes(mark).await, []);
    assert_eq!(stage.capacity().await, before);
}
