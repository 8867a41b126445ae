//! A release that users do not like: the alarm says so, and the last good one comes back.

use jiff::SignedDuration;
use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::RollbackPolicy;

use crate::drill::step::{DrillStep, line};
use crate::harness::{EmergencyExecutionState, StageError};

/// How long the good release has been there.
const LONG: SignedDuration = SignedDuration::from_hours(2);

/// A good release, a bad one, and the alarm.
pub(super) async fn play(act: &mut DrillStep<'_>, section: &RollbackPolicy) -> Result<(), StageError> {
    let (stack, scope) = (act.stack, act.scope.clone());
    let original = act.capacity().await?;
    let (Some(id), Some(alarm)) = (original.services.keys().next(), section.alarms.first()) else { return Ok(()) };
    let (good, bad) = (release(act, id).await?, release(act, id).await?);
    let since = stack.pass(section.within.signed() / 2).await?;
    stack.mailbox().letters().await?;
    stack.site().set_alarm(alarm, AlarmState::Alarm).await?;
    let mut siren = stack.siren(&scope, since).await?;
    if section.ask {
        let (question, _) = act.step(&format!("{alarm} goes into ALARM"), stack.asked()).await?;
        let waits = matches!(siren.goes_on().await?, EmergencyExecutionState::Asking)
            && stack.site().released(id).await? == bad;
        let shown = question.letter.text.contains(&format!("{bad} -> {good}"));
        act.check("a rollback is proposed", waits && shown, format!("{}: {bad} -> {good}", question.letter.subject));
        let refused = stack.answer(&question.approve.by("drill")).await?;
        act.check(
            "the message's own command approves it",
            refused.is_none(),
            refused.unwrap_or_else(|| "accepted".into()),
        );
    }
    let ended = act.step("the rollback", siren.ended()).await?;
    let took = act.report.timeline.last().map_or(0, |moment| moment.ms);
    act.report.figures.insert("rollback_after_ms", took);
    let now = stack.site().released(id).await?;
    let back = now == good && ended.outcome() == "done";
    act.check("the last good release runs again", back, format!("{now}: {}", ended.outcome()));
    let same = act.capacity().await? == original;
    act.check("its count and bounds are untouched", same, line(&original));
    let letters = stack.mailbox().letters().await?;
    let told = letters.iter().find(|letter| letter.subject.contains("is rolled back"));
    act.check("a person is told of the rollback", told.is_some(), told.map_or("no message", |l| l.subject.as_str()));
    stack.site().set_alarm(alarm, AlarmState::Ok).await?;
    Ok(())
}

/// Roll the next release out, a good while after the one before.
async fn release(act: &mut DrillStep<'_>, id: &ServiceId) -> Result<TaskDefinition, StageError> {
    let stack = act.stack;
    stack.pass(LONG).await?;
    let next = stack.site().make_release(id, None).await?;
    let rolled_out = async { Ok(stack.site().release(id, &next).await?) };
    act.step(&format!("{next} is deployed by its own pipeline"), rolled_out).await?;
    Ok(next)
}
