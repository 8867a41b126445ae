//! The report as a short message for people. What they must do comes oldest first.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Blocker, EscalationLevel, PreviousFigures, UnblockEnd, UnblockKind, UnblockRecord, undo_input};
use crate::message::{Machine, MachineStart, Message, MessageContext};
use crate::name::Scope;

/// How many lines of a list a message has before it only counts: what a phone shows at once.
const LINES: usize = 12;

/// What a person is told. Times are those of `zone`.
pub fn message(scope: &Scope, record: &UnblockRecord, zone: &TimeZone, now: Timestamp) -> Message {
    let headline = headline(scope, record);
    let mut text = format!("{headline} ({}).\n", scope.region);
    if let Some(why) = &record.held_back {
        _ = writeln!(text, "\nNothing was freed: {why}.");
    }
    let done = record.done();
    if !done.is_empty() {
        _ = writeln!(text, "\n{}:", if record.applies() { "Freed" } else { "Would be freed" });
        for (what, figure) in &done {
            _ = writeln!(text, "- {what}: {figure}");
        }
    }
    list(&mut text, "For a person, oldest first", &todo(record, zone, now));
    news(&mut text, record, now);
    if let Some(before) = record.before.as_ref().filter(|_| record.kind == UnblockKind::Free) {
        trend(&mut text, before, &record.figures());
    }
    let released = record.applies() && record.kind == UnblockKind::Free && record.locks.released > 0;
    let undo = released.then(|| undo_input(scope, &record.header.id));
    if let Some(input) = &undo {
        _ = writeln!(text, "\nTo undo the releases, start the daily-unblock machine with {input}");
    }
    _ = write!(text, "\nRun: {}", record.header.id);
    let undo = undo.map(|input| MachineStart::new("To undo the releases", Machine::DailyUnblock, input));
    Message::new(&headline, text).with(MessageContext::of_run(scope, &record.header.id).with_starts(undo))
}

fn headline(scope: &Scope, record: &UnblockRecord) -> String {
    let who = format!("{} {}", scope.estate, scope.environment);
    let done: u32 = record.done().values().sum();
    let verb = match (&record.kind, record.applies()) {
        (UnblockKind::Undo { .. }, true) => "put back",
        (UnblockKind::Undo { .. }, false) => "would be put back",
        (UnblockKind::Free, true) => "freed",
        (UnblockKind::Free, false) => "would be freed",
    };
    let todo = record.findings.count() as usize + record.violations.len() + waiting(record).count();
    let cut =
        if record.end.is_some_and(|(end, _)| end == UnblockEnd::Partly) { ", not all could be looked at" } else { "" };
    match (done, todo) {
        (0, 0) => format!("{who}: nothing is stuck{cut}"),
        (done, 0) => format!("{who}: {done} {verb}{cut}"),
        (0, todo) => format!("{who}: {todo} for a person{cut}"),
        (done, todo) => format!("{who}: {done} {verb}, {todo} for a person{cut}"),
    }
}

/// What blocks for so long that somebody has been told: the younger ones are no task yet.
fn waiting(record: &UnblockRecord) -> impl Iterator<Item = &Blocker> {
    let first = record.news.as_ref().and_then(|news| news.tell_before);
    record.blockers.iter().filter(move |blocker| first.is_some_and(|first| blocker.since <= first))
}

fn todo(record: &UnblockRecord, zone: &TimeZone, now: Timestamp) -> Vec<String> {
    let mut all: Vec<(Option<Timestamp>, String)> = Vec::new();
    for blocker in waiting(record) {
        let owner = blocker.owner.as_deref().unwrap_or("nobody");
        let line = format!("{} waits for {} (owner: {owner})", blocker.item, blocker.reason);
        all.push((Some(blocker.since), line));
    }
    for it in &record.violations {
        let line = format!("{} holds {} {}, and {} are allowed", it.pod, it.held, it.lock_type, it.limit);
        all.push((None, line));
    }
    all.extend(record.findings.all.iter().map(|finding| (finding.since, finding.to_string())));
    all.sort_by_key(|(since, _)| (since.is_none(), *since));
    let dated = |(since, line): (Option<Timestamp>, String)| match since {
        Some(since) => format!("{line}; since {} ({})", local(since, zone), age(now.duration_since(since))),
        None => line,
    };
    let mut lines: Vec<String> = all.into_iter().map(dated).collect();
    if record.findings.more > 0 {
        lines.push(format!("{} findings more", record.findings.more));
    }
    if record.more_blockers > 0 {
        lines.push(format!("{} items more that wait", record.more_blockers));
    }
    lines
}

fn news(text: &mut String, record: &UnblockRecord, now: Timestamp) {
    let Some(news) = &record.news else { return };
    let name = |level: EscalationLevel| if level == EscalationLevel::Leadership { "leadership" } else { "owner" };
    let escalated = news.escalated.iter().map(|escalation| {
        let hours = now.duration_since(escalation.blocker.since).as_hours();
        let to = escalation.to.join(" and ");
        format!("{} to {}: {to} ({hours} h)", escalation.blocker.item, name(escalation.level))
    });
    let title = if record.applies() { "Escalated now" } else { "Would be escalated" };
    list(text, title, &escalated.collect::<Vec<_>>());
    let patterns = news.patterns.iter().filter(|pattern| news.new_patterns.contains(&pattern.pattern));
    let patterns = patterns.map(|pattern| format!("{} items wait for the same: {}", pattern.items, pattern.reason));
    list(text, "Systemic", &patterns.collect::<Vec<_>>());
    let withdrawn = news.withdrawn.iter().map(|it| format!("{}, for {}", it.item, it.to.join(" and ")));
    list(text, "Resolved, no longer escalated", &withdrawn.collect::<Vec<_>>());
}

fn trend(text: &mut String, before: &PreviousFigures, now: &PreviousFigures) {
    let pairs = [
        ("left locks", u64::from(before.left), u64::from(now.left)),
        ("pods over a limit", before.violations.into(), now.violations.into()),
        ("blocked items", before.blockers.into(), now.blockers.into()),
        ("untouched items", before.stuck.into(), now.stuck.into()),
        ("dead letters", before.dead_letters, now.dead_letters),
        ("findings", before.findings.into(), now.findings.into()),
    ];
    let changed = pairs.iter().filter(|(_, before, now)| before != now);
    let lines: Vec<String> = changed.map(|(what, before, now)| format!("{what}: {before} before, {now} now")).collect();
    if lines.is_empty() {
        text.push_str("\nAgainst the last run: no change.\n");
    } else {
        list(text, "Against the last run", &lines);
    }
}

fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    _ = writeln!(text, "\n{title}:");
    for line in lines.iter().take(LINES) {
        _ = writeln!(text, "- {line}");
    }
    if lines.len() > LINES {
        _ = writeln!(text, "- and {} more", lines.len() - LINES);
    }
}

fn local(instant: Timestamp, zone: &TimeZone) -> String {
    instant.to_zoned(zone.clone()).strftime("%a %d %b %H:%M").to_string()
}

fn age(age: SignedDuration) -> String {
    match age.as_hours() {
        hours if hours >= 72 => format!("{} d", hours / 24),
        hours if hours >= 1 => format!("{hours} h"),
        _ => format!("{} min", age.as_mins()),
    }
}
