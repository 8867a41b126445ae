//! One step of one resource's backup.

use jiff::Timestamp;
use watchkeeper_domain::backup::{
    Against, Attempt, End, Memory, Next, Parked, Policy, Removal, Verified, View, decide, verify,
};

use super::{BackupError, BackupLog, Backups, Jobs, Keeper, Seen, shelf};
use crate::ledger::Ledger;
use crate::ports::{AwsError, Fault};

/// What the machine does after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The next step, after so many seconds.
    Again(i64),
    /// Nothing more in this run.
    Done,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stepped {
    /// What follows.
    pub then: Then,
    /// What was done, in a few words.
    pub what: String,
}

impl Stepped {
    fn done(what: impl Into<String>) -> Self {
        Self { then: Then::Done, what: what.into() }
    }

    fn again(what: impl Into<String>) -> Self {
        Self { then: Then::Again(0), what: what.into() }
    }
}

/// One resource's memory, and the version that the next write expects.
struct Job<'a> {
    policy: &'a Policy,
    memory: Memory,
    version: u64,
}

impl<C: Backups, L: Ledger + BackupLog, N> Keeper<'_, C, L, N> {
    /// Takes one step of a resource's backup: at most one change in AWS, noted in the ledger before it is asked for.
    ///
    /// # Errors
    /// [`BackupError`]; what was done so far is found again by the next step.
    pub async fn step(&self, jobs: &Jobs, id: &str, index: usize, now: Timestamp) -> Result<Stepped, BackupError> {
        let scope = &jobs.scope;
        let unknown = |what: String| BackupError::Unknown { what, scope: scope.to_string() };
        let run = self.ledger.backup_run(scope, id).await?.ok_or_else(|| unknown(format!("run {id}")))?;
        let line = run.jobs.get(index).ok_or_else(|| unknown(format!("resource {index} of run {id}")))?;
        let policy = jobs.policy(&line.source)?;
        self.not_halted(scope).await?;
        let (memory, version) = self.ledger.backup(scope, &line.source).await?;
        let mut job = Job { policy, memory, version };
        if let Some(ended) = self.claim(&mut job, id, line.due, run.started, now).await? {
            return Ok(ended);
        }
        let seen = self.see(policy).await?;
        seen.sync(policy, &mut job.memory, now);
        let Some(attempt) = job.memory.attempt.clone() else { return Ok(Stepped::done("done")) };
        let next = decide(&View {
            policy,
            memory: &job.memory,
            attempt: &attempt,
            source: seen.source.as_ref(),
            home: shelf(&seen.home),
            away: seen.away.as_ref().map(shelf),
            wakes: jobs.wakes(now),
            now,
        });
        self.act(job, &seen, next, now).await
    }

    /// Makes the attempt this run's own, unless it is another's or over: then the step ends with that.
    async fn claim(
        &self,
        job: &mut Job<'_>,
        id: &str,
        due: Timestamp,
        started: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Stepped>, BackupError> {
        let owes = job.memory.owes(due);
        match &mut job.memory.attempt {
            Some(attempt) if attempt.run != id && attempt.is_alive(now) => {
                return Ok(Some(Stepped::done(format!("{} does it already", attempt.run))));
            }
            Some(attempt) if attempt.due < due && attempt.asked.is_none() => {
                let why = attempt.parked.as_ref().map_or_else(String::new, |parked| parked.why.clone());
                job.memory.settle(End::Missed, format!("the next one was due before its time came: {why}"), now);
                job.memory.attempt = Some(Attempt::new(due, id, now));
            }
            Some(attempt) => {
                // What this very run has put off is not taken up again by it.
                if attempt.run == id && attempt.parked.as_ref().is_some_and(|parked| parked.since >= started) {
                    return Ok(Some(Stepped::done("it waits")));
                }
                id.clone_into(&mut attempt.run);
                attempt.touched = now;
                attempt.parked = None;
            }
            None if owes => job.memory.attempt = Some(Attempt::new(due, id, now)),
            None => return Ok(Some(Stepped::done("it is done already"))),
        }
        self.put(job).await?;
        Ok(None)
    }

    async fn put(&self, job: &mut Job<'_>) -> Result<(), BackupError> {
        let subject = &job.policy.subject;
        self.ledger.put_backup(&subject.scope, &subject.source, &job.memory, job.version).await?;
        job.version += 1;
        Ok(())
    }

    async fn act(&self, mut job: Job<'_>, seen: &Seen, next: Next, now: Timestamp) -> Result<Stepped, BackupError> {
        let what = next.to_string();
        let policy = job.policy;
        match next {
            Next::Start => {
                job.memory.ask(now);
                self.put(&mut job).await?;
                let due = job.memory.attempt.as_ref().map_or(now, |attempt| attempt.due);
                let name = policy.subject.series().name(due);
                there_already(self.cloud.start_backup(policy, &name).await)?;
                return Ok(Stepped::again(what));
            }
            Next::Copy(copy) => {
                if let Some(attempt) = &mut job.memory.attempt {
                    attempt.copy_asked = Some(now);
                }
                self.put(&mut job).await?;
                there_already(self.cloud.copy_backup(policy, &copy).await)?;
                return Ok(Stepped::again(what));
            }
            Next::Verify { region, copy } => {
                let due = policy.subject.series().due(&copy.name).unwrap_or(now);
                let older = job.memory.copies.iter().filter(|it| it.region == region && it.is_good() && it.due < due);
                let before = older.max_by_key(|it| it.due).and_then(|it| it.bytes);
                let against = Against { source: seen.source.as_ref(), before, due };
                let flaws = verify(policy, &copy, against).iter().map(ToString::to_string).collect();
                job.memory.judge(&region, &copy.id, &Verified { at: now, flaws });
                self.put(&mut job).await?;
                return Ok(Stepped::again(what));
            }
            Next::Prune(removals) => {
                // What is known by now is noted before the first removal.
                self.put(&mut job).await?;
                self.prune(policy, removals).await?;
                return Ok(Stepped { then: Then::Again(1), what });
            }
            Next::Wait(seconds, _) => {
                self.put(&mut job).await?;
                return Ok(Stepped { then: Then::Again(seconds), what });
            }
            Next::Park(until, why) => {
                if let Some(attempt) = &mut job.memory.attempt {
                    attempt.parked = Some(Parked { why, since: now, until });
                }
            }
            Next::Fail(why) => job.memory.settle(End::Failed, why, now),
            Next::Done => job.memory.settle(End::Done, "", now),
        }
        self.put(&mut job).await?;
        Ok(Stepped::done(what))
    }

    async fn prune(&self, policy: &Policy, removals: Vec<Removal>) -> Result<(), BackupError> {
        for removal in removals {
            match self.cloud.delete_backup(policy, &removal.region, &removal.copy).await {
                Err(error) if error.fault != Fault::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Notes that an error ended this run's part in a resource: it is tried again after a pause, and fails for good after
    /// some tries. The other resources go on.
    ///
    /// # Errors
    /// [`BackupError`] where the ledger does not answer.
    pub async fn stumble(
        &self,
        jobs: &Jobs,
        id: &str,
        index: usize,
        error: &str,
        now: Timestamp,
    ) -> Result<Stepped, BackupError> {
        let run = self.ledger.backup_run(&jobs.scope, id).await?;
        let Some(line) = run.as_ref().and_then(|run| run.jobs.get(index)) else { return Ok(Stepped::done("unknown")) };
        let policy = jobs.policy(&line.source)?;
        let (memory, version) = self.ledger.backup(&jobs.scope, &line.source).await?;
        let mut job = Job { policy, memory, version };
        match &job.memory.attempt {
            Some(attempt) if attempt.run != id => return Ok(Stepped::done("another execution does it")),
            None if job.memory.owes(line.due) => job.memory.attempt = Some(Attempt::new(line.due, id, now)),
            _ => {}
        }
        job.memory.stumble(error, now);
        self.put(&mut job).await?;
        Ok(Stepped::done(error))
    }
}

/// A name that is there already is what an earlier call made, whose answer was lost: the next look finds it.
fn there_already(answer: Result<(), AwsError>) -> Result<(), AwsError> {
    match answer {
        // A conflict may also be a resource that is busy: then the name does not show up, and is asked for again.
        Err(error) if error.fault == Fault::Conflict => Ok(()),
        answer => answer,
    }
}
