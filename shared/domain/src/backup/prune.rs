//! Which copies stay and which go: grandfather, father, son, over what we made and nothing else.
//!
//! Of the last days, weeks and months *that have a good copy* the newest is kept, as many as the policy says. So a time
//! without backups removes nothing, and a second look removes nothing that the first one kept.
//!
//! What nobody has looked at is not bad: the rules are applied twice, once as if it were good and once without it, and what
//! either keeps stays.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Keep;

/// What is known of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
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
pub enum Owner {
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
pub struct Candidate {
    /// What AWS calls it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was due, or begun.
    pub taken: Timestamp,
    /// What is known of it.
    pub standing: Standing,
    /// Whose it is.
    pub owner: Owner,
    /// What uses it, if anything does: a copy under way, a restore.
    pub used_by: Option<String>,
}

/// Why a copy stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeps {
    /// The newest good one of all.
    Last,
    /// One of the newest that are always kept.
    Minimum,
    /// The newest of its day.
    Daily,
    /// The newest of its week.
    Weekly,
    /// The newest of its month.
    Monthly,
    /// Not ours.
    NotOurs(String),
    /// Something uses it.
    InUse(String),
    /// It is not finished.
    Unfinished,
    /// Nobody has looked at it, and there is none that was found good.
    Unknown,
    /// It was not found good, and is from a day that is kept, or there is no good one yet.
    Doubtful,
}

impl fmt::Display for Keeps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last => f.write_str("the last good one"),
            Self::Minimum => f.write_str("one of the newest, of which a minimum is kept"),
            Self::Daily => f.write_str("the newest of its day"),
            Self::Weekly => f.write_str("the newest of its week"),
            Self::Monthly => f.write_str("the newest of its month"),
            Self::NotOurs(why) => write!(f, "not ours: {why}"),
            Self::InUse(by) => write!(f, "in use by {by}"),
            Self::Unfinished => f.write_str("not finished"),
            Self::Unknown => f.write_str("nobody has looked at it, and none was found good"),
            Self::Doubtful => f.write_str("not found good, and no good one takes its place"),
        }
    }
}

/// Why a copy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goes {
    /// No rule keeps it any more.
    Outlived,
    /// It failed, and there is a good one.
    Failed,
    /// It was never found good, and newer good ones are there.
    Doubtful,
}

impl fmt::Display for Goes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outlived => "older than every day, week and month that is kept",
            Self::Failed => "it failed, and there is a good one",
            Self::Doubtful => "never found good, and older than what is kept",
        })
    }
}

/// What becomes of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It stays.
    Stays(Keeps),
    /// It is removed.
    Goes(Goes),
}

impl Fate {
    /// Whether it is removed.
    pub fn goes(&self) -> bool {
        matches!(self, Self::Goes(_))
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stays(why) => write!(f, "stays: {why}"),
            Self::Goes(why) => write!(f, "goes: {why}"),
        }
    }
}

/// What becomes of each copy, in the order given. The candidates are those of one resource in one region.
pub fn prune(keep: &Keep, candidates: &[Candidate]) -> Vec<Fate> {
    let newest_first = |standings: &[Standing]| {
        let counts = |it: &&Candidate| it.owner == Owner::Us && standings.contains(&it.standing);
        let mut all: Vec<&Candidate> = candidates.iter().filter(counts).collect();
        // Of two of one instant the order of their ids, so that every look sees the same one.
        all.sort_by(|a, b| (b.taken, &b.id).cmp(&(a.taken, &a.id)));
        Rules::of(keep, &all)
    };
    let known = newest_first(&[Standing::Good]);
    let supposed = newest_first(&[Standing::Good, Standing::Unknown]);
    let fate = |candidate: &Candidate| match known.fate(candidate) {
        Fate::Goes(_) => supposed.fate(candidate),
        stays @ Fate::Stays(_) => stays,
    };
    candidates.iter().map(fate).collect()
}

/// The ids that each rule keeps.
struct Rules<'a> {
    zone: &'a jiff::tz::TimeZone,
    last: Option<&'a str>,
    minimum: BTreeSet<&'a str>,
    daily: BTreeSet<&'a str>,
    weekly: BTreeSet<&'a str>,
    monthly: BTreeSet<&'a str>,
    /// The days that are kept.
    days: BTreeSet<Date>,
}

impl<'a> Rules<'a> {
    fn of(keep: &'a Keep, good: &[&'a Candidate]) -> Self {
        let day = |candidate: &Candidate| candidate.taken.to_zoned(keep.zone.clone()).date();
        let week = |date: Date| (date.iso_week_date().year(), date.iso_week_date().week());
        let ids = |wanted: u32, bucket: &dyn Fn(Date) -> (i16, i8, i8)| {
            let mut seen = BTreeSet::new();
            let newest = good.iter().filter(|it| seen.insert(bucket(day(it))));
            newest.take(wanted as usize).map(|it| it.id.as_str()).collect::<BTreeSet<_>>()
        };
        let daily = ids(keep.daily, &|date| (date.year(), date.month(), date.day()));
        let kept = |it: &&&Candidate| daily.contains(it.id.as_str());
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

    fn fate(&self, it: &Candidate) -> Fate {
        let not_ours = match it.owner {
            Owner::Us => None,
            Owner::NameOnly => Some("its name is one of ours, and nothing else says that we made it"),
            Owner::MarkOnly => Some("its tag and its name do not belong together"),
            Owner::Other => Some("neither its name nor its tag is ours"),
        };
        if let Some(why) = not_ours {
            return Fate::Stays(Keeps::NotOurs(why.to_owned()));
        }
        if let Some(user) = &it.used_by {
            return Fate::Stays(Keeps::InUse(user.clone()));
        }
        match it.standing {
            Standing::Unfinished => Fate::Stays(Keeps::Unfinished),
            Standing::Failed if self.last.is_some() => Fate::Goes(Goes::Failed),
            Standing::Failed => Fate::Stays(Keeps::Doubtful),
            Standing::Doubtful => self.doubtful(it),
            Standing::Unknown if self.last.is_none() => Fate::Stays(Keeps::Unknown),
            Standing::Good | Standing::Unknown => self.good(&it.id),
        }
    }

    fn good(&self, id: &str) -> Fate {
        let rules = [
            (self.last == Some(id), Keeps::Last),
            (self.daily.contains(id), Keeps::Daily),
            (self.weekly.contains(id), Keeps::Weekly),
            (self.monthly.contains(id), Keeps::Monthly),
            (self.minimum.contains(id), Keeps::Minimum),
        ];
        let kept = rules.into_iter().find_map(|(holds, why)| holds.then_some(why));
        kept.map_or(Fate::Goes(Goes::Outlived), Fate::Stays)
    }

    /// One that was not found good may be the one that shows what went wrong: it stays as long as a good one of its age
    /// would.
    fn doubtful(&self, it: &Candidate) -> Fate {
        let day = it.taken.to_zoned(self.zone.clone()).date();
        let kept = self.days.first().is_none_or(|oldest| day >= *oldest);
        if kept { Fate::Stays(Keeps::Doubtful) } else { Fate::Goes(Goes::Doubtful) }
    }
}
