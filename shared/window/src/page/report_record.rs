//! What a report tells of each kind of record.

use maud::{Markup, html};
use watchkeeper_domain::backup::{BackupOutcome, BackupResult, RestorePurpose};
use watchkeeper_domain::failover::rehearsal::rehearsed;
use watchkeeper_domain::failover::{Move, MoveEnding, Serving};
use watchkeeper_domain::reconcile::report::{advice, cause, headline};
use watchkeeper_domain::reconcile::run::RunRecord;

use super::certificate::certified;
use super::gantt;
use super::moved::spells;
use super::parts::{Extent, guardrails, moments, plan};
use super::report::moment;
use super::run::{instructions, timeline};
use crate::facts::run_spells;
use crate::html::{name, whole};
use crate::report::{BackupRecord, Evidence, ReportContent, RestoreRecord};
use crate::words::{counted, listed, took};

/// What is told of a record: paper has no limit of lines.
pub(super) struct Told {
    /// What it was, in a line.
    pub(super) headline: String,
    /// How it ended.
    pub(super) outcome: String,
    /// What is known of it, as terms and descriptions.
    pub(super) known: Markup,
    /// The sections.
    pub(super) body: Markup,
}

/// What is told of a report's record.
pub(super) fn told(content: &ReportContent) -> Told {
    match &content.evidence {
        Evidence::Run(record) => of_run(content, record),
        Evidence::Move(record) => of_move(content, record),
        Evidence::Restore(record) => of_restore(content, record),
        Evidence::Backup(record) => of_backup(content, record),
    }
}

fn of_run(content: &ReportContent, record: &RunRecord) -> Told {
    let lasted = millis(content.ended.duration_since(record.header.started));
    let approved: Vec<String> = record.header.approved.iter().map(ToString::to_string).collect();
    let known = html! {
        dt { "why" } dd { (whole(&cause(record))) }
        dt { "began" } dd { (moment(record.header.started)) ", by trigger " (trigger(record)) }
        dt { "took" } dd { (took(lasted)) ", of which " (took(record.progress.waited_ms())) " waiting" }
        dt { "writes" } dd { (record.writes) " to AWS, in " (counted(record.slices as usize, "slice")) }
        dt { "approved" } dd { @if approved.is_empty() { "nothing was approved beforehand" } @else { (listed(&approved)) } }
        @if let Some(error) = &record.error { dt { "error" } dd { b { (name(&error.name)) } ": " (whole(&error.message)) } }
        @for awaited in &record.awaited { dt { "not there yet" } dd { (whole(&awaited.to_string())) } }
    };
    let body = html! {
        section { (timeline(&run_spells(record), content.ended)) }
        section { (plan(&record.plan, Extent::Paper)) }
        section { (guardrails(&record.violations, Extent::Paper)) }
        section { (moments(&record.header.timeline, Extent::Paper)) }
        section { h2 { "What to do" } (instructions(&advice(&content.scope, record, moment))) }
    };
    let outcome = record.outcome.map_or_else(|| "not known".to_owned(), |outcome| outcome.to_string());
    Told { headline: headline(&content.scope, record), outcome, known, body }
}

fn trigger(record: &RunRecord) -> &'static str {
    use watchkeeper_domain::request::RunTrigger::{Emergency, Failover, Human, Schedule};
    match record.header.trigger {
        Schedule => "schedule",
        Human => "human",
        Emergency => "emergency",
        Failover => "failover",
    }
}

