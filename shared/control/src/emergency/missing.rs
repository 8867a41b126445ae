//! Alarms that a document names and that do not exist here: people hear of them, for each says nothing and looks like quiet.

use std::fmt::Write as _;

use jiff::Timestamp;
use watchkeeper_domain::emergency::alarm::AlarmStates;
use watchkeeper_domain::emergency::{AlarmCalls, unknown_alarms};

use super::EmergencyRunbook;
use crate::ledger::{Ledger, LedgerError};
use crate::platform::Platform;
use crate::ports::Notifier;
use crate::runbook::RunbookError;

impl<P: Platform> EmergencyRunbook<P> {
    /// Tells of the alarms of an environment that do not exist, in one message, and again when they are missing for long.
    pub(super) async fn missing(
        &self,
        alarm_calls: &AlarmCalls<'_>,
        states: &AlarmStates,
        now: Timestamp,
    ) -> Result<(), RunbookError> {
        let mut news = Vec::new();
        for alarm in alarm_calls.alarms().into_iter().filter(|alarm| !states.contains_key(alarm)) {
            let (memory, version) = self.ledger.recall(&alarm_calls.scope, &alarm).await?;
            if memory.misses(now) {
                news.push((alarm, memory, version));
            }
        }
        if news.is_empty() {
            return Ok(());
        }
        let mut lines = String::new();
        for (alarm, ..) in &news {
            let calls =
                alarm_calls.calls.get(alarm).into_iter().flatten().map(|call| format!("calls for {}", call.what()));
            let all = alarm_calls.calls.values().flatten();
            let forbids =
                all.filter(|call| call.forbidding.contains(alarm)).map(|call| format!("forbids {}", call.what()));
            let mut what: Vec<String> = calls.chain(forbids).collect();
            what.dedup();
            _ = writeln!(lines, "- {alarm}, which {}", what.join(", and "));
        }
        let message = unknown_alarms(&alarm_calls.scope, news.len(), &lines, alarm_calls.emergency.missing());
        self.notifier.notify(&message).await?;
        for (alarm, mut memory, version) in news {
            memory.missed = Some(now);
            match self.ledger.remember(&alarm_calls.scope, &alarm, &memory, version).await {
                // Somebody heard of the alarm in this moment: the next sweep looks again.
                Ok(()) | Err(LedgerError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
