//! The tick: every five minutes one function goes round all that has to be looked at, part by part. Each part decides, remembers
//! and starts executions, and changes nothing else.

mod failures;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::backup::{self, BackupRunbook};
use crate::emergency::{EmergencyRunbook, Handled, Incoming};
use crate::platform::Platform;
use crate::report::{ReportWriter, WrittenReports};
use crate::runbook::{RunbookError, ScheduleTick, Stack};
use crate::schedule::{self, ScheduleRunbook};
use crate::unblock::{self, UnblockRunbook};

pub use failures::{FailureWatch, ToldFailures};

/// A part of the tick, named as the runbook that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TickPart {
    /// The alarms themselves are looked at, which makes up for an event that was lost.
    Emergency,
    /// The calendars.
    Schedule,
    /// The backups and drills that are due, and how fresh the newest good copies are.
    Backup,
    /// The environments whose daily unblock is due.
    Unblock,
    /// The executions of our machines that failed.
    Failures,
    /// The reports that are to be written.
    Reports,
}

/// A tick: its instant, and the parts that are turned on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tick {
    /// When the schedule was due.
    pub time: Timestamp,
    /// What is to be looked at.
    pub parts: BTreeSet<TickPart>,
}

/// What each part found; nothing where it was turned off.
#[derive(Debug, Default, Serialize)]
pub struct Ticked {
    /// The first failure.
    #[serde(skip)]
    pub failed: Option<RunbookError>,
    /// Of the alarms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Handled>,
    /// Of the calendars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<schedule::TickReport>,
    /// Of the backups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<backup::TickReport>,
    /// Of the daily unblock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unblock: Option<unblock::TickReport>,
    /// Of the executions that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<ToldFailures>,
    /// Of the reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reports: Option<WrittenReports>,
}

impl Ticked {
    /// What was found, or else the first failure, so that the tick is retried: a part that comes twice does nothing more.
    ///
    /// # Errors
    /// The first [`RunbookError`].
    pub fn answer(mut self) -> Result<Self, RunbookError> {
        self.failed.take().map_or(Ok(self), Err)
    }
}

/// What a tick works with, at its time.
pub struct TickRunbook<P: Platform> {
    /// The alarms.
    pub emergency: EmergencyRunbook<P>,
    /// The calendars.
    pub schedule: ScheduleRunbook<P>,
    /// The backups.
    pub backup: BackupRunbook<P>,
    /// The daily unblock.
    pub unblock: UnblockRunbook<P>,
    /// The executions of our machines.
    pub failures: FailureWatch<P>,
    /// The reports, where the stack keeps any.
    pub reports: Option<ReportWriter<P>>,
}

impl<P: Platform> TickRunbook<P> {
    /// Goes round the parts, one after the other. One that fails keeps no other from its turn. `now` is the time by which
    /// the alarms are answered.
    pub async fn handle(&self, stack: &Stack, Tick { time, parts }: &Tick, now: Timestamp) -> Ticked {
        let (mut ticked, tick) = (Ticked::default(), ScheduleTick { time: *time });
        for part in parts {
            let done = match part {
                TickPart::Emergency => {
                    self.emergency.hear(stack, Incoming::Sweep, now).await.map(|it| ticked.emergency = Some(it))
                }
                TickPart::Schedule => self.schedule.handle(stack, &tick).await.map(|it| ticked.schedule = Some(it)),
                TickPart::Backup => self.backup.tick(stack, &tick).await.map(|it| ticked.backup = Some(it)),
                TickPart::Unblock => self.unblock.tick(stack, *time).await.map(|it| ticked.unblock = Some(it)),
                TickPart::Failures => self.failures.look(stack, *time).await.map(|it| ticked.failures = Some(it)),
                TickPart::Reports => match &self.reports {
                    Some(writer) => writer.look(stack, *time).await.map(|it| ticked.reports = Some(it)),
                    None => Ok(()),
                },
            };
            if let Err(error) = done {
                tracing::warn!(?part, %error, "a part of the tick failed; the tick will be retried");
                ticked.failed.get_or_insert(error);
            }
        }
        ticked
    }
}
