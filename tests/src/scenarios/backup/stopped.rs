//! A database that is stopped when its backup is due.

use jiff::SignedDuration;

use super::{BackupHarness, needs, ticks};
use crate::estate::KeptCopies;
use crate::scenarios::{Played, later, listed};

/// Between the ticks that are played.
const QUARTER: SignedDuration = SignedDuration::from_mins(15);
/// Ticks after which it has to be backed up once it runs.
const TICKS: i32 = 8;

/// It is not woken for its backup, which waits, and says so once; when it runs again, the backup is taken.
pub async fn a_stopped_database_that_is_backed_up(harness: &mut impl BackupHarness) -> Played {
    let (policy, id) = needs::instance(harness.scope(), harness.environment())?;
    let source = &policy.subject.source;
    let Some(due) = ticks::next_due(&policy, harness.now().await?) else {
        harness.check("it is due some time", false, source.to_string());
        return Ok(());
    };
    harness.turn(&id, false).await?;
    harness.told().await?;
    let own = |kept: &KeptCopies| -> Vec<String> {
        kept.iter().filter(|((of, _), _)| of == source).flat_map(|(_, names)| names.clone()).collect()
    };
    let before = own(&harness.kept_copies().await?);
    let runs = harness.backup_tick(due).await?;
    let waits = runs.iter().any(|run| run.outcome == "waiting");
    harness.check("its backup waits", waits, listed(&runs));
    harness.backup_tick(later(due, QUARTER + SignedDuration::from_mins(1))).await?;
    let still = own(&harness.kept_copies().await?) == before && harness.is_stopped(&id).await?;
    harness.check("it is not woken, and nothing is taken", still, listed(&before));
    let told = harness.told().await?;
    let times = told.iter().filter(|(_, text)| text.contains("it is not woken for it")).count();
    harness.check("a person is told once", times == 1, format!("{told:?}"));

    harness.turn(&id, true).await?;
    let mut new = Vec::new();
    for quarter in 2..2 + TICKS {
        harness.backup_tick(later(due, QUARTER * quarter + SignedDuration::from_mins(2))).await?;
        new = own(&harness.kept_copies().await?);
        new.retain(|name| !before.contains(name));
        if !new.is_empty() {
            break;
        }
    }
    // One in each region, under the time at which it was due; of a day before, if that one's was still owed.
    let regions = 1 + usize::from(policy.copy.is_some());
    let clock = policy.subject.series().name(due).to_string();
    let clock = clock.rsplit('t').next().unwrap_or_default();
    let right = new.len() == regions && new.iter().all(|name| name.ends_with(clock));
    harness.check("once it runs, its backup is taken under the time at which it was due", right, listed(&new));
    Ok(())
}
