//! Two stacks and their AWS of two regions in simulated time: the ticks of every minute, executions of the failover machine one
//! state at a time, and what becomes of regions while they are on their way.

mod act;
mod judge;
mod site;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_domain::name::Region;
use watchkeeper_in_memory::{ExecutionEnd, FailoverRun, FailoverRunState, InMemoryPair};
use watchkeeper_sim::machine::Standing;
use watchkeeper_sim::{CallEnding, CallTrouble};

use crate::coverage::{Coverage, Phase};
use crate::invariant::Violation;
use crate::story::weights::{ANSWERS, Answer};
use crate::story::{Event, Happening, fated};
use judge::PairJudge;
pub use site::PairSite;

/// How long a pair behaves at the end of its history: the time to go home, and to look.
pub const PAIR_CALM: SignedDuration = SignedDuration::from_hours(4);

/// The longest time that passes between two looks.
const LOOK: SignedDuration = SignedDuration::from_secs(60);

/// How often a person looks whether the pair should go home, in minutes.
const GOES_HOME: u32 = 30;

/// What happens later by itself.
#[derive(Debug, Clone)]
enum Later {
    /// What an event began is over.
    End(Event),
    /// A person answers an execution.
    Answer(String, bool),
    /// A person looks whether the pair is away from home.
    GoHome,
}

/// An execution that is under way.
#[derive(Debug)]
struct PairRun {
    run: FailoverRun,
    rehearses: bool,
    asked: bool,
}

/// Two stacks, their AWS, and everybody around them.
pub(crate) struct PairSimulation {
    site: PairSite,
    pair: InMemoryPair,
    seed: u64,
    pair_runs: Vec<PairRun>,
    later: BTreeMap<(Timestamp, u64), Later>,
    counted: u64,
    faults: [Vec<(u64, CallTrouble)>; 2],
    weather: [Vec<(Timestamp, u32, CallTrouble)>; 2],
    /// Until when something that an event began may last.
    troubled: Timestamp,
    judge: PairJudge,
    pub(crate) coverage: Coverage,
    pub(crate) diary: Option<Vec<(Timestamp, String)>>,
}

impl PairSimulation {
    pub(crate) fn new(site: &PairSite, begin: Timestamp, seed: u64) -> Self {
        let pair = site.build(begin, seed);
        let judge = PairJudge::new(&pair, site);
        let mut simulation = Self {
            site: site.clone(),
            pair,
            seed,
            pair_runs: Vec::new(),
            later: BTreeMap::new(),
            counted: 0,
            faults: Default::default(),
            weather: Default::default(),
            troubled: begin,
            judge,
            coverage: Coverage::default(),
            diary: None,
        };
        simulation.soon(GOES_HOME, Later::GoHome);
        simulation
    }

    /// Plays a story to an instant.
    pub(crate) fn play(&mut self, story: &[Happening], end: Timestamp) -> Result<(), Violation> {
        let mut story = story.iter().peekable();
        loop {
            let now = self.present();
            let later = self.later.first_key_value().map(|((at, _), _)| *at);
            let told = story.peek().map(|happening| happening.at);
            let due = self.due();
            let next = [later, told, due.map(|(at, _)| at), Some(end)].into_iter().flatten().min().unwrap_or(end);
            if next > now {
                let until = next.min(now + LOOK);
                self.pair.pass(Duration::try_from(until.duration_since(now)).unwrap_or_default());
                self.acted(false)?;
                self.judge.at_rest(&self.pair, &self.site, self.pair_runs.iter().map(|it| &it.run), self.troubled)?;
            } else if later.is_some_and(|at| at <= now) {
                if let Some((_, later)) = self.later.pop_first() {
                    self.happens_later(later)?;
                }
            } else if told.is_some_and(|at| at <= now) {
                if let Some(happening) = story.next() {
                    self.happens(&happening.event)?;
                }
            } else if let Some((_, place)) = due.filter(|(at, _)| *at <= now) {
                self.step(place)?;
            } else {
                return Ok(());
            }
        }
    }

    pub(crate) fn present(&self) -> Timestamp {
        self.pair.pair.now()
    }

    fn soon(&mut self, minutes: u32, later: Later) {
        self.counted += 1;
        self.later.insert((self.present() + SignedDuration::from_mins(minutes.into()), self.counted), later);
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        let now = self.present();
        if let Some(diary) = &mut self.diary {
            diary.push((now, what()));
        }
    }

    /// The execution that is due first, of those whose region runs.
    fn due(&self) -> Option<(Timestamp, usize)> {
        let at = |pair_run: &PairRun| match pair_run.run.standing() {
            Standing::Due(at) | Standing::Asking(at) => Some(at),
            Standing::Ended(_) => None,
        };
        let running =
            self.pair_runs.iter().enumerate().filter(|(_, pair_run)| self.pair.pair.runs(&pair_run.run.region));
        running.filter_map(|(place, pair_run)| Some((at(pair_run)?, place))).min()
    }

