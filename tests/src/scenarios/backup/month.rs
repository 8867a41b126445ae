//! Days of backups: one whose ticks were lost until late, and a month of many kinds.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use watchkeeper_domain::backup::{AttemptEnd, JobPolicy, KnownCopy, ResourceKind};

use super::{BackupHarness, needs, ticks};
use crate::estate::KeptCopies;
use crate::harness::HarnessError;
use crate::scenarios::{Played, count, listed, millis};

/// Days that are played: longer than fourteen are kept, over the end of a month.
const DAYS: i32 = 31;
/// Days between two looks at what became of the ticks.
const SOME: usize = 10;

/// The ticks of a day are lost until all is due: each backup is taken once, verified, copied, and told. The same tick again, and the
/// next one, take nothing.
pub async fn a_late_tick(harness: &mut impl BackupHarness) -> Played {
    let policies = needs::policies(harness.scope(), harness.environment())?;
    let before = harness.kept_copies().await?;
    let (late, taken) = ticks::late(&policies, midnight(harness, &policies).await?);
    harness.told().await?;
    let mut wrong = Vec::new();
    for tick in &late {
        let ended = harness.backup_tick(*tick).await?;
        wrong.extend(ended.iter().filter(|run| run.outcome != "done").map(ToString::to_string));
    }
    harness.check("every run took what was due", wrong.is_empty(), listed(&wrong));
    let after = harness.kept_copies().await?;
    for (policy, due) in policies.iter().zip(taken) {
        let (source, name) = (&policy.subject.source, policy.subject.series().name(due).to_string());
        let mut regions = 0;
        for ((_, region), names) in after.iter().filter(|((of, _), _)| of == source) {
            regions += 1;
            let old = before.get(&(source.clone(), region.clone()));
            let new: Vec<&String> =
                ours(policy, names).filter(|name| old.is_none_or(|old| !old.contains(name))).collect();
            harness.check(&format!("{source} is taken once in {region}"), new == [&name], listed(&new));
        }
        let wanted = 1 + usize::from(policy.copy.is_some());
        harness.check(&format!("{source} lies where it is to lie"), regions == wanted, format!("{regions} regions"));
        let memory = harness.backup_memory(source).await?;
        let done = memory.settled.as_ref().is_some_and(|settled| settled.end == AttemptEnd::Done);
        let good = memory.copies.iter().all(KnownCopy::is_good);
        harness.check(&format!("{source} is verified"), done && good, format!("{:?}", memory.settled));
    }
    let letters = harness.told().await?;
    let text = letters.iter().flat_map(|(subject, text)| [subject.as_str(), text]).collect::<Vec<_>>().join("\n");
    let unsaid: Vec<_> =
        policies.iter().map(|policy| &policy.subject.source).filter(|it| !text.contains(&it.to_string())).collect();
    harness.check("a person reads of each", text.contains("backups done") && unsaid.is_empty(), listed(&unsaid));
    for again in late.last().into_iter().flat_map(|last| [*last, last.saturating_add(5.minutes()).unwrap_or(*last)]) {
        harness.backup_tick(again).await?;
    }
    let same = harness.kept_copies().await? == after;
    harness.check("the same tick again, and the next one, take nothing", same, format!("{} shelves", after.len()));
    Ok(())
}

/// A month of days: most with one tick, some with none at the hour, some with each tick twice. What is left of it is what the policies
/// say, and the last message lists it.
pub async fn a_month_of_backups(harness: &mut impl BackupHarness) -> Played {
    let policies = needs::policies(harness.scope(), harness.environment())?;
    let first = midnight(harness, &policies).await?;
    let days: Vec<Vec<Timestamp>> = (0..DAYS).map(|day| ticks::of_day(&policies, first, day)).collect();
    let (mut runs, mut slowest) = (0, Duration::ZERO);
    for (nth, some) in days.chunks(SOME).enumerate() {
        let (mut these, mut wrong, some) = (0, Vec::new(), some.concat());
        for tick in &some {
            for run in harness.backup_tick(*tick).await? {
                these += 1;
                slowest = slowest.max(run.took);
                wrong.extend((run.outcome != "done").then(|| run.to_string()));
            }
        }
        let name = format!("from day {} every run took what was due", nth * SOME + 1);
        let seen = format!("{these} runs from {} ticks, wrong: {}", some.len(), listed(&wrong));
        harness.check(&name, wrong.is_empty() && these > 0, seen);
        runs += these;
    }
    kept(harness, &policies, &days.concat()).await?;
    inventory(harness, &policies).await?;
    harness.measured("days", u64::from(DAYS.unsigned_abs()));
    harness.measured("runs", runs);
    harness.measured("slowest_run_ms", millis(slowest));
    Ok(())
}

