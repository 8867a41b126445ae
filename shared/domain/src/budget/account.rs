//! The budget of one bucket in an account and region: who has been granted what, and whose turn is next.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AHEAD, BucketQuota, Precedence, TURNS, YIELD, YIELD_AT_MOST};

/// The full pace, in the parts that a pace is counted in.
const FULL: u32 = 64;

/// The slowest pace that throttling leads to.
const SLOWEST: u32 = 4;

/// How long the pace takes to recover by one part: from the slowest to the full in a minute.
const RECOVERY: SignedDuration = SignedDuration::from_secs(1);

/// Throttled calls within this time tell of one and the same crowd.
const SAME_CROWD: SignedDuration = SignedDuration::from_secs(1);

/// What is known of a bucket. A bucket that nobody has drawn on is full.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccountBudget {
    /// For each limit, the virtual scheduling instant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    spent: BTreeMap<Precedence, Timestamp>,
    /// The last slot that each was granted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    granted: BTreeMap<Precedence, Timestamp>,
    /// Where the turns that were given end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    turns: BTreeMap<Precedence, Timestamp>,
    /// The pace after the last throttled call, in parts of 64, and when that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slowed: Option<(u32, Timestamp)>,
    /// Who wrote it last: of two that would write the same, only one has.
    #[serde(default)]
    pub by: String,
}

/// Somebody who is about to make calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotRequest {
    /// How urgent they are.
    pub precedence: Precedence,
    /// How many calls are to be made soon; at least one.
    pub wanted: usize,
    /// Since when the first of them waits.
    pub since: Timestamp,
    /// The turn that was given for it.
    pub turn: Option<Timestamp>,
}

/// What was asked for, or when to ask again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// One call at each of these instants, in their order.
    Slots(Vec<Timestamp>),
    /// Ask again then, with this turn.
    Later {
        /// When.
        at: Timestamp,
        /// The turn.
        turn: Option<Timestamp>,
    },
}

impl AccountBudget {
    /// Grants slots of a bucket with this quota, as the time is `now` for who asks.
    pub fn reserve(&mut self, quota: BucketQuota, request: &SlotRequest, now: Timestamp) -> Grant {
        let SlotRequest { precedence, wanted, since, turn } = *request;
        if let Some(at) = self.way_for_others(precedence, now).filter(|_| now < later(since, YIELD_AT_MOST)) {
            return Grant::Later { at, turn };
        }
        let behind = self.turns.get(&precedence).copied().filter(|end| *end > now);
        let block = precedence.block(quota);
        // Who has waited for a turn gets what others before it have let lie, too.
        let most = if turn.is_some() { 2 * block } else { block };
        let wanted = wanted.max(1);
        let mut slots = Vec::new();
        if turn.is_some() || behind.is_none() {
            while slots.len() < wanted.min(most) {
                let slot = self.next(quota, precedence, now);
                if slot > later(now, AHEAD) {
                    break;
                }
                self.spend(quota, precedence, slot, now);
                slots.push(slot);
            }
        }
        if !slots.is_empty() {
            return Grant::Slots(slots);
        }
        let next = self.next(quota, precedence, now);
        if turn.is_some() {
            return Grant::Later { at: next, turn };
        }
        let mine = behind.unwrap_or(now).max(next);
        let room = earlier(mine, TURNS);
        if room > now {
            return Grant::Later { at: room, turn };
        }
        let lasts = self.interval(quota, precedence, now) * i32::try_from(wanted.min(block)).unwrap_or(i32::MAX);
        self.turns.insert(precedence, later(mine, lasts));
        Grant::Later { at: mine, turn: Some(mine) }
    }

    /// AWS throttled a call although all of us stayed below our share: halve the pace, and give up the burst.
    pub fn throttled(&mut self, quota: BucketQuota, now: Timestamp) {
        if self.slowed.is_some_and(|(_, at)| now < later(at, SAME_CROWD)) {
            return;
        }
        self.slowed = Some(((self.pace(now) / 2).max(SLOWEST), now));
        for limit in Precedence::Routine.limits() {
            let emptied = later(now, limit.tolerance(quota));
            let spent = self.spent.entry(limit).or_insert(emptied);
            *spent = emptied.max(*spent);
        }
    }

    /// The pace at present, in parts of [`FULL`].
    fn pace(&self, now: Timestamp) -> u32 {
        let Some((pace, at)) = self.slowed else { return FULL };
        let recovered = now.duration_since(at).as_secs() / RECOVERY.as_secs();
        pace.saturating_add(u32::try_from(recovered).unwrap_or(0)).min(FULL)
    }

    /// Until when somebody more urgent has the budget, if somebody has.
    fn way_for_others(&self, precedence: Precedence, now: Timestamp) -> Option<Timestamp> {
        let last = precedence.before().filter_map(|other| self.granted.get(&other)).max()?;
        // A clock that is far ahead keeps nobody waiting for longer.
        Some(later((*last).min(later(now, AHEAD)), YIELD)).filter(|until| *until > now)
    }

    /// The next slot.
    fn next(&self, quota: BucketQuota, precedence: Precedence, now: Timestamp) -> Timestamp {
        let earliest = |limit: Precedence| Some(earlier(*self.spent.get(&limit)?, limit.tolerance(quota)));
        precedence.limits().filter_map(earliest).max().unwrap_or(now).max(now)
    }

    fn spend(&mut self, quota: BucketQuota, precedence: Precedence, slot: Timestamp, now: Timestamp) {
        for limit in precedence.limits() {
            let interval = self.interval(quota, limit, now);
            let spent = self.spent.entry(limit).or_insert(slot);
            *spent = later(slot.max(*spent), interval);
        }
        self.granted.insert(precedence, slot);
    }

    /// The distance of calls that a limit allows at the present pace.
    fn interval(&self, quota: BucketQuota, limit: Precedence, now: Timestamp) -> SignedDuration {
        limit.interval(quota).mul_f64(f64::from(FULL) / f64::from(self.pace(now)))
    }
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
