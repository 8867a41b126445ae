//! The control plane over the simulated AWS: the real handlers and the real state machines. A crash is the worst one: the execution
//! dies with its process, and only the next tick goes on.

mod backup;
mod emergency;
mod functions;
mod page;
mod pair;
mod unblock;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::report::ReportDesk;
use watchkeeper_control::runbook::Stack;
use watchkeeper_control::scoped::StackIdentity;
use watchkeeper_domain::name::Region;
use watchkeeper_estates::{EstateFolder, load_dir};
use watchkeeper_sim::machine::{Execution, MachineHost, Standing};
use watchkeeper_sim::{SimRegion, StartedExecution};

use functions::Functions;

pub use emergency::{EmergencyRun, EmergencyRunState};
pub use page::PageProcess;
pub use pair::{FailoverRun, FailoverRunState, InMemoryPair};
pub use watchkeeper_sim::machine::ExecutionEnd;

/// How long Lambda waits before it hands an asynchronous event on again; twice at the most.
const REDELIVERIES: [Duration; 3] = [Duration::from_mins(1), Duration::from_mins(2), Duration::ZERO];

/// One stack, in one region of a simulated AWS.
#[derive(Debug)]
pub struct InMemoryHarness {
    /// The AWS.
    pub sim: SimRegion,
    stack: Stack,
    /// The functions that still carry other documents, and the stack with those.
    behind: Option<(Vec<&'static str>, Stack)>,
    /// How far the clock of the machines is ahead of that of the functions.
    skew: SignedDuration,
    /// What `reconcile` has reserved of the budgets, where its process stays from one step to the next.
    pacer: Option<Arc<Pacer>>,
    /// Where reports are kept, if it keeps any.
    reports: Option<ReportDesk>,
    waiting: Vec<StartedExecution>,
}

/// The documents of a folder.
///
/// # Panics
/// When they do not read.
pub fn documents(folder: &Path) -> EstateFolder {
    load_dir(folder).unwrap_or_else(|problems| panic!("{problems:?}"))
}

impl InMemoryHarness {
    /// A stack over this repository's own documents.
    ///
    /// # Panics
    /// When the documents or the region do not read: the test is broken then.
    pub fn new(sim: SimRegion, region: &str) -> Self {
        static OWN: LazyLock<EstateFolder> =
            LazyLock::new(|| documents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/estates")));
        Self::over(sim, OWN.clone(), region)
    }

    /// A stack over these documents.
    ///
    /// # Panics
    /// When the region does not read.
    pub fn over(sim: SimRegion, estates: EstateFolder, region: &str) -> Self {
        let region = Region::new(region).unwrap_or_else(|error| panic!("{error}"));
        // The account that the documents give as the example of their development environments.
        let account = "123456789012".parse().unwrap_or_else(|error| panic!("{error}"));
        let stack = Stack { estates: Arc::new(estates), home: StackIdentity { account, region } };
        Self { sim, stack, behind: None, skew: SignedDuration::ZERO, pacer: None, reports: None, waiting: Vec::new() }
    }

    /// The same stack in another account.
    ///
    /// # Panics
    /// When the account does not read.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        self.stack.home.account = account.parse().unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// The same, with a bucket of reports.
    #[must_use]
    pub fn keeping_reports(mut self) -> Self {
        self.reports = Some(ReportDesk::of("watchkeeper-reports", &self.stack.estates));
        self
    }

    /// The stack.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The documents that it carries.
    pub fn estates(&self) -> &EstateFolder {
        &self.stack.estates
    }

    /// It is deployed with other documents.
    pub fn redocument(&mut self, estates: EstateFolder) {
        self.stack.estates = Arc::new(estates);
        self.behind = None;
    }

    /// The same, but these functions go on with the documents that it has now, until it is deployed again.
    pub fn redocument_without(&mut self, functions: &[&'static str], estates: EstateFolder) {
        let before = self.stack.clone();
        self.redocument(estates);
        self.behind = Some((functions.to_vec(), before));
    }

    /// The clock of the machines is so far ahead of that of the functions.
    #[must_use]
    pub fn skewed(mut self, skew: SignedDuration) -> Self {
        self.skew = skew;
        self
    }

    /// One process of `reconcile` takes all steps, as where Lambda keeps it between two slices; else each has a new one.
    #[must_use]
    pub fn warm(mut self) -> Self {
        self.pacer = Some(Arc::new(Pacer::new(self.sim.region())));
        self
    }

    /// What executions of its machines play over, one state at a time: its functions, and the time of its AWS.
    pub fn host(&self) -> impl MachineHost {
        self.functions()
    }

    fn functions(&self) -> Functions<'_> {
        Functions {
            sim: &self.sim,
            stack: &self.stack,
            behind: self.behind.as_ref(),
            skew: self.skew,
            pacer: self.pacer.as_ref(),
            reach: None,
            reports: self.reports.as_ref(),
        }
    }

    fn now(&self) -> Timestamp {
        self.sim.now()
    }

    /// The schedule fires: the time is set to `instant`, the function runs (three times at the most, like any asynchronous
    /// invocation), and every run that it started plays to its end.
    pub fn tick(&mut self, instant: Timestamp) -> Vec<ExecutionEnd> {
        self.fire(&["schedule"], instant);
        self.play("Reconcile").into_iter().map(|(_, end)| end).collect()
    }

    /// The schedule fires for these parts of the tick. Whether it was answered.
    pub fn fire(&self, parts: &[&str], instant: Timestamp) -> bool {
        self.sim.set_now(instant);
        let event = json!({ "time": instant, "parts": parts });
        self.deliver(|| matches!(self.functions().call("Tick", event.clone()), Some(Ok(_))).then_some(())).is_some()
    }

    /// An event is handed on until it is answered, three times at the most.
    fn deliver<T>(&self, mut once: impl FnMut() -> Option<T>) -> Option<T> {
        for wait in REDELIVERIES {
            let answered = once();
            if answered.is_some() {
                return answered;
            }
            self.sim.advance(wait);
        }
        None
    }

    /// Plays the executions of a machine that were started and have not run yet: their names and how they ended.
    pub fn play(&mut self, machine: &str) -> Vec<(String, ExecutionEnd)> {
        let started = self.started(machine).into_iter();
        started.map(|(name, request)| (name.clone(), self.run(machine, &name, &request))).collect()
    }

    /// The executions of a machine that were started and have not been played.
    fn started(&mut self, machine: &str) -> Vec<(String, Value)> {
        self.waiting.extend(self.sim.take_started());
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let (of_it, others): (Vec<_>, Vec<_>) = waiting.partition(|it| it.machine == machine);
        self.waiting = others;
        let read = |it: StartedExecution| (it.name, serde_json::from_str(&it.input).unwrap_or(Value::Null));
        of_it.into_iter().map(read).collect()
    }

    /// One execution of `reconcile`, from its input to its end.
    pub fn execute(&self, name: &str, request: &Value) -> ExecutionEnd {
        self.run("Reconcile", name, request)
    }

    /// One execution of a machine, from its input to its end.
    ///
    /// # Panics
    /// When it waits for a person.
    pub fn run(&self, machine: &str, name: &str, request: &Value) -> ExecutionEnd {
        let mut execution = Execution::start(machine, name, request.clone(), &mut self.functions());
        self.go_on(&mut execution, |_| false);
        execution.end().cloned().unwrap_or_else(|| panic!("{name} has not ended, in {}", execution.state()))
    }

    /// Lets an execution go on until it ends, asks, or is about to do what a test has chosen.
    fn go_on(&self, execution: &mut Execution, until: impl Fn(&Execution) -> bool) {
        while let Standing::Due(at) = execution.standing() {
            if until(execution) {
                return;
            }
            self.sim.set_now(at.max(self.sim.now()));
            execution.step(&mut self.functions());
        }
    }
}