/// The first instant: midnight of the first job's own zone, the day after tomorrow.
async fn midnight(harness: &impl BackupHarness, policies: &[JobPolicy]) -> Result<Timestamp, HarnessError> {
    let zone = policies.first().map_or(TimeZone::UTC, |policy| policy.dues.zone().clone());
    let today = harness.now().await?.to_zoned(zone.clone()).date();
    let first = today.checked_add(2.days()).and_then(|date| date.to_zoned(zone));
    Ok(first.map_err(|error| HarnessError::Unknown(error.to_string()))?.timestamp())
}

/// The names among those of a shelf that are of a job: two objects may lie in one bucket, and so do their copies.
fn ours<'a>(policy: &JobPolicy, names: &'a [String]) -> impl Iterator<Item = &'a String> + Clone {
    let (shared, series) = (policy.subject.source.kind == ResourceKind::S3, policy.subject.series().to_string());
    let of_series = move |name: &&String| name.trim_start_matches("deleted watchkeeper/").starts_with(&series);
    names.iter().filter(move |name| !shared || of_series(name))
}

/// What is on the shelves of AWS is what the policies say: the newest of each of the last days.
async fn kept(harness: &mut impl BackupHarness, policies: &[JobPolicy], ticks: &[Timestamp]) -> Played {
    let found: KeptCopies = harness.kept_copies().await?;
    let (mut copies, mut twice) = (0, Vec::new());
    for policy in policies {
        let (source, expected) = (&policy.subject.source, ticks::expected(policy, ticks));
        for ((_, region), all) in found.iter().filter(|((of, _), _)| of == source) {
            let names: Vec<&String> = ours(policy, all).collect();
            copies += names.len();
            let mut unique = names.clone();
            unique.dedup();
            twice.extend((unique.len() != names.len()).then(|| format!("{source} in {region}")));
            let right = names == expected.iter().collect::<Vec<_>>();
            let seen = format!("{} copies in {region}, expected {}", names.len(), expected.len());
            harness.check(&format!("{source} is kept as its policy says"), right, seen);
        }
    }
    harness.check("no backup was taken twice", twice.is_empty(), format!("{copies} copies {}", twice.join(", ")));
    harness.measured("copies", count(copies));
    Ok(())
}

/// Every copy that the ledger knows is good, and the last message lists it with its age, size and verdict.
async fn inventory(harness: &mut impl BackupHarness, policies: &[JobPolicy]) -> Played {
    let (mut known, mut bad) = (0, Vec::new());
    for policy in policies {
        let source = &policy.subject.source;
        let copies = harness.backup_memory(source).await?.copies;
        known += copies.len();
        bad.extend(copies.iter().filter(|copy| !copy.is_good()).map(|copy| copy.name.clone()));
        bad.extend((!copies.iter().any(KnownCopy::is_good)).then(|| format!("{source} has none")));
    }
    harness.check("every copy is verified, and known", bad.is_empty(), format!("{known} copies {}", bad.join(", ")));
    let told = harness.told().await?;
    let last = told.iter().rfind(|(subject, _)| subject.contains("backups done"));
    let lines = last
        .map_or(0, |(_, text)| text.lines().filter(|line| line.contains(" old, ") && line.ends_with("good")).count());
    let seen = format!("{lines} lines in the last message");
    harness.check("the report lists every copy with age, size and verdict", lines > 0, seen);
    Ok(())
}
