//! One fault or two in a play: at which of its calls, and how all of them are gone through, or some.

use std::fmt;

use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, FaultPlan};

/// Faults, each at a call (from 0) after a play begins, in order.
#[derive(Debug, Clone)]
pub(crate) struct Strikes(Vec<(u64, CallTrouble)>);

impl Strikes {
    pub(crate) fn one(call: u64, trouble: CallTrouble) -> Self {
        Self(vec![(call, trouble)])
    }

    /// Plays with these faults. Tells what came of it, and whether the last of them had its call.
    pub(crate) fn during<T>(
        &self,
        harness: &mut InMemoryHarness,
        work: impl FnOnce(&mut InMemoryHarness) -> T,
    ) -> (T, bool) {
        let begin = harness.sim.calls_made();
        let plan = self.0.iter().fold(FaultPlan::none(), |plan, (call, trouble)| plan.at(begin + call, *trouble));
        harness.sim.set_faults(plan);
        let done = work(harness);
        harness.sim.set_faults(FaultPlan::none());
        let last = self.0.last().map_or(0, |(call, _)| begin + call);
        (done, harness.sim.calls_made() > last)
    }

    /// Whether one of them is a refusal for want of rights.
    pub(crate) fn denies(&self) -> bool {
        self.0.iter().any(|(_, trouble)| *trouble == CallTrouble::Denied)
    }
}

impl fmt::Display for Strikes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(|(call, trouble)| format!("{trouble:?} at call {call}")).collect();
        f.write_str(&all.join(", "))
    }
}

/// A play with faults; tells whether the last one had its call.
pub(crate) type Play = fn(&Strikes) -> bool;

/// More calls than a play makes.
const MANY: u64 = 1_000;

/// One fault at each call.
pub(crate) fn every_call(play: Play, trouble: CallTrouble) -> usize {
    let calls = (0..MANY).take_while(|call| play(&Strikes::one(*call, trouble))).count();
    // All of them would mean that some calls were never struck.
    assert!(calls < usize::try_from(MANY).unwrap_or(usize::MAX), "{calls} calls were struck");
    calls
}

/// Every pair of kinds at every pair of calls. Tells how many there were.
pub(crate) fn every_pair(play: Play) -> usize {
    let mut pairs = 0;
    for first in CallTrouble::ALL {
        for call in (0..MANY).take_while(|call| play(&Strikes::one(*call, first))) {
            for second in CallTrouble::ALL {
                let both = |later: &u64| play(&Strikes(vec![(call, first), (*later, second)]));
                pairs += (call + 1..MANY).take_while(both).count();
            }
        }
    }
    pairs
}

/// So many pairs of a seed, of calls below `calls`.
pub(crate) fn some_pairs(play: Play, calls: u64, pairs: usize, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let kind = |rng: &mut fastrand::Rng| CallTrouble::ALL[rng.usize(..CallTrouble::ALL.len())];
    for _ in 0..pairs {
        let first = rng.u64(..calls);
        let later = first + 1 + rng.u64(..calls);
        play(&Strikes(vec![(first, kind(&mut rng)), (later, kind(&mut rng))]));
    }
}

macro_rules! pairs_of_faults {
    ($($name:ident, $all:ident: $play:path, $calls:literal;)*) => {$(
        #[test]
        fn $name() {
            some_pairs($play, $calls, 100, 17);
        }

        #[test]
        #[ignore = "takes many minutes"]
        fn $all() {
            let pairs = every_pair($play);
            assert!(pairs > 10_000, "{pairs} pairs were played");
        }
    )*};
}

pairs_of_faults! {
    some_pairs_of_faults_in_a_sleep_end_right, every_pair_of_faults_in_a_sleep_ends_right: crate::single_faults::in_the_evening, 60;
    some_pairs_of_faults_in_a_wake_end_right, every_pair_of_faults_in_a_wake_ends_right: crate::single_faults::in_the_morning, 60;
    some_pairs_of_faults_in_a_declaration_end_right, every_pair_of_faults_in_a_declaration_ends_right: crate::emergency_faults::declaring_with, 60;
    some_pairs_of_faults_in_a_give_back_end_right, every_pair_of_faults_in_a_give_back_ends_right: crate::emergency_faults::giving_back_with, 60;
    some_pairs_of_faults_in_a_days_backups_end_right, every_pair_of_faults_in_a_days_backups_ends_right: crate::backup_faults::day_with, 120;
}
