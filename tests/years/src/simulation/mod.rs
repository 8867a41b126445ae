//! A stack and its AWS in simulated time: what happens, what is due, and who acts next.

mod act;
mod begin;
mod documents;
mod end;
mod runs;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_domain::name::EnvironmentName;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, SimRegion};

use crate::coverage::{Coverage, Phase};
use crate::estates::Site;
use crate::invariant::{Judge, Violation};
use crate::story::{Event, Happening, Setting};
use documents::Documents;
pub(crate) use runs::Run;

/// The distance of ticks right after something has happened, in seconds: the template's.
const TICK: i64 = 300;

/// The longest distance of ticks, in seconds. The longer nothing happens, the rarer they come: five minutes after it, fifteen,
/// three quarters of an hour. The others are left out, as if they were lost.
const QUIET: i64 = 6 * 3_600;

/// How long the world behaves at the end of a history: a day, and what it takes to look.
pub const CALM: SignedDuration = SignedDuration::from_hours(28);

/// What happens later by itself.
#[derive(Debug, Clone)]
enum Later {
    /// What an event began is over.
    End(Event),
    /// Every function has the documents.
    Deployed,
    /// The edit of this number is put back.
    PutBack(u64),
    /// A function is invoked; so many more times, should that fail.
    Invoke(&'static str, Value, usize),
    /// The alarm of this name is in ALARM, or is not.
    Alarm(String, bool),
    /// The pipeline of this release is through.
    Released(EnvironmentName, String),
    /// A person looks whether a halt is lifted.
    Lift(Option<EnvironmentName>),
    /// A person answers an execution.
    Answer(String, Value),
}

/// A stack, its AWS, and everybody around them.
pub struct Simulation {
    site: Site,
    stack: InMemoryHarness,
    documents: Documents,
    seed: u64,
    runs: Vec<Run>,
    later: BTreeMap<(Timestamp, u64), Later>,
    counted: u64,
    tick: Timestamp,
    /// When calendars change their minds, and when an unblock is due.
    edges: Vec<Timestamp>,
    /// When something has happened last.
    livened: Timestamp,
    silent: Timestamp,
    twice: bool,
    faults: Vec<(u64, CallTrouble)>,
    weather: Vec<(Timestamp, u32, CallTrouble)>,
    /// Until when something that an event began may last.
    troubled: Timestamp,
    /// Until when what changes an estate may last: not a trouble of AWS alone.
    moved: Timestamp,
    judge: Judge,
    /// What was played.
    pub coverage: Coverage,
    /// What a person would tell of it, where somebody wants to know.
    pub diary: Option<Vec<(Timestamp, String)>>,
}

impl Simulation {
    /// A site from an instant on.
    pub fn new(site: &Site, begin: Timestamp, end: Timestamp, seed: u64) -> Self {
        let stack = site.build(begin, seed);
        let documents = Documents::new(site);
        let judge = Judge::new(&stack.sim, site, documents.current());
        let setting = Setting::of(&site.own_folder(), &site.region);
        let mut edges = setting.edges(begin, end);
        edges.extend(setting.mornings(begin, end));
        edges.sort_unstable();
        Self {
            site: site.clone(),
            stack,
            documents,
            seed,
            runs: Vec::new(),
            later: BTreeMap::new(),
            counted: 0,
            tick: begin,
            edges,
            livened: begin,
            silent: begin,
            twice: false,
            faults: Vec::new(),
            weather: Vec::new(),
            troubled: begin,
            moved: begin,
            judge,
            coverage: Coverage::default(),
            diary: None,
        }
    }

    /// Plays a story to an instant.
    ///
    /// # Errors
    /// What did not hold.
    pub fn play(&mut self, story: &[Happening], end: Timestamp) -> Result<(), Violation> {
        let mut story = story.iter().peekable();
        loop {
            let later = self.later.first_key_value().map(|((at, _), _)| *at);
            let told = story.peek().map(|happening| happening.at);
            let run = self.due_run();
            let due = run.map(|(at, _)| at);
            let Some(next) = [later, told, due, Some(self.tick)].into_iter().flatten().min().filter(|it| *it <= end)
            else {
                return Ok(());
            };
            self.sim().set_now(next);
            if later == Some(next) {
                if let Some((_, later)) = self.later.pop_first() {
                    self.happens_later(later)?;
                }
            } else if told == Some(next) {
                if let Some(happening) = story.next() {
                    self.happens(&happening.event)?;
                }
            } else if let Some((_, place)) = run.filter(|(at, _)| *at == next) {
                self.step(place)?;
            } else {
                self.ticks(next)?;
            }
        }
    }

