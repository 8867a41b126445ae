//! A night of one environment, through the deployed schedule.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{Capacity, ServiceId};

use super::by_hand;
use super::calendar::{ChosenNight, next_night};
use crate::drill::report::millis;
use crate::drill::step::{DrillStep, asleep, difference, line};
use crate::harness::{ApiCalls, EndedExecution, StageError, listed};

/// The interval of the schedule.
const TICK: SignedDuration = SignedDuration::from_mins(5);

/// Play a night; `with_hands` also what people ask for during it.
pub(super) async fn play(act: &mut DrillStep<'_>, with_hands: bool) -> Result<(), StageError> {
    let now = act.stack.control().now().await?;
    let Some(night) = act.environment.calendar().and_then(|calendar| next_night(calendar, now)) else {
        act.check("its calendar has a night", false, "none within 400 days");
        return Ok(());
    };
    let first = act.tick("a tick by day", night.day).await?;
    if first.cold {
        act.report.figures.insert("tick_cold_ms", millis(first.decided));
    }
    let original = touch(act).await?;
    evening(act, &night, &original).await?;
    if with_hands && night.morning.duration_since(night.evening) > SignedDuration::from_hours(3) {
        by_hand::play(act, &original).await?;
    }
    told(act).await?;
    morning(act, &night, &original).await
}

/// What a human did before: scaling in suspended on one service, and no target on another.
async fn touch(act: &mut DrillStep<'_>) -> Result<Capacity, StageError> {
    let before = act.capacity().await?;
    let with_target: Vec<(&ServiceId, _)> =
        before.services.iter().filter_map(|(id, service)| Some((id, service.scaling?))).collect();
    if let Some((id, target)) = with_target.first() {
        act.stack.site().suspend_scale_in(id, *target).await?;
        act.prepare(&format!("a human suspends scaling in of {}", id.service)).await?;
    }
    if let [_, .., (id, _)] = with_target.as_slice() {
        act.stack.site().drop_target(id).await?;
        act.prepare(&format!("a human removes the scalable target of {}", id.service)).await?;
    }
    act.report.figures.insert("services", before.services.len().try_into().unwrap_or(u64::MAX));
    act.capacity().await
}

async fn evening(act: &mut DrillStep<'_>, night: &ChosenNight, original: &Capacity) -> Result<(), StageError> {
    let mark = act.mark().await?;
    let instant = later(night.evening, TICK);
    let ticked = act.tick("the first tick of the evening is lost, the second one comes", instant).await?;
    act.report.figures.insert("tick_warm_ms", millis(ticked.decided));
    let ended = ticked.run_of(&act.scope);
    act.check(
        "the run is done",
        ended.is_some_and(|run| run.outcome() == "done"),
        ended.map_or("no run", EndedExecution::says),
    );
    let took = ended.map_or(0, |run| millis(run.took));
    let found = act.capacity().await?;
    let running = act.stack.site().running(act.environment).await?;
    act.check("it is asleep", asleep(&found) && running == 0, line(&found));
    let deeds = act.deeds(mark).await?;
    let writes = act.writes(&deeds).len();
    let limit = 2 * original.services.len() + original.databases.len();
    act.check("at most two writes a service", writes <= limit, format!("{writes} writes, at most {limit}"));
    order(act, &deeds, original);
    for (name, figure) in [
        ("asleep_after_ms", took),
        ("writes_to_sleep", count(writes)),
        ("describe_services_to_sleep", count(deeds.count("DescribeServices"))),
    ] {
        act.report.figures.insert(name, figure);
    }
    neighbours(act, instant).await?;
    quiet(act, "the same tick again writes nothing", instant).await?;
    quiet(act, "a tick in between writes nothing", later(instant, TICK)).await
}

