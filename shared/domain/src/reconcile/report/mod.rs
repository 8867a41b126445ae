//! What people and programs read: a plan before it is applied, a message on a phone, an event about a finished run.

mod advice;
mod limit;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::capacity::DatabasePower;
use crate::intent::{Intent, Layer};
use crate::message::{Message, MessageContext};
use crate::name::Scope;
use crate::plan::{CapacityChange, Plan, PlannedAction};
use crate::reconcile::assess::{Assessment, Verdict};
use crate::reconcile::run::{RunOutcome, RunRecord};
use crate::value::rounded;
use crate::violation::{Severity, Violation};

use advice::Advice;
pub use advice::advice;
pub use limit::{TEXT_MAX, fitting};

/// How many lines of changes or violations a message lists before it only counts: what a phone shows at once.
const LINES: usize = 12;

/// How many lines of one wave, and how many violations of one severity, a plan lists.
const PLAN_LINES: usize = 100;

/// How many reasons a summary gives, and how long they are together, in characters: a cause is read on one screen.
const REASONS: usize = 3;
const SUMMARY: usize = 3000;

/// A plan for a person: every wave with what it waits for, and what the guardrails say.
pub fn plan(scope: &Scope, assessment: &Assessment) -> String {
    let mut text = decision(scope, assessment);
    text.push('\n');
    for step in &assessment.plan.steps {
        let waits = if step.waits_for.is_empty() { "" } else { ", once what it waits for is there" };
        _ = writeln!(text, "{} ({}{waits})", step.wave, counted(step.actions.len(), "write"));
        for awaited in step.waits_for.iter().take(LINES) {
            _ = writeln!(text, "  waits for {awaited}");
        }
        if step.waits_for.len() > LINES {
            _ = writeln!(text, "  waits for {} more", step.waits_for.len() - LINES);
        }
        for action in step.actions.iter().take(PLAN_LINES) {
            _ = writeln!(text, "  {}", action.change);
        }
        if step.actions.len() > PLAN_LINES {
            _ = writeln!(text, "  and {} more", step.actions.len() - PLAN_LINES);
        }
    }
    // What stops the plan comes first, and each guardrail has its share: a thousand warnings hide no refusal.
    let mut sorted: Vec<&Violation> = assessment.violations.iter().collect();
    sorted.sort_by_key(|violation| std::cmp::Reverse(violation.severity));
    let mut told: BTreeMap<(&str, Severity), usize> = BTreeMap::new();
    for violation in sorted {
        let count = told.entry((violation.code.name(), violation.severity)).or_default();
        *count += 1;
        if *count <= PLAN_LINES {
            _ = writeln!(text, "{} {violation}", severity(violation));
        }
    }
    for ((code, _), count) in told.into_iter().filter(|(_, count)| *count > PLAN_LINES) {
        _ = writeln!(text, "and {} more of {code}", count - PLAN_LINES);
    }
    fitting(text)
}

/// A decision in one sentence.
pub fn decision(scope: &Scope, assessment: &Assessment) -> String {
    let writes = assessment.plan.actions().count();
    let why = why(&assessment.deciding);
    match assessment.verdict {
        Verdict::Nothing => format!("{scope}: nothing to do; {why}"),
        Verdict::Apply => {
            let back = assessment.plan.actions().any(|action| matches!(action.change, CapacityChange::Release { .. }));
            let goal =
                if back { "go back to an earlier release".to_owned() } else { format!("make it {}", goal(assessment)) };
            format!("{scope}: {} to {goal}; {why}", counted(writes, "write"))
        }
        Verdict::Drift => format!("{scope}: somebody else changed it, and it is left alone; {why}"),
        Verdict::Hindered => {
            let n = assessment.plan.obstacles.len();
            format!("{scope}: {} cannot be changed now, and nothing else differs; {why}", counted(n, "resource"))
        }
        Verdict::Refused => {
            let stopping = assessment.violations.iter().filter(|violation| violation.severity > Severity::Warn);
            let codes: Vec<&str> = stopping.map(|violation| violation.code.name()).collect();
            format!("{scope}: refused by {}; {why}", unique(&codes).join(", "))
        }
    }
}

