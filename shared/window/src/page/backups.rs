//! The page of an environment's backups: each resource by day, how old the newest good copy is, and what restoring it takes.

use jiff::SignedDuration;
use jiff::civil::{Date, Weekday};
use maud::{Markup, html};
use watchkeeper_domain::backup::BackupMemory;
use watchkeeper_domain::name::Region;

use super::frame::{Button, Look, acting};
use super::parts::{page, title};
use super::window::BYTES_MAX;
use crate::backups::{DayVerdict, days, of_day};
use crate::call::{Call, CallMode, Verb};
use crate::confirm;
use crate::facts::{BackupJob, BackupsFacts, Frame};
use crate::html::{Html, name, text};
use crate::shape::{Shape, Tone};
use crate::style::Styles;
use crate::words::{Clock, counted, length, listed, policy, size, took};

/// The most resources that are listed; fewer where a page of them would be too large.
const RESOURCES: [usize; 3] = [40, 20, 10];

/// The most things that were not good that are listed.
const NOT_GOOD: usize = 12;

/// The page of backups.
pub fn backups(frame: &Frame, facts: &BackupsFacts) -> Html {
    let [most, fewer, fewest] = RESOURCES;
    let page = drawn(frame, facts, most);
    [fewer, fewest].into_iter().fold(page, |page, resources| {
        if page.as_str().len() <= BYTES_MAX { page } else { drawn(frame, facts, resources) }
    })
}

fn drawn(frame: &Frame, facts: &BackupsFacts, resources: usize) -> Html {
    let environment = format!("{} {}", facts.scope.estate, facts.scope.environment);
    let clock = Clock::new(&facts.zone, frame.now);
    let mut jobs: Vec<&BackupJob> = facts.jobs.iter().collect();
    if jobs.len() > resources {
        // What is left out is in order.
        jobs.sort_by_key(|job| !is_stale(job, &clock));
    }
    let content = html! {
        (heading(facts, &clock))
        section { (stale(facts, &clock)) (acting(frame)) (buttons(frame, facts, &environment)) }
        @if !jobs.is_empty() {
            section {
                (calendar(frame, &jobs[..resources.min(jobs.len())]))
                @if jobs.len() > resources { p class="mut" { "and " (jobs.len() - resources) " more resources" } }
                (key())
            }
        }
        section class="cols" { div { (not_good(frame, facts)) } div { (drills(facts, &clock, resources)) } }
    };
    page(frame, &[Styles::Backups], &format!("Backups of {environment}"), &[&environment, "backups"], &content)
}

/// How old the newest good copy in the region where it is taken is.
fn age(job: &BackupJob, clock: &Clock<'_>) -> Option<SignedDuration> {
    let newest = job.memory.known()?.newest_good(&job.region)?;
    Some(clock.now().duration_since(newest.due))
}

fn is_stale(job: &BackupJob, clock: &Clock<'_>) -> bool {
    job.memory.known().is_some() && age(job, clock).is_none_or(|age| age.as_secs() > job.within_seconds)
}

fn heading(facts: &BackupsFacts, clock: &Clock<'_>) -> Markup {
    let stale = facts.jobs.iter().filter(|job| is_stale(job, clock)).count();
    let unread = facts.jobs.iter().filter(|job| job.memory.now().is_none()).count();
    let all = facts.jobs.len();
    let next = facts.jobs.iter().filter_map(|job| job.next).min();
    let away: Vec<String> = facts
        .jobs
        .iter()
        .filter_map(|job| Some(job.copy.as_ref()?.region.to_string()))
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let beside = html! {
        span class="mut" {
            (all - stale - unread) " are good" @if !away.is_empty() { "; copies go to " (listed(&away)) }
            @if unread > 0 { "; " b class="t-bad" { (unread) " cannot be read" } }
            @if let Some(next) = next { "; the next is due " (clock.both(next)) ", in " (length(next.duration_since(clock.now()))) }
        }
    };
    match (all, stale, unread) {
        (0, ..) => title(Shape::Note, Tone::Grey, "The document asks for no backups", &html! {}),
        (_, 0, 0) => title(Shape::Tick, Tone::Green, &format!("All {all} backups are good"), &beside),
        (_, 0, _) => title(Shape::Dashed, Tone::Grey, "Not everything could be read", &beside),
        (_, 1, _) => title(Shape::Clock, Tone::Red, &format!("1 of {all} backups is too old"), &beside),
        _ => title(Shape::Clock, Tone::Red, &format!("{stale} of {all} backups are too old"), &beside),
    }
}

