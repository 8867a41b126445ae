//! In which state an environment is: the word, its shape and tone, who decides, since when and until when.

use jiff::Timestamp;
use watchkeeper_domain::capacity::DatabasePower;
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile, deciding};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::reconcile::history::TargetState;
use watchkeeper_domain::schedule::CalendarDecision;

use crate::facts::{EnvironmentFacts, ObservedCapacity, OpenQuestion, PairState, Reading, ScopeFacts, TroubleKind};
use crate::shape::{Shape, Tone};

/// What an environment is when nothing is the matter with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Calm {
    /// A pair is steady, and this region serves, which is not its home.
    ServingFrom(Region),
    /// An emergency decides.
    At(String),
    /// Asleep, and observed so.
    Asleep,
    /// Anything else.
    Awake,
}

/// What is the matter, the worst first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// A source did not answer; as of when what is shown was read, where anything was.
    Unread(Option<Timestamp>),
    /// A question is open.
    Asks,
    /// The pair is moving to this region.
    Moving(Region),
    /// The halt switch is on.
    Halted,
    /// Something is not as it should be.
    Trouble(TroubleKind, String),
}

/// An environment at an instant, with what follows from its facts.
#[derive(Debug, Clone)]
pub struct EnvironmentState<'a> {
    /// The facts.
    pub facts: &'a EnvironmentFacts,
    /// The instant.
    pub now: Timestamp,
    /// The region that serves it.
    pub region: Region,
    /// What the ledger holds of it there, as far as it was ever read.
    pub ledger: Option<&'a ScopeFacts>,
    /// What AWS says of it there, as far as it was ever read.
    pub observed: Option<&'a ObservedCapacity>,
    /// The pair, as far as it was ever read.
    pub pair: Option<&'a PairState>,
    /// The intents that decide.
    pub deciding: Vec<&'a Intent>,
    /// What the calendar says; none without one.
    pub calendar: Option<CalendarDecision>,
    /// The halt switch: its own, else everything's.
    pub halt: Option<&'a HaltSwitch>,
    /// What it is when nothing is the matter.
    pub calm: Calm,
    /// What is the matter, if anything is.
    pub matter: Option<Matter>,
}

impl<'a> EnvironmentState<'a> {
    /// An environment at an instant, under the halt switch of everything.
    pub fn of(facts: &'a EnvironmentFacts, everything: &'a Reading<Option<HaltSwitch>>, now: Timestamp) -> Self {
        let pair = facts.pair.as_ref().and_then(Reading::known);
        let region = pair.map_or(&facts.home, |pair| &pair.pointer.active).clone();
        let here = facts.regions.get(&region);
        let ledger = here.and_then(|here| here.ledger.known());
        let observed = here.and_then(|here| here.observed.known());
        let deciding = ledger.map(|ledger| deciding(&ledger.intents, now)).unwrap_or_default();
        let own = facts.regions.values().filter_map(|it| it.ledger.known()).find_map(|it| it.halt.as_ref());
        let halt = own.or_else(|| everything.known().and_then(Option::as_ref));
        let calendar = facts.calendar.as_ref().map(|it| it.calendar().at(now));
        let mut state = Self {
            facts,
            now,
            region,
            ledger,
            observed,
            pair,
            deciding,
            calendar,
            halt,
            calm: Calm::Awake,
            matter: None,
        };
        state.calm = state.calm();
        state.matter = state.matter(everything);
        state
    }

    fn calm(&self) -> Calm {
        if let Some(pair) =
            self.pair.filter(|pair| pair.pointer.moving.is_none() && pair.pointer.active != self.facts.home)
        {
            return Calm::ServingFrom(pair.pointer.active.clone());
        }
        if let Some(requested) = self.emergency() {
            return Calm::At(requested.profile.to_string());
        }
        // What somebody else started in it is told as drift: the rest sleeps.
        let trouble = self.ledger.and_then(|ledger| ledger.trouble.as_ref());
        let drifts = trouble.is_some_and(|trouble| trouble.kind == TroubleKind::Drift);
        if self.wants_sleep() && (drifts || self.observed.is_some_and(is_asleep)) { Calm::Asleep } else { Calm::Awake }
    }