fn of_move(content: &ReportContent, record: &Move) -> Told {
    let what = if record.graceful { "switchover" } else { "failover" };
    let whose = format!("{} {}", content.scope.estate, content.scope.environment);
    let headline = match record.rehearsal {
        Some(_) => format!("{whose}: rehearsal in {}", record.to),
        None => format!("{whose}: {what} from {} to {}", record.from, record.to),
    };
    let ending = record.ending.map_or_else(|| "not known".to_owned(), |ending| ending.to_string());
    let ending = rehearsed(record).map_or(ending, str::to_owned);
    let promised =
        record.facts.as_ref().map(|facts| (millis(facts.failover.rto.signed()), millis(facts.failover.rpo.signed())));
    let approved: Vec<String> = record.header.approved.iter().map(ToString::to_string).collect();
    let known = html! {
        dt { "why" } dd { (whole(&record.reason)) }
        dt { "began" } dd { (moment(record.header.started)) }
        @if let Some(lost) = record.lost_since { dt { "lost since" } dd { (moment(lost)) } }
        @if record.rehearsal.is_some() {
            @let follows = record.certificate.as_ref().and_then(|it| it.rto_ms);
            dt { "RTO that follows" } dd { (figure(follows, promised.map(|it| it.0), "none: it was not proved")) }
        } @else {
            dt { "RTO" } dd { (figure(record.rto_ms(), promised.map(|it| it.0), "people did not reach the new region")) }
            dt { "RPO" } dd { (figure(record.lag_ms, promised.map(|it| it.1), "not known")) }
        }
        dt { "own share" } dd { (took(record.own_ms(content.ended))) }
        dt { "approved" } dd {
            @if approved.is_empty() { "nothing was approved" } @else { (listed(&approved)) }
            @if let Some(by) = &record.by { ", by " (name(by)) }
        }
        @if let Some(word) = &record.word { dt { "word for the fence" } dd { (name(word)) } }
        @if let Some(heir) = &record.heir_of { dt { "goes on with" } dd { code { (name(heir)) } } }
        @if let Some(failure) = &record.failure { dt { "failure" } dd { (whole(failure)) } }
        @if record.ending == Some(MoveEnding::Held) { dt { "held" } dd { "it waits for a person, who takes it over" } }
    };
    let caption = html! { b { "Timeline" } " Blue is work, grey is waiting, amber a person." };
    let body = html! {
        section { (gantt::drawn(&caption, &spells(record, content.ended), promised.map(|it| it.0))) }
        section { (planned(record)) }
        @if let Some(certificate) = &record.certificate { section { (certified(certificate)) } }
        @if let Some(facts) = &record.facts {
            @let readiness = facts.readiness();
            section {
                h2 { "Readiness, as it was judged" }
                p { (whole(&readiness.summary())) }
                ul { @for finding in &readiness.findings { li { (whole(&finding.to_string())) } } }
            }
            section { (asked(facts.plan().asks.iter().map(|(code, why)| (code.to_string(), why.clone())).collect())) }
        }
        section { (moments(&record.header.timeline, Extent::Paper)) }
    };
    Told { headline, outcome: ending, known, body }
}

fn figure(found: Option<i64>, promised: Option<i64>, none: &str) -> Markup {
    html! {
        @match found {
            None => { (none) }
            Some(found) => {
                (took(found))
                @if let Some(promised) = promised { ", promised " (took(promised)) ": " b { (if found <= promised { "kept" } else { "not kept" }) } }
            }
        }
    }
}

