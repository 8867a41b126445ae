//! Which copies stay and which go: grandfather, father, son, over what we made and nothing else.
//!
//! Of the last days, weeks and months *that have a good copy* the newest is kept, as many as the policy says. So a time
//! without backups removes nothing, and a second look removes nothing that the first one kept.
//!
//! What nobody has looked at is not bad: the rules are applied twice, once as if it were good and once without it, and what
//! either keeps stays.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::RetentionCounts;

/// What is known of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStanding {
    /// There, and verified.
    Good,
    /// There, and nobody has looked at it, or what was found is forgotten.
    Unknown,
    /// There, and not found good.
    Doubtful,
    /// Not finished: being made, or on its way out.
    Unfinished,
    /// Failed: nothing can be restored from it.
    Failed,
}

/// Whose a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyOwner {
    /// Ours: its name says so, and its tag, or for what cannot carry one the ledger.
    Us,
    /// It has a name of ours, and no mark.
    NameOnly,
    /// It has our mark, and not our name; or a mark of another resource.
    MarkOnly,
    /// Neither.
    Other,
}

/// A copy to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneCandidate {
    /// What AWS calls it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was due, or begun.
    pub taken: Timestamp,
    /// What is known of it.
    pub standing: CopyStanding,
    /// Whose it is.
    pub owner: CopyOwner,
    /// What uses it, if anything does: a copy under way, a restore.
    pub used_by: Option<String>,
}

/// Why a copy stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum RetentionReason {
    /// The newest good one of all.
    #[strum(to_string = "the last good one")]
    Last,
    /// One of the newest that are always kept.
    #[strum(to_string = "one of the newest, of which a minimum is kept")]
    Minimum,
    /// The newest of its day.
    #[strum(to_string = "the newest of its day")]
    Daily,
    /// The newest of its week.
    #[strum(to_string = "the newest of its week")]
    Weekly,
    /// The newest of its month.
    #[strum(to_string = "the newest of its month")]
    Monthly,
    /// Not ours.
    #[strum(to_string = "not ours: {0}")]
    NotOurs(String),
    /// Something uses it.
    #[strum(to_string = "in use by {0}")]
    InUse(String),
    /// It is not finished.
    #[strum(to_string = "not finished")]
    Unfinished,
    /// Nobody has looked at it, and there is none that was found good.
    #[strum(to_string = "nobody has looked at it, and none was found good")]
    Unknown,
    /// It was not found good, and is from a day that is kept, or there is no good one yet.
    #[strum(to_string = "not found good, and no good one takes its place")]
    Doubtful,
}

/// Why a copy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum RemovalReason {
    /// No rule keeps it any more.
    #[strum(to_string = "older than every day, week and month that is kept")]
    Outlived,
    /// It failed, and there is a good one.
    #[strum(to_string = "it failed, and there is a good one")]
    Failed,
    /// It was never found good, and newer good ones are there.
    #[strum(to_string = "never found good, and older than what is kept")]
    Doubtful,
}

/// What becomes of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum CopyFate {
    /// It stays.
    #[strum(to_string = "stays: {0}")]
    Stays(RetentionReason),
    /// It is removed.
    #[strum(to_string = "goes: {0}")]
    Goes(RemovalReason),
}

impl CopyFate {
    /// Whether it is removed.
    pub fn goes(&self) -> bool {
        matches!(self, Self::Goes(_))
    }
}

/// What becomes of each copy, in the order given. The candidates are those of one resource in one region.
pub fn prune(keep: &RetentionCounts, candidates: &[PruneCandidate]) -> Vec<CopyFate> {
    let newest_first = |standings: &[CopyStanding]| {
        let counts = |it: &&PruneCandidate| it.owner == CopyOwner::Us && standings.contains(&it.standing);
        let mut all: Vec<&PruneCandidate> = candidates.iter().filter(counts).collect();
        // Of two of one instant the order of their ids, so that every look sees the same one.
        all.sort_by(|a, b| (b.taken, &b.id).cmp(&(a.taken, &a.id)));
        RuleSelections::of(keep, &all)
    };
    let known = newest_first(&[CopyStanding::Good]);
    let supposed = newest_first(&[CopyStanding::Good, CopyStanding::Unknown]);
    let fate = |candidate: &PruneCandidate| match known.fate(candidate) {
        CopyFate::Goes(_) => supposed.fate(candidate),
        stays @ CopyFate::Stays(_) => stays,
    };
    candidates.iter().map(fate).collect()
}

