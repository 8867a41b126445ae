//! Backups: a failover needs none, but what goes wrong with data while it moves comes back from nothing else.

use super::{ReadinessCase, about, unreadable};
use crate::backup::{Freshness, ago};
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding};

/// A failover goes as promised without one, and a stale backup has an alarm of its own.
const GRADE: FindingGrade = FindingGrade::Note;

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    match &case.facts.backups {
        Ok(backups) => found.extend(backups.iter().filter(|fresh| !fresh.is_fresh()).map(stale)),
        Err(why) => found.push(unreadable(GRADE, "record of backups", why)),
    }
}

fn stale(fresh: &Freshness) -> ReadinessFinding {
    let newest = fresh.age.map_or_else(|| "none".to_owned(), |age| format!("one that is {} old", ago(age)));
    about(GRADE, ReadinessCode::BackupStale, format!("backup of {}", fresh.source)).found(
        newest,
        format!("a good one that is at most {} old", ago(fresh.within)),
        "Before a planned move start the backup machine for it: what a move does to data is undone from a backup only",
    )
}
