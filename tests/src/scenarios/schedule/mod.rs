//! Nights, as the schedule brings them and as people change them.

mod by_hand;
mod idle;
pub mod needs;
mod refusals;
mod savings;
mod siblings;

pub use by_hand::{a_plan, a_wake_by_hand_that_is_given_back, an_override_that_expires, releases_of_two_pipelines};
pub use idle::{UsageHarness, a_day_without_use};
pub use refusals::{a_halt, production_that_somebody_puts_to_sleep, wrong_input};
pub use savings::a_month_of_nights;
pub use siblings::calendars_side_by_side;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{Capacity, DatabasePower, ScalingState, ServiceId, Suspensions};

use super::{
    CapacityWrite, ChosenNight, Harness, Played, Unplayed, asleep, count, difference, later, line, listed, millis,
    parted,
};
use crate::estate::declared;

/// The interval of the schedule.
const TICK: SignedDuration = SignedDuration::from_mins(5);

/// The night that a scenario plays; it begins with a tick by day, from which on everything is as its owner left it.
async fn night(harness: &mut impl Harness) -> Played<ChosenNight> {
    let night = needs::night(harness.environment(), harness.now().await?)?;
    harness.tick(night.day).await?;
    Ok(night)
}

/// The same for a night in which there is time for what people ask for.
async fn long_night(harness: &mut impl Harness) -> Played<ChosenNight> {
    let night = needs::night(harness.environment(), harness.now().await?)?;
    if night.morning.duration_since(night.evening) <= SignedDuration::from_hours(3) {
        return Err(Unplayed::new("a night of three hours or less", "a longer one in `awake`").into());
    }
    harness.tick(night.day).await?;
    Ok(night)
}

/// A person has suspended scaling in of the first service that may be changed, and the second one has no scalable target.
async fn touched(harness: &mut impl Harness) -> Played<Capacity> {
    let (free, _) = parted(harness.environment(), &harness.capacity().await?);
    let mut scaling = free.services.iter().filter_map(|(id, service)| Some((id, service.scaling?)));
    if let Some((id, scaling)) = scaling.next() {
        let suspended = Suspensions { scale_in: true, ..scaling.suspended };
        harness.set_target(id, Some(ScalingState { suspended, ..scaling })).await?;
    }
    if let Some((id, _)) = scaling.next() {
        harness.set_target(id, None).await?;
    }
    Ok(harness.capacity().await?)
}

/// The evening's tick. It sleeps then.
async fn sleeps(harness: &mut impl Harness, instant: Timestamp) -> Played {
    let run = harness.tick(instant).await?;
    harness.run_ended("the run is done", run.as_ref(), "done");
    harness.measured("asleep_after_ms", run.map_or(0, |run| millis(run.took)));
    is_asleep(harness).await
}

async fn is_asleep(harness: &mut impl Harness) -> Played {
    let found = harness.capacity().await?;
    let asleep = asleep(harness.environment(), &found);
    let left: u32 = found.services.values().map(|service| service.desired).sum();
    let running = harness.running().await?;
    harness.check("it is asleep", asleep && running == left, format!("{running} tasks run, {}", line(&found)));
    Ok(())
}

/// The morning's tick. It is awake then, exactly as it was.
async fn wakes(harness: &mut impl Harness, instant: Timestamp, original: &Capacity) -> Played {
    let run = harness.tick(instant).await?;
    harness.run_ended("the run is done", run.as_ref(), "done");
    harness.measured("awake_after_ms", run.map_or(0, |run| millis(run.took)));
    harness.same("it is awake, exactly as it was", original).await
}

/// A tick that changes nothing.
async fn quiet(harness: &mut impl Harness, name: &str, instant: Timestamp) -> Played {
    let (before, mark) = (harness.capacity().await?, harness.mark().await?);
    harness.tick(instant).await?;
    let (found, writes) = (harness.capacity().await?, harness.capacity_writes(mark).await?);
    let seen = format!("writes: {} {}", listed(&writes), difference(&before, &found));
    harness.check(name, writes.is_empty() && found == before, seen);
    Ok(())
}