/// The ids that each rule keeps.
struct RuleSelections<'a> {
    zone: &'a jiff::tz::TimeZone,
    last: Option<&'a str>,
    minimum: BTreeSet<&'a str>,
    daily: BTreeSet<&'a str>,
    weekly: BTreeSet<&'a str>,
    monthly: BTreeSet<&'a str>,
    /// The days that are kept.
    days: BTreeSet<Date>,
}

impl<'a> RuleSelections<'a> {
    fn of(keep: &'a RetentionCounts, good: &[&'a PruneCandidate]) -> Self {
        let day = |candidate: &PruneCandidate| candidate.taken.to_zoned(keep.zone.clone()).date();
        let week = |date: Date| (date.iso_week_date().year(), date.iso_week_date().week());
        let ids = |wanted: u32, bucket: &dyn Fn(Date) -> (i16, i8, i8)| {
            let mut seen = BTreeSet::new();
            let newest = good.iter().filter(|it| seen.insert(bucket(day(it))));
            newest.take(wanted as usize).map(|it| it.id.as_str()).collect::<BTreeSet<_>>()
        };
        let daily = ids(keep.daily, &|date| (date.year(), date.month(), date.day()));
        let kept = |it: &&&PruneCandidate| daily.contains(it.id.as_str());
        Self {
            zone: &keep.zone,
            last: good.first().map(|it| it.id.as_str()),
            minimum: good.iter().take(keep.minimum as usize).map(|it| it.id.as_str()).collect(),
            weekly: ids(keep.weekly, &|date| (week(date).0, week(date).1, 0)),
            monthly: ids(keep.monthly, &|date| (date.year(), date.month(), 0)),
            days: good.iter().filter(kept).map(|it| day(it)).collect(),
            daily,
        }
    }

    fn fate(&self, it: &PruneCandidate) -> CopyFate {
        let not_ours = match it.owner {
            CopyOwner::Us => None,
            CopyOwner::NameOnly => Some("its name is one of ours, and nothing else says that we made it"),
            CopyOwner::MarkOnly => Some("its tag and its name do not belong together"),
            CopyOwner::Other => Some("neither its name nor its tag is ours"),
        };
        if let Some(why) = not_ours {
            return CopyFate::Stays(RetentionReason::NotOurs(why.to_owned()));
        }
        if let Some(user) = &it.used_by {
            return CopyFate::Stays(RetentionReason::InUse(user.clone()));
        }
        match it.standing {
            CopyStanding::Unfinished => CopyFate::Stays(RetentionReason::Unfinished),
            CopyStanding::Failed if self.last.is_some() => CopyFate::Goes(RemovalReason::Failed),
            CopyStanding::Failed => CopyFate::Stays(RetentionReason::Doubtful),
            CopyStanding::Doubtful => self.doubtful(it),
            CopyStanding::Unknown if self.last.is_none() => CopyFate::Stays(RetentionReason::Unknown),
            CopyStanding::Good | CopyStanding::Unknown => self.good(&it.id),
        }
    }

    fn good(&self, id: &str) -> CopyFate {
        let rules = [
            (self.last == Some(id), RetentionReason::Last),
            (self.daily.contains(id), RetentionReason::Daily),
            (self.weekly.contains(id), RetentionReason::Weekly),
            (self.monthly.contains(id), RetentionReason::Monthly),
            (self.minimum.contains(id), RetentionReason::Minimum),
        ];
        let kept = rules.into_iter().find_map(|(holds, why)| holds.then_some(why));
        kept.map_or(CopyFate::Goes(RemovalReason::Outlived), CopyFate::Stays)
    }

    /// One that was not found good may be the one that shows what went wrong: it stays as long as a good one of its age
    /// would.
    fn doubtful(&self, it: &PruneCandidate) -> CopyFate {
        let day = it.taken.to_zoned(self.zone.clone()).date();
        let kept = self.days.first().is_none_or(|oldest| day >= *oldest);
        if kept { CopyFate::Stays(RetentionReason::Doubtful) } else { CopyFate::Goes(RemovalReason::Doubtful) }
    }
}
