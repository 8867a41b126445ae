//! Runs that end before they could begin, or without their record, are told: once where the ledger can remember it, and
//! seldom where it cannot.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::reconcile::trouble::{GAP, RunTrouble, TroubleAudience, message, telling};
use watchkeeper_domain::request::RunTrigger;

use crate::ledger::{Ledger, LedgerNote};
use crate::ports::{AwsError, Notifier};

/// A run that ended so.
#[derive(Debug, Clone, Copy)]
pub struct EndedRun<'a> {
    /// Whose runs it is one of: those of one machine are one trouble.
    pub machine: &'a str,
    /// What started it.
    pub trigger: RunTrigger,
    /// What it was about.
    pub instant: Timestamp,
    /// The execution's name.
    pub run: &'a str,
    /// What it failed of.
    pub error: &'a RunError,
}

/// Tells people of it, if they have to hear of it; whether it did.
///
/// # Errors
/// [`AwsError`] when the topic did not take it. What the ledger does not take keeps nobody from hearing of it.
pub async fn notify<L: Ledger, N: Notifier>(
    ledger: &L,
    notifier: &N,
    scope: &Scope,
    ended: EndedRun<'_>,
) -> Result<bool, AwsError> {
    let patience = match telling(ended.trigger, &ended.error.name) {
        TroubleAudience::Nobody => return Ok(false),
        TroubleAudience::Now => None,
        TroubleAudience::Once(patience) => Some(patience),
    };
    let say = async |since| {
        let message = message(scope, ended.trigger, ended.error, since, ended.run);
        notifier.notify(&message).await.map(drop)
    };
    let Some(patience) = patience else { return say(None).await.map(|()| true) };
    let note = LedgerNote::Trouble(ended.machine);
    let kept = ledger.read::<RunTrouble>(scope, note).await;
    let Ok(kept) = kept else {
        let due = RunTrouble::is_due_blindly(ended.instant, patience);
        if due {
            say(None).await?;
        }
        return Ok(due);
    };
    let (before, version) = kept.map_or((None, 0), |(trouble, version)| (Some(trouble), version));
    let mut trouble = RunTrouble::after(before, ended.instant);
    let mut due = trouble.is_due(patience);
    if due {
        say(Some(trouble.since)).await?;
        trouble.told = true;
    }
    let until = trouble.last.saturating_add(GAP + SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    if ledger.write(scope, note, &trouble, version, until).await.is_err() && !due {
        // Nothing grows older where nothing can be written down.
        due = RunTrouble::is_due_blindly(ended.instant, patience);
        if due {
            say(Some(trouble.since)).await?;
        }
    }
    Ok(due)
}
