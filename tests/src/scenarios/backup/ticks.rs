//! When ticks come, what they take, and what a policy keeps of it: by code of its own, for the one under test has no part in it.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::{JobPolicy, ResourceKind};

/// How late the only tick of a day comes, when those before it were lost.
const LATE: SignedDuration = SignedDuration::from_mins(95);
/// Between two ticks.
const TICK: SignedDuration = SignedDuration::from_mins(5);
/// A day of the sandbox's clock.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// What one tick has taken of an environment at most: resources, and Aurora clusters among them (tests/README.md).
const AT_ONCE: [usize; 2] = [8, 5];

/// How a day's ticks come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TickPattern {
    /// One, hours after everything was due: all before it were lost.
    Late,
    /// One when each is due.
    EachInTime,
    /// One when each is due, delivered twice.
    Doubled,
}

impl TickPattern {
    fn of(day: i32) -> Self {
        match day % 10 {
            3 => Self::EachInTime,
            6 => Self::Doubled,
            _ => Self::Late,
        }
    }
}

/// The instants of the ticks of the day with this number, in order.
pub(super) fn of_day(policies: &[JobPolicy], first: Timestamp, day: i32) -> Vec<Timestamp> {
    let from = first.saturating_add(DAY * day).unwrap_or(first);
    let to = from.saturating_add(DAY).unwrap_or(from);
    let mut all: Vec<Timestamp> = policies.iter().flat_map(|policy| dues(policy, from, to)).collect();
    all.sort_unstable();
    all.dedup();
    let late = |last: &Timestamp| last.saturating_add(LATE).unwrap_or(*last);
    match (TickPattern::of(day), all.last().map(late)) {
        // What is due at the end of a day would be taken in the next one, where its own ticks come.
        (TickPattern::Late, Some(late)) if late < to => rounds(policies, late),
        (TickPattern::Doubled, _) => {
            all.iter().flat_map(|instant| rounds(policies, *instant).into_iter().chain([*instant])).collect::<Vec<_>>()
        }
        (TickPattern::Late | TickPattern::EachInTime, _) => {
            all.iter().flat_map(|instant| rounds(policies, *instant)).collect()
        }
    }
}

/// The ticks of the first day from an instant on, all before which were lost, and the instants of what they take.
pub(super) fn late(policies: &[JobPolicy], from: Timestamp) -> (Vec<Timestamp>, Vec<Timestamp>) {
    let to = from.saturating_add(DAY).unwrap_or(from);
    let last = policies.iter().flat_map(|policy| dues(policy, from, to)).max().unwrap_or(to);
    let ticks = rounds(policies, last.saturating_add(TICK).unwrap_or(last));
    let taken = policies.iter().filter_map(|policy| taken(policy, &ticks).pop()).collect();
    (ticks, taken)
}

/// The first time after an instant that a job is due.
pub(super) fn next_due(policy: &JobPolicy, after: Timestamp) -> Option<Timestamp> {
    policy.dues.next(after)
}

/// An instant, and the ticks after it in which the rest of many resources has its turn.
fn rounds(policies: &[JobPolicy], instant: Timestamp) -> Vec<Timestamp> {
    let clusters = policies.iter().filter(|policy| policy.subject.source.kind == ResourceKind::Aurora).count();
    let [all, of_clusters] = AT_ONCE;
    let rounds = policies.len().div_ceil(all).max(clusters.div_ceil(of_clusters)).max(1);
    let nth = |nth: usize| instant.saturating_add(TICK * i32::try_from(nth).unwrap_or(0)).unwrap_or(instant);
    (0..rounds).map(nth).collect()
}

/// When a job is due from one instant to before another.
fn dues(policy: &JobPolicy, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let before = from.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(from);
    let next = |last: &Timestamp| policy.dues.next(*last);
    std::iter::successors(next(&before), next).take_while(|due| *due < to).collect()
}

/// What ticks take of a job, oldest first: each takes what was due last, unless that is a day ago or was taken.
fn taken(policy: &JobPolicy, ticks: &[Timestamp]) -> Vec<Timestamp> {
    let mut taken: Vec<Timestamp> = Vec::new();
    for tick in ticks {
        let day = tick.saturating_sub(DAY).unwrap_or(*tick);
        let after = tick.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(*tick);
        let due = dues(policy, day, after).into_iter().next_back().filter(|due| *due > day);
        taken.extend(due.filter(|due| taken.last() < Some(due)));
    }
    taken
}

/// The names that a policy keeps after these ticks, sorted: days, and what weeks and months keep beside them.
pub(super) fn expected(policy: &JobPolicy, ticks: &[Timestamp]) -> Vec<String> {
    let series = policy.subject.series();
    let local = |due: Timestamp| due.to_zoned(policy.dues.zone().clone()).date();
    let newest: Vec<Timestamp> = taken(policy, ticks).into_iter().rev().collect();
    let newest_of = |count: u32, bucket: &dyn Fn(Date) -> (i16, i8)| {
        let mut seen = Vec::new();
        let mut kept = Vec::new();
        for due in &newest {
            let bucket = bucket(local(*due));
            if !seen.contains(&bucket) && seen.len() < count as usize {
                seen.push(bucket);
                kept.push(*due);
            }
        }
        kept
    };
    let daily = policy.keep.daily.max(policy.keep.minimum) as usize;
    let mut kept: Vec<Timestamp> = newest.iter().copied().take(daily).collect();
    kept.extend(newest_of(policy.keep.weekly, &|date| (date.iso_week_date().year(), date.iso_week_date().week())));
    kept.extend(newest_of(policy.keep.monthly, &|date| (date.year(), date.month())));
    let mut names: Vec<String> = kept.into_iter().map(|due| series.name(due).to_string()).collect();
    names.sort();
    names.dedup();
    names
}