    /// What an execution is in the middle of.
    fn phase(&self) -> Phase {
        let of = |pair_run: &PairRun| match pair_run.run.state {
            FailoverRunState::Asking(_) => Phase::Asked,
            _ if pair_run.rehearses => Phase::Rehearsing,
            _ => Phase::Moving,
        };
        self.pair_runs.iter().map(of).max().unwrap_or(Phase::Awake)
    }

    /// An execution begins.
    fn begins(&mut self, run: FailoverRun, rehearses: bool) {
        self.say(|| format!("  {} starts in {}", run.name, run.region));
        self.pair_runs.push(PairRun { run, rehearses, asked: false });
    }

    /// An execution goes on by one state.
    fn step(&mut self, place: usize) -> Result<(), Violation> {
        let mut pair_run = self.pair_runs.remove(place);
        self.pair.take(&mut pair_run.run);
        let rehearses = pair_run.rehearses;
        match pair_run.run.standing() {
            Standing::Ended(end) => {
                let said = match end {
                    ExecutionEnd::Died => "dies".to_owned(),
                    end => format!("{}: {}", end.outcome(), end.said()),
                };
                let (name, state) = (pair_run.run.name.clone(), format!("{:?}", pair_run.run.state));
                self.say(|| format!("  {name} {said} {state}"));
            }
            Standing::Asking(_) if !std::mem::replace(&mut pair_run.asked, true) => {
                let (name, why) = (pair_run.run.name.clone(), pair_run.run.state.clone());
                self.pair_runs.push(pair_run);
                self.say(|| format!("  {name} asks: {why:?}"));
                self.asked(&name);
            }
            Standing::Due(_) => {
                pair_run.asked = false;
                self.pair_runs.push(pair_run);
            }
            Standing::Asking(_) => self.pair_runs.push(pair_run),
        }
        self.acted(rehearses)
    }

    /// A person may answer, as fate has it for this question.
    fn asked(&mut self, name: &str) {
        let (answer, minutes) = fated(self.seed, &format!("{name} at {}", self.present()), ANSWERS);
        match answer {
            Answer::Yes | Answer::Unsigned => self.soon(minutes, Later::Answer(name.to_owned(), true)),
            Answer::No => self.soon(minutes, Later::Answer(name.to_owned(), false)),
            Answer::Nothing => self.say(|| "  nobody will answer".to_owned()),
        }
    }

    /// Who is asked makes sure: a yes that is not true is none.
    fn answers(&mut self, name: &str, approved: bool) -> Result<(), Violation> {
        let Some(place) = self.pair_runs.iter().position(|pair_run| pair_run.asked && pair_run.run.name == name) else {
            return Ok(());
        };
        let approved = approved && self.judge.stopped_elsewhere(&self.pair, &self.pair_runs[place].run.region);
        self.say(|| format!("  {name} is answered: {approved}"));
        let pair_run = &mut self.pair_runs[place];
        pair_run.asked = false;
        pair_run.run.hears(json!({ "approved": approved, "by": "Ada" }));
        self.acted(false)
    }

    /// Somebody has acted: what was started begins, and what must hold is looked at.
    fn acted(&mut self, rehearses: bool) -> Result<(), Violation> {
        for run in std::mem::take(&mut self.pair.failover_runs) {
            let rehearsal = run.name.contains("rehears");
            self.begins(run, rehearsal);
        }
        let phase = self.phase();
        let both = [self.pair.pair.home(), self.pair.pair.standby()].map(|sim| sim.take_calls());
        for (region, calls) in self.site.regions.clone().iter().zip(&both) {
            for call in calls {
                if let CallEnding::Troubled(trouble) = call.ending {
                    self.coverage.strike(trouble, call.operation.name(), phase);
                    self.troubled = self.troubled.max(call.at);
                    self.say(|| format!("    {region}: {call}"));
                } else if call.operation.writes_capacity() {
                    self.say(|| format!("    {region}: {call}"));
                }
            }
        }
        if self.diary.is_some() {
            for told in self.judge.new_messages(&self.pair) {
                self.say(|| format!("  told: {told}"));
            }
        }
        self.judge.acted(&self.pair, &self.site, &both, rehearses, self.troubled)
    }

    fn place(&self, region: &Region) -> usize {
        usize::from(*region != self.site.regions[0])
    }

    /// A person starts a machine in the standby.
    fn by_hand(&mut self, what: &str, more: &Value) {
        self.counted += 1;
        let name = format!("{what}-{}", self.counted);
        let standby = self.site.regions[1].clone();
        if self.pair.pair.runs(&standby) {
            let run = self.pair.by_hand(&standby, &name, more);
            self.begins(run, more["mode"] == "rehearse");
        }
    }
}
