//! Who works on a backup, how it ends, and whether it is tried again.

use jiff::Timestamp;

use super::{
    AttemptEnd, BackupAttempt, BackupMemory, CATCH_UP, ENDED_KEPT, EndedAttempt, PAUSE, RETRIES, RETRY_PAUSE,
    RetryDecision, RetryPlan, SettledBackup, TRIES, WHY_MAX,
};

/// What became of the wish to work on a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupClaim {
    /// It is this execution's now.
    Taken,
    /// This execution is at work on it.
    Other(String),
    /// This execution has put it off.
    Waits,
    /// There is nothing to do.
    Over,
}

impl BackupMemory {
    /// Whether a backup that was due at `due` still has to be done. What is older than the last one has had its time.
    pub fn owes(&self, due: Timestamp, now: Timestamp) -> bool {
        let again = |retry: &RetryPlan| retry.at <= now;
        self.settled.as_ref().is_none_or(|settled| {
            settled.due < due || (settled.due == due && settled.retry.as_ref().is_some_and(again))
        })
    }

    /// What one that failed would be due at, if it is tried again now.
    pub fn retry(&self, now: Timestamp) -> Option<Timestamp> {
        let settled = self.settled.as_ref()?;
        let retry = settled.retry.as_ref().filter(|it| it.at <= now && now.duration_since(it.first) < CATCH_UP)?;
        // To the second: a name carries no more.
        let anew = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Some(if retry.anew { anew } else { settled.due })
    }

    /// Makes a backup an execution's own, unless it is another's, or over. `started` is when the execution did.
    pub fn claim(&mut self, due: Timestamp, run: &str, started: Timestamp, now: Timestamp) -> BackupClaim {
        let owes = self.owes(due, now);
        match &mut self.attempt {
            Some(attempt) if attempt.run != run && attempt.is_alive(now) => {
                return BackupClaim::Other(attempt.run.clone());
            }
            Some(attempt) if attempt.due < due && attempt.asked.is_none() => {
                let why = attempt.parked.as_ref().map_or_else(String::new, |parked| parked.why.clone());
                self.settle(AttemptEnd::Missed, format!("the next one was due before its time came: {why}"), now);
                self.begin(due, run, now);
            }
            Some(attempt) => {
                // What this very run has put off is not taken up again by it.
                if attempt.run == run && attempt.parked.as_ref().is_some_and(|parked| parked.since >= started) {
                    return BackupClaim::Waits;
                }
                run.clone_into(&mut attempt.run);
                attempt.touched = now;
                attempt.waited = attempt.parked.take().or_else(|| attempt.waited.take());
            }
            None if owes => self.begin(due, run, now),
            None => return BackupClaim::Over,
        }
        BackupClaim::Taken
    }

    /// Begins an attempt; where the last one failed a while ago, it is one more try.
    pub(super) fn begin(&mut self, due: Timestamp, run: &str, now: Timestamp) {
        let mut attempt = BackupAttempt::new(due, run, now);
        let retry = self.settled.as_ref().and_then(|settled| settled.retry.as_ref());
        if let Some(retry) = retry.filter(|retry| due.duration_since(retry.first) < CATCH_UP) {
            (attempt.tried, attempt.first) = (retry.tried, Some(retry.first));
        }
        self.attempt = Some(attempt);
    }

    /// Notes that AWS is about to be asked for a backup: whatever becomes of the call, its copy will be known as ours.
    pub fn ask(&mut self, now: Timestamp) {
        let Some(attempt) = &mut self.attempt else { return };
        attempt.asked = Some(now);
        attempt.asks += 1;
        self.asked.insert(attempt.due);
        while self.asked.len() > super::memory::ASKED {
            self.asked.pop_first();
        }
    }

    /// Ends the attempt.
    pub fn settle(&mut self, end: AttemptEnd, why: impl Into<String>, now: Timestamp) {
        if let Some(attempt) = self.attempt.take() {
            let (due, tried) = (attempt.due, attempt.tried);
            let why: String = why.into();
            self.ended.retain(|ended| now.duration_since(ended.at) < ENDED_KEPT);
            self.ended.push(EndedAttempt { due, at: now, end, why: why.chars().take(WHY_MAX).collect() });
            self.settled = Some(SettledBackup { due, end, at: now, why, retry: None, tried });
        }
    }

    /// Ends the attempt as failed. It is tried again by itself some times, within the day.
    pub fn fail(&mut self, why: impl Into<String>, again: RetryDecision, now: Timestamp) {
        let Some(attempt) = &self.attempt else { return };
        let (tried, first) = (attempt.tried + 1, attempt.first.unwrap_or(attempt.due));
        self.settle(AttemptEnd::Failed, why, now);
        let pause = RETRY_PAUSE.checked_mul(1 << (tried - 1).min(RETRIES)).unwrap_or(RETRY_PAUSE);
        let at = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        let wanted = again != RetryDecision::No && tried <= RETRIES && at.duration_since(first) < CATCH_UP;
        if let Some(settled) = self.settled.as_mut().filter(|_| wanted) {
            settled.retry = Some(RetryPlan { at, first, tried, anew: again == RetryDecision::Anew });
        }
    }

    /// An error ended a run of the attempt: it is tried again after a pause, and counts as failed after [`TRIES`].
    pub fn stumble(&mut self, why: &str, now: Timestamp) {
        let Some(attempt) = &mut self.attempt else { return };
        attempt.failures += 1;
        if attempt.failures >= TRIES {
            self.fail(why, RetryDecision::Same, now);
            return;
        }
        let pause = i32::try_from(attempt.failures).map_or(PAUSE, |failures| PAUSE * failures);
        attempt.park(format!("tried again after {why}"), now.saturating_add(pause).unwrap_or(Timestamp::MAX), now);
    }
}