    fn matter(&self, everything: &Reading<Option<HaltSwitch>>) -> Option<Matter> {
        if let Some(unread) = self.unread(everything) {
            return Some(unread);
        }
        if self.questions().next().is_some() {
            return Some(Matter::Asks);
        }
        if let Some(moving) = self.pair.and_then(|pair| pair.pointer.moving.as_ref()) {
            return Some(Matter::Moving(moving.to.clone()));
        }
        if self.halt.is_some() {
            return Some(Matter::Halted);
        }
        let trouble = self.ledger.and_then(|ledger| ledger.trouble.as_ref())?;
        Some(Matter::Trouble(trouble.kind, trouble.wanted.clone()))
    }

    /// Whether a source did not answer that the state depends on, and as of when the oldest of what is shown was read.
    fn unread(&self, everything: &Reading<Option<HaltSwitch>>) -> Option<Matter> {
        let mut sources: Vec<(bool, Option<Timestamp>)> = vec![(everything.now().is_none(), everything.as_of())];
        sources.extend(self.facts.pair.as_ref().map(|pair| (pair.now().is_none(), pair.as_of())));
        let here = self.facts.regions.get(&self.region);
        sources.push(here.map_or((true, None), |here| (here.ledger.now().is_none(), here.ledger.as_of())));
        sources.push(here.map_or((true, None), |here| (here.observed.now().is_none(), here.observed.as_of())));
        let silent: Vec<Option<Timestamp>> =
            sources.into_iter().filter(|(silent, _)| *silent).map(|(_, at)| at).collect();
        if silent.is_empty() {
            return None;
        }
        let all: Option<Vec<Timestamp>> = silent.into_iter().collect();
        Some(Matter::Unread(all.and_then(|all| all.into_iter().min())))
    }

    /// Whether what decides wants it asleep.
    pub fn wants_sleep(&self) -> bool {
        self.deciding.iter().any(|intent| intent.want == DesiredState::Asleep)
    }

