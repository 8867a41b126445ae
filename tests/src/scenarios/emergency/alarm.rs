//! An alarm, what it calls for, and the way back; and the same event again, out of order, and late.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::emergency::alarm::{AlarmState, IgnoreReason};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::value::{AlarmName, Duration};

use super::goal::ProfileGoal;
use super::needs::{self, EmergencyParts};
use super::{EmergencyHarness, EmergencyNumber, EmergencyStage, answered, settled};
use crate::scenarios::{Played, count, later, millis};

/// A little time.
const MOMENT: SignedDuration = SignedDuration::from_secs(1);

/// An alarm brings what it calls for. Told of again in every wrong way, it brings nothing more. Its end gives back the exact
/// baseline, after the cool-down.
pub async fn an_alarm(harness: &mut impl EmergencyHarness) -> Played {
    let environment = harness.environment().clone();
    let emergency = needs::emergency(&environment)?;
    let (response, profile) = EmergencyParts::of(&environment, emergency).response?;
    let original = settled(harness, emergency).await?;
    let goal = ProfileGoal::of(&environment, (&response.run, profile), &original);

    let (mark, since) = (harness.mark().await?, harness.now().await?);
    harness.alarm(&response.alarm, AlarmState::Alarm).await?;
    let (run, stage) = answered(harness, response).await?;
    harness.measured("surge_after_ms", millis(harness.now().await?.duration_since(since).unsigned_abs()));
    let found = harness.capacity().await?;
    let reached = stage == EmergencyStage::Holding && goal.is_reached(&found);
    harness.check(&format!("{} at {}", goal.counted(), goal.name), reached, goal.line(&found));
    let (writes, most) = (harness.capacity_writes(mark).await?.len(), 2 * goal.services());
    harness.check("at most two writes a service", writes <= most, format!("{writes} writes, at most {most}"));
    harness.measured("writes_to_surge", count(writes));
    harness.measured("services", count(goal.services()));

    if let Some((at, _)) = harness.memory(&response.alarm).await?.newest {
        let alarm = &response.alarm;
        let (again, older) = ((AlarmState::Alarm, at), (AlarmState::Ok, later(at, -MOMENT)));
        nothing(harness, "the same event again", alarm, again, IgnoreReason::Duplicate).await?;
        nothing(harness, "an older event after it", alarm, older, IgnoreReason::OutOfOrder).await?;
    } else {
        harness.check("the alarm is remembered", false, "nothing in the ledger");
    }
    given_back(harness, emergency, &response.alarm, &goal, run).await?;
    late(harness, emergency, &response.alarm).await
}

/// The alarm is quiet: held for the cool-down, then exactly as before.
async fn given_back(
    harness: &mut impl EmergencyHarness,
    emergency: &Emergency,
    alarm: &AlarmName,
    goal: &ProfileGoal<'_>,
    run: EmergencyNumber,
) -> Played {
    let mark = harness.mark().await?;
    harness.alarm(alarm, AlarmState::Ok).await?;
    if let Some(almost) = almost(emergency.cool_down(), goal.lasts()) {
        let stage = harness.pass(run, almost).await?;
        let found = harness.capacity().await?;
        let held = stage == EmergencyStage::Holding && goal.is_reached(&found);
        harness.check("it holds for the cool-down", held, goal.line(&found));
    }
    let quiet = harness.now().await?;
    let end = harness.run_out(run).await?;
    harness.measured("back_after_ms", millis(harness.now().await?.duration_since(quiet).unsigned_abs()));
    harness.run_ended("it is given back", Some(&end), "given-back");
    harness.same("the baseline is given back, exactly", &goal.original).await?;
    // An autoscaler is held while its count goes down: its bounds are written twice.
    let (writes, most) = (harness.capacity_writes(mark).await?.len(), 3 * goal.services());
    let seen = format!("{writes} writes, at most {most}");
    harness.check("at most three writes a service, back", writes <= most, seen);
    harness.measured("writes_to_give_back", count(writes));
    let subjects: Vec<String> = harness.told().await?.into_iter().map(|(subject, _)| subject).collect();
    let expected = [format!(" is at {}", goal.name), " is back at its baseline".to_owned()];
    let expected = expected.map(|words| harness.subject(&words));
    harness.check("a person is told of both ways, and of nothing else", subjects == expected, subjects.join("; "));
    harness.measured("messages", count(subjects.len()));
    Ok(())
}

/// An event that took longer than the age limit.
async fn late(harness: &mut impl EmergencyHarness, emergency: &Emergency, alarm: &AlarmName) -> Played {
    let now = harness.now().await?;
    let newest = harness.memory(alarm).await?.newest.map_or(now, |(at, _)| at);
    let at = later(newest, MOMENT);
    harness.at(later(at, emergency.max_age().signed() + MOMENT)).await?;
    let what = format!("an event that is older than {}", emergency.max_age());
    nothing(harness, &what, alarm, (AlarmState::Alarm, at), IgnoreReason::StaleEvent).await
}

/// Nothing is done about an event, and the reason is in the log and in the ledger.
async fn nothing(
    harness: &mut impl EmergencyHarness,
    what: &str,
    alarm: &AlarmName,
    (state, at): (AlarmState, Timestamp),
    why: IgnoreReason,
) -> Played {
    let (before, mark, started) = (harness.capacity().await?, harness.mark().await?, harness.started().await?);
    harness.hear(alarm, state, at).await?;
    let said = harness.ignored(alarm, why).await?;
    let memory = harness.memory(alarm).await?;
    let noted = memory.notes.iter().any(|note| note.at == at && note.what.contains(why.name()));
    let writes = harness.capacity_writes(mark).await?;
    let none = writes.is_empty() && harness.capacity().await? == before && harness.started().await? == started;
    let seen = format!("{}: {said}, {writes:?}, in the ledger: {noted}", why.name());
    harness.check(&format!("{what}: nothing, and it says why"), none && noted, seen);
    Ok(())
}

/// Nearly the cool-down: a look of the machine less. Nothing where that is no time, or the profile may be over before.
fn almost(cool_down: Duration, lasts: Duration) -> Option<SignedDuration> {
    let almost = cool_down.signed() - SignedDuration::from_mins(1);
    let fits = almost >= SignedDuration::from_mins(4) && cool_down.signed() * 2 <= lasts.signed();
    fits.then_some(almost)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_hold_is_looked_at_where_the_cool_down_decides_and_not_the_end_of_the_profile() {
        let almost = |cool_down: &str, lasts: &str| almost(cool_down.parse().unwrap(), lasts.parse().unwrap());
        assert_eq!(almost("10m", "2h"), Some(SignedDuration::from_mins(9)));
        for (cool_down, lasts) in [("30s", "1h"), ("10m", "10m"), ("15m", "5m"), ("2m", "1h")] {
            assert_eq!(almost(cool_down, lasts), None, "{cool_down} {lasts}");
        }
    }
}
