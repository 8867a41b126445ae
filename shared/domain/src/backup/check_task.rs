//! The check of a restore by a task of the estate's own: what is remembered of it, what ECS says, and what follows.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{JobPolicy, RestoreCheck, RestoreRun, SETTLE};
use crate::estate::CheckTask;
use crate::estate::source::hash;
use crate::name::ClusterName;
use crate::value::ResourceName;

/// How long a check may take, where the document does not say.
const WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// The shortest and the longest wait between two looks at a check, in seconds.
const LOOKS: (i64, i64) = (15, 120);

/// How long a task may take to stop before somebody else has to look at it: ECS kills it after two minutes at the longest
/// (Amazon ECS developer guide, container timeouts).
const STOPPING: SignedDuration = SignedDuration::from_mins(15);

/// The lines at the end of its log that are kept as evidence.
pub const CHECK_LOG_LINES: usize = 20;

/// The longest of these lines, in characters.
pub const CHECK_LOG_WIDTH: usize = 300;

/// A check by a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CheckRun {
    /// The cluster that its task runs in.
    pub cluster: ClusterName,
    /// By what ECS knows the task as ours: the token of the call that starts it, so that two calls start one, and the value of
    /// its `startedBy`.
    pub token: String,
    /// How long it may take, in seconds.
    pub within_seconds: i64,
    /// When ECS was first asked to run it.
    pub asked: Timestamp,
    /// The task's ARN, once ECS has told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The container that checks, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ResourceName>,
    /// When ECS was asked to stop it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Timestamp>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<CheckEnd>,
}

/// How the check by a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CheckEnd {
    /// When it was seen to have ended.
    pub at: Timestamp,
    /// The exit code of its container, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Why it ended, in the words of ECS; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The last lines of its log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// The task of a check as ECS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedCheckTask {
    /// Its ARN.
    pub task: String,
    /// Whether all of it has stopped.
    pub stopped: bool,
    /// The exit code of the container that checks; nothing before it ended, and where it never began.
    pub code: Option<i32>,
    /// Why it stopped, in the words of ECS; may be empty.
    pub why: String,
}

/// What follows for the check by a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CheckNext {
    /// Ask ECS to run it; asked twice, it runs once.
    Run,
    /// Look again after so many seconds.
    Wait(i64, String),
    /// Ask ECS to stop it.
    Stop,
    /// It has ended: note how.
    End,
    /// Nothing is left to be done.
    Over,
}

impl CheckRun {
    /// The check that a document asks for.
    pub fn new(check: &CheckTask, policy: &JobPolicy, restore: &RestoreRun, now: Timestamp) -> Self {
        let within = check.within.map_or(WITHIN, crate::value::Duration::signed);
        let whole = format!("{}/{}/{}", policy.subject.identity(), restore.target, restore.mark);
        Self {
            cluster: check.cluster.clone(),
            // At most 64 characters as a token, and letters, digits, hyphens as `startedBy` (Amazon ECS API reference, RunTask).
            token: format!("watchkeeper-restore-{:016x}", hash(&whole)),
            within_seconds: within.as_secs(),
            asked: now,
            task: None,
            container: None,
            stopped: None,
            end: None,
        }
    }

    /// What follows while the restore goes on.
    pub(super) fn follows(&self, seen: Option<&ObservedCheckTask>, now: Timestamp) -> CheckNext {
        let since = now.duration_since(self.asked);
        match (&self.end, seen) {
            (Some(_), _) => CheckNext::Over,
            (None, Some(seen)) if seen.stopped => CheckNext::End,
            (None, Some(_)) if self.stopped.is_some() => self.stopping(now),
            (None, Some(_)) if since.as_secs() >= self.within_seconds => CheckNext::Stop,
            (None, Some(_)) => {
                let left = self.within_seconds - since.as_secs();
                let seconds = (since.as_secs() / 2).clamp(LOOKS.0, LOOKS.1).min(left).max(1);
                CheckNext::Wait(seconds, "its check runs".to_owned())
            }
            // The answer to the call was lost: by the same token it is the same task.
            (None, None) if self.task.is_none() => CheckNext::Run,
            (None, None) if since < SETTLE => CheckNext::Wait(LOOKS.0, "its check does not show yet".to_owned()),
            (None, None) => CheckNext::End,
        }
    }

    /// What follows once the restore is over, whatever it came to: a task that runs on is stopped.
    pub(super) fn tidies(&self, seen: Option<&ObservedCheckTask>, now: Timestamp) -> CheckNext {
        let recent = now.duration_since(self.asked) < SETTLE;
        match seen.filter(|_| self.end.is_none()) {
            Some(seen) if !seen.stopped && self.stopped.is_some() => self.stopping(now),
            Some(seen) if !seen.stopped => CheckNext::Stop,
            None if self.end.is_none() && recent => CheckNext::Wait(LOOKS.0, "its check may still come".to_owned()),
            _ => CheckNext::Over,
        }
    }

    fn stopping(&self, now: Timestamp) -> CheckNext {
        let late = self.stopped.is_some_and(|stopped| now.duration_since(stopped) > STOPPING);
        if late { CheckNext::Stop } else { CheckNext::Wait(LOOKS.0, "its check is being stopped".to_owned()) }
    }

    /// What it proves: exit code 0, in time, and nothing else.
    pub fn verdict(&self) -> RestoreCheck {
        let name = "check task".to_owned();
        let Some(end) = &self.end else {
            let detail = "not asked: its task has not ended".to_owned();
            return RestoreCheck { name, ok: None, detail, log: Vec::new() };
        };
        let took = end.at.duration_since(self.asked).as_secs();
        let why = if end.why.is_empty() { String::new() } else { format!(" ({})", end.why) };
        let (ok, found) = match (self.stopped, end.code) {
            (Some(_), _) => (false, format!("not over after {} s, and stopped", self.within_seconds)),
            (None, Some(code)) => (code == 0, format!("exit code {code} after {took} s, expected 0")),
            (None, None) => (false, format!("no exit code after {took} s, expected 0")),
        };
        let detail = if ok { found } else { format!("{found}{why}") };
        RestoreCheck { name, ok: Some(ok), detail, log: end.log.clone() }
    }
}

/// The lines of a log as they are kept: the last ones, and of each its beginning.
pub fn kept_lines(lines: &[String]) -> Vec<String> {
    let last = &lines[lines.len().saturating_sub(CHECK_LOG_LINES)..];
    last.iter().map(|line| line.trim_end().chars().take(CHECK_LOG_WIDTH).collect()).collect()
}
