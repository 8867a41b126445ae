//! One step of one resource's backup.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::{
    Against, Attempt, Claim, End, Memory, Next, Policy, Removal, Verified, View, decide, verify,
};
use watchkeeper_domain::name::Region;

use super::{BackupError, BackupLog, Backups, Jobs, Keeper, Seen};
use crate::ledger::Ledger;
use crate::ports::{AwsError, Fault};

/// How long a run looks after a resource before another one goes on with it: the looks of eight resources have to fit into
/// one history (25,000 events, AWS Step Functions developer guide, quotas).
const LEG: SignedDuration = SignedDuration::from_hours(6);

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
        match job.memory.claim(line.due, id, run.started, now) {
            Claim::Taken => self.put(&mut job).await?,
            Claim::Other(run) => return Ok(Stepped::done(format!("{run} does it already"))),
            Claim::Waits => return Ok(Stepped::done("it waits")),
            Claim::Over => return Ok(Stepped::done("it is done already")),
        }
        let mut seen = self.see(policy, &job.memory).await?;
        seen.sync(policy, &mut job.memory, now);
        let Some(attempt) = job.memory.attempt.clone() else { return Ok(Stepped::done("done")) };
        let wakes = jobs.wakes(now);
        let mut next = follows(&job, &attempt, &seen, wakes, now);
        if next == Next::LookAway {
            // What is known of home is noted before the other region is asked, which may not answer.
            self.put(&mut job).await?;
            self.see_away(policy, &job.memory, &mut seen).await?;
            seen.sync(policy, &mut job.memory, now);
            next = follows(&job, &attempt, &seen, wakes, now);
        }
        if matches!(next, Next::Wait(..)) && now.duration_since(run.started) > LEG {
            let why = format!("{next}; this run has lasted {LEG:#}, and another one goes on");
            next = Next::Park(now, why);
        }
        self.act(job, &seen, next, now).await
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
                let made = there_already(self.cloud.start_backup(policy, &name).await)?;
                let region = policy.subject.scope.region.clone();
                return self.follow(job, &region, made, what).await;
            }
            Next::Copy(copy) => {
                if let Some(attempt) = &mut job.memory.attempt {
                    attempt.copy_asked = Some(now);
                }
                self.put(&mut job).await?;
                let made = there_already(self.cloud.copy_backup(policy, &copy).await)?;
                let region = policy.copy.as_ref().map_or(&policy.subject.scope.region, |copy| &copy.region).clone();
                return self.follow(job, &region, made, what).await;
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
            Next::Review(copies) => {
                // Of an older one only what it shows itself is judged: what it came from may have changed since.
                for (region, copy) in copies {
                    let due = policy.subject.series().due(&copy.name).unwrap_or(now);
                    let flaws = verify(policy, &copy, Against { source: None, before: None, due });
                    let flaws = flaws.iter().map(ToString::to_string).collect();
                    job.memory.judge(&region, &copy.id, &Verified { at: now, flaws });
                }
                self.put(&mut job).await?;
                return Ok(Stepped::again(what));
            }
            Next::Prune(removals) => {
                // What is known by now is noted before the first removal.
                for removal in &removals {
                    job.memory.remove(&removal.region, &removal.copy.id);
                }
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
                    attempt.park(why, until, now);
                }
            }
            // The other region was looked at before this.
            Next::LookAway => return Ok(Stepped::again(what)),
            Next::Fail(why, again) => job.memory.fail(why, again, now),
            Next::Done => job.memory.settle(End::Done, "", now),
        }
        self.put(&mut job).await?;
        Ok(Stepped::done(what))
    }

    /// Notes the job that makes a copy, where there is one: by it the copy is known as ours.
    async fn follow(
        &self,
        mut job: Job<'_>,
        region: &Region,
        made: Option<String>,
        what: String,
    ) -> Result<Stepped, BackupError> {
        if let Some(made) = made {
            job.memory.started(&job.policy.subject, region, &made);
            self.put(&mut job).await?;
        }
        Ok(Stepped::again(what))
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
        // The document may have lost the resource meanwhile: then nobody is at it any more.
        let Ok(policy) = jobs.policy(&line.source) else { return Ok(Stepped::done("the document names it no more")) };
        let (memory, version) = self.ledger.backup(&jobs.scope, &line.source).await?;
        let mut job = Job { policy, memory, version };
        match &job.memory.attempt {
            Some(attempt) if attempt.run != id => return Ok(Stepped::done("another execution does it")),
            None => drop(job.memory.claim(line.due, id, now, now)),
            Some(_) => {}
        }
        job.memory.stumble(error, now);
        self.put(&mut job).await?;
        Ok(Stepped::done(error))
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
fn follows(job: &Job<'_>, attempt: &Attempt, seen: &Seen, wakes: Option<Timestamp>, now: Timestamp) -> Next {
    decide(&View {
        policy: job.policy,
        memory: &job.memory,
        attempt,
        source: seen.source.as_ref(),
        home: seen.home.shelf(),
        away: seen.away(job.policy),
        wakes,
        now,
    })
}
