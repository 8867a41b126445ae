//! A night of one environment, through the deployed schedule.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{Capacity, DatabaseId, ResourceId, ServiceId};

use super::by_hand;
use super::calendar::{ChosenNight, next_night};
use crate::drill::choice::Unplayed;
use crate::drill::choice::sleep::follows;
use crate::drill::report::millis;
use crate::drill::step::{DrillStep, asleep, difference, is_of_database, line, subject};
use crate::harness::{ApiCalls, EndedExecution, HarnessError, listed};

/// The interval of the schedule.
const TICK: SignedDuration = SignedDuration::from_mins(5);
/// The night in which there is time for what people ask for.
const HANDS: SignedDuration = SignedDuration::from_hours(3);

/// Play a night; `with_hands` also what people ask for during it.
pub(super) async fn play(drill: &mut DrillStep<'_>, with_hands: bool) -> Result<(), HarnessError> {
    let now = drill.stack.control().now().await?;
    let freezes = &drill.environment.limits().freezes;
    let Some(night) = drill.environment.calendar().and_then(|calendar| next_night(calendar, freezes, now).ok()) else {
        drill.check("its calendar has a night", false, "none within 400 days");
        return Ok(());
    };
    let first = drill.tick("a tick by day", night.day).await?;
    if first.cold {
        drill.report.figures.insert("tick_cold_ms", millis(first.decided));
    }
    let original = touch(drill).await?;
    evening(drill, &night, &original).await?;
    if with_hands && night.morning.duration_since(night.evening) > HANDS {
        by_hand::play(drill, &original).await?;
    } else if with_hands {
        drill.leave_out("an hour awake by hand", &Unplayed::new("a night of three hours or less", "a longer one"));
    }
    told(drill).await?;
    morning(drill, &night, &original).await
}

/// What a human did before: scaling in suspended on one service, and no target on another.
async fn touch(drill: &mut DrillStep<'_>) -> Result<Capacity, HarnessError> {
    let before = drill.capacity().await?;
    let free = |id: &ServiceId| !drill.environment.protects(&ResourceId::Service(id.clone()));
    let with_target: Vec<(&ServiceId, _)> = before
        .services
        .iter()
        .filter(|(id, _)| free(id))
        .filter_map(|(id, service)| Some((id, service.scaling?)))
        .collect();
    if let Some((id, target)) = with_target.first() {
        drill.stack.site().suspend_scale_in(id, *target).await?;
        drill.prepare(&format!("a human suspends scaling in of {}", id.service)).await?;
    }
    if let [_, .., (id, _)] = with_target.as_slice() {
        drill.stack.site().drop_target(id).await?;
        drill.prepare(&format!("a human removes the scalable target of {}", id.service)).await?;
    }
    drill.report.figures.insert("services", before.services.len().try_into().unwrap_or(u64::MAX));
    drill.capacity().await
}

async fn evening(drill: &mut DrillStep<'_>, night: &ChosenNight, original: &Capacity) -> Result<(), HarnessError> {
    let mark = drill.mark().await?;
    let instant = later(night.evening, TICK);
    let ticked = drill.tick("the first tick of the evening is lost, the second one comes", instant).await?;
    drill.report.figures.insert("tick_warm_ms", millis(ticked.decided));
    let ended = ticked.run_of(&drill.scope);
    drill.check(
        "the run is done",
        ended.is_some_and(|run| run.outcome() == "done"),
        ended.map_or("no run", EndedExecution::says),
    );
    let took = ended.map_or(0, |run| millis(run.took));
    let found = drill.capacity().await?;
    let running = drill.stack.site().running(drill.environment).await?.cast_unsigned();
    let left: u32 = found.services.values().map(|service| service.desired).sum();
    drill.check("it is asleep", asleep(drill.environment, &found) && running == left, line(&found));
    let spared = untouched(drill, original, &found);
    if let Some((same, names)) = spared {
        drill.check("what is protected goes on as it was", same, names);
    }
    let api_calls = drill.api_calls(mark).await?;
    let writes = drill.writes(&api_calls).len();
    let limit = 2 * original.services.len() + original.databases.len();
    drill.check("at most two writes a service", writes <= limit, format!("{writes} writes, at most {limit}"));
    order(drill, &api_calls, original);
    for (name, figure) in [
        ("asleep_after_ms", took),
        ("writes_to_sleep", count(writes)),
        ("describe_services_to_sleep", count(api_calls.count("DescribeServices"))),
    ] {
        drill.report.figures.insert(name, figure);
    }
    neighbours(drill, instant).await?;
    quiet(drill, "the same tick again writes nothing", instant).await?;
    quiet(drill, "a tick in between writes nothing", later(instant, TICK)).await
}

