//! Backups over a move and home again: ten days, compared with the policy by name in both regions.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_domain::backup::{BackupSource, JobPolicy, KnownCopy};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_in_memory::InMemoryPair;
use watchkeeper_sim::{RegionLoss, store};

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
        let mut days: Vec<i64> = of_it
            .map(|copy| series.due(&copy.name).unwrap().duration_since(due(0)).as_hours() / 24)
            .collect();
        days.sort_unstable();
        days
    })
}

/// A day's backups: the tick at which they are due, and the next one, which takes nothing again.
fn day(stacks: &mut InMemoryPair, day: i64) {
    stacks.backups(due(day));
    let before = stacks.pair.home().vault().len();
    let next = stacks.pair.now() + SignedDuration::from_mins(5);
    stacks.backups(next);
    assert_eq!(stacks.pair.home().vault().len(), before, "day {day}: the next tick takes nothing");
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

    // The home is lost, and the pair moves.
    stacks.minutes(2);
    stacks.pair.lose(&home(), RegionLoss::failing());
    stacks.pair.standby().silence_shelf(&home(), true);
    stacks.minutes(3);
    let mut moved = started(&mut stacks);
    say_yes(&mut stacks, &mut moved);
    assert_eq!(ended(&moved).0, "done", "{}", story(&stacks, &moved));
    for nth in 4..=5 {
        day(&mut stacks, nth);
    }
    // The copy home fails, and nothing is pruned before it is there again.
    assert_eq!(days(&stacks, &cluster()), [vec![1, 2, 3], vec![1, 2, 3, 4, 5]]);
    assert_eq!(days(&stacks, &table()), [vec![1, 2, 3], vec![4, 5]]);

    // The home is back, as the standby.
    stacks.pair.regain(&home());
    stacks.pair.standby().silence_shelf(&home(), false);
    stacks.minutes(4);
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