/// What is too old, and why.
fn stale(facts: &BackupsFacts, clock: &Clock<'_>) -> Markup {
    html! {
        @for job in facts.jobs.iter().filter(|job| is_stale(job, clock)).take(NOT_GOOD) {
            @let newest = job.memory.known().and_then(|memory| memory.newest_good(&job.region));
            p {
                b { (name(&job.resource.to_string())) } ": "
                @match newest { Some(copy) => { "the newest good one is of " (copy.due.strftime("%a %-d %b %H:%M UTC").to_string()) "." } None => { "there is no good one." } }
                @let failed: Vec<_> = job.ended.iter().filter(|it| !it.why.is_empty() && newest.is_none_or(|copy| it.due > copy.due)).collect();
                @if let Some(last) = failed.last() { " " (counted(failed.len(), "attempt")) " failed since: " (text(&last.why)) "." }
                @if let Some(next) = job.next { " Another one is due in " (length(next.duration_since(clock.now()))) "." }
            }
        }
        @for job in facts.jobs.iter().filter(|job| job.memory.now().is_none()).take(NOT_GOOD) {
            p class="t-bad" { b { (name(&job.resource.to_string())) } " cannot be read: " (text(job.memory.why().unwrap_or_default())) }
        }
    }
}

fn buttons(frame: &Frame, facts: &BackupsFacts, environment: &str) -> Markup {
    let clock = Clock::new(&facts.zone, frame.now);
    let call = |verb| Call::of(verb, &facts.scope.estate, &facts.scope.environment);
    let of = |job: &BackupJob, verb| Call { resource: Some(job.resource.clone()), ..call(verb) };
    let stale = facts.jobs.iter().find(|job| is_stale(job, &clock));
    let drilled = facts.jobs.iter().filter(|job| job.drilled).min_by_key(|job| drill(job).map(|drill| drill.at));
    let lasts = drilled.and_then(|job| drill(job)?.rto_seconds);
    html! {
        div class="acts" {
            @if let Some(job) = stale {
                (Button::act(&facts.stack, Look::Primary, "Back it up now", of(job, Verb::Backup), confirm::backup(environment, &job.resource))
                    .about(job.resource.to_string()).drawn(frame))
            }
            (Button::look(&facts.stack, Look::Button, "Show what is due and what would go", Call { mode: Some(CallMode::Plan), ..call(Verb::Backup) }).drawn(frame))
            @if let Some(job) = drilled {
                (Button::act(&facts.stack, Look::Button, format!("Drill {}", job.resource), of(job, Verb::Drill), confirm::drill(environment, &job.resource, lasts)).drawn(frame))
            }
        }
    }
}

fn drill(job: &BackupJob) -> Option<&watchkeeper_domain::backup::RestoreEvidence> {
    job.memory.known()?.drilled.as_ref()
}

fn calendar(frame: &Frame, jobs: &[&BackupJob]) -> Markup {
    let days = days(frame.now);
    // A narrow page shows a week.
    let old = |place: usize| place + 8 < days.len();
    html! {
        table class="cal" {
            caption class="vh" { "Each resource by day, in UTC, with the verdict over its copy" }
            thead {
                tr {
                    th scope="col" { "resource " span class="mut" { "and policy" } }
                    @for (place, day) in days.iter().enumerate() {
                        th scope="col" class=(cell(*day, old(place))) { (day.strftime("%a").to_string()) b { (day.day()) } }
                    }
                    th scope="col" class="l" { "newest good" }
                    th scope="col" class="l" { "size" }
                    th scope="col" class="l" { "newest drill, time to restore" }
                }
            }
            tbody {
                @for job in jobs {
                    (row(frame, job, &job.region, &days))
                    @if let Some(copy) = &job.copy { (row(frame, job, &copy.region, &days)) }
                }
            }
        }
    }
}