/// Databases were stopped after the services that use them.
fn order(drill: &mut DrillStep<'_>, api_calls: &ApiCalls, original: &Capacity) {
    let writes = drill.writes(api_calls);
    let last_count = writes.iter().filter(|call| call.operation == "UpdateService").map(|call| call.number).max();
    let free = |id: &&DatabaseId| !drill.environment.protects(&ResourceId::Database((*id).clone()));
    let mut stops = Vec::new();
    for id in original.databases.keys().filter(free) {
        let own = writes.iter().filter(|call| call.operation.starts_with("StopDB") && is_of_database(call, id));
        stops.push((id.name().as_str(), own.filter(|call| call.error.is_none()).map(|call| call.number).min()));
    }
    for (name, stopped) in stops {
        let detail = match (last_count, stopped) {
            (Some(count), Some(stop)) => format!("{name}: call {stop}, the last count was call {count}"),
            (_, None) => format!("{name} was not stopped"),
            (None, Some(stop)) => format!("{name}: call {stop}, and no count was written"),
        };
        drill.check("a database stops after its services", stopped > last_count, detail);
    }
}

/// Whether what is protected is as it was, and what that is; nothing where nothing is.
fn untouched(drill: &DrillStep<'_>, original: &Capacity, found: &Capacity) -> Option<(bool, String)> {
    let environment = drill.environment;
    let services = original.services.iter().filter(|(id, _)| environment.protects(&ResourceId::Service((*id).clone())));
    let services: Vec<_> = services.collect();
    let databases = original.databases.iter();
    let databases: Vec<_> =
        databases.filter(|(id, _)| environment.protects(&ResourceId::Database((*id).clone()))).collect();
    let same = services.iter().all(|(id, was)| found.services.get(*id) == Some(*was))
        && databases.iter().all(|(id, was)| found.databases.get(*id) == Some(*was));
    let names = services.iter().map(|(id, _)| id.to_string()).chain(databases.iter().map(|(id, _)| id.to_string()));
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| (same, names.join(", ")))
}

/// Everybody else in the region sleeps or not as their own calendars say.
async fn neighbours(drill: &mut DrillStep<'_>, instant: Timestamp) -> Result<(), HarnessError> {
    let (mut as_told, mut seen) = (true, Vec::new());
    for scope in drill.stack.watched().iter().filter(|scope| **scope != drill.scope) {
        let found = drill.harness.estates().environment(scope.estate.as_str(), scope.environment.as_str());
        let Ok((_, environment)) = found else { continue };
        let Some(calendar) = environment.calendar().filter(|_| follows(environment, instant)) else { continue };
        let decision = calendar.at(instant);
        let capacity = drill.stack.capacity(environment).await?;
        let sleeps = asleep(environment, &capacity);
        as_told &= sleeps != decision.awake;
        let is = if sleeps { "asleep" } else { "awake" };
        seen.push(format!("{} {} {is}", scope.estate, scope.environment));
    }
    if !seen.is_empty() {
        drill.check("its neighbours follow their own calendars", as_told, seen.join(", "));
    }
    Ok(())
}

/// A tick that must not change anything of this environment.
async fn quiet(drill: &mut DrillStep<'_>, name: &str, instant: Timestamp) -> Result<(), HarnessError> {
    let before = drill.capacity().await?;
    let mark = drill.mark().await?;
    drill.tick(name, instant).await?;
    let api_calls = drill.api_calls(mark).await?;
    let writes = drill.writes(&api_calls);
    let same = drill.capacity().await? == before;
    let detail = if writes.is_empty() { "0 writes".to_owned() } else { listed(&writes) };
    drill.check(name, writes.is_empty() && same, detail);
    Ok(())
}

/// A person and a program heard of it.
async fn told(drill: &mut DrillStep<'_>) -> Result<(), HarnessError> {
    let subject = subject(&format!("{} {} is asleep", drill.scope.estate, drill.scope.environment));
    let letters = drill.stack.notifications().letters().await?;
    let letter = letters.iter().find(|letter| letter.subject == subject);
    drill.check("a person is told", letter.is_some(), letter.map_or("no message", |letter| letter.subject.as_str()));
    let events = drill.stack.notifications().events().await?;
    let of_ours = |event: &&serde_json::Value| {
        let detail = &event["detail"];
        detail["estate"] == drill.scope.estate.as_str() && detail["environment"] == drill.scope.environment.as_str()
    };
    let mine = events.iter().filter(of_ours).filter(|event| event["detail"]["outcome"] == "done").count();
    drill.check("programs are told", mine > 0, format!("{mine} events of finished runs on the bus"));
    Ok(())
}

async fn morning(drill: &mut DrillStep<'_>, night: &ChosenNight, original: &Capacity) -> Result<(), HarnessError> {
    let mark = drill.mark().await?;
    let ticked = drill.tick("the first tick of the morning", night.morning).await?;
    let run = ticked.run_of(&drill.scope);
    drill.check(
        "the run is done",
        run.is_some_and(|run| run.outcome() == "done"),
        run.map_or("no run", EndedExecution::says),
    );
    let found = drill.capacity().await?;
    let detail = if found == *original { line(&found) } else { difference(original, &found) };
    drill.check("it is awake, exactly as it was", found == *original, detail);
    let api_calls = drill.api_calls(mark).await?;
    for (name, figure) in [
        ("awake_after_ms", run.map_or(0, |run| millis(run.took))),
        ("writes_to_wake", count(drill.writes(&api_calls).len())),
        ("describe_services_to_wake", count(api_calls.count("DescribeServices"))),
    ] {
        drill.report.figures.insert(name, figure);
    }
    quiet(drill, "the next tick writes nothing", later(night.morning, TICK)).await
}

pub(super) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn count(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}