    /// The time in it.
    pub fn present(&self) -> Timestamp {
        self.now()
    }

    fn sim(&self) -> SimRegion {
        self.stack.sim.clone()
    }

    fn now(&self) -> Timestamp {
        watchkeeper_control::ports::Clock::now(&self.stack.sim)
    }

    fn soon(&mut self, minutes: u32, later: Later) {
        self.at(self.now() + SignedDuration::from_mins(minutes.into()), later);
    }

    fn at(&mut self, at: Timestamp, later: Later) {
        self.counted += 1;
        self.later.insert((at, self.counted), later);
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        let now = self.now();
        if let Some(diary) = &mut self.diary {
            diary.push((now, what()));
        }
    }

    /// Something has happened: the next tick comes as soon as the template has it.
    fn livens(&mut self) {
        let now = self.now();
        self.livened = now;
        self.judge.news(now);
        self.tick = self.tick.min(next(now, TICK));
    }

    /// The schedules fire.
    fn ticks(&mut self, at: Timestamp) -> Result<(), Violation> {
        let edge = self.edges.partition_point(|edge| *edge <= at);
        if edge.checked_sub(1).is_some_and(|last| at_or_after(self.edges[last], TICK) == at) {
            self.livened = at;
            self.judge.news(at);
        }
        let quiet = at.duration_since(self.livened).as_secs();
        self.tick = at_or_after(at + SignedDuration::from_secs((2 * quiet).clamp(TICK, QUIET)), TICK);
        if let Some(edge) = self.edges.get(edge) {
            self.tick = self.tick.min(at_or_after(*edge, TICK));
        }
        if at < self.silent {
            self.tick = self.tick.min(at_or_after(self.silent, TICK));
            return Ok(());
        }
        let times = if std::mem::take(&mut self.twice) { 2 } else { 1 };
        for _ in 0..times {
            self.tick_of(at)?;
        }
        let now = self.now();
        self.judge.deletions(&self.stack.sim, now)?;
        self.judge.repeated(&self.stack.sim, now, self.troubled, self.moved)?;
        self.judge.at_rest(&self.stack.sim, &self.runs, now, self.troubled)
    }

    /// Every schedule of the stack fires about an instant.
    fn tick_of(&mut self, at: Timestamp) -> Result<(), Violation> {
        let part = |part: &str| json!({ "time": at, "parts": [part] });
        let has = self.documents.sections();
        self.invoke("Tick", part("schedule"), REDELIVERIES)?;
        if has.emergency {
            self.invoke("Tick", part("emergency"), REDELIVERIES)?;
        }
        if has.backups {
            self.invoke("Tick", part("backup"), REDELIVERIES)?;
        }
        if has.unblock {
            self.invoke("Tick", part("unblock"), REDELIVERIES)?;
        }
        Ok(())
    }

    /// What the estate is in the middle of.
    fn phase(&self) -> Phase {
        self.runs.iter().filter_map(Run::phase).max().unwrap_or_else(|| self.judge.phase(self.now()))
    }

    /// The first kind of fault that is about.
    fn fault(&self) -> Option<CallTrouble> {
        let weather = self.weather.first().map(|(_, _, trouble)| *trouble);
        weather.or_else(|| self.faults.first().map(|(_, trouble)| *trouble))
    }
}

/// How often Lambda hands an asynchronous event on again, and after how many minutes.
const REDELIVERIES: usize = 2;
const REDELIVERY_MINUTES: [u32; 2] = [2, 1];

/// The next instant after one at which a schedule of so many seconds fires.
fn next(at: Timestamp, seconds: i64) -> Timestamp {
    let second = at.as_second().div_euclid(seconds) * seconds + seconds;
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// The same, or this very instant.
fn at_or_after(at: Timestamp, seconds: i64) -> Timestamp {
    next(at - SignedDuration::from_secs(1), seconds)
}