/// How a run ended, in one sentence.
pub fn headline(scope: &Scope, run: &RunRecord) -> String {
    let Scope { estate, environment, .. } = scope;
    let goal = match run.releases.len() {
        0 => goal_of(&run.deciding),
        n => format!("rolled back in {}", counted(n, "service")),
    };
    match run.outcome {
        None => format!("{estate} {environment}: the run goes on"),
        Some(RunOutcome::Done) if run.writes == 0 => format!("{estate} {environment} was {goal} already"),
        Some(RunOutcome::Done) => format!("{estate} {environment} is {goal}"),
        Some(RunOutcome::PartlyDone) => {
            let left_out = counted(left_out(run), "resource");
            format!("{estate} {environment} is {goal}, but for {left_out}")
        }
        Some(RunOutcome::Unverified) => format!("{estate} {environment}: not all is {goal} yet"),
        Some(RunOutcome::Refused) => format!("{estate} {environment} was not changed: {}", first_code(run)),
        Some(RunOutcome::Drift) => format!("{estate} {environment}: somebody else changed it"),
        Some(RunOutcome::Failed) => {
            let name = run.error.as_ref().map_or("an error", |error| error.name.as_str());
            format!("{estate} {environment}: the run failed with {name}")
        }
    }
}

/// The same with its reason: what stands in an execution as its cause or its summary.
pub fn summary(scope: &Scope, run: &RunRecord) -> String {
    let why: Vec<String> = match run.outcome {
        Some(RunOutcome::Refused) => {
            let stopping = run.violations.iter().filter(|violation| violation.severity > Severity::Warn);
            stopping.map(ToString::to_string).collect()
        }
        Some(RunOutcome::Unverified) => run.awaited.iter().map(ToString::to_string).collect(),
        Some(RunOutcome::Failed) => run.error.iter().map(|error| error.message.clone()).collect(),
        _ => Vec::new(),
    };
    let more = if why.len() > REASONS { format!("; and {} more", why.len() - REASONS) } else { String::new() };
    let headline = headline(scope, run);
    match why.iter().take(REASONS).map(String::as_str).collect::<Vec<_>>().join("; ") {
        told if told.is_empty() => headline,
        told => format!("{headline}: {}{more}", told.chars().take(SUMMARY).collect::<String>()),
    }
}

/// What a person is told of a finished run.
pub fn message(scope: &Scope, run: &RunRecord) -> Message {
    let headline = headline(scope, run);
    let mut text = format!("{headline} ({}).\n\nWhy: {}.\n", scope.region, cause(run));
    changes(&mut text, run);
    list(&mut text, "Not there yet", run.awaited.iter().map(ToString::to_string).collect());
    let told = run.violations.iter().map(|violation| format!("{} {violation}", severity(violation)));
    list(&mut text, "Guardrails", told.collect());
    if let Some(error) = &run.error {
        _ = writeln!(text, "\nError: {}: {}", error.name, error.message);
    }
    let Advice { text: what, start } = Advice::of(scope, run, |at| at.to_string());
    _ = writeln!(text, "\nWhat to do: {what}");
    _ = write!(text, "\nRun: {}", run.header.id);
    let codes = run.violations.iter().map(|violation| violation.code.name());
    let codes = codes.chain(run.error.iter().map(|error| error.name.as_str()));
    Message::new(&headline, text)
        .with(MessageContext::of_run(scope, &run.header.id).with_codes(codes).with_starts(start))
}

/// The event about a finished run: figures and verdicts, and no list that grows with the estate.
pub fn event(scope: &Scope, run: &RunRecord) -> Value {
    let ended = run.header.timeline.last().map_or(run.header.started, |moment| moment.at);
    json!({
        "estate": scope.estate,
        "environment": scope.environment,
        "region": scope.region,
        "run": run.header.id,
        "trigger": run.header.trigger,
        "outcome": run.outcome,
        "error": run.error,
        "instant": run.instant,
        "started": run.header.started,
        "ended": ended,
        "target": goal_of(&run.deciding),
        "reason": cause(run),
        "writes": run.writes,
        "violations": unique(&run.violations.iter().map(|violation| violation.code.name()).collect::<Vec<_>>()),
        "headline": headline(scope, run),
    })
}

/// How many resources could not be changed.
fn left_out(run: &RunRecord) -> usize {
    let hindered = run.plan.obstacles.iter().map(|(resource, _)| resource);
    hindered.chain(&run.progress.held).collect::<std::collections::BTreeSet<_>>().len()
}

