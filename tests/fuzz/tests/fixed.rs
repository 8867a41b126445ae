//! A fixed set of damaged inputs: no panic, and every refusal says where.

use watchkeeper_fuzz::entry::Outcome;
use watchkeeper_fuzz::entry_points;

/// The first seeds, as the command plays them.
const SEEDS: std::ops::Range<u64> = 1..3_001;

#[test]
fn a_damaged_input_is_taken_or_refused_with_its_place_and_never_ends_in_a_panic() {
    for entry in entry_points() {
        let (mut taken, mut refused) = (0, 0);
        for seed in SEEDS {
            match entry.outcome(&entry.input(seed)) {
                Outcome::Taken => taken += 1,
                Outcome::Refused => refused += 1,
                bad => panic!("{}, seed {seed}: {bad:?} of {:?}", entry.name, entry.input(seed)),
            }
        }
        // Damage that always breaks, or never does, would prove nothing.
        assert!(taken > 10 && refused > 100, "{}: {taken} taken, {refused} refused", entry.name);
    }
}

#[test]
fn what_is_whole_is_taken() {
    for entry in entry_points() {
        assert!(!entry.examples.is_empty(), "{}", entry.name);
        for example in &entry.examples {
            assert_eq!(entry.outcome(example), Outcome::Taken, "{}: {example:?}", entry.name);
        }
    }
}

#[test]
fn a_seed_is_one_input() {
    for entry in entry_points() {
        assert_eq!(entry.input(7), entry.input(7), "{}", entry.name);
    }
}
