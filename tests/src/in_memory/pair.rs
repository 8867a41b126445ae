//! A pair of stacks over a simulated AWS of two regions: the ticks of both and their own hands. What one region starts in the
//! other is played there, while that region runs.

mod failover_run;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use watchkeeper_control::failover::FailoverRunbook;
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::place::PairPlace;
use watchkeeper_control::runbook::ScheduleTick;
use watchkeeper_domain::failover::Pointer;
use watchkeeper_domain::name::Region;
use watchkeeper_estates::EstateFolder;
use watchkeeper_sim::{SimPair, SimRegion, run_until_done_or_crash};

use super::{InMemoryHarness, RunEnd, schedule};

pub use failover_run::{FailoverRun, FailoverRunState};

/// The name of the failover machine.
const FAILOVER: &str = "failover";

/// Both stacks of a pair.
#[derive(Debug)]
pub struct InMemoryPair {
    /// The two regions.
    pub pair: SimPair,
    estates: EstateFolder,
    stacks: [InMemoryStack; 2],
    ticked: Timestamp,
    /// Executions of the failover machine that the ticks started and nobody has taken yet.
    pub pilots: Vec<FailoverRun>,
}

#[derive(Debug)]
struct InMemoryStack {
    rehearsal: InMemoryHarness,
    half: PairPlace,
    /// Whether the document has the pair.
    paired: bool,
    waiting: Vec<(String, Value)>,
}

impl InMemoryPair {
    /// Two stacks over these documents, of an estate's environment that is a pair.
    ///
    /// # Panics
    /// When the documents have no such pair.
    pub fn new(pair: SimPair, estates: &EstateFolder, estate: &str, environment: &str) -> Self {
        let stack = |region: &Region| {
            let found = estates.environment(estate, environment).unwrap_or_else(|error| panic!("{error}"));
            let half = PairPlace::of(found.0, found.1, region).unwrap_or_else(|| panic!("{environment} is no pair"));
            let rehearsal = InMemoryHarness::over(pair.world(region), estates.clone(), region.as_str());
            InMemoryStack { rehearsal, half, paired: true, waiting: Vec::new() }
        };
        let stacks = [stack(pair.home_region()), stack(pair.standby_region())];
        let ticked = pair.now();
        Self { pair, estates: estates.clone(), stacks, ticked, pilots: Vec::new() }
    }

    /// A region's half of the pair.
    pub fn half(&self, region: &Region) -> &PairPlace {
        &self.stacks[self.index(region)].half
    }

    /// The pointer as a region's replica has it.
    ///
    /// # Panics
    /// When the ledger does not read.
    pub fn pointer(&self, region: &Region) -> Pointer {
        let half = self.half(region);
        let found = self.pair.world(region).pointer(&half.id).unwrap_or_else(|error| panic!("{error}"));
        found.unwrap_or_else(|| Pointer::at_home(&half.home))
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
            self.pair.set_now(next);
            self.tick(next);
        }
        self.pair.set_now(until);
        self.play();
    }

    /// So many minutes pass.
    pub fn minutes(&mut self, minutes: u64) {
        self.pass(Duration::from_secs(60 * minutes));
    }

    fn tick(&mut self, at: Timestamp) {
        for index in 0..2 {
            let region = self.stacks[index].half.region.clone();
            if !self.pair.runs(&region) {
                continue;
            }
            if at.as_second() % 300 == 0 {
                let world = self.pair.world(&region);
                let rehearsal = &self.stacks[index].rehearsal;
                let (schedule, tick) = (schedule(&world), ScheduleTick { time: at });
                let _died = run_until_done_or_crash(&world, async {
                    schedule.handle(&rehearsal.stack, &tick).await.map(|_| ())
                });
            }
            if !self.stacks[index].paired {
                continue;
            }
            let watcher = self.runbook(&region);
            let half = self.stacks[index].half.clone();
            let allowance = self.stacks[index].rehearsal.allowance(&half, at);
            let _died = run_until_done_or_crash(&self.pair.world(&region), async {
                watcher.tick(&half, &allowance, at).await.map(|_| ())
            });
        }
        self.play();
    }

    /// Plays what was started: runs of the own hands at once, executions of the failover machine into [`InMemoryPair::pilots`].
    fn play(&mut self) {
        for index in 0..2 {
            let region = self.stacks[index].half.region.clone();
            for started in self.pair.world(&region).take_started() {
                let input: Value = serde_json::from_str(&started.input).unwrap_or(Value::Null);
                if started.machine == FAILOVER {
                    let pilot = self.pilot(&region, &started.name, input);
                    self.pilots.push(pilot);
                } else {
                    self.stacks[index].waiting.push((started.name, input));
                }
            }
            if self.pair.runs(&region) {
                for (name, input) in std::mem::take(&mut self.stacks[index].waiting) {
                    self.stacks[index].rehearsal.execute(&name, &input);
                }
            }
        }
    }

    fn runbook(&self, region: &Region) -> FailoverRunbook<SimRegion> {
        let (own, peer) = (self.pair.world(region), self.pair.peer(region));
        FailoverRunbook {
            ledger: own.clone(),
            here: own.clone(),
            peer: peer.clone(),
            switches: self.switches(region),
            own_metrics: own.clone(),
            prober: own.clone(),
            announcer: own.clone(),
            clock: own.clone(),
            hand: own.machine(""),
            peer_hand: peer.machine(""),
            machine: own.machine(FAILOVER),
            pacer: Arc::new(Pacer::default()),
        }
    }

    /// The means by which traffic moves lie in the standby region.
    fn switches(&self, region: &Region) -> SimRegion {
        let standby = self.pair.standby_region();
        if region == standby { self.pair.world(standby) } else { self.pair.peer(region) }
    }

    fn index(&self, region: &Region) -> usize {
        usize::from(region != self.pair.home_region())
    }

    /// Both stacks are deployed with other documents. A region that they do not name any more keeps the half that it had, for
    /// a test to look at; its stack looks after nothing of it.
    ///
    /// # Panics
    /// When the environment has gone from them.
    pub fn redocument(&mut self, estates: &EstateFolder) {
        self.estates = estates.clone();
        for index in 0..2 {
            let stack = &mut self.stacks[index];
            let (region, id) = (stack.half.region.clone(), stack.half.id.clone());
            let found = estates.environment(id.estate.as_str(), id.environment.as_str());
            let (estate, environment) = found.unwrap_or_else(|error| panic!("{error}"));
            stack.rehearsal = InMemoryHarness::over(self.pair.world(&region), estates.clone(), region.as_str());
            let half = PairPlace::of(estate, environment, &region);
            stack.paired = half.is_some();
            stack.half = half.unwrap_or_else(|| stack.half.clone());
        }
    }

    /// A person starts `reconcile` in a region.
    pub fn run(&mut self, region: &Region, name: &str, input: &Value) -> RunEnd {
        let index = self.index(region);
        self.stacks[index].rehearsal.execute(name, input)
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
        let moves = self.pair.world(region).moves(&self.half(region).id).unwrap_or_else(|error| panic!("{error}"));
        let endings = moves.iter().map(|record| record.ending.map_or_else(|| "open".to_owned(), |e| e.to_string()));
        endings.collect()
    }
}
