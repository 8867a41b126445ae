//! Messages that must lead to nothing: EventBridge delivers twice, out of order, and late.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::emergency::alarm::{AlarmState, IgnoreReason};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::value::AlarmName;

use crate::drill::scene::SandboxScene;
use crate::harness::{HarnessError, listed};

/// A little time.
const MOMENT: SignedDuration = SignedDuration::from_secs(1);

/// The event that was answered comes again, and after it an older one.
pub(super) async fn again(
    drill: &mut SandboxScene<'_>,
    alarm: &AlarmName,
    since: Timestamp,
) -> Result<(), HarnessError> {
    let Some((at, _)) = drill.stack.remembered(&drill.scope, alarm).await?.newest else {
        drill.check("the alarm is remembered", false, "nothing in the ledger");
        return Ok(());
    };
    quiet(drill, "the same event again", alarm, (AlarmState::Alarm, at), (IgnoreReason::Duplicate, since)).await?;
    let before = at.saturating_sub(MOMENT).unwrap_or(at);
    quiet(drill, "an older event after it", alarm, (AlarmState::Ok, before), (IgnoreReason::OutOfOrder, since)).await
}

/// An event that took longer than the age limit.
pub(super) async fn late(
    drill: &mut SandboxScene<'_>,
    emergency: &Emergency,
    alarm: &AlarmName,
) -> Result<(), HarnessError> {
    let since = drill.stack.control().now().await?;
    let newest = drill.stack.remembered(&drill.scope, alarm).await?.newest.map_or(since, |(at, _)| at);
    let at = newest.saturating_add(MOMENT).unwrap_or(newest);
    let too_late = at.saturating_add(emergency.max_age().signed() + MOMENT).unwrap_or(at);
    drill.stack.at(too_late).await?;
    let name = format!("an event that is older than {}", emergency.max_age());
    quiet(drill, &name, alarm, (AlarmState::Alarm, at), (IgnoreReason::StaleEvent, since)).await
}

/// Nothing is done, and the reason is in the log, a metric, and the ledger.
async fn quiet(
    drill: &mut SandboxScene<'_>,
    what: &str,
    alarm: &AlarmName,
    (state, at): (AlarmState, Timestamp),
    (why, since): (IgnoreReason, Timestamp),
) -> Result<(), HarnessError> {
    let (stack, scope) = (drill.stack, drill.scope.clone());
    let (before, mark, lines) = (drill.capacity().await?, drill.mark().await?, stack.alarm_log().len());
    let emergency_runs = stack.emergency_runs(&scope, since).await?.len();
    let heard = async {
        stack.hears(alarm, state, at).await?;
        stack.ignored(lines, (&scope, alarm), why).await
    };
    let said = drill.step(what, heard).await?;
    let notes = stack.remembered(&scope, alarm).await?.notes;
    let kept = notes.iter().any(|note| note.at == at && note.what.contains(why.name()));
    let api_calls = drill.api_calls(mark).await?;
    let writes = drill.writes(&api_calls);
    let nothing = writes.is_empty()
        && drill.capacity().await? == before
        && stack.emergency_runs(&scope, since).await?.len() == emergency_runs;
    let detail = match (nothing, kept) {
        (true, true) => format!("{} (log, metric and ledger)", why.name()),
        (true, false) => format!("the ledger does not have it: {said}"),
        (false, _) => format!("{said}; {}", listed(&writes)),
    };
    drill.check(&format!("{what}: nothing, and it says why"), nothing && kept, detail);
    Ok(())
}
