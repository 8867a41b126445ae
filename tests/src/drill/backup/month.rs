//! A month of days: most with one tick, some with none at the hour, some with each tick twice.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use watchkeeper_domain::backup::{BackupSource, JobPolicy, KnownCopy};

use crate::drill::report::millis;
use crate::drill::step::DrillStep;
use crate::estate::Shelves;
use crate::harness::StageError;

/// Days that are played: longer than fourteen are kept, over the end of a month.
const DAYS: i32 = 31;

/// How a day's ticks come.
#[derive(Clone, Copy)]
enum TickPattern {
    /// One, hours after everything was due: all before it were lost.
    Late,
    /// One when each is due.
    EachInTime,
    /// One when each is due, delivered twice.
    Doubled,
}

impl TickPattern {
    fn of(day: i32) -> Self {
        match day % 10 {
            3 => Self::EachInTime,
            6 => Self::Doubled,
            _ => Self::Late,
        }
    }
}

/// What became of the month's ticks.
#[derive(Debug, Default)]
struct TickTally {
    runs: u64,
    ticks: u64,
    slowest: Duration,
    wrong: Vec<String>,
}

/// The month, and what there is at its end.
pub(super) async fn play(act: &mut DrillStep<'_>) -> Result<(), StageError> {
    let policies = policies(act);
    let first = start(act, &policies).await?;
    let days: Vec<i32> = (0..DAYS).collect();
    let mut tally = TickTally::default();
    for some in days.chunks(10) {
        let (from, to) = (some.first().map_or(0, |day| day + 1), some.last().map_or(0, |day| day + 1));
        let played = days_of(act, &policies, first, some);
        let played = act.step(&format!("days {from} to {to} of {DAYS}, with missed and doubled ticks"), played).await?;
        tally.runs += played.runs;
        tally.ticks += played.ticks;
        tally.slowest = tally.slowest.max(played.slowest);
        tally.wrong.extend(played.wrong);
    }
    let TickTally { runs, ticks, slowest, wrong } = tally;
    let detail = format!("{runs} runs from {ticks} ticks {}", wrong.join("; "));
    act.check("every run took what was due", wrong.is_empty() && runs > 0, detail);
    let last = first.checked_add((DAYS - 1).days()).unwrap_or(first);
    shelves(act, &policies, last).await?;
    inventory(act, &policies).await?;
    act.report.figures.insert("days", u64::from(DAYS.unsigned_abs()));
    act.report.figures.insert("runs", runs);
    act.report.figures.insert("slowest_run_ms", millis(slowest));
    Ok(())
}

/// Some days' ticks, and all that they start.
fn days_of<'a>(
    act: &DrillStep<'a>,
    policies: &[JobPolicy],
    first: Date,
    days: &[i32],
) -> impl Future<Output = Result<TickTally, StageError>> + use<'a> {
    let (stack, prefix) = (act.stack, format!("{}-{}-backup-", act.scope.estate, act.scope.environment));
    let of = |day: &i32| instants(policies, first.checked_add(day.days()).unwrap_or(first), TickPattern::of(*day));
    let all: Vec<Timestamp> = days.iter().flat_map(of).collect();
    async move {
        let mut tally = TickTally::default();
        for instant in all {
            let ended = stack.backup_tick(instant).await?;
            tally.ticks += 1;
            for run in ended.iter().filter(|run| run.name.starts_with(&prefix)) {
                tally.runs += 1;
                tally.slowest = tally.slowest.max(run.took);
                if run.outcome() != "done" {
                    tally.wrong.push(format!("{}: {}", run.name, run.says()));
                }
            }
        }
        Ok(tally)
    }
}

async fn now(act: &DrillStep<'_>) -> Result<Timestamp, StageError> {
    Ok(act.stack.control().now().await?)
}

/// The jobs whose resources the sandbox has: search domains have no data plane there.
pub(super) fn policies(act: &DrillStep<'_>) -> Vec<JobPolicy> {
    let all = JobPolicy::all(&act.scope, act.environment);
    let there = |policy: &JobPolicy| policy.subject.source.kind != watchkeeper_domain::backup::ResourceKind::Opensearch;
    all.into_iter().filter(there).collect()
}

/// The first day: the next one, just after midnight of the jobs' own zone, so that nothing older is due.
async fn start(act: &DrillStep<'_>, policies: &[JobPolicy]) -> Result<Date, StageError> {
    let zone = policies.first().map_or(TimeZone::UTC, |policy| policy.dues.zone().clone());
    let today = now(act).await?.to_zoned(zone).date();
    today.checked_add(2.days()).map_err(|error| StageError::Unknown(error.to_string()))
}

