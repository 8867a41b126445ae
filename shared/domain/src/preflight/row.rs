//! A row of the table: one question, and its answer.

use std::fmt;

use serde::Serialize;

use super::UnreadFact;

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowMark {
    /// As it has to be.
    Good,
    /// Not as it has to be.
    Bad,
    /// It could not be read: nobody knows.
    Unread,
    /// No API tells it, or something else has to be mended first: a person has to look.
    Untold,
}

impl fmt::Display for RowMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Unread | Self::Untold => "–",
        })
    }
}

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What is asked of a resource.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Check {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Check {
            /// The stable text of the check.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

checks! {
    /// The caller's account is the one that the document names.
    Account = "account",
    /// It exists, and is active.
    Exists = "exists",
    /// It carries the tag that lets us change it.
    Tagged = "tagged",
    /// It carries no tag by which our roles know what they made, and may remove.
    NotOurs = "not-ours",
    /// Its count can be set: it is no daemon.
    Counts = "counts",
    /// Its last release can be taken back by ECS.
    RollsBack = "rolls-back",
    /// Nothing else moves it by the clock.
    MovedByUs = "moved-by-us-alone",
    /// It can be stopped.
    Stops = "stops",
    /// Point-in-time recovery is on.
    Recovers = "point-in-time-recovery",
    /// The other region of the pair has a replica.
    Replica = "replica",
    /// It has an index.
    Index = "index",
    /// Tag conditions of policies apply to tables in this account and region.
    Abac = "tag-conditions-of-tables",
    /// Its dead letters go to the queue that the document names.
    DeadLetters = "dead-letters",
    /// Whose dead letters it has.
    Letters = "letters",
    /// Its actions are enabled.
    Actions = "actions-enabled",
    /// No rule mutes it.
    NotMuted = "not-muted",
    /// It keeps versions.
    Versions = "keeps-versions",
    /// It lies in the region that the document means.
    Region = "region",
    /// A key can be used.
    KeyUsable = "usable",
    /// A target group with a health check answers for the service.
    HealthCheck = "health-check",
    /// What the account may start suffices.
    Vcpu = "fargate-vcpus",
    /// A service may have so many tasks.
    Tasks = "tasks-per-service",
    /// The snapshots that are kept fit in.
    Snapshots = "manual-snapshots",
    /// Step Functions takes the definition.
    Definition = "definition",
    /// Access Analyzer finds nothing in a policy.
    Policy = "policy",
    /// The role of a function may do what it does, to this very resource.
    Allowed = "allowed",
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