/// What was to run, and in which order: before and after, service by service.
fn planned(record: &Move) -> Markup {
    let sample = record.facts.as_ref().and_then(|facts| facts.readiness.sample.as_ref());
    let before = |service| sample.and_then(|it| it.services.get(service)).map(|it| it.capacity.desired);
    html! {
        table {
            caption { b { "Plan" } " " (counted(record.waves.len(), "wave")) ", of which " (record.wave.min(record.waves.len())) " opened" }
            thead { tr { th scope="col" { "wave" } th scope="col" { "service" } th scope="col" { "tasks in " (record.from) " " span class="arrow" { "→" } " in " (record.to) } } }
            tbody {
                @for (place, wave) in record.waves.iter().enumerate() {
                    @for (nth, service) in wave.iter().enumerate() {
                        tr {
                            th scope="row" { @if nth == 0 { (place + 1) } }
                            td { code { (name(service.as_str())) } }
                            td {
                                @match before(service) { Some(tasks) => (tasks), None => "not known" }
                                " " span class="arrow" { "→" } " "
                                b { (after(&record.serving, service)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn after(serving: &Serving, service: &watchkeeper_domain::name::ServiceName) -> String {
    serving.get(service).map_or_else(|| "as its baseline says".to_owned(), |figures| figures.desired.to_string())
}

fn asked(asks: Vec<(String, String)>) -> Markup {
    html! {
        table class="nw" {
            caption { b { "Guardrails" } " that had something against the plan" }
            tbody {
                @if asks.is_empty() { tr { td { "None: not-ready and data-loss were silent." } } }
                @for (code, why) in asks { tr { th scope="row" { (code) } td { (whole(&why)) } } }
            }
        }
    }
}

fn of_restore(content: &ReportContent, record: &RestoreRecord) -> Told {
    let outcome = &record.outcome;
    let what = if outcome.purpose == RestorePurpose::Drill { "restore drill" } else { "restore" };
    let headline = format!("{} {}: {what} of {}", content.scope.estate, content.scope.environment, record.source);
    let ready = outcome.rto_seconds.map_or_else(|| "not reached".to_owned(), |seconds| took(seconds * 1000));
    let known = html! {
        dt { "restored" } dd { code { (name(&outcome.from.to_string())) } " into " code { (name(&outcome.target)) } }
        dt { "began" } dd { (moment(record.restore.began)) }
        dt { "time to restore" } dd { (ready) }
        dt { "age of the copy" } dd { (took(outcome.rpo_seconds * 1000)) " when it began" }
        @if !outcome.reapplied.is_empty() { dt { "set again" } dd { (whole(&listed(&outcome.reapplied))) } }
        @if let Some(compared) = &outcome.compared { dt { "compared with" } dd { (whole(compared)) } }
        @if let Some(why) = &outcome.why { dt { "why it failed" } dd { (whole(why)) } }
    };
    let body = html! {
        section {
            table class="nw" {
                caption { b { "Checks" } " of what was restored" }
                tbody { @for check in &outcome.checks { tr { th scope="row" { (check.verdict()) } td { b { (name(&check.name)) } } td { (whole(&check.detail)) @for line in &check.log { br; code { (whole(line)) } } } } } }
            }
        }
    };
    Told { headline, outcome: if outcome.ok { "passed" } else { "failed" }.to_owned(), known, body }
}

fn of_backup(content: &ReportContent, record: &BackupRecord) -> Told {
    let (scope, run) = (&content.scope, &record.run);
    let done = record.lines.iter().filter(|line| line.outcome == BackupOutcome::Done).count();
    let headline =
        format!("{} {}: {done} of {} done", scope.estate, scope.environment, counted(run.jobs.len(), "backup"));
    let known = html! {
        dt { "began" } dd { (moment(run.header.started)) }
        dt { "took" } dd { (took(millis(content.ended.duration_since(run.header.started)))) }
    };
    let copies = |line: &BackupResult| counted(line.memory.copies.len(), "copy").replace("copys", "copies");
    let body = html! {
        section {
            table class="nw" {
                caption { b { "Backups" } " and what was found of them" }
                tbody {
                    @for line in &record.lines {
                        tr {
                            th scope="row" { (line.outcome) }
                            td { code { (name(&line.source.to_string())) } }
                            td {
                                "due " (moment(line.due)) ", " (copies(line)) " known"
                                @if !line.why.is_empty() { "; " (whole(&line.why)) }
                                @for finding in &line.findings { "; finding: " (whole(finding)) }
                            }
                        }
                    }
                    @for note in &record.notes { tr { th scope="row" { "finding" } td {} td { (whole(note)) } } }
                }
            }
        }
        section { (moments(&run.header.timeline, Extent::Paper)) }
    };
    Told { headline, outcome: record.outcome.to_string(), known, body }
}

fn millis(time: jiff::SignedDuration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
