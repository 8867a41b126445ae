//! What a person reads of a restore.

use std::fmt::Write as _;

use super::{BackupSource, RestoreEvidence, RestorePurpose};
use crate::message::{Message, MessageContext};
use crate::name::Scope;

/// What a person is told of a restore that has ended.
pub fn restored(scope: &Scope, source: &BackupSource, drilled: &RestoreEvidence) -> Message {
    let kept = drilled.purpose == RestorePurpose::Keep;
    let what = if kept { "restore" } else { "restore drill" };
    let unasked = drilled.checks.iter().filter(|check| check.ok.is_none()).map(|check| check.name.as_str());
    let unasked = unasked.collect::<Vec<_>>().join(", ");
    let end = match (drilled.ok, unasked.is_empty()) {
        (true, true) => "passed".to_owned(),
        (true, false) => format!("passed, {unasked} not asked"),
        (false, _) => "FAILED".to_owned(),
    };
    let Scope { estate, environment, region } = scope;
    let subject = format!("{estate} {environment}: {what} of {source} {end}");
    let mut text = format!("{subject} ({region}).\n\nRestored: {} into {}.\n", drilled.from, drilled.target);
    let rto = drilled.rto_seconds.map_or_else(|| "not reached".to_owned(), |seconds| format!("{seconds} s"));
    _ = writeln!(text, "Time to restore: {rto}. Age of what was restored: {} s.", drilled.rpo_seconds);
    if !drilled.reapplied.is_empty() {
        _ = writeln!(text, "Set again, for a restore does not bring it: {}.", drilled.reapplied.join(", "));
    }
    if let Some(compared) = &drilled.compared {
        _ = writeln!(text, "Compared with: {compared}.");
    }
    for check in &drilled.checks {
        _ = writeln!(text, "- {} {}: {}", check.verdict(), check.name, check.detail);
        for line in &check.log {
            _ = writeln!(text, "    {line}");
        }
    }
    if let Some(why) = &drilled.why {
        _ = writeln!(text, "\nWhy it failed: {why}");
    }
    let advice = match (drilled.ok, kept) {
        (true, false) => "nothing: what the drill made is removed.".to_owned(),
        (true, true) => format!("use {}; the original was not touched.", drilled.target),
        (false, false) => "find out why before the backup is needed; what the drill made is removed.".to_owned(),
        (false, true) => format!("look at {}; the original was not touched, and nothing was removed.", drilled.target),
    };
    _ = write!(text, "\nWhat to do: {advice}\n\nRun: {}", drilled.run);
    let subject: String = subject.chars().filter(char::is_ascii).collect();
    Message::new(&subject, text).with(MessageContext::of_run(scope, &drilled.run))
}