fn cell(day: Date, old: bool) -> String {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    format!("c{}{}", if old { " old" } else { "" }, if weekend { " we" } else { "" })
}

/// A resource in one region.
fn row(frame: &Frame, job: &BackupJob, region: &Region, days: &[Date]) -> Markup {
    let away = *region != job.region;
    let memory = job.memory.known();
    html! {
        tr {
            th scope="row" {
                @if away { span class="mut in" { "in " (region) } br; small class="in" { "copy, " (name(job.copy.as_ref().map_or("", |it| &it.kept))) } }
                @else { code { (name(&job.resource.to_string())) } br; small { (name(&job.schedule)) ", " (name(&job.kept)) } }
            }
            @for (place, day) in days.iter().enumerate() {
                td class=(cell(*day, place + 8 < days.len())) {
                    @match memory { Some(memory) => (verdict(&of_day(job, memory, region, *day, frame.now))), None => span class="vh" { "not read" } }
                }
            }
            (newest(frame, job, memory, region, away))
        }
    }
}

/// The age of the newest good copy, its size, and the last drill.
fn newest(frame: &Frame, job: &BackupJob, memory: Option<&BackupMemory>, region: &Region, away: bool) -> Markup {
    let good = memory.and_then(|memory| memory.newest_good(region));
    let age = good.map(|copy| frame.now.duration_since(copy.due));
    let stale = age.is_none_or(|age| age.as_secs() > job.within_seconds);
    let share = age.map_or(100, |age| (age.as_secs().max(0).saturating_mul(100) / job.within_seconds.max(1)).min(100));
    let drilled = memory.and_then(|memory| memory.drilled.as_ref());
    html! {
        td class="l age" {
            @match (memory, age) {
                (None, _) => span class="mut" { "cannot be read" },
                (_, None) => { (Shape::Clock.beside(Tone::Red)) " " b { "none" } },
                (_, Some(age)) => {
                    @if stale { (Shape::Clock.beside(Tone::Red)) " " b { (length(age)) } } @else { (length(age)) }
                    " " span class="mut" { "of " (policy(SignedDuration::from_secs(job.within_seconds))) }
                    svg class="bar" height="4" width="100%" aria-hidden="true" {
                        rect class="rest" width="100%" height="4" {}
                        rect class=(if stale { "s" } else { "g" }) width={ (share) "%" } height="4" {}
                    }
                }
            }
        }
        td class="l sz" { @match good.and_then(|copy| copy.bytes) { Some(bytes) => (size(bytes)), None => span class="mut" { "–" } } }
        td class="l dr" {
            @if away { span class="mut" { "–" } }
            @else if let Some(drill) = drilled {
                (drill.at.strftime("%a %-d %b").to_string()) ": "
                @if drill.ok { "passed" } @else { b class="t-bad" { "failed" } }
                @if let Some(seconds) = drill.rto_seconds { ", " b { (took(seconds.saturating_mul(1000))) } }
            } @else if job.drilled { b class="t-bad" { "never yet" } } @else { span class="mut" { "none declared" } }
        }
    }
}

/// A day's verdict: a word for those who hear, a shape for those who see.
fn verdict(verdict: &DayVerdict) -> Markup {
    let (word, drawn) = match verdict {
        DayVerdict::NothingDue => return html! {},
        DayVerdict::Good => ("good", html! { rect class="g" {} }),
        DayVerdict::Drilled => ("good, and drilled: passed", html! { rect class="g" {} circle class="d" {} }),
        DayVerdict::Pruned => ("done, and pruned since", html! { rect class="gh" {} }),
        DayVerdict::NotDueYet => ("not due yet", html! { circle class="w" {} }),
        DayVerdict::UnderWay => ("under way", html! { path class="w" d="M2 5.5h7" {} }),
        DayVerdict::NotGood(_) => ("not good", html! { path class="s" d="M1 1h9l-9 9z" {} rect class="x" {} }),
        DayVerdict::Missing => ("missing", html! { rect class="o" {} }),
        DayVerdict::Failed(_) => ("failed", html! { path class="x" d="M1 1l9 9M10 1l-9 9" {} }),
    };
    html! { svg class="day" role="img" aria-label=(word) { (drawn) } }
}