/// The instants of a day's ticks.
fn instants(policies: &[JobPolicy], date: Date, ticks: TickPattern) -> Vec<Timestamp> {
    let due = |policy: &JobPolicy| {
        let midnight = date.to_zoned(policy.dues.zone().clone()).ok()?.timestamp();
        let before = midnight.checked_sub(SignedDuration::from_secs(1)).ok()?;
        let due = policy.dues.next(before)?;
        (due.to_zoned(policy.dues.zone().clone()).date() == date).then_some(due)
    };
    let mut all: Vec<Timestamp> = policies.iter().filter_map(due).collect();
    all.sort_unstable();
    all.dedup();
    match ticks {
        TickPattern::Late => {
            all.last().and_then(|it| it.checked_add(SignedDuration::from_mins(95)).ok()).into_iter().collect()
        }
        TickPattern::EachInTime => all,
        TickPattern::Doubled => all.iter().flat_map(|instant| [*instant, *instant]).collect(),
    }
}

/// What is on the shelves of AWS is what the policies say, by code of their own: the newest of each of the last days.
async fn shelves(act: &mut DrillStep<'_>, policies: &[JobPolicy], last: Date) -> Result<(), StageError> {
    let found: Shelves = act.stack.site().shelves(act.environment).await?;
    let (mut copies, mut twice) = (0, Vec::new());
    for policy in policies {
        let source = &policy.subject.source;
        let expected = expected(policy, last);
        for ((_, region), names) in found.iter().filter(|((of, _), _)| of == source) {
            copies += names.len();
            let mut unique = names.clone();
            unique.dedup();
            if unique.len() != names.len() {
                twice.push(format!("{source} in {region}"));
            }
            let ok = *names == expected;
            let detail = format!("{} copies in {region}, expected {}", names.len(), expected.len());
            act.check(&format!("{source} is kept as its policy says"), ok, detail);
        }
    }
    act.check("no backup was taken twice", twice.is_empty(), format!("{copies} copies {}", twice.join(", ")));
    act.report.figures.insert("copies", copies as u64);
    Ok(())
}

/// The names that a policy keeps after the month, sorted: days, and what weeks and months keep beside them.
fn expected(policy: &JobPolicy, last: Date) -> Vec<String> {
    let series = policy.subject.series();
    let due = |date: Date| {
        let midnight = date.to_zoned(policy.dues.zone().clone()).ok()?.timestamp();
        policy.dues.next(midnight.checked_sub(SignedDuration::from_secs(1)).ok()?)
    };
    let all: Vec<Date> = (0..DAYS).filter_map(|day| last.checked_sub(day.days()).ok()).collect();
    let all: Vec<Date> = all
        .into_iter()
        .filter(|date| due(*date).is_some_and(|it| it.to_zoned(policy.dues.zone().clone()).date() == *date))
        .collect();
    let newest_of = |count: u32, bucket: &dyn Fn(Date) -> (i16, i8)| {
        let mut seen = Vec::new();
        let mut kept = Vec::new();
        for date in &all {
            if !seen.contains(&bucket(*date)) && seen.len() < count as usize {
                seen.push(bucket(*date));
                kept.push(*date);
            }
        }
        kept
    };
    let mut dates: Vec<Date> = all.iter().copied().take(policy.keep.daily.max(policy.keep.minimum) as usize).collect();
    dates.extend(newest_of(policy.keep.weekly, &|date| (date.iso_week_date().year(), date.iso_week_date().week())));
    dates.extend(newest_of(policy.keep.monthly, &|date| (date.year(), date.month())));
    let mut names: Vec<String> =
        dates.into_iter().filter_map(|date| Some(series.name(due(date)?).to_string())).collect();
    names.sort();
    names.dedup();
    names
}

/// Every copy that the ledger knows is good, and the last message lists it with its age, size and verdict.
async fn inventory(act: &mut DrillStep<'_>, policies: &[JobPolicy]) -> Result<(), StageError> {
    let (mut known, mut bad) = (0, Vec::new());
    for policy in policies {
        let source: &BackupSource = &policy.subject.source;
        let memory = act.stack.backup_memory(&act.scope, source).await?;
        known += memory.copies.len();
        bad.extend(memory.copies.iter().filter(|it| !it.is_good()).map(|it| it.name.clone()));
        let lines = watchkeeper_domain::backup::inventory(policy, &memory, now(act).await?);
        for line in lines.iter().take(2) {
            act.prepare(line).await?;
        }
        if memory.copies.iter().filter(|it| KnownCopy::is_good(it)).count() == 0 {
            bad.push(format!("{source} has none"));
        }
    }
    act.check("every copy is verified, and known", bad.is_empty(), format!("{known} copies {}", bad.join(", ")));
    let letters = act.stack.mailbox().letters().await?;
    let (estate, environment) = (act.scope.estate.to_string(), act.scope.environment.to_string());
    let ours = |text: &str| text.starts_with(&format!("{estate} {environment}: ")) && text.contains("backups done");
    let last = letters.iter().rfind(|letter| ours(&letter.subject));
    let lines = last.map_or(0, |letter| {
        letter.text.lines().filter(|line| line.contains(" old, ") && line.ends_with("good")).count()
    });
    act.check(
        "the report lists every copy with age, size and verdict",
        lines > 0,
        format!("{lines} lines in the last message"),
    );
    Ok(())
}
