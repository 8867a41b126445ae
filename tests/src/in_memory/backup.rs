//! The backup runbooks over the simulated AWS: the tick, and the machines `backup` and `restore-drill`, as
//! `statemachines/` have them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_control::backup::{Answer, BackupRunbook, Details, Step, Ticked};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::runbook::{
    Begin, CaughtError, FunctionEvent, MachineExecution, NextStep, RunbookError, ScheduleTick, StepCall, StepOutcome,
    Unmade,
};
use watchkeeper_domain::backup::{BackupMemory, BackupOutcome, BackupSource};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_sim::{SimRegion, run_until_done_or_crash};

use super::{ATTEMPTS, InMemoryHarness, retried, told};

/// How often a restore may stumble before its machine gives it up, as `restore-drill.asl.json` has it.
const STUMBLES: u32 = 5;

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupEnded {
    /// Nothing was due, or it was a plan; this is what it said.
    Nothing(String),
    /// A run of backups.
    Backup(BackupOutcome),
    /// A restore, and whether everything was as it should be.
    Restore(bool),
    /// With this error.
    Failed(String),
    /// Its process died, and the execution with it.
    Crashed,
}

/// What follows for a resource.
enum InMemoryJob {
    /// The next step, after this.
    Waits(Duration),
    /// Nothing more in this run.
    Ended,
}

impl InMemoryHarness {
    /// The schedule fires: the time is set to `instant`, the function runs (three times at the most), and every execution
    /// that it started plays to its end.
    pub fn backup_tick(&mut self, instant: Timestamp) -> Vec<BackupEnded> {
        self.world.set_now(instant);
        for wait in [60, 120, 0] {
            match self.backup_event(FunctionEvent::Tick(ScheduleTick { time: instant })) {
                Some(Ok(_)) => break,
                _ => self.world.advance(Duration::from_secs(wait)),
            }
        }
        self.play_backups()
    }

    /// What one tick finds, without playing what it starts.
    ///
    /// # Panics
    /// When the tick does not end.
    pub fn backup_look(&mut self, instant: Timestamp) -> Ticked {
        self.world.set_now(instant);
        match self.backup_event(FunctionEvent::Tick(ScheduleTick { time: instant })) {
            Some(Ok(Answer::Ticked(ticked))) => ticked,
            other => panic!("{other:?}"),
        }
    }

    /// Plays the executions that were started and have not run yet.
    pub fn play_backups(&mut self) -> Vec<BackupEnded> {
        let started = self.started(|request| request.get("estate").is_some());
        started.into_iter().map(|(name, request)| self.backup_execution(&name, &request)).collect()
    }

    /// One execution, from its input to its end. Only restores always name a resource and no instant.
    pub fn backup_execution(&self, name: &str, request: &Value) -> BackupEnded {
        if request.get("instant").is_none() && request["trigger"] == json!("schedule") {
            return self.restore_execution(name, request);
        }
        self.backup_run(name, request)
    }

    /// An execution of the machine `backup`.
    pub fn backup_run(&self, name: &str, request: &Value) -> BackupEnded {
        let execution = self.backup_start(name);
        let begin = || Step::Begin(Begin { request: request.clone(), execution: execution.clone() });
        let (run, jobs) = match self.backup_task(begin) {
            None => return BackupEnded::Crashed,
            Some(Ok(StepOutcome { then: NextStep::Done { .. }, summary, .. })) => return BackupEnded::Nothing(summary),
            Some(Ok(StepOutcome { run: Some(run), details: Details::Begun { jobs }, .. })) => (run, jobs),
            Some(Ok(other)) => return BackupEnded::Failed(format!("{other:?}")),
            Some(Err(error)) => return self.backup_unmade(Step::Tell, request, &execution, &error),
        };
        // The resources side by side, as the machine's Map has them: whoever has waited longest is next.
        let mut waiting: Vec<(Timestamp, usize)> = jobs.into_iter().map(|index| (self.world.now(), index)).collect();
        while let Some(next) = waiting.iter().min().copied() {
            waiting.retain(|entry| *entry != next);
            self.world.set_now(next.0.max(self.world.now()));
            match self.backup_job(&run, next.1) {
                None => return BackupEnded::Crashed,
                Some(InMemoryJob::Ended) => {}
                Some(InMemoryJob::Waits(wait)) => {
                    let then = self.world.now().checked_add(wait).unwrap_or(Timestamp::MAX);
                    waiting.push((then, next.1));
                }
            }
        }
        match self.backup_task(|| Step::Finish { run: run.clone() }) {
            None => BackupEnded::Crashed,
            Some(Ok(StepOutcome { details: Details::Finished(run), .. })) => BackupEnded::Backup(run.outcome),
            Some(Ok(other)) => BackupEnded::Failed(format!("{other:?}")),
            Some(Err(error)) => self.backup_unmade(Step::Tell, request, &execution, &error),
        }
    }

