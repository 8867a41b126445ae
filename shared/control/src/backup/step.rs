//! One step of one resource's backup.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::{
    AttemptEnd, BackupAttempt, BackupClaim, BackupMemory, BackupNext, BackupView, CopyComparison, CopyRemoval,
    CopyVerdict, JobPolicy, SourceState, decide, verify,
};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::reconcile::run::RunRef;

use super::call::{JOB, Worked, worked};
use super::{BackupRunbook, BackupStore, EnvironmentJobs, ResourceCopies};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{AwsError, Fault};
use crate::runbook::{NextStep, RunbookError, StepOutcome};

/// How long a run looks after a resource before another one goes on with it: the looks of eight resources have to fit into
/// one history (25,000 events, AWS Step Functions developer guide, quotas).
const LEG: SignedDuration = SignedDuration::from_hours(6);

/// One resource's memory, and the version that the next write expects.
struct JobMemory<'a> {
    run: RunRef,
    policy: &'a JobPolicy,
    memory: BackupMemory,
    version: u64,
}

/// Nothing more in this run, and why.
fn done(run: RunRef, what: impl Into<String>) -> StepOutcome<Worked> {
    worked(run, NextStep::done("done"), what)
}

/// The next step of the same resource, after so many seconds.
fn again(run: RunRef, wait_seconds: i64, what: impl Into<String>) -> StepOutcome<Worked> {
    worked(run, NextStep::Again { step: JOB, wait_seconds }, what)
}

impl<P: Platform> BackupRunbook<P> {
    /// Takes one step of a resource's backup: at most one change in AWS, noted in the ledger before it is asked for.
    ///
    /// # Errors
    /// [`RunbookError`]; what was done so far is found again by the next step.
    pub async fn step(
        &self,
        jobs: &EnvironmentJobs,
        run_ref: RunRef,
        index: usize,
        now: Timestamp,
    ) -> Result<StepOutcome<Worked>, RunbookError> {
        let (scope, id) = (&jobs.scope, run_ref.id.as_str());
        let unknown = |what: String| RunbookError::RunUnknown { what, scope: scope.clone() };
        let run = self.ledger.backup_run(scope, id).await?.ok_or_else(|| unknown(format!("run {id}")))?;
        let line = run.jobs.get(index).ok_or_else(|| unknown(format!("resource {index} of run {id}")))?;
        if jobs.is_elsewhere(&line.source) {
            let why = format!("the pair is served in {} by now, which goes on with it", jobs.serves);
            return Ok(done(run_ref, why));
        }
        let policy = jobs.policy(&line.source)?;
        self.not_halted(scope).await?;
        let (mut memory, version) = self.ledger.backup(&jobs.kept, &line.source).await?;
        let claim = memory.claim(line.due, id, run.header.started, now);
        let mut job = JobMemory { run: run_ref, policy, memory, version };
        match claim {
            BackupClaim::Taken => self.put(&mut job).await?,
            BackupClaim::Other(run) => return Ok(done(job.run, format!("{run} does it already"))),
            BackupClaim::Waits => return Ok(done(job.run, "it waits")),
            BackupClaim::Over => return Ok(done(job.run, "it is done already")),
        }
        let mut seen = self.see(policy, &job.memory).await?;
        seen.sync(policy, &mut job.memory, now);
        let Some(attempt) = job.memory.attempt.clone() else { return Ok(done(job.run, "done")) };
        let stopped = seen.source.as_ref().is_some_and(|source| source.state == SourceState::Stopped);
        let wakes = if stopped { jobs.wakes(now) } else { None };
        let mut next = follows(&job, &attempt, &seen, wakes, now);
        if next == BackupNext::LookAway {
            // What is known of home is noted before the other region is asked, which may not answer.
            self.put(&mut job).await?;
            self.see_away(policy, &job.memory, &mut seen).await?;
            seen.sync(policy, &mut job.memory, now);
            next = follows(&job, &attempt, &seen, wakes, now);
        }
        if matches!(next, BackupNext::Wait(..)) && now.duration_since(run.header.started) > LEG {
            let why = format!("{next}; this run has lasted {LEG:#}, and another one goes on");
            next = BackupNext::Park(now, why);
        }
        self.act(job, &seen, next, now).await
    }

    async fn put(&self, job: &mut JobMemory<'_>) -> Result<(), RunbookError> {
        let subject = &job.policy.subject;
        self.ledger.put_backup(&subject.scope, &subject.source, &job.memory, job.version).await?;
        job.version += 1;
        Ok(())
    }