/// Databases were stopped after the services that use them.
fn order(act: &mut DrillStep<'_>, deeds: &ApiCalls, original: &Capacity) {
    let counts = original.services.keys().filter_map(|id| deeds.last_write_to("UpdateService", id.service.as_str()));
    let last_count = counts.max();
    for id in original.databases.keys() {
        let name = id.name().as_str();
        let stops = ["StopDBCluster", "StopDBInstance"].into_iter();
        let stopped = stops.filter_map(|operation| deeds.first_write_to(operation, name)).min();
        let detail = match (last_count, stopped) {
            (Some(count), Some(stop)) => format!("{name}: call {stop}, the last count was call {count}"),
            (_, None) => format!("{name} was not stopped"),
            (None, Some(stop)) => format!("{name}: call {stop}, and no count was written"),
        };
        act.check("a database stops after its services", stopped > last_count, detail);
    }
}

/// Everybody else in the region sleeps or not as their own calendars say.
async fn neighbours(act: &mut DrillStep<'_>, instant: Timestamp) -> Result<(), StageError> {
    let (mut as_told, mut seen) = (true, Vec::new());
    for scope in act.stack.watched().iter().filter(|scope| **scope != act.scope) {
        let found = act.stage.estates().environment(scope.estate.as_str(), scope.environment.as_str());
        let Ok((_, environment)) = found else { continue };
        let Some(decision) = environment.calendar().map(|calendar| calendar.at(instant)) else { continue };
        let capacity = act.stack.capacity(environment).await?;
        let sleeps = asleep(&capacity);
        as_told &= sleeps != decision.awake;
        let is = if sleeps { "asleep" } else { "awake" };
        seen.push(format!("{} {} {is}", scope.estate, scope.environment));
    }
    if !seen.is_empty() {
        act.check("its neighbours follow their own calendars", as_told, seen.join(", "));
    }
    Ok(())
}

/// A tick that must not change anything of this environment.
async fn quiet(act: &mut DrillStep<'_>, name: &str, instant: Timestamp) -> Result<(), StageError> {
    let before = act.capacity().await?;
    let mark = act.mark().await?;
    act.tick(name, instant).await?;
    let deeds = act.deeds(mark).await?;
    let writes = act.writes(&deeds);
    let same = act.capacity().await? == before;
    let detail = if writes.is_empty() { "0 writes".to_owned() } else { listed(&writes) };
    act.check(name, writes.is_empty() && same, detail);
    Ok(())
}

/// A person and a program heard of it.
async fn told(act: &mut DrillStep<'_>) -> Result<(), StageError> {
    let subject = format!("{} {} is asleep", act.scope.estate, act.scope.environment);
    let letters = act.stack.mailbox().letters().await?;
    let letter = letters.iter().find(|letter| letter.subject == subject);
    act.check("a person is told", letter.is_some(), letter.map_or("no message", |letter| letter.subject.as_str()));
    let events = act.stack.mailbox().events().await?;
    let of_ours = |event: &&serde_json::Value| {
        let detail = &event["detail"];
        detail["estate"] == act.scope.estate.as_str() && detail["environment"] == act.scope.environment.as_str()
    };
    let mine = events.iter().filter(of_ours).filter(|event| event["detail"]["outcome"] == "done").count();
    act.check("programs are told", mine > 0, format!("{mine} events of finished runs on the bus"));
    Ok(())
}

async fn morning(act: &mut DrillStep<'_>, night: &ChosenNight, original: &Capacity) -> Result<(), StageError> {
    let mark = act.mark().await?;
    let ticked = act.tick("the first tick of the morning", night.morning).await?;
    let run = ticked.run_of(&act.scope);
    act.check(
        "the run is done",
        run.is_some_and(|run| run.outcome() == "done"),
        run.map_or("no run", EndedExecution::says),
    );
    let found = act.capacity().await?;
    let detail = if found == *original { line(&found) } else { difference(original, &found) };
    act.check("it is awake, exactly as it was", found == *original, detail);
    let deeds = act.deeds(mark).await?;
    for (name, figure) in [
        ("awake_after_ms", run.map_or(0, |run| millis(run.took))),
        ("writes_to_wake", count(act.writes(&deeds).len())),
        ("describe_services_to_wake", count(deeds.count("DescribeServices"))),
    ] {
        act.report.figures.insert(name, figure);
    }
    quiet(act, "the next tick writes nothing", later(night.morning, TICK)).await
}

pub(super) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn count(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}
