//! A month of days: most with one tick, some with none at the hour, some with each tick twice.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use watchkeeper_domain::backup::{BackupSource, JobPolicy, KnownCopy, ResourceKind};

use super::ticks;
use crate::drill::scene::SandboxScene;
use crate::estate::KeptCopies;
use crate::harness::{HarnessError, name_prefix};
use crate::scenarios::millis;

/// Days that are played: longer than fourteen are kept, over the end of a month.
const DAYS: i32 = 31;

/// What became of the month's ticks.
#[derive(Debug, Default)]
struct TickTally {
    runs: u64,
    ticks: u64,
    slowest: Duration,
    wrong: Vec<String>,
}

/// The month, and what there is at its end.
pub(super) async fn play(drill: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    let policies = policies(drill);
    let first = start(drill, &policies).await?;
    let days: Vec<Vec<Timestamp>> = (0..DAYS).map(|day| ticks::of_day(&policies, first, day)).collect();
    let mut tally = TickTally::default();
    for (nth, some) in days.chunks(10).enumerate() {
        let (from, to) = (nth * 10 + 1, nth * 10 + some.len());
        let played = days_of(drill, &some.concat());
        let played =
            drill.step(&format!("days {from} to {to} of {DAYS}, with missed and doubled ticks"), played).await?;
        tally.runs += played.runs;
        tally.ticks += played.ticks;
        tally.slowest = tally.slowest.max(played.slowest);
        tally.wrong.extend(played.wrong);
    }
    let TickTally { runs, ticks, slowest, wrong } = tally;
    let detail = format!("{runs} runs from {ticks} ticks {}", wrong.join("; "));
    drill.check("every run took what was due", wrong.is_empty() && runs > 0, detail);
    kept_copies(drill, &policies, &days.concat()).await?;
    inventory(drill, &policies).await?;
    drill.report.figures.insert("days", u64::from(DAYS.unsigned_abs()));
    drill.report.figures.insert("runs", runs);
    drill.report.figures.insert("slowest_run_ms", millis(slowest));
    Ok(())
}

/// Some days' ticks, and all that they start.
fn days_of<'a>(
    drill: &SandboxScene<'a>,
    ticks: &[Timestamp],
) -> impl Future<Output = Result<TickTally, HarnessError>> + use<'a> {
    let prefix = name_prefix(&[drill.scope.estate.as_str(), drill.scope.environment.as_str(), "backup"]);
    let (stack, all) = (drill.stack, ticks.to_vec());
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

async fn now(drill: &SandboxScene<'_>) -> Result<Timestamp, HarnessError> {
    Ok(drill.stack.control().now().await?)
}

/// The jobs of the environment.
pub(super) fn policies(drill: &SandboxScene<'_>) -> Vec<JobPolicy> {
    JobPolicy::all(&drill.scope, drill.environment)
}

/// The first instant: midnight of the first job's own zone, the day after tomorrow.
async fn start(drill: &SandboxScene<'_>, policies: &[JobPolicy]) -> Result<Timestamp, HarnessError> {
    let zone = policies.first().map_or(TimeZone::UTC, |policy| policy.dues.zone().clone());
    let today = now(drill).await?.to_zoned(zone.clone()).date();
    let first = today.checked_add(2.days()).and_then(|date| date.to_zoned(zone));
    Ok(first.map_err(|error| HarnessError::Unknown(error.to_string()))?.timestamp())
}

/// What is on the shelves of AWS is what the policies say, by code of their own: the newest of each of the last days.
async fn kept_copies(
    drill: &mut SandboxScene<'_>,
    policies: &[JobPolicy],
    ticks: &[Timestamp],
) -> Result<(), HarnessError> {
    let found: KeptCopies = drill.stack.site().kept_copies(drill.environment).await?;
    let (mut copies, mut twice) = (0, Vec::new());
    for policy in policies {
        let source = &policy.subject.source;
        let expected = ticks::expected(policy, ticks);
        let series = policy.subject.series().to_string();
        for ((_, region), all) in found.iter().filter(|((of, _), _)| of == source) {
            // Two objects may lie in one bucket, and so do their copies.
            let shared = source.kind == ResourceKind::S3;
            let ours = all
                .iter()
                .filter(|name| !shared || name.trim_start_matches("deleted watchkeeper/").starts_with(&series));
            let names: Vec<&String> = ours.collect();
            copies += names.len();
            let mut unique = names.clone();
            unique.dedup();
            if unique.len() != names.len() {
                twice.push(format!("{source} in {region}"));
            }
            let ok = names == expected.iter().collect::<Vec<_>>();
            let detail = format!("{} copies in {region}, expected {}", names.len(), expected.len());
            drill.check(&format!("{source} is kept as its policy says"), ok, detail);
        }
    }
    drill.check("no backup was taken twice", twice.is_empty(), format!("{copies} copies {}", twice.join(", ")));
    drill.report.figures.insert("copies", copies as u64);
    Ok(())
}

/// Every copy that the ledger knows is good, and the last message lists it with its age, size and verdict.
async fn inventory(drill: &mut SandboxScene<'_>, policies: &[JobPolicy]) -> Result<(), HarnessError> {
    let (mut known, mut bad) = (0, Vec::new());
    for policy in policies {
        let source: &BackupSource = &policy.subject.source;
        let memory = drill.stack.backup_memory(&drill.scope, source).await?;
        known += memory.copies.len();
        bad.extend(memory.copies.iter().filter(|it| !it.is_good()).map(|it| it.name.clone()));
        let lines = watchkeeper_domain::backup::inventory(policy, &memory, now(drill).await?);
        for line in lines.iter().take(2) {
            drill.prepare(line).await?;
        }
        if memory.copies.iter().filter(|it| KnownCopy::is_good(it)).count() == 0 {
            bad.push(format!("{source} has none"));
        }
    }
    drill.check("every copy is verified, and known", bad.is_empty(), format!("{known} copies {}", bad.join(", ")));
    let letters = drill.stack.notifications().letters().await?;
    let (estate, environment) = (drill.scope.estate.to_string(), drill.scope.environment.to_string());
    let ours = |text: &str| text.starts_with(&format!("{estate} {environment}: ")) && text.contains("backups done");
    let last = letters.iter().rfind(|letter| ours(&letter.subject));
    let lines = last.map_or(0, |letter| {
        letter.text.lines().filter(|line| line.contains(" old, ") && line.ends_with("good")).count()
    });
    drill.check(
        "the report lists every copy with age, size and verdict",
        lines > 0,
        format!("{lines} lines in the last message"),
    );
    Ok(())
}
