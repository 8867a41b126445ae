//! Leases: one run at a time changes a scope, and a write with a stale generation is refused.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use watchkeeper_domain::intent::Layer;

/// How long a lease lasts unless it is prolonged: longer than a slice (2 minutes at the most) and its wait, shorter than
/// a tick's interval, so that the tick after a crash finds it over or nearly so.
pub const TERM: SignedDuration = SignedDuration::from_mins(3);

/// The distance kept from a lease's end on both sides: longer than a call to AWS can last (10 s with its retries, set in
/// the clients) plus what clocks may differ.
pub const MARGIN: SignedDuration = SignedDuration::from_secs(20);

/// How long a holder relies on the last time that it saw its lease in the ledger: well below the margin, so that a
/// holder that was preempted has noticed before its successor writes.
pub const FRESHNESS: SignedDuration = SignedDuration::from_secs(5);

/// The right to change a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lease {
    /// The run that holds it.
    pub holder: String,
    /// How urgent that run is: a stronger layer may preempt it.
    pub layer: Layer,
    /// Raised by one with each acquisition and with each slice that writes; never reset.
    pub generation: u64,
    /// From when the holder may write: later than its acquisition when it preempted another.
    pub usable: Timestamp,
    /// When it ends unless prolonged.
    pub expires: Timestamp,
    /// Whether a slice of its run has begun to write and has not said yet that it is over: its answer may be lost, and it may
    /// still be at work when the next slice begins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_work: bool,
}

/// What came of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseClaim {
    /// Put this one, if the generation before it is still there.
    Take(Lease),
    /// Another run holds it.
    Held {
        /// The execution that holds it.
        holder: String,
        /// When it can be asked for again.
        until: Timestamp,
    },
}

impl Lease {
    /// The generation that `current` has reached; 0 when no lease was ever taken.
    pub fn generation_of(current: Option<&Self>) -> u64 {
        current.map_or(0, |lease| lease.generation)
    }

    /// Decides whether `holder` may take the lease. A run takes its own again (its Lambda was retried); anybody takes one
    /// that has been over for the margin; a stronger layer takes one that is held, and then waits the margin, and so does
    /// whoever takes the place of its holder.
    pub fn claim(
        current: Option<&Self>,
        holder: &str,
        instead_of: Option<&str>,
        layer: Layer,
        now: Timestamp,
    ) -> LeaseClaim {
        let take = |usable: Timestamp| {
            let generation = Self::generation_of(current) + 1;
            let (holder, expires) = (holder.to_owned(), later(usable, TERM));
            LeaseClaim::Take(Self { holder, layer, generation, usable, expires, at_work: false })
        };
        let Some(lease) = current else { return take(now) };
        let free = later(lease.expires, MARGIN);
        if now >= free {
            take(now)
        } else if lease.holder == holder {
            take(lease.overtaken(now).usable.max(now))
        } else if layer > lease.layer || instead_of == Some(lease.holder.as_str()) {
            take(later(now, MARGIN))
        } else {
            LeaseClaim::Held { holder: lease.holder.clone(), until: free }
        }
    }

    /// Whether the holder may still write at this moment.
    pub fn allows_writes(&self, now: Timestamp) -> bool {
        now >= self.usable && later(now, MARGIN) < self.expires
    }

    /// The lease of a slice that is about to write: of a generation of its own, so that of two only one begins, and none goes
    /// on once another has.
    #[must_use]
    pub fn begun(&self, now: Timestamp) -> Self {
        Self { generation: self.generation + 1, at_work: true, ..self.prolonged(now) }
    }

    /// The same lease for whoever goes on after a slice that has not said that it is over: the generation refuses it every
    /// further look and record, and the last call that it has sent gets the margin to land.
    #[must_use]
    pub fn overtaken(&self, now: Timestamp) -> Self {
        if !self.at_work {
            return self.clone();
        }
        let usable = self.usable.max(later(now, MARGIN));
        Self { generation: self.generation + 1, usable, at_work: false, ..self.clone() }.prolonged(now)
    }

    /// The same lease once the slice is over.
    #[must_use]
    pub fn ended(self) -> Self {
        Self { at_work: false, ..self }
    }

    /// The same lease, prolonged to a full term from now.
    #[must_use]
    pub fn prolonged(&self, now: Timestamp) -> Self {
        Self { expires: later(now.max(self.usable), TERM), ..self.clone() }
    }

    /// The same lease, given back: nobody has to wait for its holder, which has written its last, but for one that it had
    /// preempted.
    #[must_use]
    pub fn released(&self, now: Timestamp) -> Self {
        Self { expires: earlier(now.max(self.usable), MARGIN), ..self.clone() }
    }
}

