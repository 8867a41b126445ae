//! Pruning over random histories: exactly what the policy says stays, the last good copy always does, and a second look
//! removes nothing.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_domain::backup::{
    CopyFate, CopyOwner, CopyStanding, PruneCandidate, RemovalReason, RetentionCounts, RetentionReason, prune,
};

const NOON: &str = "2026-11-21T12:00:00Z";

fn keep(daily: u32, weekly: u32, monthly: u32, minimum: u32) -> RetentionCounts {
    RetentionCounts { daily, weekly, monthly, minimum, zone: TimeZone::get("America/New_York").unwrap() }
}

/// A good copy of ours, so many hours before noon.
fn copy(hours: i64) -> PruneCandidate {
    let taken = NOON.parse::<Timestamp>().unwrap().checked_sub(SignedDuration::from_hours(hours)).unwrap();
    let (id, name) = (format!("arn:{hours}"), format!("copy-{hours}"));
    PruneCandidate { id, name, taken, standing: CopyStanding::Good, owner: CopyOwner::Us, used_by: None }
}

fn days(days: std::ops::Range<i64>) -> Vec<PruneCandidate> {
    days.map(|day| copy(day * 24)).collect()
}

fn staying(keep: &RetentionCounts, candidates: &[PruneCandidate]) -> Vec<PruneCandidate> {
    let fates = prune(keep, candidates);
    candidates.iter().zip(fates).filter(|(_, fate)| !fate.goes()).map(|(it, _)| it.clone()).collect()
}

#[test]
fn fourteen_days_are_kept_of_thirty() {
    let kept = staying(&keep(14, 0, 0, 3), &days(0..30));
    assert_eq!(kept, days(0..14));
}

#[test]
fn weeks_and_months_reach_further_back_than_days() {
    let fates = prune(&keep(2, 3, 2, 1), &days(0..60));
    let why = |day: usize| match &fates[day] {
        CopyFate::Stays(why) => why.to_string(),
        CopyFate::Goes(why) => why.to_string(),
    };
    assert_eq!(why(0), "the last good one");
    assert_eq!(why(1), "the newest of its day");
    // Saturday the 21st is day 0: Sunday the 15th is the newest of the week before, the 8th of the one before that.
    assert_eq!((why(6), why(13)), ("the newest of its week".to_owned(), "the newest of its week".to_owned()));
    assert_eq!(why(21), "the newest of its month");
    assert_eq!(fates.iter().filter(|fate| !fate.goes()).count(), 5);
}

#[test]
fn a_time_without_backups_removes_nothing_that_was_kept() {
    let old: Vec<_> = days(100..114);
    assert_eq!(staying(&keep(14, 0, 0, 1), &old), old);
}

#[test]
fn of_two_copies_of_a_day_the_newer_one_stays() {
    assert_eq!(staying(&keep(7, 0, 0, 1), &[copy(1), copy(3)]), [copy(1)]);
}

#[rstest]
#[case::name_only(CopyOwner::NameOnly)]
#[case::mark_only(CopyOwner::MarkOnly)]
#[case::other(CopyOwner::Other)]
fn what_does_not_bear_both_our_name_and_our_tag_stays_for_ever(#[case] owner: CopyOwner) {
    let mut all = days(0..3);
    all.push(PruneCandidate { owner, ..copy(24 * 400) });
    let fates = prune(&keep(1, 0, 0, 1), &all);
    assert!(matches!(&fates[3], CopyFate::Stays(RetentionReason::NotOurs(_))), "{fates:?}");
    // Nor does it count as one of those that are kept.
    let foreign = [PruneCandidate { owner, ..copy(0) }, copy(24)];
    assert_eq!(prune(&keep(1, 0, 0, 1), &foreign)[1], CopyFate::Stays(RetentionReason::Last));
}

#[test]
fn what_is_in_use_or_not_finished_stays() {
    let mut all = days(0..5);
    all[3].used_by = Some("the restore into x".to_owned());
    all[4].standing = CopyStanding::Unfinished;
    let fates = prune(&keep(1, 0, 0, 1), &all);
    assert_eq!(fates[2], CopyFate::Goes(RemovalReason::Outlived));
    assert_eq!(fates[3], CopyFate::Stays(RetentionReason::InUse("the restore into x".to_owned())));
    assert_eq!(fates[4], CopyFate::Stays(RetentionReason::Unfinished));
}

