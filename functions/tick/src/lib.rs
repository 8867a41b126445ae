//! The tick: goes round everything that has to be looked at. Here is what its logs and metrics say of the backups, and of
//! the hours asleep.

use jiff::Timestamp;
use watchkeeper_control::backup::Fresh;
use watchkeeper_control::tick::Ticked;
use watchkeeper_lambda::Metrics;

/// The last tick of a day of UTC begins so many seconds before its end.
const LAST: i64 = 300;

/// Says once a day, with its last tick, how long each environment has slept in the month.
pub fn slept(metrics: &Metrics, ticked: &Ticked, at: Timestamp) {
    let last = at.as_second().rem_euclid(86_400) >= 86_400 - LAST;
    let environments = ticked.schedule.iter().filter(|_| last).flat_map(|schedule| &schedule.environments);
    for found in environments {
        if let Some(seconds) = found.asleep_seconds {
            metrics.asleep(&found.scope, seconds, at);
        }
    }
}

/// Logs how old the newest good copies are, and counts it as trouble where one is stale.
pub fn found(metrics: &Metrics, ticked: &Ticked, at: Timestamp) {
    let Some(backups) = &ticked.backup else { return };
    let all = backups.environments.iter().flat_map(|line| line.fresh.iter().map(move |fresh| (&line.scope, fresh)));
    // What is fresh is told once an hour.
    let told = |fresh: &Fresh| fresh.stale || at.as_second().rem_euclid(3600) < 300;
    for (scope, Fresh { source, age_seconds, stale }) in all.clone().filter(|(_, fresh)| told(fresh)) {
        tracing::info!(estate = %scope.estate, environment = %scope.environment, resource = %source, age_seconds, stale,
            "newest good copy");
    }
    let stale = all.filter(|(_, fresh)| fresh.stale).count();
    tracing::info!(stale, "backups looked at");
    if stale > 0 {
        metrics.trouble(&format!("{stale} backups are older than they may be"), at);
    }
}