/// `instant` plus `by`, or the end of time.
fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// `instant` less `by`, or the beginning of time.
fn earlier(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::constant(1_795_000_000 + second, 0)
    }

    fn taken(claim: LeaseClaim) -> Lease {
        match claim {
            LeaseClaim::Take(lease) => lease,
            LeaseClaim::Held { holder, until } => panic!("held by {holder} until {until}"),
        }
    }

    #[test]
    fn the_first_claim_is_taken_and_usable_at_once() {
        let lease = taken(Lease::claim(None, "a", None, Layer::Schedule, at(0)));
        assert_eq!((lease.generation, lease.usable), (1, at(0)));
        assert!(lease.allows_writes(at(0)));
    }

    #[test]
    fn a_holder_stops_a_margin_before_the_end_and_a_successor_waits_a_margin_after() {
        let lease = taken(Lease::claim(None, "a", None, Layer::Schedule, at(0)));
        assert!(lease.allows_writes(at(159)));
        assert!(!lease.allows_writes(at(160)));
        let early = Lease::claim(Some(&lease), "b", None, Layer::Schedule, at(199));
        assert_eq!(early, LeaseClaim::Held { holder: "a".to_owned(), until: at(200) });
        assert_eq!(taken(Lease::claim(Some(&lease), "b", None, Layer::Schedule, at(200))).generation, 2);
    }

    #[test]
    fn a_stronger_layer_preempts_and_waits_the_margin() {
        let lease = taken(Lease::claim(None, "a", None, Layer::Schedule, at(0)));
        let stronger = taken(Lease::claim(Some(&lease), "b", None, Layer::Failover, at(10)));
        assert_eq!((stronger.generation, stronger.usable), (2, at(30)));
        assert!(!stronger.allows_writes(at(29)));
        assert!(matches!(Lease::claim(Some(&stronger), "c", None, Layer::Failover, at(40)), LeaseClaim::Held { .. }));
    }

    #[test]
    fn a_run_takes_its_own_lease_again_without_shortening_its_wait() {
        let lease = taken(Lease::claim(None, "a", None, Layer::Schedule, at(0)));
        let preempted = taken(Lease::claim(Some(&lease), "b", None, Layer::Emergency, at(10)));
        let again = taken(Lease::claim(Some(&preempted), "b", None, Layer::Emergency, at(12)));
        assert_eq!((again.generation, again.usable), (3, at(30)));
    }

    #[test]
    fn a_lease_that_is_released_before_it_was_usable_is_free_when_it_would_have_been() {
        let lease = taken(Lease::claim(None, "a", None, Layer::Schedule, at(0)));
        let stronger = taken(Lease::claim(Some(&lease), "b", None, Layer::Failover, at(10))).released(at(11));
        assert!(matches!(Lease::claim(Some(&stronger), "c", None, Layer::Schedule, at(29)), LeaseClaim::Held { .. }));
        assert_eq!(taken(Lease::claim(Some(&stronger), "c", None, Layer::Schedule, at(30))).usable, at(30));
    }

    #[test]
    fn whoever_takes_the_place_of_a_holder_waits_the_margin_only() {
        let lease = taken(Lease::claim(None, "a", None, Layer::Failover, at(0)));
        let next = taken(Lease::claim(Some(&lease), "b", Some("a"), Layer::Failover, at(10)));
        assert_eq!((next.generation, next.usable), (2, at(30)));
        assert!(matches!(Lease::claim(Some(&lease), "b", Some("c"), Layer::Failover, at(10)), LeaseClaim::Held { .. }));
    }

    #[test]
    fn a_slice_raises_the_generation_and_whoever_overtakes_it_waits_the_margin_and_so_does_the_next_run() {
        let lease = taken(Lease::claim(None, "a", None, Layer::Schedule, at(0)));
        let begun = lease.begun(at(1));
        assert_eq!((begun.generation, begun.usable, begun.at_work), (2, at(0), true));
        assert_eq!(begun.clone().ended().overtaken(at(9)), begun.clone().ended(), "one that is over keeps nobody");
        let overtaken = begun.overtaken(at(9));
        assert_eq!((overtaken.generation, overtaken.usable, overtaken.at_work), (3, at(29), false));
        let released = overtaken.released(at(10));
        assert!(matches!(Lease::claim(Some(&released), "b", None, Layer::Schedule, at(28)), LeaseClaim::Held { .. }));
        assert_eq!(taken(Lease::claim(Some(&released), "b", None, Layer::Schedule, at(29))).generation, 4);
    }

    #[test]
    fn a_released_lease_is_free_at_once_and_keeps_its_generation() {
        let lease = taken(Lease::claim(None, "a", None, Layer::Schedule, at(0))).released(at(5));
        assert_eq!(taken(Lease::claim(Some(&lease), "b", None, Layer::Schedule, at(5))).generation, 2);
    }
}
