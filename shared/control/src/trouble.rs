//! Runs that end before they could begin, or without their record, are told: once where the ledger can remember it, and
//! seldom where it cannot.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::reconcile::trouble::{GAP, Telling, Trouble, message, telling};
use watchkeeper_domain::request::Trigger;

use crate::ports::{Announcer, AwsError};
use crate::stuck::{Note, Notebook};

/// A run that ended so.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// Whose runs it is one of: those of one machine are one trouble.
    pub machine: &'a str,
    /// What started it.
    pub trigger: Trigger,
    /// What it was about.
    pub instant: Timestamp,
    /// The execution's name.
    pub run: &'a str,
    /// Why.
    pub error: &'a RunError,
}

/// Tells people of it, if they have to hear of it; whether it did.
///
/// # Errors
/// [`AwsError`] when the topic did not take it. What the ledger does not take keeps nobody from hearing of it.
pub async fn tell<L: Notebook, N: Announcer>(
    ledger: &L,
    announcer: &N,
    scope: &Scope,
    ended: Ended<'_>,
) -> Result<bool, AwsError> {
    let patience = match telling(ended.trigger, &ended.error.name) {
        Telling::Nobody => return Ok(false),
        Telling::Now => None,
        Telling::Once(patience) => Some(patience),
    };
    let say = async |since| {
        let message = message(scope, ended.trigger, ended.error, since, ended.run);
        announcer.tell(&message.subject, &message.text).await
    };
    let Some(patience) = patience else { return say(None).await.map(|()| true) };
    let note = Note::Trouble(ended.machine);
    let kept = ledger.read::<Trouble>(scope, note).await;
    let Ok(kept) = kept else {
        let due = Trouble::is_due_blindly(ended.instant, patience);
        if due {
            say(None).await?;
        }
        return Ok(due);
    };
    let (before, version) = kept.map_or((None, 0), |(trouble, version)| (Some(trouble), version));
    let mut trouble = Trouble::after(before, ended.instant);
    let mut due = trouble.is_due(patience);
    if due {
        say(Some(trouble.since)).await?;
        trouble.told = true;
    }
    let until = trouble.last.saturating_add(GAP + SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    if ledger.write(scope, note, &trouble, version, until).await.is_err() && !due {
        // Nothing grows older where nothing can be written down.
        due = Trouble::is_due_blindly(ended.instant, patience);
        if due {
            say(Some(trouble.since)).await?;
        }
    }
    Ok(due)
}
