//! Profiles that a person starts, and those that a person has to approve.

use serde_json::{Value, json};

use super::goal::ProfileGoal;
use super::needs::{self, EmergencyParts};
use super::{EmergencyHarness, EmergencyNumber, EmergencyStage, settled};
use crate::scenarios::{Played, count, listed};

/// A person plans a profile, starts it, and gives it back.
pub async fn a_profile_that_a_person_starts(harness: &mut impl EmergencyHarness) -> Played {
    let environment = harness.environment().clone();
    let emergency = needs::emergency(&environment)?;
    let profile = EmergencyParts::of(&environment, emergency).by_hand?;
    let original = settled(harness, emergency).await?;
    let goal = ProfileGoal::of(&environment, profile, &original);
    planned(harness, &goal).await?;
    let (run, stage) = harness.raise(&about(harness, &goal, ("reason", "drill".into()))).await?;
    let found = harness.capacity().await?;
    let reached = stage == EmergencyStage::Holding && goal.is_reached(&found);
    harness.check(&format!("a person brings {}", goal.name), reached, goal.line(&found));
    let (told, subject) = (harness.told().await?, harness.subject(&format!(" is at {}", goal.name)));
    harness.check("a person is told", told.iter().any(|(told, _)| *told == subject), format!("{told:?}"));
    harness.measured("services", count(goal.services()));
    given_back(harness, &goal, run).await
}

/// A profile that has a price: a plan, a question, a no, a yes, a second answer, and the way back by hand.
pub async fn a_profile_that_asks(harness: &mut impl EmergencyHarness) -> Played {
    let environment = harness.environment().clone();
    let emergency = needs::emergency(&environment)?;
    let profile = EmergencyParts::of(&environment, emergency).asking?;
    let original = settled(harness, emergency).await?;
    let goal = ProfileGoal::of(&environment, profile, &original);
    planned(harness, &goal).await?;

    let run = asked(harness, &goal).await?;
    let stage = harness.answer(run, false).await?;
    let end = stage.as_ref().ok().and_then(EmergencyStage::end);
    harness.run_ended("a no ends it", end, "declined");
    harness.same("and changes nothing", &original).await?;
    let (told, subject) = (harness.told().await?, harness.subject(&format!(": {} was not done", goal.name)));
    harness.check("a person is told", told.iter().any(|(told, _)| *told == subject), format!("{told:?}"));

    let run = asked(harness, &goal).await?;
    let stage = harness.answer(run, true).await?;
    let found = harness.capacity().await?;
    let reached = stage == Ok(EmergencyStage::Holding) && goal.is_reached(&found);
    harness.check(&format!("a yes brings {}", goal.name), reached, goal.line(&found));
    let told = harness.told().await?;
    let named = told.iter().any(|(_, text)| text.contains("approved by drill"));
    harness.check("a person is told who approved it", named, format!("{told:?}"));
    let again = harness.answer(run, false).await?;
    let seen = again.as_ref().err().cloned().unwrap_or_else(|| "it was taken".to_owned());
    harness.check("a second answer is refused", again.is_err(), seen);
    harness.same("and changes nothing more", &found).await?;
    given_back(harness, &goal, run).await
}

/// What the machine is asked about a profile, with this beside it.
fn about(harness: &impl EmergencyHarness, goal: &ProfileGoal<'_>, more: (&str, Value)) -> Value {
    let mut input = harness.input(json!({ "profile": goal.name.as_str() }));
    input[more.0] = more.1;
    input
}

/// A plan tells every write and makes none.
async fn planned(harness: &mut impl EmergencyHarness, goal: &ProfileGoal<'_>) -> Played {
    let mark = harness.mark().await?;
    let (_, stage) = harness.raise(&about(harness, goal, ("mode", "plan".into()))).await?;
    harness.run_ended("a plan is made", stage.end(), "planned");
    let says = stage.end().map(|end| end.says.clone()).unwrap_or_default();
    let missing = goal.moved().filter(|service| !says.contains(service)).collect::<Vec<_>>();
    harness.check(
        "it tells every write",
        missing.is_empty(),
        format!("left out: {}; it says: {says}", listed(&missing)),
    );
    let (writes, told) = (harness.writes(mark).await?, harness.told().await?);
    harness.check(
        "it makes none, and tells nobody",
        writes == 0 && told.is_empty(),
        format!("{writes} writes {told:?}"),
    );
    harness.same("nothing is changed", &goal.original).await
}

/// A person starts it, and is asked first.
async fn asked(harness: &mut impl EmergencyHarness, goal: &ProfileGoal<'_>) -> Played<EmergencyNumber> {
    let mark = harness.mark().await?;
    let (run, stage) = harness.raise(&about(harness, goal, ("reason", "drill".into()))).await?;
    let (writes, told) = (harness.capacity_writes(mark).await?, harness.told().await?);
    let subject = harness.subject(&format!(": approve {}?", goal.name));
    let shows = |text: &str| goal.original.services.keys().any(|id| text.contains(id.service.as_str()));
    let asked = told.iter().any(|(told, text)| *told == subject && shows(text));
    let waits = stage == EmergencyStage::Asking && writes.is_empty() && asked;
    harness.check("a person is asked first, with the plan", waits, format!("{stage:?} {writes:?} {told:?}"));
    harness.same("nothing is changed before", &goal.original).await?;
    Ok(run)
}

/// The way back, started by a person; the execution that held it finds that nothing is left to hold.
async fn given_back(harness: &mut impl EmergencyHarness, goal: &ProfileGoal<'_>, run: EmergencyNumber) -> Played {
    let (_, stage) = harness.raise(&about(harness, goal, ("give-back", true.into()))).await?;
    harness.check("a person gives it back", stage.end().is_some(), format!("{stage:?}"));
    harness.same("the baseline is given back by hand, exactly", &goal.original).await?;
    harness.run_out(run).await?;
    harness.told().await?;
    Ok(())
}
