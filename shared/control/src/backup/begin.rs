//! The beginning of a run: which resources it is about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::backup::{
    AT_ONCE, BackupClaim, BackupLine, BackupMemory, BackupRequest, BackupRun, BackupSource, JobPolicy, fitting, plan,
    turn, wanted,
};
use watchkeeper_domain::reconcile::run::{RunHeader, RunRef};
use watchkeeper_domain::request::{RunMode, RunTrigger};

use super::call::{Details, JOB};
use super::{BackupRunbook, EnvironmentJobs};
use crate::ledger::{Ledger, LedgerError};
use crate::platform::Platform;
use crate::runbook::{NextStep, RunbookError, StepOutcome, in_full};

impl EnvironmentJobs {
    /// The resources whose backups a tick has to see to and that have their turn, with the instants at which they were due.
    pub fn wanted(&self, memories: &BTreeMap<BackupSource, BackupMemory>, instant: Timestamp) -> Vec<BackupLine> {
        let none = BackupMemory::default();
        let line = |policy: &JobPolicy| {
            let source = &policy.subject.source;
            let due = wanted(policy, memories.get(source).unwrap_or(&none), instant)?;
            Some(BackupLine { source: source.clone(), due })
        };
        turn(self.policies.iter().filter_map(line).collect(), memories, instant).0
    }
}

impl EnvironmentJobs {
    /// The resources that a person means, with the present as the instant at which they are due: those that have their turn,
    /// and those that have not.
    fn asked(
        &self,
        memories: &BTreeMap<BackupSource, BackupMemory>,
        request: &BackupRequest,
        instant: Timestamp,
    ) -> Result<(Vec<BackupLine>, Vec<BackupLine>), RunbookError> {
        // To the second: a name carries no more, and what is begun twice within one is one.
        let second = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        let of = |policy: &JobPolicy| {
            let source = policy.subject.source.clone();
            let under_way = memories.get(&source).and_then(|memory| memory.attempt.as_ref());
            BackupLine { due: under_way.map_or(second, |attempt| attempt.due), source }
        };
        match &request.resource {
            // One by its name is a person's own word, and does not wait for its turn.
            Some(source) => Ok((vec![of(self.policy(source)?)], Vec::new())),
            None => Ok(turn(self.policies.iter().map(of).collect(), memories, instant)),
        }
    }
}

impl<P: Platform> BackupRunbook<P> {
    /// Begins a run: what a tick finds due, or what a person names. A plan writes nothing.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be followed, the halt switch, or a ledger or AWS that does not answer.
    pub async fn begin(
        &self,
        jobs: &EnvironmentJobs,
        request: &BackupRequest,
        id: &str,
        start: Timestamp,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        let instant = request.instant.unwrap_or(start);
        if request.mode == RunMode::Plan {
            let plan = self.planned(jobs, request, instant).await?;
            return Ok(outcome(jobs, id, 0, &plan));
        }
        self.not_halted(&jobs.scope).await?;
        // A retry of this step whose answer was lost: what the run is about is noted.
        if let Some(run) = self.ledger.backup_run(&jobs.scope, id).await? {
            return Ok(begun(jobs, &run, 0));
        }
        let memories = self.ledger.backups(&jobs.kept).await?;
        let (lines, later) = if request.trigger == RunTrigger::Schedule {
            (jobs.wanted(&memories, instant), Vec::new())
        } else {
            jobs.asked(&memories, request, instant)?
        };
        let mut header = RunHeader::new(id, request.trigger, start);
        header.note(start, format!("backups of {}", named(&lines)));
        let run = BackupRun { header, jobs: lines, report: request.report, ended: None };
        if !run.jobs.is_empty() {
            self.ledger.put_backup_run(&jobs.scope, &run).await?;
        }
        for line in &run.jobs {
            self.take(jobs, line, &run).await?;
        }
        for line in &later {
            self.put_off(jobs, line, &run).await?;
        }
        Ok(begun(jobs, &run, later.len()))
    }

    /// Notes that a resource is this run's, unless another one is at it.
    async fn take(&self, jobs: &EnvironmentJobs, line: &BackupLine, run: &BackupRun) -> Result<(), RunbookError> {
        let (mut memory, version) = self.ledger.backup(&jobs.kept, &line.source).await?;
        match memory.claim(line.due, &run.header.id, run.header.started, run.header.started) {
            BackupClaim::Taken => self.note(jobs, line, &memory, version).await,
            BackupClaim::Other(_) | BackupClaim::Waits | BackupClaim::Over => Ok(()),
        }
    }

