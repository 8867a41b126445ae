//! The month's word: how long each environment has slept, and what that saved.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::reconcile::history::{Month, MonthAsleep, SavingsMemory};

use super::ScheduleRunbook;
use crate::ledger::{KeptHistory, Ledger};
use crate::platform::Platform;
use crate::ports::Notifier;
use crate::runbook::{RunbookError, Stack};

/// On how many days of a month it is looked whether people were told of the one before: longer than the tick may be turned off
/// over a weekend. After them nobody asks the ledger.
const DAYS: i8 = 7;

/// How long it is remembered: longer than it is looked for.
const KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

impl<P: Platform> ScheduleRunbook<P> {
    /// Tells people of the month that is over, with its first tick. It is remembered after that, so that a tick that dies tells
    /// it again. The month, where something was told of it.
    ///
    /// # Errors
    /// [`RunbookError`] when the ledger or the topic does not answer.
    pub(super) async fn tell_month(&self, stack: &Stack, now: Timestamp) -> Result<Option<Month>, RunbookError> {
        if now.to_zoned(TimeZone::UTC).day() > DAYS {
            return Ok(None);
        }
        let (region, month) = (&stack.home.region, Month::before(now));
        let (memory, version) = self.ledger.told_savings(region).await?;
        if memory.told.as_ref() >= Some(&month) {
            return Ok(None);
        }
        let mut slept = Vec::new();
        for (estate, environment) in stack.environments() {
            let scope = stack.scope(estate, environment);
            let KeptHistory::Known(history, _) = self.ledger.load(&scope).await?.history else { continue };
            let Some(seconds) = history.asleep.in_month(&month, now) else { continue };
            slept.push(MonthAsleep { scope, seconds, cost: environment.document().awake_cost });
        }
        let message = MonthAsleep::message(region, &month, &slept);
        if let Some(message) = &message {
            self.reconciler.notifier.notify(message).await?;
        }
        let until = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        let after = SavingsMemory { told: Some(month.clone()) };
        self.ledger.keep_savings(region, &after, version, until).await?;
        Ok(message.map(|_| month))
    }
}
