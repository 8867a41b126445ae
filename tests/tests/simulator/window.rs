//! The operator's window over the simulated AWS: what a row says is what is there, whatever has happened before, and what
//! cannot be read is never said to be calm.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::runbook::Stack;
use watchkeeper_control::window::WindowReader;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, SimRegion, run_until_done_or_crash};
use watchkeeper_window::facts::{
    EnvironmentFacts, Reading, RegionFacts, ScopeTrouble, StackFacts, StackRows, TroubleKind,
};
use watchkeeper_window::state::{Calm, EnvironmentState, Matter};

use crate::scene::{API, ENGINE, afternoon, asleep, dev, evening, minutes, morning};

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(name.to_owned()).unwrap()
}

pub(crate) fn reader(sim: &SimRegion) -> WindowReader<SimRegion> {
    let arn =
        |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:function:watchkeeper-{name}").parse().unwrap();
    WindowReader {
        clouds: BTreeMap::from([(sim.region(), sim.clone())]),
        ledger: sim.clone(),
        alarms: sim.clone(),
        clock: sim.clone(),
        own: StackFacts { window: arn("window"), act: arn("window-act"), name: "watchkeeper".to_owned() },
        reports: Some(sim.clone()),
        shares: true,
    }
}

/// The rows of `clos-v2` dev, as somebody sees them now.
pub(crate) fn rows(harness: &InMemoryHarness) -> StackRows {
    let (sim, stack): (&SimRegion, &Stack) = (&harness.sim, harness.stack());
    let reader = reader(sim);
    let only = |estate: &watchkeeper_domain::estate::Estate, environment: &watchkeeper_domain::estate::Environment| {
        (estate.name().as_str(), environment.name().as_str()) == ("clos-v2", "dev")
    };
    let rows = run_until_done_or_crash(sim, reader.rows(stack, only, sim.now())).unwrap();
    assert_eq!(rows.environments.len(), 1);
    rows
}

pub(crate) fn row(rows: &StackRows) -> (&EnvironmentFacts, &RegionFacts) {
    let row = &rows.environments[0];
    (row, &row.regions[&dev().region])
}

/// What a row says, against the world that it is about.
fn holds(harness: &InMemoryHarness, story: &[String]) {
    let (rows, sim) = (rows(harness), &harness.sim);
    let (facts, region) = row(&rows);
    let told = || format!("after {story:#?}");
    let state = sim.remembered(&dev()).unwrap();
    let ledger = region.ledger.now().unwrap_or_else(|| panic!("{:?} {}", region.ledger, told()));
    assert_eq!(ledger.baseline, state.baseline, "{}", told());
    assert_eq!(ledger.intents, state.intents, "{}", told());
    let halt = ledger.halt.as_ref().or(rows.halt.now().unwrap().as_ref());
    assert_eq!(halt, state.halt.as_ref(), "{}", told());

    let observed = region.observed.now().unwrap_or_else(|| panic!("{:?} {}", region.observed, told()));
    let truth = sim.observed();
    for (id, count) in &observed.services {
        let service = &truth.services[id];
        let found = (count.desired, count.running, count.pending);
        assert_eq!(found, (service.capacity.desired, service.running, service.pending), "{id} {}", told());
    }
    assert_eq!(observed.services.len(), truth.services.len(), "{}", told());
    for (id, (power, status)) in &observed.databases {
        assert_eq!((*power, status.clone()), (truth.databases[id].power(), truth.databases[id].state.to_string()));
    }

    // The last run that ended is the last of the history, and its bad news is told for as long as nothing has ended well since.
    let ended = sim.runs(&dev()).unwrap().into_iter().filter(|run| run.outcome.is_some());
    let last = ended.max_by_key(|run| run.header.timeline.last().map(|event| event.at));
    let said = ledger.history.last().map(|ending| (ending.run.clone(), ending.outcome));
    assert_eq!(said, last.as_ref().map(|run| (run.header.id.clone(), run.outcome.unwrap())), "{}", told());
    let bad = last.as_ref().is_some_and(|run| !matches!(run.outcome, Some(RunOutcome::Done | RunOutcome::PartlyDone)));
    // Nothing but what is due and has not come is told beside it.
    let due = ledger.trouble.as_ref().filter(|trouble| trouble.kind == TroubleKind::Overdue);
    assert!(bad || due.is_some() || ledger.trouble.is_none(), "{:?} {}", ledger.trouble, told());
    let is_there = |due: &&ScopeTrouble| match due.wanted.as_str() {
        "sleep" => asleep(&sim.capacity()),
        _ => state.baseline.is_none(),
    };
    assert!(!due.as_ref().is_some_and(is_there), "{due:?} {}", told());

    let standing = EnvironmentState::of(facts, &rows.halt, sim.now());
    // What somebody else has started in it is told as drift beside it.
    let drift = ledger.trouble.as_ref().is_some_and(|trouble| trouble.kind == TroubleKind::Drift);
    if standing.calm == Calm::Asleep && !drift {
        assert!(asleep(&sim.capacity()), "it is said to be asleep {}", told());
    }
    // Until the next tick has got through, what is wanted is another figure beside the one that is there.
    let settled = observed.services.values().all(|count| count.desired == count.wanted);
    if standing.calm == Calm::Awake && standing.matter.is_none() && settled {
        assert!(!asleep(&sim.capacity()), "it is said to be awake {}", told());
    }
    let slept = ledger.asleep_seconds.unwrap_or_default();
    assert!(slept <= 31 * 86_400, "{}", told());
}

