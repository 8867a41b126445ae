//! Backups over a move and home again: ten days, compared with the policy by name in both regions.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_control::backup::RestoreStore as _;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::backup::{BackupMemory, BackupSource, JobPolicy, KnownCopy, RestoreRun};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_in_memory::InMemoryPair;
use watchkeeper_sim::{RegionLoss, run_until_done_or_crash, store};

use crate::pair_scene::{AUTOMATIC, GLOBAL, ended, estates, home, say_yes, stacks, standby, started, story};
use crate::scene::at;

const TABLE: &str = "dynamodb:fleet-orchestration-vehicles";

/// Three days are kept of everything, and a database is there that is copied to the other region.
const JOBS: (&str, &str) = (
    "jobs: # point",
    "jobs:
        - aurora: fleet-orchestration-db
          schedule: { at: \"09:00\" }
          retention: { daily: 3 }
          copy: { region: us-west-1, key: alias/there, home-key: alias/here }
        # point",
);
const KEPT: (&str, &str) = ("retention: { daily: 14, minimum: 3 }", "retention: { daily: 3 }");
const PROMOTED: (&str, &str) =
    ("      tables:\n", "      databases: [{ aurora-global: fleet-orchestration-db }]\n      tables:\n");

fn due(day: i64) -> Timestamp {
    at("2026-11-20T09:00:00Z") + SignedDuration::from_hours(24 * day)
}

fn scope() -> Scope {
    stacks_scope(&home())
}

fn stacks_scope(region: &Region) -> Scope {
    watchkeeper_sim::scope("fleet-orchestration", "prod", region.as_str())
}

fn cluster() -> BackupSource {
    format!("aurora:{GLOBAL}").parse().unwrap()
}

fn table() -> BackupSource {
    TABLE.parse().unwrap()
}

/// The days of a resource's copies in each region, home first, by their names.
fn days(stacks: &InMemoryPair, source: &BackupSource) -> [Vec<i64>; 2] {
    let (_, environment) = stacks.estates().environment("fleet-orchestration", "prod").unwrap();
    let policies = JobPolicy::all(&scope(), environment);
    let series = policies.iter().find(|policy| policy.subject.source == *source).unwrap().subject.series();
    [home(), standby()].map(|region| {
        let all = stacks.pair.home().vault();
        let of_it = all.iter().filter(|copy| copy.source == *source && copy.region == region);
        let mut days: Vec<i64> =
            of_it.map(|copy| series.due(&copy.name).unwrap().duration_since(due(0)).as_hours() / 24).collect();
        days.sort_unstable();
        days
    })
}

/// A day's backups: the tick at which they are due, and later ones, in which what failed is tried again, and nothing is taken twice.
fn day(stacks: &mut InMemoryPair, day: i64) {
    stacks.backups(due(day));
    let before = stacks.pair.home().vault().len();
    for hours in 1..=16 {
        let next = due(day) + SignedDuration::from_hours(hours);
        if next > stacks.pair.now() {
            stacks.backups(next);
        }
    }
    assert_eq!(stacks.pair.home().vault().len(), before, "day {day}: the later ticks take nothing");
}

/// The home is lost, and the pair moves.
fn lose_home(stacks: &mut InMemoryPair) {
    stacks.minutes(2);
    stacks.pair.lose(&home(), RegionLoss::failing());
    stacks.pair.standby().silence_shelf(&home(), true);
    stacks.minutes(3);
    let mut moved = started(stacks);
    say_yes(stacks, &mut moved);
    assert_eq!(ended(&moved).0, "done", "{}", story(stacks, &moved));
}

/// The home is back, as the standby.
fn regain_home(stacks: &mut InMemoryPair) {
    stacks.pair.regain(&home());
    stacks.pair.standby().silence_shelf(&home(), false);
    stacks.minutes(4);
}

#[test]
fn a_drill_that_a_move_has_interrupted_ends_where_it_began() {
    let drilled = (
        JOBS.0,
        JOBS.1.replacen("retention: { daily: 3 }", "retention: { daily: 3 }\n          drill: { every: 90d }", 1),
    );
    let mut stacks = stacks(&estates(&[AUTOMATIC, (drilled.0, &drilled.1), PROMOTED]));
    for region in [home(), standby()] {
        stacks.pair.sim(&region).put_store(store(&cluster().to_string()));
    }
    // The tables are not there: their backups fail, and change nothing here.
    stacks.backups(due(1));
    let sim = stacks.pair.home();
    let (_, environment) = stacks.estates().environment("fleet-orchestration", "prod").unwrap();
    let policy = JobPolicy::all(&scope(), environment).remove(0);
    let before = sim.backup_memory(&scope(), &cluster());
    // An execution of the home has asked for the restore, and died with its region.
    let mut restore = RestoreRun::drill("died", &policy, &before, &home(), stacks.pair.now()).unwrap();
    restore.asked = Some(stacks.pair.now());
    let known = before.newest_good(&home()).unwrap().clone();
    run_until_done_or_crash(&sim, sim.restore_copy(&policy, &known, &restore.target, &restore.mark)).unwrap().unwrap();
    let memory = BackupMemory { restore: Some(restore), ..before };
    let (_, version) = run_until_done_or_crash(&sim, sim.backup(&scope(), &cluster())).unwrap().unwrap();
    run_until_done_or_crash(&sim, sim.put_backup(&scope(), &cluster(), &memory, version)).unwrap().unwrap();
    lose_home(&mut stacks);
    // The region that serves has no drill beside it.
    stacks.backups(stacks.pair.now() + SignedDuration::from_mins(30));
    assert_eq!(stacks.pair.standby().restored(), Vec::<String>::new());
    regain_home(&mut stacks);
    stacks.backups(stacks.pair.now() + SignedDuration::from_mins(30));
    assert_eq!(stacks.pair.home().restored(), Vec::<String>::new());
    let memory = stacks.pair.home().backup_memory(&scope(), &cluster());
    assert_eq!(memory.restore, None);
    assert!(memory.drilled.is_some_and(|evidence| evidence.ok));
}

#[test]
fn backups_follow_the_pointer_over_a_move_and_home_again() {
    let mut stacks = stacks(&estates(&[AUTOMATIC, JOBS, KEPT, PROMOTED]));
    for region in [home(), standby()] {
        let sim = stacks.pair.sim(&region);
        for source in [cluster(), table(), "dynamodb:fleet-orchestration-jobs".parse().unwrap()] {
            sim.put_store(store(&source.to_string()));
        }
    }
    for nth in 1..=3 {
        day(&mut stacks, nth);
    }
    assert_eq!(days(&stacks, &cluster()), [vec![1, 2, 3], vec![1, 2, 3]]);
    assert_eq!(days(&stacks, &table()), [vec![1, 2, 3], vec![]]);

    lose_home(&mut stacks);
    for nth in 4..=5 {
        day(&mut stacks, nth);
    }
    // The copy home fails, and nothing is pruned before it is there again.
    assert_eq!(days(&stacks, &cluster()), [vec![1, 2, 3], vec![1, 2, 3, 4, 5]]);
    assert_eq!(days(&stacks, &table()), [vec![1, 2, 3], vec![4, 5]]);

    regain_home(&mut stacks);
    day(&mut stacks, 6);
    assert_eq!(days(&stacks, &cluster()), [vec![2, 3, 6], vec![4, 5, 6]]);
    assert_eq!(days(&stacks, &table()), [vec![1, 2, 3], vec![4, 5, 6]]);

    // Home again.
    stacks.minutes(4);
    let mut back = stacks.go_home("home-again", &json!({})).unwrap();
    say_yes(&mut stacks, &mut back);
    assert_eq!(ended(&back).0, "done", "{}", story(&stacks, &back));
    stacks.minutes(2);
    for nth in 7..=10 {
        day(&mut stacks, nth);
    }
    assert_eq!(days(&stacks, &cluster()), [vec![8, 9, 10], vec![8, 9, 10]]);
    assert_eq!(days(&stacks, &table()), [vec![8, 9, 10], vec![4, 5, 6]], "each region keeps its newest three");

    // Nothing is forgotten on either side: both replicas know each copy that there is, and that it is good.
    for region in [home(), standby()] {
        for source in [cluster(), table()] {
            let memory = stacks.pair.sim(&region).backup_memory(&scope(), &source);
            let mut known: Vec<&str> = memory.copies.iter().map(|copy| copy.id.as_str()).collect();
            let all = stacks.pair.home().vault();
            let mut there: Vec<&str> =
                all.iter().filter(|copy| copy.source == source).map(|copy| copy.id.as_str()).collect();
            known.sort_unstable();
            there.sort_unstable();
            assert_eq!(known, there, "{source} as {region} knows it");
            assert!(memory.copies.iter().all(KnownCopy::is_good), "{memory:?}");
        }
        assert!(stacks.pair.sim(&region).backup_memory(&stacks_scope(&standby()), &table()).copies.is_empty());
    }
    // And none was ever taken twice.
    let mut taken = BTreeMap::<(String, String), usize>::new();
    for copy in stacks.pair.home().vault_history() {
        *taken.entry((copy.region.to_string(), copy.name)).or_default() += 1;
    }
    assert!(taken.values().all(|times| *times == 1), "{taken:?}");
}
