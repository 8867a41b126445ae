//! What is refused, and what holds everything.

use jiff::SignedDuration;
use serde_json::json;

use super::{TICK, needs, night, sleeps, wakes};
use crate::scenarios::{Harness, Played, later, listed};

/// The halt switch holds every run until it is lifted, and the refusal is told once.
pub async fn a_halt(harness: &mut impl Harness) -> Played {
    let night = night(harness).await?;
    let original = harness.capacity().await?;
    harness.start(&harness.input(json!({ "halt": true, "reason": "maintenance", "by": "ada" }))).await?;
    harness.told().await?;
    let mark = harness.mark().await?;
    let run = harness.tick(later(night.evening, TICK)).await?;
    let halted = run.as_ref().is_some_and(|run| run.outcome == "Guardrail.Refused" && run.says.contains("halted"));
    harness.check("the run is refused, by name", halted, format!("{run:?}"));
    for again in [2, 3] {
        harness.tick(later(night.evening, TICK * again)).await?;
    }
    let writes = harness.capacity_writes(mark).await?;
    harness.check("nothing is written while it is halted", writes.is_empty(), format!("{writes:?}"));
    harness.same("nothing is changed", &original).await?;
    let (told, subject) = (harness.told().await?, harness.subject(" was not changed: halted"));
    let times = told.iter().filter(|(told, _)| *told == subject).count();
    harness.check("it is told once", times == 1, format!("{told:?}"));
    harness.start(&harness.input(json!({ "halt": false }))).await?;
    sleeps(harness, later(night.evening, TICK * 4)).await?;
    wakes(harness, night.morning, &original).await
}

/// Input that is not right fails by name, says which field, and writes nothing.
pub async fn wrong_input(harness: &mut impl Harness) -> Played {
    let estate = harness.scope().estate.to_string();
    for (input, error, names) in [
        (harness.input(json!({ "want": "awake", "until": "soon" })), "Request.Invalid", "until"),
        (harness.input(json!({ "want": "awake" })), "Request.Invalid", "until"),
        (harness.input(json!({ "wants": "awake", "until": "2h" })), "Request.Invalid", "wants"),
        (harness.input(json!({ "want": "sleepy", "until": "2h" })), "Request.Invalid", "want"),
        (harness.input(json!({ "halt": true, "reason": "x", "by": "ada", "mode": "plan" })), "Request.Invalid", "mode"),
        (harness.input(json!({ "halt": true, "by": "ada" })), "Request.Invalid", "reason"),
        (harness.input(json!({ "halt": true, "reason": "x", "by": "YOUR NAME" })), "Request.Invalid", "by"),
        (harness.input(json!({ "approve": "quota" })), "Request.Invalid", "approve"),
        (json!([&estate, "dev"]), "Request.Invalid", "found a list"),
        (json!({ "estate": &estate }), "Request.Invalid", "environment"),
        (json!({ "estate": "no-such-estate", "environment": "dev" }), "Estate.Unknown", &estate),
        (
            json!({ "estate": &estate, "environment": "none-such" }),
            "Environment.Unknown",
            &harness.scope().environment.to_string(),
        ),
    ] {
        let mark = harness.mark().await?;
        let run = harness.start(&input).await?;
        let named = run.outcome == error && run.says.contains(names) && !run.says.contains("errorMessage");
        harness.check(&format!("{error} for {input}"), named, run.to_string());
        let writes = harness.writes(mark).await?;
        harness.check("nothing is written", writes == 0, format!("{writes} writes"));
    }
    Ok(())
}

/// Production refuses to sleep, by name, and is never touched.
pub async fn production_that_somebody_puts_to_sleep(harness: &mut impl Harness) -> Played {
    needs::production(harness.environment())?;
    let before = harness.capacity().await?;
    let run = harness.start(&harness.input(json!({ "want": "asleep", "until": "2h" }))).await?;
    let refused = run.outcome == "Guardrail.Refused" && run.says.contains("production-never-sleeps");
    harness.check("production refuses to sleep, by name", refused, run.to_string());
    harness.tick(later(harness.now().await?, SignedDuration::from_hours(10))).await?;
    // Since the beginning: also while its siblings slept.
    let writes = harness.capacity_writes(0).await?;
    harness.check("nothing of it was ever written", writes.is_empty(), format!("writes: {}", listed(&writes)));
    harness.same("production is as it was", &before).await
}