#[test]
fn what_was_never_found_good_takes_no_place_and_goes_with_its_age() {
    let mut all = days(0..6);
    all[0].standing = CopyStanding::Doubtful;
    all[1].standing = CopyStanding::Failed;
    all[5].standing = CopyStanding::Doubtful;
    let fates = prune(&keep(2, 0, 0, 1), &all);
    let expected = [
        CopyFate::Stays(RetentionReason::Doubtful),
        CopyFate::Goes(RemovalReason::Failed),
        CopyFate::Stays(RetentionReason::Last),
        CopyFate::Stays(RetentionReason::Daily),
        CopyFate::Goes(RemovalReason::Outlived),
        CopyFate::Goes(RemovalReason::Doubtful),
    ];
    assert_eq!(fates, expected);
    // Without a good one nothing goes at all.
    let doubtful: Vec<_> =
        days(0..9).into_iter().map(|it| PruneCandidate { standing: CopyStanding::Doubtful, ..it }).collect();
    assert_eq!(staying(&keep(1, 0, 0, 1), &doubtful), doubtful);
}

fn standings() -> impl Strategy<Value = CopyStanding> {
    prop_oneof![
        6 => Just(CopyStanding::Good), 3 => Just(CopyStanding::Unknown), 1 => Just(CopyStanding::Doubtful),
        1 => Just(CopyStanding::Failed), 1 => Just(CopyStanding::Unfinished),
    ]
}

fn owners() -> impl Strategy<Value = CopyOwner> {
    prop_oneof![
        8 => Just(CopyOwner::Us), 1 => Just(CopyOwner::NameOnly), 1 => Just(CopyOwner::MarkOnly), 1 => Just(CopyOwner::Other),
    ]
}

fn histories() -> impl Strategy<Value = Vec<PruneCandidate>> {
    let one = (0_i64..24 * 500, standings(), owners(), prop::bool::weighted(0.05));
    prop::collection::vec(one, 0..120).prop_map(|all| {
        let made = all.into_iter().enumerate().map(|(index, (hours, standing, owner, used))| PruneCandidate {
            id: format!("arn:{index}"),
            standing,
            owner,
            used_by: used.then(|| "a restore".to_owned()),
            ..copy(hours)
        });
        made.collect()
    })
}

fn policies() -> impl Strategy<Value = RetentionCounts> {
    (0_u32..20, 0_u32..6, 0_u32..6, 1_u32..5).prop_map(|(d, w, m, least)| keep(d, w, m, least))
}

#[test]
fn what_nobody_has_looked_at_is_kept_as_if_it_were_good_and_takes_no_place_of_a_good_one() {
    let unknown = |it: PruneCandidate| PruneCandidate { standing: CopyStanding::Unknown, ..it };
    // The newest one was verified, and of the rest the ledger knows nothing any more.
    let forgotten: Vec<_> = std::iter::once(copy(0)).chain(days(1..30).into_iter().map(unknown)).collect();
    assert_eq!(staying(&keep(14, 0, 0, 3), &forgotten), forgotten[..14]);
    // Unknown ones of later days do not push a good one out.
    let newer: Vec<_> = days(0..9).into_iter().map(unknown).chain([copy(24 * 9)]).collect();
    assert_eq!(
        staying(&keep(2, 0, 0, 1), &newer),
        [copy(0), copy(24), copy(24 * 9)].map(|it| { if it == copy(24 * 9) { it } else { unknown(it) } })
    );
    // Without a good one nothing goes.
    let none: Vec<_> = days(0..9).into_iter().map(unknown).collect();
    assert_eq!(staying(&keep(1, 0, 0, 1), &none), none);
}

fn is_good(it: &PruneCandidate) -> bool {
    it.owner == CopyOwner::Us && it.standing == CopyStanding::Good
}

