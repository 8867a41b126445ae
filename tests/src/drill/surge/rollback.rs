//! A release that users do not like: the alarm says so, and the last good one comes back.

use jiff::SignedDuration;
use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::RollbackPolicy;
use watchkeeper_domain::value::AlarmName;

use crate::drill::scene::SandboxScene;
use crate::harness::{EmergencyExecutionState, HarnessError};
use crate::scenarios::line;

/// How long the good release has been there, at least.
const LONG: SignedDuration = SignedDuration::from_hours(2);

/// A good release of a service, a bad one, and the alarm.
pub(super) async fn play(
    drill: &mut SandboxScene<'_>,
    section: &RollbackPolicy,
    (id, alarm): (&ServiceId, &AlarmName),
) -> Result<(), HarnessError> {
    let (stack, scope) = (drill.stack, drill.scope.clone());
    let original = drill.capacity().await?;
    // What came before is no recent release any more.
    let pause = LONG.max(section.within.signed() * 2);
    let (good, bad) = (release(drill, id, pause).await?, release(drill, id, pause).await?);
    let since = stack.pass(section.within.signed() / 2).await?;
    stack.notifications().letters().await?;
    stack.site().set_alarm(alarm, AlarmState::Alarm).await?;
    let mut emergency_run = stack.emergency_run_for(&scope, "rollback", since).await?;
    if section.ask {
        let (question, _) = drill.step(&format!("{alarm} goes into ALARM"), stack.asked()).await?;
        let waits = matches!(emergency_run.goes_on().await?, EmergencyExecutionState::Asking)
            && stack.site().released(id).await? == bad;
        let shown = question.letter.text.contains(&format!("{bad} -> {good}"));
        drill.check("a rollback is proposed", waits && shown, format!("{}: {bad} -> {good}", question.letter.subject));
        let refused = stack.answer(&question.approve.by("drill")).await?;
        drill.check(
            "the message's own command approves it",
            refused.is_none(),
            refused.unwrap_or_else(|| "accepted".into()),
        );
    }
    let ended = drill.step("the rollback", emergency_run.ended()).await?;
    let took = drill.report.timeline.last().map_or(0, |moment| moment.ms);
    drill.report.figures.insert("rollback_after_ms", took);
    let now = stack.site().released(id).await?;
    let back = now == good && ended.outcome() == "done";
    drill.check("the last good release runs again", back, format!("{now}: {}", ended.outcome()));
    let same = drill.capacity().await? == original;
    drill.check("its count and bounds are untouched", same, line(&original));
    let letters = stack.notifications().letters().await?;
    let told = letters.iter().find(|letter| letter.subject.contains("is rolled back"));
    drill.check("a person is told of the rollback", told.is_some(), told.map_or("no message", |l| l.subject.as_str()));
    stack.site().set_alarm(alarm, AlarmState::Ok).await?;
    Ok(())
}

/// Roll the next release out, a good while after the one before.
async fn release(
    drill: &mut SandboxScene<'_>,
    id: &ServiceId,
    pause: SignedDuration,
) -> Result<TaskDefinition, HarnessError> {
    let stack = drill.stack;
    stack.pass(pause).await?;
    let next = stack.site().make_release(id, None).await?;
    let rolled_out = async { Ok(stack.site().release(id, &next).await?) };
    drill.step(&format!("{next} is deployed by its own pipeline"), rolled_out).await?;
    Ok(next)
}
