//! What became of each backup that was due: one verdict for a resource, a region and a day.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use watchkeeper_domain::backup::{AttemptEnd, BackupMemory, KnownCopy, RestoreSource};
use watchkeeper_domain::name::Region;

use crate::facts::BackupJob;

/// How many days the page shows, today among them.
pub const DAYS: i64 = 15;

/// What became of what was due on a day, the best first: of several the worst is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayVerdict {
    /// Nothing was due.
    NothingDue,
    /// Done, and pruned since by its policy.
    Pruned,
    /// Good, and restored from in a drill that passed.
    Drilled,
    /// Good.
    Good,
    /// It is not due yet.
    NotDueYet,
    /// It is under way, or nobody has looked at the copy yet.
    UnderWay,
    /// There is a copy, and it is not good.
    NotGood(String),
    /// It was due, and there is none.
    Missing,
    /// It failed.
    Failed(String),
}

/// The days that the page shows, the oldest first, in UTC.
pub fn days(now: Timestamp) -> Vec<Date> {
    let today = now.to_zoned(TimeZone::UTC).date();
    (0..DAYS).rev().filter_map(|back| today.checked_sub(back.days()).ok()).collect()
}

/// What became of what was due on a day, in a region.
pub fn of_day(job: &BackupJob, memory: &BackupMemory, region: &Region, day: Date, now: Timestamp) -> DayVerdict {
    let of_day = |at: &&Timestamp| at.to_zoned(TimeZone::UTC).date() == day;
    let dues = job.dues.iter().filter(of_day);
    dues.map(|due| of_due(job, memory, region, *due, now)).max().unwrap_or(DayVerdict::NothingDue)
}

fn of_due(job: &BackupJob, memory: &BackupMemory, region: &Region, due: Timestamp, now: Timestamp) -> DayVerdict {
    if let Some(copy) =
        memory.copies.iter().find(|copy| copy.due == due && copy.region == *region && copy.gone.is_none())
    {
        return match &copy.verified {
            None => DayVerdict::UnderWay,
            Some(verdict) if !verdict.flaws.is_empty() => DayVerdict::NotGood(verdict.flaws.join("; ")),
            Some(_) => {
                if is_drilled(memory, copy) {
                    DayVerdict::Drilled
                } else {
                    DayVerdict::Good
                }
            }
        };
    }
    if now < due {
        return DayVerdict::NotDueYet;
    }
    if memory.attempt.as_ref().is_some_and(|attempt| attempt.due == due) {
        return DayVerdict::UnderWay;
    }
    let last = job.ended.iter().rfind(|ended| ended.due == due);
    match last.map(|ended| (ended.end, &ended.why)) {
        Some((AttemptEnd::Done, _)) => DayVerdict::Pruned,
        Some((AttemptEnd::Failed, why)) => DayVerdict::Failed(why.clone()),
        Some((AttemptEnd::Missed, why)) if !why.is_empty() => DayVerdict::Failed(why.clone()),
        Some((AttemptEnd::Missed, _)) | None => DayVerdict::Missing,
    }
}

/// Whether the last drill restored from this copy, and passed.
fn is_drilled(memory: &BackupMemory, copy: &KnownCopy) -> bool {
    let drill = memory.drilled.as_ref().filter(|drill| drill.ok);
    drill.is_some_and(|drill| matches!(&drill.from, RestoreSource::Copy { id, .. } if *id == copy.id))
}
