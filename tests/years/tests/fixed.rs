//! A fixed set of histories, in which everything holds.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::SignedDuration;
use watchkeeper_years::estates::{names, of_seed};
use watchkeeper_years::history::{FIXED_SET as SEEDS, chapters};

/// Histories differ much in length: whichever thread is free plays the next one.
fn play(next: &AtomicU64) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if !SEEDS.contains(&seed) {
            return;
        }
        let estate = of_seed(seed);
        for chapter in chapters(&estate, seed) {
            if let Some(violation) = chapter.play(false).violation {
                panic!("seed {seed} of {estate}: {violation}\ncargo years --seed {seed} --histories 1");
            }
        }
    }
}

#[test]
fn in_every_history_of_the_fixed_set_everything_holds() {
    let (next, cores) = (AtomicU64::new(SEEDS.start), std::thread::available_parallelism().map_or(1, usize::from));
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(|| play(&next)))));
    assert!(next.into_inner() >= SEEDS.end, "every seed was played");
}

#[test]
fn a_seed_is_one_history() {
    for estate in names() {
        let told = || chapters(&estate, 7).iter().map(|chapter| chapter.play(true).diary).collect::<Vec<_>>();
        assert_eq!(told(), told(), "{estate}");
    }
}

/// Plays only these events of a history that once went wrong, and tells where its seed has others by now.
fn holds(estate: &str, seed: u64, site: usize, events: &[(usize, &str)]) {
    let chapter = &chapters(estate, seed)[site];
    for (place, words) in events {
        let event = chapter.story[*place].event.to_string();
        assert_eq!(event, *words, "the seed is another history by now: write its events, or find one like it");
    }
    let places: Vec<usize> = events.iter().map(|(place, _)| *place).collect();
    let mut kept = chapter.keep(&places);
    let last = kept.story.iter().map(|happening| happening.at).max().unwrap_or(kept.end);
    kept.until = kept.until.min(last + SignedDuration::from_hours(24));
    assert_eq!(kept.play(false).violation.map(|violation| violation.to_string()), None);
}

#[test]
fn a_release_without_a_count_during_an_emergency_brings_none_though_answers_are_old_when_it_ends() {
    let events = [
        (24, "somebody starts more in e0 for 15 min"),
        (26, "for 14 min, answers are up to 1 s old"),
        (27, "a new release of s2 is deployed"),
    ];
    holds("generated", 17, 0, &events);
}

#[test]
fn runs_that_take_each_others_place_while_a_release_is_waited_for_tell_nobody() {
    let events = [
        (2, "a new release of s0 is deployed"),
        (5, "somebody starts less in e0 for 264 min"),
        (8, "of the calls to AWS from here, number 22 gets: Throttle"),
        (9, "a new release of s0 is deployed, with 1 tasks"),
        (10, "c0/s3 has lost its tag for 2 min"),
    ];
    holds("generated", 1070, 0, &events);
}

#[test]
fn a_count_that_its_owner_has_made_on_the_way_may_come_back() {
    let events = [
        (1, "a new release of s0 is deployed, with 1 tasks"),
        (3, "somebody sets the bounds of s0 to 2..6, all suspended"),
    ];
    holds("generated", 1313, 0, &events);
    let events = [
        (31, "its owner starts rds:qa-carcierge-rds"),
        (32, "a new release of qa-carcierge-web is deployed, with 1 tasks"),
        (33, "Terraform is applied to qa again"),
    ];
    holds("carcierge", 3370, 0, &events);
}

#[test]
fn what_an_emergency_left_under_a_deployment_is_no_count_of_that_deployment() {
    let events = [
        (13, "load-0 is in ALARM for 17 min; its event: lost"),
        (15, "a deployment of s0 begins; it completes after 33 min"),
    ];
    holds("generated", 3179, 0, &events);
}

#[test]
fn nothing_is_stopped_at_home_for_a_standby_that_is_halted() {
    let events =
        [(18, "in us-west-1: somebody halts prod for 6 min"), (19, "us-west-2 is lost with its tasks for 76 min")];
    holds("fleet-orchestration", 24, 0, &events);
    let events = [(3, "in us-west-1: somebody halts prod for 8 min"), (4, "somebody starts a failover")];
    holds("fleet-orchestration", 110, 0, &events);
}
