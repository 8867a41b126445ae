//! What the operator's window says of times: what comes next is what happens then, how old a backup is, and what a region has not
//! heard for how long.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, run_until_done_or_crash};
use watchkeeper_window::facts::Reading;
use watchkeeper_window::next::{Next, next};
use watchkeeper_window::person::{Need, needs};
use watchkeeper_window::state::EnvironmentState;

use crate::backups::{TABLES, days, night, production, source};
use crate::pair_scene::{AUTOMATIC, estates, home, stacks, standby};
use crate::scene::{afternoon, asleep, evening, minutes};
use crate::window::{happens, reader, row, rows};

/// What the row of `clos-v2` dev says comes next.
fn said_next(harness: &InMemoryHarness) -> Next {
    let rows = rows(harness);
    next(&EnvironmentState::of(row(&rows).0, &rows.halt, harness.sim.now()))
}

#[test]
fn after_any_history_what_is_said_to_come_next_is_what_happens_then() {
    let mut turned = [0, 0];
    for seed in 100..160 {
        let (mut harness, mut random) = (afternoon(), fastrand::Rng::with_seed(seed));
        let mut story = vec![format!("seed {seed}")];
        for n in 0..random.usize(1..12) {
            story.push(happens(&mut harness, &mut random, n));
        }
        // Nothing holds it up from here on, and what a fault has cut short is made up for.
        harness.sim.set_faults(FaultPlan::none());
        harness.execute("lift", &json!({"halt": false, "by": "Anna"}));
        harness.execute("lift-dev", &json!({"estate": "clos-v2", "environment": "dev", "halt": false, "by": "Anna"}));
        harness.tick(harness.sim.now() + minutes(5));
        harness.sim.advance(Duration::from_secs(61));
        for _ in 0..3 {
            let comes = said_next(&harness);
            match comes {
                Next::Turns { awake, at, .. } => {
                    assert!(at > harness.sim.now(), "{comes:?} after {story:#?}");
                    harness.tick(at + minutes(2));
                    assert_eq!(asleep(&harness.sim.capacity()), !awake, "{comes:?} after {story:#?}");
                    turned[usize::from(awake)] += 1;
                }
                Next::Ends(at) => {
                    let before = asleep(&harness.sim.capacity());
                    harness.tick(at + minutes(2));
                    assert_eq!(asleep(&harness.sim.capacity()), before, "{comes:?} after {story:#?}");
                }
                other => panic!("{other:?} after {story:#?}"),
            }
            story.push(format!("{comes:?}"));
            harness.sim.advance(Duration::from_secs(61));
        }
    }
    assert!(turned.iter().all(|times| *times > 30), "{turned:?}");
}

#[test]
fn what_is_due_and_does_not_come_is_told_whether_no_tick_comes_or_no_run_can_begin() {
    let told = |harness: &InMemoryHarness| {
        let rows = rows(harness);
        let (facts, _) = row(&rows);
        let state = EnvironmentState::of(facts, &rows.halt, harness.sim.now());
        let troubled = needs(std::slice::from_ref(&state)).iter().any(|it| matches!(it.need, Need::Trouble(_)));
        (state.word(), troubled)
    };
    for ticks in [false, true] {
        let mut harness = afternoon();
        harness.sim.set_faults(FaultPlan::none().always(Operation::LedgerCommit, CallTrouble::Denied));
        for minute in [0, 5] {
            let at = evening() + minutes(minute);
            if ticks {
                drop(harness.tick(at));
            } else {
                harness.sim.set_now(at);
            }
            assert_eq!(told(&harness), ("awake".to_owned(), false), "{minute} min, ticks: {ticks}");
        }
        harness.sim.set_now(evening() + minutes(11));
        assert_eq!(told(&harness), ("awake, sleep overdue".to_owned(), true), "ticks: {ticks}");

        harness.sim.set_faults(FaultPlan::none());
        harness.tick(evening() + minutes(15));
        harness.sim.advance(Duration::from_secs(61));
        assert_eq!(told(&harness), ("asleep".to_owned(), false), "ticks: {ticks}");
    }
}