/// Writes on the way from awake to asleep, or back: a count a service, bounds where it has any, and one a database.
fn most(free: &Capacity) -> usize {
    let service = |(desired, scaling)| usize::from(desired > 0) + usize::from(scaling);
    let services = free.services.values().map(|it| service((it.desired, it.scaling.is_some())));
    services.sum::<usize>() + free.databases.values().filter(|power| **power == DatabasePower::On).count()
}

fn written(harness: &mut impl Harness, figure: &'static str, writes: &[CapacityWrite], free: &Capacity) {
    let most = most(free);
    let few = (1..=most).contains(&writes.len());
    harness.check("at most two writes a service", few, format!("{} writes, at most {most}", writes.len()));
    harness.measured(figure, count(writes.len()));
}

/// Counts change in the order of the document: as they come up, or as they go down.
fn in_order(harness: &mut impl Harness, name: &str, writes: &[CapacityWrite], comes_up: bool) {
    let order = harness.environment().order();
    let services = declared(harness.environment(), &harness.scope().region);
    let wave = |write: &CapacityWrite| {
        let named = |id: &&ServiceId| write.about.split(['"', '/']).any(|part| part == id.service.as_str());
        services.keys().find(named).map(|id| order.wave(&id.service))
    };
    let waves: Vec<usize> = writes.iter().filter(|write| write.operation == "UpdateService").filter_map(wave).collect();
    let sorted = if comes_up { waves.is_sorted() } else { waves.iter().rev().is_sorted() };
    if !order.is_empty() {
        harness.check(name, sorted, format!("counts were set in the waves {}", listed(&waves)));
    }
}

/// It sleeps in the evening and wakes in the morning, exactly as it was, with no write too many; databases stop last and start
/// first, services change in their order, what is protected goes on, and people and programs are told.
pub async fn a_night(harness: &mut impl Harness) -> Played {
    let night = night(harness).await?;
    let original = touched(harness).await?;
    let (free, kept) = parted(harness.environment(), &original);
    harness.measured("services", count(original.services.len()));
    let _before = (harness.told().await?, harness.events().await?);

    // The first tick of the evening is lost.
    let (evening, mark) = (later(night.evening, TICK), harness.mark().await?);
    sleeps(harness, evening).await?;
    if kept != Capacity::default() {
        let (_, found) = parted(harness.environment(), &harness.capacity().await?);
        harness.check("what is protected goes on as it was", found == kept, line(&kept));
    }
    let writes = harness.capacity_writes(mark).await?;
    written(harness, "writes_to_sleep", &writes, &free);
    in_order(harness, "they go down in their order", &writes, false);
    let stopped = writes.iter().position(|write| write.operation.starts_with("StopDB"));
    let counted = writes.iter().rposition(|write| write.operation == "UpdateService");
    if let (Some(stopped), Some(counted)) = (stopped, counted) {
        let seen = format!("write {} of {}, and the last count was write {}", stopped + 1, writes.len(), counted + 1);
        harness.check("databases stop after their services", counted < stopped, seen);
    }
    quiet(harness, "the same tick again writes nothing", evening).await?;
    quiet(harness, "a tick in between writes nothing", later(evening, TICK)).await?;

    let (told, events, asleep) = (harness.told().await?, harness.events().await?, harness.subject(" is asleep"));
    let subjects: Vec<String> = told.into_iter().map(|(subject, _)| subject).collect();
    harness.check("a person is told", subjects.contains(&asleep), subjects.join(", "));
    let done = events.iter().filter(|event| event["outcome"] == "done" && event["run"].is_string()).count();
    harness.check("programs are told", done > 0, format!("events of finished runs: {done}"));

    let mark = harness.mark().await?;
    wakes(harness, night.morning, &original).await?;
    let writes = harness.capacity_writes(mark).await?;
    written(harness, "writes_to_wake", &writes, &free);
    in_order(harness, "they come up in their order", &writes, true);
    let started = writes.iter().position(|write| write.operation.starts_with("StartDB"));
    let counted = writes.iter().position(|write| write.operation == "UpdateService");
    if let (Some(started), Some(counted)) = (started, counted) {
        let seen = format!("write {} of {}, and the first count was write {}", started + 1, writes.len(), counted + 1);
        harness.check("databases start before their services", started < counted, seen);
    }
    let (told, awake) = (harness.told().await?, harness.subject(" is awake"));
    let subjects: Vec<String> = told.into_iter().map(|(subject, _)| subject).collect();
    harness.check("a person is told of the morning, too", subjects.contains(&awake), subjects.join(", "));
    quiet(harness, "the next tick writes nothing", later(night.morning, TICK)).await
}