/// One thing that happens.
pub(crate) fn happens(harness: &mut InMemoryHarness, random: &mut fastrand::Rng, n: usize) -> String {
    let now = harness.sim.now();
    let wish = |want: &str| json!({"estate": "clos-v2", "environment": "dev", "want": want, "until": "2h"});
    match random.u32(0..10) {
        0..4 => {
            let later = now + minutes(random.i64(5..400));
            harness.tick(later);
            format!("a tick at {later}")
        }
        4 => format!("awake by hand: {}", harness.execute(&format!("by-hand-{n}"), &wish("awake")).outcome()),
        5 => format!("asleep by hand: {}", harness.execute(&format!("by-hand-{n}"), &wish("asleep")).outcome()),
        6 => {
            let count = random.u32(0..4);
            harness.sim.change_count(&id(if random.bool() { API } else { ENGINE }), count);
            format!("somebody sets {count} tasks")
        }
        7 => {
            let (on, all) = (random.bool(), random.bool());
            let mut request = json!({"halt": on, "by": "Anna", "reason": "a test"});
            if !all {
                request["estate"] = json!("clos-v2");
                request["environment"] = json!("dev");
            }
            harness.execute(&format!("halt-{n}"), &request);
            format!("halt {on}, everything {all}")
        }
        8 => {
            let kinds = [CallTrouble::Denied, CallTrouble::Error, CallTrouble::TimeoutAfter, CallTrouble::CrashAfter];
            let operations = [Operation::UpdateService, Operation::StopDBCluster, Operation::LedgerCommit];
            let (kind, operation) =
                (kinds[random.usize(0..kinds.len())], operations[random.usize(0..operations.len())]);
            harness.sim.set_faults(FaultPlan::none().always(operation, kind));
            let later = now + minutes(random.i64(5..400));
            harness.tick(later);
            harness.sim.set_faults(FaultPlan::none());
            format!("a tick at {later} in which each {operation:?} meets {kind:?}")
        }
        _ => {
            harness.sim.advance(std::time::Duration::from_secs(random.u64(61..40_000)));
            "time passes".to_owned()
        }
    }
}

#[test]
fn after_any_history_a_row_says_what_is_there() {
    for seed in 0..40 {
        let (mut harness, mut random) = (afternoon(), fastrand::Rng::with_seed(seed));
        let mut story = vec![format!("seed {seed}")];
        for n in 0..25 {
            story.push(happens(&mut harness, &mut random, n));
            // Whoever looked within the last minute has shared what it saw.
            harness.sim.advance(std::time::Duration::from_secs(61));
            holds(&harness, &story);
        }
    }
}

#[test]
fn a_source_that_fails_is_not_read_and_nothing_is_said_to_be_calm() {
    let ledger = [Operation::LedgerLoad];
    let aws = [Operation::DescribeServices, Operation::DescribeScalableTargets, Operation::DescribeDBClusters];
    for trouble in [CallTrouble::Denied, CallTrouble::Error, CallTrouble::Throttle, CallTrouble::TimeoutBefore] {
        for operation in ledger.iter().chain(&aws) {
            let harness = afternoon();
            harness.sim.set_faults(FaultPlan::none().always(*operation, trouble));
            let rows = rows(&harness);
            let (facts, region) = row(&rows);
            let why = region.ledger.why().or(region.observed.why());
            assert!(why.is_some_and(|why| !why.is_empty()), "{operation:?} {trouble:?}: {why:?}");
            let standing = EnvironmentState::of(facts, &rows.halt, harness.sim.now());
            assert!(
                matches!(standing.matter, Some(Matter::Unread(_))),
                "{operation:?} {trouble:?}: {:?}",
                standing.matter
            );
            assert!(region.offers.is_empty(), "nothing is offered that could not be planned: {:?}", region.offers);
        }
    }
}