    /// The emergency that decides, if one does.
    pub fn emergency(&self) -> Option<&'a RequestedProfile> {
        self.deciding.iter().find_map(|intent| match &intent.want {
            DesiredState::Scaled(requested) => Some(requested),
            _ => None,
        })
    }

    /// The strongest intent that decides beside the pointer of a pair.
    pub fn chosen(&self) -> Option<&'a Intent> {
        self.deciding.iter().find(|intent| intent.placement().is_none()).copied()
    }

    /// The intent by which it sleeps because nobody uses it, if it does.
    pub fn idle(&self) -> Option<&'a Intent> {
        self.chosen().filter(|intent| intent.is_idle())
    }

    /// Questions that wait for a person, in each of its regions.
    pub fn questions(&self) -> impl Iterator<Item = &'a OpenQuestion> {
        let now = self.now;
        let ledgers = self.facts.regions.values().filter_map(|it| it.ledger.known());
        ledgers.flat_map(|ledger| &ledger.questions).filter(move |question| now < question.until)
    }

    /// The word of its state: with both where two apply, such as `awake, halted`.
    pub fn word(&self) -> String {
        let calm = match &self.calm {
            Calm::ServingFrom(region) => format!("serving from {region}"),
            Calm::At(profile) => format!("at {profile}"),
            Calm::Asleep => "asleep".to_owned(),
            Calm::Awake => "awake".to_owned(),
        };
        match &self.matter {
            None => calm,
            Some(Matter::Unread(_)) => "cannot be read".to_owned(),
            Some(Matter::Asks) => format!("{calm}, asks"),
            Some(Matter::Moving(to)) => format!("moving to {to}"),
            Some(Matter::Halted) => format!("{calm}, halted"),
            Some(Matter::Trouble(TroubleKind::Drift, _)) => format!("{calm}, with drift"),
            Some(Matter::Trouble(kind @ (TroubleKind::Refused | TroubleKind::Overdue), wanted)) => {
                format!("{calm}, {wanted} {kind}")
            }
            Some(Matter::Trouble(kind, _)) => format!("{calm}, {kind}"),
        }
    }

    /// The same for a line: what the shape tells is not told again in full.
    pub fn brief(&self) -> String {
        let calm = match &self.calm {
            Calm::ServingFrom(_) => "away",
            Calm::At(profile) => return format!("at {profile}{}", if self.matter.is_some() { ", …" } else { "" }),
            Calm::Asleep => "asleep",
            Calm::Awake => "awake",
        };
        match &self.matter {
            Some(Matter::Trouble(kind, _)) => format!("{calm}, {kind}"),
            Some(Matter::Moving(_)) => "moving".to_owned(),
            _ => self.word(),
        }
    }

    /// Its shape and tone.
    pub fn shape(&self) -> (Shape, Tone) {
        match (&self.matter, &self.calm) {
            (Some(Matter::Unread(_)), _) => (Shape::Dashed, Tone::Grey),
            (Some(Matter::Asks), _) => (Shape::Diamond, Tone::Red),
            (Some(Matter::Moving(_)), _) => (Shape::Arrows, Tone::Violet),
            (Some(Matter::Halted), _) => (Shape::Square, Tone::Ink),
            (Some(Matter::Trouble(TroubleKind::Refused, _)), _) => (Shape::Bar, Tone::Red),
            (Some(Matter::Trouble(TroubleKind::Failed | TroubleKind::Unverified | TroubleKind::Overdue, _)), _) => {
                (Shape::Cross, Tone::Red)
            }
            (Some(Matter::Trouble(TroubleKind::Drift, _)), _) => (Shape::Waves, Tone::Amber),
            (None, Calm::ServingFrom(_)) => (Shape::Bars, Tone::Violet),
            (None, Calm::At(_)) => (Shape::Triangle, Tone::Amber),
            (None, Calm::Asleep) => (Shape::Crescent, Tone::Grey),
            (None, Calm::Awake) => (Shape::Disc, Tone::Awake),
        }
    }

    /// Since when it is what it is: since the intent that decides was declared, the pointer moved, or the calendar turned; else
    /// since its last run reached this state. None where nobody knows.
    pub fn since(&self) -> Option<Timestamp> {
        if let Some(pair) = self.pair.filter(|pair| pair.pointer.revision > 0 && pair.pointer.active != self.facts.home)
        {
            return Some(pair.pointer.since);
        }
        let beyond =
            self.chosen().filter(|it| it.layer > Layer::Schedule || it.is_idle()).map(|intent| self.began(intent));
        let by_calendar = || {
            let calendar = self.calendar.as_ref().filter(|it| it.awake != (self.calm == Calm::Asleep))?;
            calendar.since
        };
        beyond.or_else(by_calendar).or_else(|| self.reached())
    }

    /// Since when an intent has made it what it is: an override that only keeps what the calendar had begun goes on with that.
    fn began(&self, intent: &Intent) -> Timestamp {
        let calendar = self.facts.calendar.as_ref().filter(|_| intent.layer == Layer::Override);
        let before = calendar.map(|it| it.calendar().at(intent.declared));
        let goes_on = before.filter(|before| before.awake == (intent.want != DesiredState::Asleep));
        goes_on.and_then(|before| before.since).unwrap_or(intent.declared)
    }

    /// Since when the runs of its history have left it as it is.
    fn reached(&self) -> Option<Timestamp> {
        let wanted = if self.calm == Calm::Asleep { TargetState::Asleep } else { TargetState::Awake };
        let runs = self.ledger?.history.iter().rev().filter(|it| crate::strip::reached(it.outcome));
        runs.take_while(|it| it.target == wanted).map(|it| it.at).last()
    }

    /// Until when it is so by itself; none where nothing ends it.
    pub fn until(&self) -> Option<Timestamp> {
        if self.pair.is_some_and(|pair| pair.pointer.active != self.facts.home) {
            return None;
        }
        match self.chosen() {
            Some(intent) if intent.layer > Layer::Schedule => intent.expires,
            Some(intent) if intent.is_idle() => self.facts.calendar.as_ref()?.calendar().wakes_after(self.now),
            _ => self.calendar.as_ref().and_then(|it| it.until),
        }
    }

    /// Whether it is never put to sleep.
    pub fn is_production(&self) -> bool {
        self.facts.kind == EnvironmentKind::Production
    }
}

/// Whether nothing runs, and nothing comes up.
fn is_asleep(observed: &ObservedCapacity) -> bool {
    let still = observed.services.values().all(|it| it.running + it.pending == 0);
    still && observed.databases.values().all(|(power, _)| *power == DatabasePower::Off)
}