    /// One step of a resource; `None` when the process died.
    fn backup_job(&self, run: &RunRef, index: usize) -> Option<InMemoryJob> {
        match self.backup_task(|| Step::Job { run: run.clone(), index })? {
            Ok(StepOutcome { then: then @ NextStep::Again { .. }, .. }) => Some(InMemoryJob::Waits(then.wait())),
            Ok(_) => Some(InMemoryJob::Ended),
            Err(error) => {
                let error = told(&error);
                // An error of this one is caught, too.
                let _caught = self.backup_task(|| Step::Stumble { run: run.clone(), index, error: error.clone() })?;
                Some(InMemoryJob::Ended)
            }
        }
    }

    /// An execution of the machine `restore-drill`.
    pub fn restore_execution(&self, name: &str, request: &Value) -> BackupEnded {
        let execution = self.backup_start(name);
        let begin = || Step::BeginRestore(Begin { request: request.clone(), execution: execution.clone() });
        let (run, source) = match self.backup_task(begin) {
            None => return BackupEnded::Crashed,
            Some(Ok(StepOutcome { run: Some(run), details: Details::Restoring { source }, .. })) => (run, source),
            Some(Ok(other)) => return BackupEnded::Failed(format!("{other:?}")),
            Some(Err(error)) => return self.backup_unmade(Step::TellRestore, request, &execution, &error),
        };
        let mut stumbles = 0;
        while stumbles < STUMBLES {
            match self.backup_task(|| Step::Restore { run: run.clone(), source: source.clone() }) {
                None => return BackupEnded::Crashed,
                Some(Ok(StepOutcome { then: then @ NextStep::Again { .. }, .. })) => self.world.advance(then.wait()),
                Some(Ok(_)) => break,
                Some(Err(error)) => {
                    stumbles += 1;
                    let (run, source, error) = (run.clone(), source.clone(), told(&error));
                    let note = || Step::FailRestore { run: run.clone(), source: source.clone(), error: error.clone() };
                    match self.backup_task(note) {
                        None => return BackupEnded::Crashed,
                        Some(Ok(_)) => self.world.advance(Duration::from_secs(30)),
                        Some(Err(_)) => break,
                    }
                }
            }
        }
        match self.backup_task(|| Step::FinishRestore { run: run.clone(), source: source.clone() }) {
            None => BackupEnded::Crashed,
            Some(Ok(StepOutcome { details: Details::Restored(restored), .. })) => BackupEnded::Restore(restored.passed),
            Some(Ok(other)) => BackupEnded::Failed(format!("{other:?}")),
            Some(Err(error)) => self.backup_unmade(Step::TellRestore, request, &execution, &error),
        }
    }

    /// The end of an execution that could not begin, or not be closed. A refusal is told by whoever turned the halt switch.
    fn backup_unmade(
        &self,
        tell: impl Fn(Unmade) -> Step,
        request: &Value,
        execution: &MachineExecution,
        error: &RunbookError,
    ) -> BackupEnded {
        let (why, name) = (told(error), error.name().to_string());
        if name == "Guardrail.Refused" {
            return BackupEnded::Failed(why);
        }
        let error = CaughtError { error: name, cause: Some(error.message()) };
        let unmade = || tell(Unmade { request: request.clone(), execution: execution.clone(), error: error.clone() });
        if self.backup_task(unmade).is_none() { BackupEnded::Crashed } else { BackupEnded::Failed(why) }
    }

    /// What the ledger remembers of a resource's backups.
    pub fn backup_memory(&self, scope: &Scope, source: &BackupSource) -> BackupMemory {
        self.world.backup_memory(scope, source)
    }

    fn backup_start(&self, name: &str) -> MachineExecution {
        MachineExecution { name: name.to_owned(), start: self.world.now() }
    }

    /// One task of a machine: a new process each time, retried as the machines retry it.
    fn backup_task(&self, step: impl Fn() -> Step) -> Option<Result<StepOutcome<Details>, RunbookError>> {
        for attempt in 1.. {
            let call = StepCall { now: self.world.now(), step: step() };
            match self.backup_event(FunctionEvent::Call(call))? {
                Err(error) if attempt < ATTEMPTS && retried(&error) => {
                    self.world.advance(Duration::from_secs(2 << attempt));
                }
                Ok(Answer::Stepped(outcome)) => return Some(Ok(*outcome)),
                Ok(other) => panic!("{other:?}"),
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }

    fn backup_event(&self, event: FunctionEvent<Step>) -> Option<Result<Answer, RunbookError>> {
        let world = &self.world;
        let (machine, restores) = (world.machine(""), world.machine(""));
        let keeper: BackupRunbook<SimRegion> =
            BackupRunbook { cloud: world.clone(), ledger: world.clone(), announcer: world.clone(), machine, restores };
        let handled = keeper.handle(&self.stack, event);
        run_until_done_or_crash(world, handled)
    }
}
