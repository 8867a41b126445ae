//! A history: a seed, an estate, and what of its story happens.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;
use jiff::Timestamp;

use crate::coverage::Coverage;
use crate::estates::{Site, pair_of, sites};
use crate::invariant::{Invariant, Violation};
use crate::pair::{PAIR_CALM, PairSimulation, PairSite};
use crate::simulation::{CALM, Simulation};
use crate::story::{Happening, Setting, draw, draw_pair};

/// The seeds of the histories that `cargo test` plays, as the command plays them.
pub const FIXED_SET: std::ops::Range<u64> = 1..161;

/// Where a chapter plays.
#[derive(Debug, Clone)]
pub enum Scene {
    /// One stack.
    One(Box<Site>),
    /// The two stacks of a pair.
    Pair(Box<PairSite>),
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(site) => site.fmt(f),
            Self::Pair(site) => site.fmt(f),
        }
    }
}

/// The story of one site of a history.
#[derive(Debug, Clone)]
pub struct Chapter {
    /// Where it plays.
    pub scene: Scene,
    /// When it begins.
    pub begin: Timestamp,
    /// When its events end.
    pub end: Timestamp,
    /// Until when it is played: the world behaves before.
    pub until: Timestamp,
    /// What happens.
    pub story: Vec<Happening>,
    /// What chance inside of AWS is drawn from.
    pub seed: u64,
}

/// The chapters of a seed and an estate: always the same.
pub fn chapters(estate: &str, seed: u64) -> Vec<Chapter> {
    let mut rng = Rng::with_seed(seed);
    if let Some(site) = pair_of(estate, &mut rng) {
        let (begin, end, story) = draw_pair(&mut rng, &site);
        return vec![Chapter { scene: Scene::Pair(Box::new(site)), begin, end, until: end + PAIR_CALM, story, seed }];
    }
    let sites = sites(estate, &mut rng);
    let of = |site: Site| {
        let setting = Setting::of(&site.own_folder(), &site.region);
        let (begin, end, story) = draw(&mut rng, &setting);
        Chapter { scene: Scene::One(Box::new(site)), begin, end, until: end + CALM, story, seed }
    };
    sites.into_iter().map(of).collect()
}

/// What came of playing.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// What did not hold.
    pub violation: Option<Violation>,
    /// What was played.
    pub coverage: Coverage,
    /// What a person would tell.
    pub diary: Vec<(Timestamp, String)>,
}

impl Chapter {
    /// Its length, in days.
    pub fn days(&self) -> f64 {
        self.until.duration_since(self.begin).as_secs_f64() / 86_400.0
    }

    /// Plays it; with a diary where somebody wants to read it.
    pub fn play(&self, diary: bool) -> Played {
        let diary = diary.then(Vec::new);
        match &self.scene {
            Scene::One(site) => {
                let mut one = Simulation::new(site, self.begin, self.until, self.seed);
                one.diary = diary;
                let violation = judged(&mut one, |one| one.play(&self.story, self.until), Simulation::present);
                Played { violation, coverage: one.coverage, diary: one.diary.unwrap_or_default() }
            }
            Scene::Pair(site) => {
                let mut pair = PairSimulation::new(site, self.begin, self.seed);
                pair.diary = diary;
                let violation = judged(&mut pair, |pair| pair.play(&self.story, self.until), PairSimulation::present);
                Played { violation, coverage: pair.coverage, diary: pair.diary.unwrap_or_default() }
            }
        }
    }

    /// The same with only these of its events.
    #[must_use]
    pub fn keep(&self, kept: &[usize]) -> Self {
        let story = kept.iter().filter_map(|place| self.story.get(*place).cloned()).collect();
        Self { story, ..self.clone() }
    }
}

/// What did not hold in a simulation, a panic of the code included.
fn judged<S>(
    simulation: &mut S,
    play: impl FnOnce(&mut S) -> Result<(), Violation>,
    present: impl Fn(&S) -> Timestamp,
) -> Option<Violation> {
    match catch_unwind(AssertUnwindSafe(|| play(simulation))) {
        Ok(played) => played.err(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let seen = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
            let seen = seen.unwrap_or_else(|| "a panic without words".to_owned());
            Some(Violation { invariant: Invariant::NoPanic, at: present(simulation), seen })
        }
    }
}
