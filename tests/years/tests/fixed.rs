//! A fixed set of histories, in which everything holds.

use std::sync::atomic::{AtomicU64, Ordering};

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