fn supposed_good(it: PruneCandidate) -> PruneCandidate {
    if it.standing == CopyStanding::Unknown { PruneCandidate { standing: CopyStanding::Good, ..it } } else { it }
}

/// Said in another way than in the code under test: a copy is kept for its day if none of that day is newer, and fewer
/// days than the policy keeps come after it; so for weeks and months; and if fewer than the minimum are newer.
fn expected(keep: &RetentionCounts, all: &[PruneCandidate], it: &PruneCandidate) -> bool {
    let date = |it: &PruneCandidate| it.taken.to_zoned(keep.zone.clone()).date();
    let newer = |other: &&PruneCandidate| is_good(other) && (other.taken, &other.id) > (it.taken, &it.id);
    let kept = |count: u32, bucket: &dyn Fn(Date) -> (i16, i8, i8)| {
        let mine = bucket(date(it));
        let after: BTreeSet<_> = all.iter().filter(newer).map(|other| bucket(date(other))).collect();
        !after.contains(&mine) && after.len() < count as usize
    };
    let week = |date: Date| (date.iso_week_date().year(), date.iso_week_date().week(), 0);
    kept(keep.daily, &|date| (date.year(), date.month(), date.day()))
        || kept(keep.weekly, &week)
        || kept(keep.monthly, &|date| (date.year(), date.month(), 0))
        || all.iter().filter(newer).count() < keep.minimum as usize
}

proptest! {
    #[test]
    fn exactly_what_the_policy_says_stays(keep in policies(), all in histories()) {
        // As it is known, and as it would be if what nobody has looked at were good.
        let supposed: Vec<PruneCandidate> = all.iter().cloned().map(supposed_good).collect();
        for ((it, as_good), fate) in all.iter().zip(&supposed).zip(prune(&keep, &all)) {
            let known = is_good(it) && expected(&keep, &all, it);
            if is_good(as_good) && it.used_by.is_none() && all.iter().any(is_good) {
                prop_assert_eq!(!fate.goes(), known || expected(&keep, &supposed, as_good), "{:?} {}", it, fate);
            }
        }
    }

    #[test]
    fn the_last_good_copy_and_the_minimum_are_never_removed(keep in policies(), all in histories()) {
        let after = staying(&keep, &all);
        let good = |all: &[PruneCandidate]| {
            let mut ids: Vec<_> = all.iter().filter(|it| is_good(it)).map(|it| (it.taken, it.id.clone())).collect();
            ids.sort();
            ids
        };
        let (before, after) = (good(&all), good(&after));
        prop_assert_eq!(before.last(), after.last());
        prop_assert!(after.len() >= before.len().min(keep.minimum as usize));
    }

    #[test]
    fn a_second_prune_removes_nothing(keep in policies(), all in histories()) {
        let once = staying(&keep, &all);
        prop_assert_eq!(staying(&keep, &once), once);
    }

    #[test]
    fn nothing_goes_that_is_not_ours_in_use_or_unfinished(keep in policies(), all in histories()) {
        for (it, fate) in all.iter().zip(prune(&keep, &all)) {
            let untouchable = it.owner != CopyOwner::Us || it.used_by.is_some() || it.standing == CopyStanding::Unfinished;
            prop_assert!(!(untouchable && fate.goes()), "{:?} {}", it, fate);
        }
    }

    #[test]
    fn nothing_goes_where_nothing_is_good(keep in policies(), all in histories()) {
        let bad: Vec<_> = all.into_iter().filter(|it| !is_good(it)).collect();
        prop_assert_eq!(staying(&keep, &bad), bad);
    }

    #[test]
    fn the_order_of_a_listing_does_not_matter(keep in policies(), all in histories(), seed in any::<u64>()) {
        let mut shuffled = all.clone();
        shuffled.sort_by_key(|it| it.id.bytes().fold(seed, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())));
        let ids = |all: Vec<PruneCandidate>| all.into_iter().map(|it| it.id).collect::<BTreeSet<_>>();
        prop_assert_eq!(ids(staying(&keep, &all)), ids(staying(&keep, &shuffled)));
    }
}
