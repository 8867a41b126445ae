//! The primary is lost: its calls hang. The standby notices, takes over, and is what people reach.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use watchkeeper_domain::capacity::{Capacity, ServiceCapacity};
use watchkeeper_domain::failover::{Move, MovePhase};

use super::moving::{detected, ending};
use super::{PairUnderTest, count};
use crate::drill::scene::SandboxScene;
use crate::harness::{AskedQuestion, EndedExecution, HarnessError, MoveExecution, MoveExecutionState, took};
use crate::sandbox::LossOrder;
use crate::scenarios::{line, millis};

/// Detection, the move, and the report about it.
pub(super) async fn play(drill: &mut SandboxScene<'_>, voyage: &PairUnderTest<'_>) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    stacks.tick(&[stacks.home, stacks.standby]).await?;
    stacks.standby.notifications().letters().await?;
    let mark = drill.mark().await?;
    stacks.lose_home(LossOrder::hang().with_its_tasks()).await?;
    drill.prepare(&format!("{} is lost: its calls hang, and its tasks are gone", stacks.home.region())).await?;
    let mut move_execution = detected(drill, voyage, &[stacks.standby]).await?;
    let ended = confirmed(drill, voyage, &mut move_execution).await?;
    drill.check("the failover is done", ending(&ended) == "done", ended.says());
    let record = move_execution.record().await?;
    let found = stacks.standby.capacity(stacks.environment).await?;
    drill.check("the standby runs what the document promises, with bounds", serves(voyage, &found), line(&found));
    let (status, region) = stacks.reached().await?;
    let there = status == 200 && region.as_ref() == Some(stacks.standby.region());
    let detail = region.map_or_else(|| format!("{status}"), |region| format!("{status} from {region}"));
    drill.check("people reach the standby", there, detail);
    bounded(drill, voyage, &move_execution, mark).await?;
    if let Some(record) = record {
        measured(drill, voyage, &record).await?;
    }
    Ok(())
}

/// The move up to its end, with every question that it comes to: the document's own, and that of the fence of a lost region.
async fn confirmed(
    drill: &mut SandboxScene<'_>,
    voyage: &PairUnderTest<'_>,
    move_execution: &mut MoveExecution<'_>,
) -> Result<EndedExecution, HarnessError> {
    let stacks = &voyage.stacks;
    let mut state =
        drill.step("the failover confirms the loss, and goes as far as it may", move_execution.goes_on()).await?;
    loop {
        match state {
            MoveExecutionState::Ended(ended) => return Ok(ended),
            MoveExecutionState::Waiting(seconds) => {
                let waited = async {
                    stacks.standby.pass(SignedDuration::from_secs(seconds + 1)).await?;
                    move_execution.goes_on().await
                };
                state = drill.step(&format!("it waits for {seconds} s"), waited).await?;
            }
            MoveExecutionState::Asking => {
                let (question, _) = stacks.standby.asked().await?;
                asked(drill, voyage, move_execution, &question).await?;
                let approved = async {
                    stacks.standby.answer(&question.approve.by("drill")).await?;
                    move_execution.goes_on().await
                };
                state =
                    drill.step("the person makes sure, and says so with the message's own command", approved).await?;
            }
        }
    }
}

/// A question comes at its time: the document's own before anything is changed, the fence's once all else runs.
async fn asked(
    drill: &mut SandboxScene<'_>,
    voyage: &PairUnderTest<'_>,
    move_execution: &MoveExecution<'_>,
    question: &AskedQuestion,
) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    let found = stacks.standby.capacity(stacks.environment).await?;
    let failover = stacks.failover()?;
    let phase = move_execution.record().await?.map(|record| record.phase);
    if phase.is_none_or(|phase| phase <= MovePhase::Approve) {
        drill.check("a person is asked before anything is changed", found == voyage.original[1], why(question));
        return Ok(());
    }
    let singles: Vec<_> = failover.singletons.iter().map(|singleton| &singleton.service).collect();
    if singles.is_empty() {
        drill.check("a person is asked, and told why", question.letter.text.contains("Why: "), why(question));
        return Ok(());
    }
    let wanted = |name| failover.capacity.get(name).is_some_and(|tasks| *tasks > 0);
    let mut meant = found.services.iter().filter(|(id, _)| wanted(&id.service));
    let held = meant.all(|(id, service)| singles.contains(&&id.service) == (service.desired == 0));
    drill.check("all but the singletons run before anybody is asked", held, line(&found));
    let named = singles.iter().all(|name| question.letter.text.contains(name.as_str()));
    drill.check("a person is asked whether each singleton has stopped", named, why(question));
    Ok(())
}