fn changes(text: &mut String, run: &RunRecord) {
    if run.outcome == Some(RunOutcome::Refused) || run.outcome == Some(RunOutcome::Drift) {
        text.push_str("Changed: nothing.\n");
        return;
    }
    let ended = run.header.timeline.last().map_or(run.header.started, |moment| moment.at);
    let took = rounded(ended.duration_since(run.header.started));
    let planned = run.plan.actions().count();
    let what = match run.writes as usize {
        0 => "nothing".to_owned(),
        // Only a run that was seen to reach its target may claim its whole plan.
        made if run.applied && made >= planned => totals(&run.plan),
        made => format!("{made} of {} was made", counted(planned, "planned write")),
    };
    _ = writeln!(text, "Changed: {what} ({} in {took}).", counted(run.writes as usize, "write"));
    if run.writes > 0 {
        let lines = run.plan.actions().map(|action| action.change.to_string()).collect();
        list(text, "Planned writes", lines);
    }
}

fn totals(plan: &Plan) -> String {
    let count =
        |of: fn(&CapacityChange) -> bool| plan.actions().filter(|PlannedAction { change, .. }| of(change)).count();
    let parts = [
        (count(|c| matches!(c, CapacityChange::Count { from, to, .. } if to < from)), "service", "down"),
        (count(|c| matches!(c, CapacityChange::Count { from, to, .. } if to > from)), "service", "up"),
        (count(|c| matches!(c, CapacityChange::Scaling { .. })), "scalable target", "set"),
        (count(|c| matches!(c, CapacityChange::Release { .. })), "service", "rolled back"),
        (count(|c| matches!(c, CapacityChange::Database { to: DatabasePower::Off, .. })), "database", "stopped"),
        (count(|c| matches!(c, CapacityChange::Database { to: DatabasePower::On, .. })), "database", "started"),
        (count(|c| matches!(c, CapacityChange::Rule { page: true, .. })), "page", "shown"),
        (count(|c| matches!(c, CapacityChange::Rule { page: false, .. })), "page", "taken away"),
    ];
    let told = parts.iter().filter(|(n, ..)| *n > 0).map(|(n, noun, verb)| format!("{} {verb}", counted(*n, noun)));
    let told: Vec<String> = told.collect();
    if told.is_empty() { "nothing planned".to_owned() } else { told.join(", ") }
}

fn list(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    _ = writeln!(text, "\n{title}:");
    let more = lines.len().saturating_sub(LINES);
    for line in lines.into_iter().take(LINES) {
        _ = writeln!(text, "- {line}");
    }
    if more > 0 {
        _ = writeln!(text, "- and {more} more");
    }
}

/// Why a run was: what it was asked for where no intent says it.
pub fn cause(run: &RunRecord) -> String {
    match (&run.cause, run.deciding.first(), run.releases.is_empty()) {
        (Some(cause), _, false) => cause.clone(),
        (Some(cause), None, true) => format!("{cause}; {}", why(&run.deciding)),
        _ => why(&run.deciding),
    }
}

/// The first intent decides; of its layer's others it is said that they come after it, and of overrides that they hold it, too.
fn why(deciding: &[Intent]) -> String {
    let Some((first, others)) = deciding.split_first() else {
        return "no intent is left, so everything is given back".to_owned();
    };
    let after = |intent: &Intent| match intent.layer {
        Layer::Override => format!("; {} holds it {}, too", intent.reason, intent.want),
        _ => format!("; {} holds too and comes after it in the document's order", intent.want),
    };
    others.iter().map(after).fold(first.to_string(), |text, after| text + &after)
}

fn goal(assessment: &Assessment) -> String {
    goal_of(&assessment.deciding)
}

fn goal_of(deciding: &[Intent]) -> String {
    deciding.first().map_or_else(|| "back at its baseline".to_owned(), |intent| intent.want.to_string())
}

fn first_code(run: &RunRecord) -> &'static str {
    let stopping = run.violations.iter().filter(|violation| violation.severity > Severity::Warn);
    stopping.map(|violation| violation.code.name()).next().unwrap_or("a guardrail")
}

fn severity(violation: &Violation) -> &'static str {
    match violation.severity {
        Severity::Warn => "[warning]",
        Severity::Ask => "[needs approval]",
        Severity::Refuse => "[refused]",
    }
}

fn unique<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}

fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
