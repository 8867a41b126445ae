//! Faults on purpose: which call fails, and how.

use std::collections::BTreeMap;

use watchkeeper_control::ports::Fault;

use crate::operation::Operation;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallTrouble {
    /// AWS throttles it: no effect.
    Throttle,
    /// AWS fails: no effect.
    Error,
    /// No answer comes in time, and there was no effect.
    TimeoutBefore,
    /// No answer comes in time, but there was the effect.
    TimeoutAfter,
    /// IAM forbids it: no effect.
    Denied,
    /// The process dies before the call has its effect.
    CrashBefore,
    /// The process dies after the call had its effect.
    CrashAfter,
}

impl CallTrouble {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Throttle,
        Self::Error,
        Self::TimeoutBefore,
        Self::TimeoutAfter,
        Self::Denied,
        Self::CrashBefore,
        Self::CrashAfter,
    ];

    /// Whether the call has its effect all the same.
    pub fn has_effect(self) -> bool {
        matches!(self, Self::TimeoutAfter | Self::CrashAfter)
    }

    /// Whether the process dies of it.
    pub fn is_crash(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashAfter)
    }

    /// Whether it takes as long as a time-out.
    pub(crate) fn takes_time(self) -> bool {
        matches!(self, Self::TimeoutBefore | Self::TimeoutAfter)
    }

    /// What the caller gets to see; `None` when it does not live to see it.
    pub fn seen(self) -> Option<Fault> {
        match self {
            Self::Throttle => Some(Fault::Throttled),
            Self::Error | Self::TimeoutBefore | Self::TimeoutAfter => Some(Fault::Unavailable),
            Self::Denied => Some(Fault::Denied),
            Self::CrashBefore | Self::CrashAfter => None,
        }
    }
}

/// Which calls fail. A call is looked up by its index, then by its operation and how many of that came before, then by
/// operation, then by chance.
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    at: BTreeMap<u64, CallTrouble>,
    nth: BTreeMap<(Operation, u64), CallTrouble>,
    always: BTreeMap<Operation, CallTrouble>,
    chances: Vec<(f64, CallTrouble)>,
}

impl FaultPlan {
    /// Nothing fails.
    pub fn none() -> Self {
        Self::default()
    }

    /// The call with this index (from 0, over all ports) fails too; not what reserves something of a budget for it.
    #[must_use]
    pub fn at(mut self, index: u64, trouble: CallTrouble) -> Self {
        self.at.insert(index, trouble);
        self
    }

    /// The n-th call (from 1) of this operation fails too.
    #[must_use]
    pub fn on(mut self, operation: Operation, n: u64, trouble: CallTrouble) -> Self {
        self.nth.insert((operation, n), trouble);
        self
    }

    /// Every call of this operation fails too.
    #[must_use]
    pub fn always(mut self, operation: Operation, trouble: CallTrouble) -> Self {
        self.always.insert(operation, trouble);
        self
    }

    /// Any call fails too with this probability (0 to 1), drawn from the simulation's seed.
    #[must_use]
    pub fn sometimes(mut self, probability: f64, trouble: CallTrouble) -> Self {
        self.chances.push((probability, trouble));
        self
    }

    /// What happens to a call: the `index`-th of all (from 0), the `nth` of its operation (from 1).
    pub(crate) fn strikes(
        &self,
        index: u64,
        operation: Operation,
        nth: u64,
        rng: &mut fastrand::Rng,
    ) -> Option<CallTrouble> {
        let planned = self.at.get(&index).filter(|_| !operation.reserves());
        let planned = planned.or_else(|| self.nth.get(&(operation, nth)));
        planned.or_else(|| self.always.get(&operation)).copied().or_else(|| {
            let struck = self.chances.iter().filter(|(probability, _)| rng.f64() < *probability);
            struck.map(|(_, trouble)| *trouble).next()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OP: Operation = Operation::UpdateService;

    #[test]
    fn the_index_goes_before_the_operation() {
        let plan = FaultPlan::none()
            .at(3, CallTrouble::Error)
            .on(OP, 2, CallTrouble::Throttle)
            .always(OP, CallTrouble::Denied);
        let mut rng = fastrand::Rng::with_seed(1);
        assert_eq!(plan.strikes(3, OP, 2, &mut rng), Some(CallTrouble::Error));
        assert_eq!(plan.strikes(4, OP, 2, &mut rng), Some(CallTrouble::Throttle));
        assert_eq!(plan.strikes(5, OP, 3, &mut rng), Some(CallTrouble::Denied));
        assert_eq!(plan.strikes(6, Operation::Publish, 2, &mut rng), None);
    }

    #[test]
    fn chance_comes_from_the_seed() {
        let plan = FaultPlan::none().sometimes(0.3, CallTrouble::Throttle);
        let strikes = |seed| {
            let mut rng = fastrand::Rng::with_seed(seed);
            (0..1000).map(|index| plan.strikes(index, OP, index, &mut rng).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(strikes(7), strikes(7));
        assert_ne!(strikes(7), strikes(8));
        let struck = strikes(7).into_iter().filter(|struck| *struck).count();
        assert!((200..400).contains(&struck), "{struck} of 1000 at a chance of 0.3");
    }

    #[test]
    fn only_a_late_trouble_has_an_effect_and_only_a_crash_shows_nothing() {
        let late: Vec<_> = CallTrouble::ALL.into_iter().filter(|trouble| trouble.has_effect()).collect();
        assert_eq!(late, [CallTrouble::TimeoutAfter, CallTrouble::CrashAfter]);
        assert!(CallTrouble::ALL.into_iter().all(|trouble| trouble.is_crash() == trouble.seen().is_none()));
    }
}
