//! A pair of stacks over a simulated AWS of two regions: the ticks of both and their own hands. What one region starts in the
//! other is played there, while that region runs.

mod failover_run;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_control::scoped::PairMember;
use watchkeeper_domain::failover::Pointer;
use watchkeeper_domain::name::Region;
use watchkeeper_estates::EstateFolder;
use watchkeeper_sim::SimPair;
use watchkeeper_sim::machine::Execution;

use super::functions::{Functions, PairReach};
use crate::{ExecutionEnd, InMemoryHarness};

pub use failover_run::{FailoverRun, FailoverRunState};

/// Both stacks of a pair.
#[derive(Debug)]
pub struct InMemoryPair {
    /// The two regions.
    pub pair: SimPair,
    estates: EstateFolder,
    stacks: [InMemoryStack; 2],
    ticked: Timestamp,
    /// Executions of the failover machine that the ticks started and nobody has taken yet.
    pub failover_runs: Vec<FailoverRun>,
    /// Runs of a region's own hand whose parents were stopped: the stack, and the run.
    left: Vec<(usize, Execution)>,
}

#[derive(Debug)]
struct InMemoryStack {
    harness: InMemoryHarness,
    member: PairMember,
    reach: PairReach,
}

impl InMemoryPair {
    /// Two stacks over these documents, of an estate's environment that is a pair.
    ///
    /// # Panics
    /// When the documents have no such pair.
    pub fn new(pair: SimPair, estates: &EstateFolder, estate: &str, environment: &str) -> Self {
        let stack = |region: &Region| {
            let found = estates.environment(estate, environment).unwrap_or_else(|error| panic!("{error}"));
            let member = PairMember::of(found.0, found.1, region).unwrap_or_else(|| panic!("{environment} is no pair"));
            let harness = InMemoryHarness::over(pair.sim(region), estates.clone(), region.as_str());
            // The means by which traffic moves lie in the standby region.
            let standby = pair.standby_region();
            let switches = if region == standby { pair.sim(standby) } else { pair.peer(region) };
            InMemoryStack { harness, member, reach: PairReach { peer: pair.peer(region), switches } }
        };
        let stacks = [stack(pair.home_region()), stack(pair.standby_region())];
        let ticked = pair.now();
        Self { pair, estates: estates.clone(), stacks, ticked, failover_runs: Vec::new(), left: Vec::new() }
    }

    /// The same, with a bucket of reports in each region.
    #[must_use]
    pub fn keeping_reports(mut self) -> Self {
        self.stacks = self.stacks.map(|stack| InMemoryStack { harness: stack.harness.keeping_reports(), ..stack });
        self
    }

    /// What this part of the tick does in a region. Whether it was answered.
    pub fn fire(&self, region: &Region, parts: &[&str]) -> bool {
        let event = json!({ "time": self.pair.now(), "parts": parts });
        matches!(self.functions(region).call("Tick", event), Some(Ok(_)))
    }

    /// The schedule of backups fires at an instant in the regions that run, and all that it starts plays to its end.
    pub fn backups(&mut self, at: Timestamp) -> Vec<ExecutionEnd> {
        self.pair.set_now(at);
        let mut ended = Vec::new();
        for stack in &mut self.stacks {
            if !self.pair.runs(&stack.member.region) {
                continue;
            }
            let event = json!({ "time": at, "parts": ["backup"] });
            let _died = stack.functions().call("Tick", event);
            ended.extend(stack.harness.play_backups());
        }
        // What a run takes is no time that the other ticks have missed.
        self.ticked = self.ticked.max(self.pair.now());
        ended
    }

    /// A region's member of the pair.
    pub fn member(&self, region: &Region) -> &PairMember {
        &self.stacks[self.index(region)].member
    }

