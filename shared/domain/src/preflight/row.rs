//! A row of the table: one question, and its answer.

use serde::Serialize;

use super::{Read, UnreadFact};

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum RowMark {
    /// As it has to be.
    #[strum(serialize = "✓")]
    Good,
    /// Not as it has to be.
    #[strum(serialize = "✗")]
    Bad,
    /// It could not be read: nobody knows.
    #[strum(serialize = "–")]
    Unread,
    /// No API tells it, or something else has to be mended first: a person has to look.
    #[strum(serialize = "–")]
    Untold,
}

/// What is asked of a resource. Its text is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Check {
    /// The caller's account is the one that the document names.
    Account,
    /// It exists, and is active.
    Exists,
    /// It carries the tag that lets us change it.
    Tagged,
    /// It carries no tag by which our roles know what they made, and may remove.
    NotOurs,
    /// Its count can be set: it is no daemon.
    Counts,
    /// Its last release can be taken back by ECS.
    RollsBack,
    /// Nothing else moves it by the clock.
    MovedByUsAlone,
    /// It can be stopped.
    Stops,
    /// A rule can show the page of an environment that sleeps.
    ShowsPage,
    /// A target group answers with the page of an environment that sleeps.
    AnswersWithPage,
    /// Point-in-time recovery is on.
    PointInTimeRecovery,
    /// The other region of the pair has a replica.
    Replica,
    /// It has an index.
    Index,
    /// Tag conditions of policies apply to tables in this account and region.
    TagConditionsOfTables,
    /// Its dead letters go to the queue that the document names.
    DeadLetters,
    /// Whose dead letters it has.
    Letters,
    /// Its actions are enabled.
    ActionsEnabled,
    /// No rule mutes it.
    NotMuted,
    /// It keeps versions.
    KeepsVersions,
    /// It lies in the region that the document means.
    Region,
    /// A key can be used.
    Usable,
    /// A target group with a health check answers for the service.
    HealthCheck,
    /// What the account may start suffices.
    FargateVcpus,
    /// A service may have so many tasks.
    TasksPerService,
    /// The snapshots that are kept fit in.
    ManualSnapshots,
    /// Step Functions takes the definition.
    Definition,
    /// Access Analyzer finds nothing in a policy.
    Policy,
    /// The role of a function may do what it does, to this very resource.
    Allowed,
}

impl Check {
    /// The stable text of the check.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// One question about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReportRow {
    /// The answer.
    pub mark: RowMark,
    /// What it is about, such as `service shop/api`.
    pub subject: String,
    /// What was asked.
    pub check: Check,
    /// What was found, with its figure.
    pub found: String,
    /// What has to be there instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The command that mends it, or that shows what could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl ReportRow {
    /// As it has to be.
    pub fn good(check: Check, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { mark: RowMark::Good, subject: subject.into(), check, found: found.into(), expected: None, command: None }
    }

    /// Not as it has to be: what was found, what was expected, and what mends it.
    pub fn bad(
        check: Check,
        subject: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
        command: String,
    ) -> Self {
        let (expected, command) = (Some(expected.into()), Some(command));
        Self { mark: RowMark::Bad, subject: subject.into(), check, found: found.into(), expected, command }
    }

    /// It does not exist; the command lists the names that there are.
    pub fn missing(check: Check, subject: impl Into<String>, names: String) -> Self {
        Self::bad(check, subject, "does not exist", "one of the names that this lists", names)
    }

    /// Nobody can tell from here.
    pub fn untold(check: Check, subject: impl Into<String>, why: impl Into<String>, command: Option<String>) -> Self {
        Self { mark: RowMark::Untold, subject: subject.into(), check, found: why.into(), expected: None, command }
    }

    /// It could not be read.
    pub fn unread(check: Check, subject: impl Into<String>, unread: &UnreadFact) -> Self {
        let found = unread.to_string();
        Self { mark: RowMark::Unread, subject: subject.into(), check, found, expected: None, command: None }
    }
}

/// What was read of something that has to exist. `Err` is the row that says why there is nothing to judge; where AWS has none,
/// `missing` makes it.
pub(super) fn existing<'f, T>(
    read: Option<&'f Read<Option<T>>>,
    subject: &str,
    missing: impl FnOnce() -> ReportRow,
) -> Result<&'f T, ReportRow> {
    match read {
        None => Err(ReportRow::untold(Check::Exists, subject, "was not looked at", None)),
        Some(Err(unread)) => Err(ReportRow::unread(Check::Exists, subject, unread)),
        Some(Ok(None)) => Err(missing()),
        Some(Ok(Some(found))) => Ok(found),
    }
}