/// A tick that comes twice, in between, late or not at all changes nothing.
pub async fn ticks_that_are_doubled_lost_or_late(harness: &mut impl Harness) -> Played {
    let night = night(harness).await?;
    let original = touched(harness).await?;
    // The first tick of the evening is lost; the second one does its work.
    let evening = later(night.evening, TICK);
    sleeps(harness, evening).await?;
    let mark = harness.mark().await?;
    for (again, minutes) in [("the same", 0), ("the next", 5), ("the next twice", 5), ("a later", 20)] {
        let instant = later(evening, SignedDuration::from_mins(minutes));
        quiet(harness, &format!("{again} tick writes nothing"), instant).await?;
    }
    let writes = harness.writes(mark).await?;
    harness.check("nor anything to the ledger, and nothing is told", writes == 0, format!("{writes} writes"));
    let morning = later(night.morning, SignedDuration::from_mins(10));
    wakes(harness, morning, &original).await?;
    for (again, minutes) in [("the same", 0), ("the next", 5), ("a much later", 240)] {
        let instant = later(morning, SignedDuration::from_mins(minutes));
        quiet(harness, &format!("{again} tick of the morning writes nothing"), instant).await?;
    }
    harness.same("it stays as it was", &original).await
}

/// A change by somebody else at night is told once and left alone, and the baseline survives it.
pub async fn a_drift(harness: &mut impl Harness) -> Played {
    let night = night(harness).await?;
    let original = harness.capacity().await?;
    let (free, _) = parted(harness.environment(), &original);
    let touched = free.services.into_iter().find(|(_, service)| service.desired > 0).map(|(id, _)| id);
    let Some(touched): Option<ServiceId> = touched else {
        return Err(Unplayed::new("no service with a task that is not protected", "one").into());
    };
    let evening = later(night.evening, TICK);
    sleeps(harness, evening).await?;
    harness.told().await?;
    harness.set_count(&touched, 2).await?;
    let mark = harness.mark().await?;
    let run = harness.tick(later(evening, TICK)).await?;
    harness.run_ended("the change is found", run.as_ref(), "drift");
    let (told, subject) = (harness.told().await?, harness.subject(": somebody else changed it"));
    let named = told.iter().any(|(told, text)| *told == subject && text.contains(touched.service.as_str()));
    harness.check("a person is told of it, by name", named, format!("{told:?}"));
    for again in [2, 3] {
        let run = harness.tick(later(evening, TICK * again)).await?;
        harness.check("a later tick starts nothing", run.is_none(), format!("{run:?}"));
    }
    let told = harness.told().await?;
    let subjects = listed(told.iter().map(|(subject, _)| subject));
    harness.check("nor is it told again", told.is_empty(), format!("messages: {subjects}"));
    let (writes, found) = (harness.capacity_writes(mark).await?, harness.capacity().await?);
    let left = found.services.get(&touched).is_some_and(|service| service.desired == 2);
    harness.check(
        "nobody puts it back",
        writes.is_empty() && left,
        format!("writes: {}; {}", listed(&writes), line(&found)),
    );
    wakes(harness, night.morning, &original).await
}