#[test]
fn what_was_seen_last_is_shown_with_its_time_where_aws_does_not_answer() {
    let harness = afternoon();
    let first = harness.sim.now();
    let seen = row(&rows(&harness)).1.observed.clone();
    harness.sim.advance(std::time::Duration::from_mins(7));
    harness.sim.set_faults(FaultPlan::none().always(Operation::DescribeServices, CallTrouble::Error));
    let rows = rows(&harness);
    let Reading::Last { value, at, why } = &row(&rows).1.observed else { panic!("{:?}", row(&rows).1.observed) };
    assert_eq!((Some(value), *at), (seen.now(), first));
    assert!(why.contains("DescribeServices"), "{why}");
}

#[test]
fn a_halt_that_is_over_is_in_the_history_of_its_scopes_and_on_the_page() {
    let harness = afternoon();
    let halt = |name: &str, of: serde_json::Value, on: bool| {
        let mut input = serde_json::json!({ "halt": on, "reason": "look", "by": "Anna" });
        input.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        harness.execute(name, &input);
    };
    let own = serde_json::json!({ "estate": "clos-v2", "environment": "dev" });
    let halts = || {
        let row = rows(&harness);
        row.environments[0].regions.values().next().unwrap().ledger.known().unwrap().halts.clone()
    };
    let first = harness.sim.now();
    halt("halt-1", own.clone(), true);
    assert_eq!(halts(), Vec::new(), "it holds");
    harness.sim.advance(std::time::Duration::from_mins(20));
    halt("lift-1", own, false);
    let [over] = halts()[..] else { panic!("{:?}", halts()) };
    assert!(
        over.since.duration_since(first) < minutes(1) && over.until.duration_since(over.since) >= minutes(20),
        "{over:?}"
    );
    halt("halt-2", serde_json::json!({}), true);
    harness.sim.advance(std::time::Duration::from_mins(5));
    // Another reason takes its place: what was before is over, and it is halted still.
    halt("halt-3", serde_json::json!({}), true);
    halt("lift-2", serde_json::json!({}), false);
    assert_eq!(halts().len(), 3, "{:?}", halts());
    assert!(halts().is_sorted_by_key(|halt| halt.since));
}

#[test]
fn ten_who_look_within_a_minute_ask_aws_once_and_the_ledger_one_query_a_scope() {
    let harness = afternoon();
    harness.sim.forget_calls();
    for _ in 0..10 {
        assert!(row(&rows(&harness)).1.observed.now().is_some());
        harness.sim.advance(std::time::Duration::from_secs(5));
    }
    assert_eq!(harness.sim.count(Operation::DescribeServices), 1);
    assert_eq!(harness.sim.count(Operation::DescribeDBClusters), 1);
    assert_eq!(harness.sim.count(Operation::LedgerLoad), 10 + 10, "each look: the scope, and the halt of everything");
    harness.sim.advance(std::time::Duration::from_secs(15));
    rows(&harness);
    assert_eq!(harness.sim.count(Operation::DescribeServices), 2, "a minute later it is asked again");
}

#[test]
fn a_night_is_counted_and_what_it_saved_too() {
    let mut harness = afternoon();
    harness.tick(evening());
    harness.sim.set_now(evening() + minutes(180));
    let asleep_for = |harness: &InMemoryHarness| {
        let rows = rows(harness);
        row(&rows).1.ledger.now().unwrap().asleep_seconds.unwrap()
    };
    let three = asleep_for(&harness);
    assert!((170 * 60..=180 * 60).contains(&three), "{three}");
    harness.tick(morning());
    let night = asleep_for(&harness);
    assert!((12 * 3600..13 * 3600).contains(&night), "{night}");
    harness.sim.advance(std::time::Duration::from_hours(3));
    assert_eq!(asleep_for(&harness), night, "nobody sleeps by day");
    let pause = SignedDuration::from_hours(24);
    assert!(harness.sim.now() < morning() + pause);
}