/// The line of a question that says why.
fn why(question: &AskedQuestion) -> String {
    let line = question.letter.text.lines().find(|line| line.starts_with("Why: "));
    line.unwrap_or(&question.letter.subject).to_owned()
}

/// The document's figures, with the bounds that the primary has where it has any.
fn serves(voyage: &PairUnderTest<'_>, found: &Capacity) -> bool {
    let document = voyage.stacks.environment.document();
    let Some(failover) = &document.failover else { return false };
    let home: BTreeMap<_, _> = voyage.original[0].services.iter().map(|(id, service)| (&id.service, service)).collect();
    found.services.iter().all(|(id, ServiceCapacity { desired, scaling })| {
        let Some(wanted) = failover.capacity.get(&id.service) else { return true };
        let bounds = home.get(&id.service).and_then(|service| service.scaling).map(|home| (home.min, home.max));
        *desired == *wanted && scaling.map(|scaling| (scaling.min, scaling.max)) == bounds
    })
}

/// In no step is anything asked twice of the region that hangs: each call is bounded, and none is made again.
async fn bounded(
    drill: &mut SandboxScene<'_>,
    voyage: &PairUnderTest<'_>,
    move_execution: &MoveExecution<'_>,
    mark: u64,
) -> Result<(), HarnessError> {
    let calls = voyage.stacks.calls_across(voyage.stacks.home, mark).await?;
    let steps = move_execution.steps().await?;
    let mut again: Vec<String> = Vec::new();
    for (began, ended) in &steps {
        let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
        for call in calls.iter().filter(|call| *began <= call.at && call.at <= *ended) {
            *asked.entry(call.operation.as_str()).or_default() += 1;
        }
        again.extend(
            asked.into_iter().filter(|(_, times)| *times > 1).map(|(name, times)| format!("{name} {times} times")),
        );
    }
    let lost = calls.iter().filter(|call| call.fault.as_deref() == Some("lost")).count();
    let within = again.is_empty() && lost == calls.len() && lost > 0;
    let bound = watchkeeper_aws::PEER_OPERATION.as_secs();
    let repeated = if again.is_empty() { "none".to_owned() } else { again.join(", ") };
    let total = calls.len();
    let detail =
        format!("{lost} of {total} calls in {} steps given up within {bound} s, made again: {repeated}", steps.len());
    drill.check("no step waits for the lost region longer than the bound", within, detail);
    let longest = steps.iter().map(|(began, ended)| millis(ended.duration_since(*began).unsigned_abs())).max();
    drill.report.figures.insert("longest_step_ms", longest.unwrap_or(0));
    drill.report.figures.insert("calls_to_lost_region", count(lost));
    Ok(())
}

/// What it took, phase by phase, and that a person and a program are told.
async fn measured(drill: &mut SandboxScene<'_>, voyage: &PairUnderTest<'_>, record: &Move) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    let now = stacks.control().now().await?;
    let positive = |figure: i64| u64::try_from(figure).unwrap_or(0);
    for (phase, milliseconds, _) in record.phases(now) {
        drill.report.figures.insert(took(phase), positive(milliseconds));
    }
    let (own, rto) = (positive(record.own_ms(now)), record.rto_ms().map(positive));
    let waited: i64 = record.phases(now).iter().map(|(_, _, waited)| waited).sum();
    drill.report.figures.insert("own_ms", own);
    drill.report.figures.insert("waited_ms", positive(waited));
    drill.report.figures.insert("rto_ms", rto.unwrap_or(0));
    let detected = record.lost_since.map(|since| millis(record.header.started.duration_since(since).unsigned_abs()));
    drill.report.figures.insert("detected_after_ms", detected.unwrap_or(0));
    let letters = stacks.standby.notifications().letters().await?;
    let letter = letters.iter().find(|letter| letter.subject.ends_with(": done"));
    let phases = [MovePhase::Confirm, MovePhase::Scale, MovePhase::Verify, MovePhase::Traffic, MovePhase::Outside];
    let text = letter.map_or("", |letter| letter.text.as_str());
    let told = phases.iter().all(|phase| text.contains(&format!("  {:<9} ", phase.name())));
    let promised = text.contains("RTO ") && text.contains("RPO ") && text.contains("own share");
    let line = text.lines().find(|line| line.starts_with("RTO ")).unwrap_or("no such message");
    drill.check("the report has the RTO, the RPO, and the time of each phase", told && promised, line);
    let events = stacks.standby.notifications().events().await?;
    let event = events.iter().find(|event| event["detail"]["ending"] == "done");
    let same = event.is_some_and(|event| event["detail"]["rto-ms"].as_i64() == record.rto_ms());
    drill.check("programs are told the same", same, format!("{} events", events.len()));
    Ok(())
}