fn key() -> Markup {
    let all = [
        (DayVerdict::Good, "good"),
        (DayVerdict::Drilled, "good, and drilled: passed"),
        (DayVerdict::Pruned, "done, and pruned since"),
        (DayVerdict::Failed(String::new()), "failed"),
        (DayVerdict::Missing, "missing"),
        (DayVerdict::NotGood(String::new()), "not good"),
        (DayVerdict::UnderWay, "under way"),
        (DayVerdict::NotDueYet, "not due yet"),
    ];
    // The words of the key are there to be read; those for the ear are not told twice.
    html! { div class="key" aria-hidden="true" { @for (of, word) in all { span { (verdict(&of)) (word) } } } }
}

/// What was not good in these days, the newest first.
fn not_good(frame: &Frame, facts: &BackupsFacts) -> Markup {
    let mut found: Vec<(Date, String, String)> = Vec::new();
    for day in days(frame.now).into_iter().rev() {
        for job in &facts.jobs {
            let Some(memory) = job.memory.known() else { continue };
            let regions = std::iter::once(&job.region).chain(job.copy.as_ref().map(|copy| &copy.region));
            for region in regions {
                let what = match of_day(job, memory, region, day, frame.now) {
                    DayVerdict::Failed(why) => format!("failed: {why}"),
                    DayVerdict::Missing => "missing".to_owned(),
                    DayVerdict::NotGood(flaws) => format!("not good: {flaws}"),
                    _ => continue,
                };
                let place = if *region == job.region { String::new() } else { format!(" in {region}") };
                found.push((day, format!("{}{place}", job.resource), what));
            }
        }
    }
    html! {
        h2 { "What was not good" }
        @if found.is_empty() { p class="mut" { "Nothing in these 15 days." } }
        ol class="mom" {
            @for (day, what, why) in found.iter().take(NOT_GOOD) {
                li { time class="mut" { (day.strftime("%-d %b").to_string()) } span { (name(what)) ": " (text(why)) } }
            }
            @if found.len() > NOT_GOOD { li { span {} span class="mut" { "and " (found.len() - NOT_GOOD) " more" } } }
        }
    }
}

/// The drills: what restoring took, and what was checked.
fn drills(facts: &BackupsFacts, clock: &Clock<'_>, most: usize) -> Markup {
    let drilled: Vec<(&BackupJob, &watchkeeper_domain::backup::RestoreEvidence)> =
        facts.jobs.iter().filter_map(|job| Some((job, drill(job)?))).take(most).collect();
    html! {
        h2 { "Restore drills" }
        @if drilled.is_empty() { p class="mut" { "None has been done." } }
        dl class="kv" {
            @for (job, drill) in drilled {
                dt { (name(job.resource.name.as_str())) }
                dd {
                    @if drill.ok { (Shape::Tick.beside(Tone::Green)) } @else { (Shape::Cross.beside(Tone::Red)) }
                    " " (clock.day(drill.at)) ": "
                    @match drill.rto_seconds { Some(seconds) => { "restored and checked in " b { (took(seconds.saturating_mul(1000))) } } None => { "not restored" } }
                    ", from a copy that was " (length(SignedDuration::from_secs(drill.rpo_seconds))) " old; " (counted(drill.checks.len(), "check")) "."
                    @if let Some(compared) = &drill.compared { " Compared with " (text(compared)) "." }
                    @if let Some(why) = &drill.why { " " (text(why)) }
                }
            }
        }
    }
}