    /// The pointer as a region's replica has it.
    ///
    /// # Panics
    /// When the ledger does not read.
    pub fn pointer(&self, region: &Region) -> Pointer {
        let member = self.member(region);
        let found = self.pair.sim(region).pointer(&member.id).unwrap_or_else(|error| panic!("{error}"));
        found.unwrap_or_else(|| Pointer::at_home(&member.home))
    }

    /// Time passes, with the ticks of every minute in the regions that run.
    pub fn pass(&mut self, by: Duration) {
        let until = self.pair.now() + SignedDuration::try_from(by).unwrap_or(SignedDuration::ZERO);
        loop {
            let next = self.ticked + SignedDuration::from_mins(1);
            if next > until {
                break;
            }
            self.ticked = next;
            self.play_left(next);
            self.pair.set_now(next);
            self.tick(next);
        }
        self.play_left(until);
        self.pair.set_now(until);
        self.play();
    }

    /// So many minutes pass.
    pub fn minutes(&mut self, minutes: u64) {
        self.pass(Duration::from_secs(60 * minutes));
    }

    fn tick(&mut self, at: Timestamp) {
        let event = json!({ "time": at });
        for stack in self.stacks.iter().filter(|stack| self.pair.runs(&stack.member.region)) {
            if at.as_second() % 300 == 0 {
                let _died = stack.functions().call("Tick", json!({ "time": at, "parts": ["schedule"] }));
            }
            let _died = stack.functions().call("Failover", event.clone());
        }
        self.play();
    }

    /// Plays what was started: runs of the own hands at once, executions of the failover machine into [`InMemoryPair::failover_runs`].
    fn play(&mut self) {
        for stack in &mut self.stacks {
            let region = stack.member.region.clone();
            for (name, input) in stack.harness.started("Failover") {
                self.failover_runs.push(FailoverRun::start("Failover", &region, &name, input, &mut stack.functions()));
            }
            if self.pair.runs(&region) {
                stack.harness.play("Reconcile");
            }
        }
    }

    fn index(&self, region: &Region) -> usize {
        usize::from(region != self.pair.home_region())
    }

    fn functions(&self, region: &Region) -> Functions<'_> {
        self.stacks[self.index(region)].functions()
    }

    /// Both stacks are deployed with other documents. A region that they do not name any more keeps the member that it had, for
    /// a test to look at; its stack looks after nothing of it.
    ///
    /// # Panics
    /// When the environment has gone from them.
    pub fn redocument(&mut self, estates: &EstateFolder) {
        self.estates = estates.clone();
        for stack in &mut self.stacks {
            let (region, id) = (stack.member.region.clone(), stack.member.id.clone());
            let found = estates.environment(id.estate.as_str(), id.environment.as_str());
            let (estate, environment) = found.unwrap_or_else(|error| panic!("{error}"));
            stack.harness = InMemoryHarness::over(self.pair.sim(&region), estates.clone(), region.as_str());
            if let Some(member) = PairMember::of(estate, environment, &region) {
                stack.member = member;
            }
        }
    }

    /// A person starts `reconcile` in a region.
    pub fn run(&mut self, region: &Region, name: &str, input: &Value) -> ExecutionEnd {
        self.stacks[self.index(region)].harness.execute(name, input)
    }

    /// The documents that both stacks carry.
    pub fn estates(&self) -> &EstateFolder {
        &self.estates
    }

    /// The endings of every move that a region's ledger has.
    ///
    /// # Panics
    /// When the ledger does not read.
    pub fn endings(&self, region: &Region) -> BTreeSet<String> {
        let moves = self.pair.sim(region).moves(&self.member(region).id).unwrap_or_else(|error| panic!("{error}"));
        let endings = moves.iter().map(|record| record.ending.map_or_else(|| "open".to_owned(), |e| e.to_string()));
        endings.collect()
    }
}

impl InMemoryStack {
    fn functions(&self) -> Functions<'_> {
        Functions { reach: Some(&self.reach), ..self.harness.functions() }
    }
}