#[test]
fn what_a_run_could_not_do_is_told_by_the_run_and_is_not_overdue() {
    let mut harness = afternoon();
    harness.sim.set_faults(FaultPlan::none().always(Operation::UpdateService, CallTrouble::Denied));
    for minute in (0..60).step_by(5) {
        harness.tick(evening() + minutes(minute));
    }
    harness.sim.advance(Duration::from_secs(61));
    let rows = rows(&harness);
    let (facts, region) = row(&rows);
    assert!(!region.ledger.now().unwrap().history.is_empty(), "{region:?}");
    let word = EnvironmentState::of(facts, &rows.halt, harness.sim.now()).word();
    assert!(!word.contains("overdue"), "{word}");
}

#[test]
fn a_backup_is_said_to_be_as_old_as_its_newest_good_copy_and_one_that_is_too_old_needs_a_person() {
    let (mut harness, mut random) = (production(), fastrand::Rng::with_seed(7));
    let mut stale = 0;
    for day in 1..=14 {
        let date = jiff::civil::date(2026, 10, 1) + jiff::Span::new().days(day);
        // On some days no tick comes, and on others a copy turns out to be none.
        let lost = random.usize(0..4) == 0;
        night(&mut harness, date, |_| lost, false);
        if random.usize(0..3) == 0 {
            harness.sim.fail_newest_copy(&source(TABLES[random.usize(0..TABLES.len())]), "spoiled");
        }
        let noon = date.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        harness.sim.set_now(noon);
        let reader = reader(&harness.sim);
        let rows = run_until_done_or_crash(&harness.sim, reader.rows(harness.stack(), |_, _| true, noon)).unwrap();
        let facts = rows.environments.iter().find(|it| it.environment.as_str() == "prod").unwrap();
        let Reading::Now(backups) = &facts.backups else { panic!("{:?}", facts.backups) };
        let mut old = false;
        for it in backups {
            let newest = days(&harness, &it.resource.to_string(), "us-east-1").first().copied();
            assert_eq!(it.newest, newest, "{} on {date}", it.resource);
            old |= newest.is_none_or(|newest| noon.duration_since(newest).as_secs() > it.within_seconds);
        }
        let states = [EnvironmentState::of(facts, &rows.halt, noon)];
        let told = needs(&states).iter().any(|it| matches!(it.need, Need::Stale(..)));
        assert_eq!(told, old, "{date}: {backups:?}");
        stale += usize::from(old);
    }
    assert!((1..14).contains(&stale), "{stale}");
}

#[test]
fn a_region_that_has_not_heard_the_other_says_since_when_whatever_the_other_has_done_meanwhile() {
    let documents = estates(&[AUTOMATIC]);
    let mut stacks = stacks(&documents);
    stacks.minutes(5);
    let cut = stacks.pair.now();
    stacks.pair.partition();
    stacks.minutes(7);
    for (own, other) in [(home(), standby()), (standby(), home())] {
        let sim = stacks.pair.sim(&own);
        let harness = InMemoryHarness::over(sim.clone(), documents.clone(), own.as_str());
        let clouds = BTreeMap::from([(own.clone(), sim.clone()), (other.clone(), stacks.pair.sim(&other))]);
        let reader = watchkeeper_control::window::WindowReader { clouds, ..reader(&sim) };
        let rows = run_until_done_or_crash(&sim, reader.rows(harness.stack(), |_, _| true, sim.now())).unwrap();
        let facts = rows.environments.iter().find(|it| it.estate.as_str() == "fleet-orchestration").unwrap();
        let Some(Reading::Now(pair)) = &facts.pair else { panic!("{own}: {:?}", facts.pair) };
        assert_eq!(pair.pointer, stacks.pointer(&own), "{own}");
        let heard: Timestamp = pair.heard[&other].at;
        let before = cut.duration_since(heard);
        assert!(
            before >= SignedDuration::ZERO && before < SignedDuration::from_mins(2),
            "{own}: {heard}, cut at {cut}"
        );
    }
}