    /// Notes that a resource has to be backed up, and has not had its turn: the next tick takes it up.
    async fn put_off(&self, jobs: &EnvironmentJobs, line: &BackupLine, run: &BackupRun) -> Result<(), RunbookError> {
        let (mut memory, version) = self.ledger.backup(&jobs.kept, &line.source).await?;
        if memory.attempt.is_some()
            || memory.claim(line.due, &run.header.id, run.header.started, run.header.started) != BackupClaim::Taken
        {
            return Ok(());
        }
        if let Some(attempt) = &mut memory.attempt {
            attempt.park(
                format!("{AT_ONCE} are backed up at once, and it has not had its turn"),
                run.header.started,
                run.header.started,
            );
        }
        self.note(jobs, line, &memory, version).await
    }

    /// Somebody else who was quicker has it.
    async fn note(
        &self,
        jobs: &EnvironmentJobs,
        line: &BackupLine,
        memory: &BackupMemory,
        version: u64,
    ) -> Result<(), RunbookError> {
        match self.ledger.put_backup(&jobs.kept, &line.source, memory, version).await {
            Err(LedgerError::Conflict { .. }) => Ok(()),
            noted => Ok(noted?),
        }
    }

    async fn planned(
        &self,
        jobs: &EnvironmentJobs,
        request: &BackupRequest,
        now: Timestamp,
    ) -> Result<String, RunbookError> {
        let mut text = format!("{}: the plan\n", jobs.scope);
        let mut policies: Vec<&JobPolicy> = jobs.policies.iter().collect();
        if let Some(source) = &request.resource {
            policies = vec![jobs.policy(source)?];
        }
        for policy in policies {
            match self.planned_of(policy, now).await {
                Ok(planned) => text.push_str(&planned),
                // One that cannot be looked at does not hide the others.
                Err(error) => {
                    text.extend([format!("{}: cannot be looked at: {}\n", policy.subject.source, in_full(&error))]);
                }
            }
        }
        let memories = self.ledger.backups(&jobs.kept).await?;
        let left = jobs.abandoned(&memories).into_iter().map(|finding| format!("finding: {finding}\n"));
        text.extend(left);
        Ok(text)
    }

    async fn planned_of(&self, policy: &JobPolicy, now: Timestamp) -> Result<String, RunbookError> {
        let (mut memory, _) = self.ledger.backup(&policy.subject.scope, &policy.subject.source).await?;
        let mut seen = self.see(policy, &memory).await?;
        let unseen = match self.see_away(policy, &memory, &mut seen).await {
            Ok(()) => String::new(),
            Err(error) => format!("  the copies elsewhere cannot be looked at: {}\n", in_full(&error)),
        };
        seen.sync(policy, &mut memory, now);
        let doing = match wanted(policy, &memory, now) {
            Some(due) => format!("a backup is due since {due}"),
            None if memory.attempt.is_some() => "a backup is under way".to_owned(),
            None => "no backup is due".to_owned(),
        };
        let inventories: Vec<_> = seen.inventories().collect();
        Ok(plan(policy, &memory, &inventories, &doing, now) + &unseen)
    }
}

/// Resources by their names.
fn named(lines: &[BackupLine]) -> String {
    lines.iter().map(|line| line.source.to_string()).collect::<Vec<_>>().join(", ")
}

/// What a run is about, for the machine.
fn begun(jobs: &EnvironmentJobs, run: &BackupRun, later: usize) -> StepOutcome<Details> {
    if run.jobs.is_empty() && later == 0 {
        return outcome(jobs, &run.header.id, 0, &format!("{}: no backup is due", jobs.scope));
    }
    let more = if later == 0 { String::new() } else { format!("; {later} more with the next ticks") };
    let summary = format!("{}: backups of {}{more}", jobs.scope, named(&run.jobs));
    outcome(jobs, &run.header.id, run.jobs.len(), &summary)
}

/// The beginning of a run of so many resources: none where nothing is due, and in a plan.
fn outcome(jobs: &EnvironmentJobs, id: &str, resources: usize, summary: &str) -> StepOutcome<Details> {
    let then = if resources == 0 { NextStep::done("nothing") } else { NextStep::at_once(JOB) };
    let details = Details::Begun { jobs: (0..resources).collect() };
    StepOutcome::new(RunRef::new(jobs.scope.clone(), id), then, fitting(summary), details)
}