    async fn act(
        &self,
        mut job: JobMemory<'_>,
        seen: &ResourceCopies,
        next: BackupNext,
        now: Timestamp,
    ) -> Result<StepOutcome<Worked>, RunbookError> {
        let what = next.to_string();
        let policy = job.policy;
        match next {
            BackupNext::Start => {
                job.memory.ask(now);
                self.put(&mut job).await?;
                let due = job.memory.attempt.as_ref().map_or(now, |attempt| attempt.due);
                let name = policy.subject.series().name(due);
                let made = there_already(self.cloud.start_backup(policy, &name).await)?;
                let region = policy.region.clone();
                return self.follow(job, &region, made, what).await;
            }
            BackupNext::Copy(copy) => {
                if let Some(attempt) = &mut job.memory.attempt {
                    attempt.copy_asked = Some(now);
                }
                self.put(&mut job).await?;
                let made = there_already(self.cloud.copy_backup(policy, &copy).await)?;
                let region = policy.copy.as_ref().map_or(&policy.region, |copy| &copy.region).clone();
                return self.follow(job, &region, made, what).await;
            }
            BackupNext::Verify { region, copy } => {
                let due = policy.subject.series().due(&copy.name).unwrap_or(now);
                let older = job.memory.copies.iter().filter(|it| it.region == region && it.is_good() && it.due < due);
                let before = older.max_by_key(|it| it.due).and_then(|it| it.bytes);
                let against = CopyComparison { source: seen.source.as_ref(), before, due };
                let flaws = verify(policy, &copy, against).iter().map(ToString::to_string).collect();
                job.memory.judge(&region, &copy.id, &CopyVerdict { at: now, flaws });
                self.put(&mut job).await?;
                return Ok(again(job.run, 0, what));
            }
            BackupNext::Review(copies) => {
                // Of an older one only what it shows itself is judged: what it came from may have changed since.
                for (region, copy) in copies {
                    let due = policy.subject.series().due(&copy.name).unwrap_or(now);
                    let flaws = verify(policy, &copy, CopyComparison { source: None, before: None, due });
                    let flaws = flaws.iter().map(ToString::to_string).collect();
                    job.memory.judge(&region, &copy.id, &CopyVerdict { at: now, flaws });
                }
                self.put(&mut job).await?;
                return Ok(again(job.run, 0, what));
            }
            BackupNext::Prune(removals) => {
                // What is known by now is noted before the first removal.
                for removal in &removals {
                    job.memory.remove(&removal.region, &removal.copy.id);
                }
                self.put(&mut job).await?;
                self.prune(policy, removals).await?;
                return Ok(again(job.run, 1, what));
            }
            BackupNext::Wait(seconds, _) => {
                self.put(&mut job).await?;
                return Ok(again(job.run, seconds, what));
            }
            BackupNext::Park(until, why) => {
                if let Some(attempt) = &mut job.memory.attempt {
                    attempt.park(why, until, now);
                }
            }
            // The other region was looked at before this.
            BackupNext::LookAway => return Ok(again(job.run, 0, what)),
            BackupNext::Fail(why, again) => job.memory.fail(why, again, now),
            BackupNext::Done => job.memory.settle(AttemptEnd::Done, "", now),
        }
        self.put(&mut job).await?;
        Ok(done(job.run, what))
    }

    /// Notes the job that makes a copy, where there is one: by it the copy is known as ours.
    async fn follow(
        &self,
        mut job: JobMemory<'_>,
        region: &Region,
        made: Option<String>,
        what: String,
    ) -> Result<StepOutcome<Worked>, RunbookError> {
        if let Some(made) = made {
            job.memory.started(&job.policy.subject, region, &made);
            self.put(&mut job).await?;
        }
        Ok(again(job.run, 0, what))
    }

    async fn prune(&self, policy: &JobPolicy, removals: Vec<CopyRemoval>) -> Result<(), RunbookError> {
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
    /// [`RunbookError`] where the ledger does not answer.
    pub async fn stumble(
        &self,
        jobs: &EnvironmentJobs,
        run_ref: RunRef,
        index: usize,
        error: &str,
        now: Timestamp,
    ) -> Result<StepOutcome<Worked>, RunbookError> {
        let id = run_ref.id.as_str();
        let run = self.ledger.backup_run(&jobs.scope, id).await?;
        let Some(line) = run.as_ref().and_then(|run| run.jobs.get(index)) else {
            return Ok(done(run_ref, "unknown"));
        };
        // The document may have lost the resource meanwhile: then nobody is at it any more.
        let Ok(policy) = jobs.policy(&line.source) else {
            return Ok(done(run_ref, "the document names it no more"));
        };
        let (mut memory, version) = self.ledger.backup(&jobs.kept, &line.source).await?;
        match &memory.attempt {
            Some(attempt) if attempt.run != id => return Ok(done(run_ref, "another execution does it")),
            None => drop(memory.claim(line.due, id, now, now)),
            Some(_) => {}
        }
        memory.stumble(error, now);
        let mut job = JobMemory { run: run_ref, policy, memory, version };
        self.put(&mut job).await?;
        Ok(done(job.run, error))
    }
}

/// A name that is there already is what an earlier call made, whose answer was lost: the next look finds it.
fn there_already(answer: Result<Option<String>, AwsError>) -> Result<Option<String>, AwsError> {
    match answer {
        // A conflict may also be a resource that is busy: then the name does not show up, and is asked for again.
        Err(error) if error.fault == Fault::Conflict => Ok(None),
        answer => answer,
    }
}

/// What follows, from what is remembered and what was seen.
fn follows(
    job: &JobMemory<'_>,
    attempt: &BackupAttempt,
    seen: &ResourceCopies,
    wakes: Option<Timestamp>,
    now: Timestamp,
) -> BackupNext {
    decide(&BackupView {
        policy: job.policy,
        memory: &job.memory,
        attempt,
        source: seen.source.as_ref(),
        home: seen.home.inventory(),
        away: seen.away(job.policy),
        wakes,
        now,
    })
}
