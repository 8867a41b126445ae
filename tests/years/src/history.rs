//! A history: a seed, an estate, and what of its story happens.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;
use jiff::Timestamp;

use crate::coverage::Coverage;
use crate::estates::{Site, sites};
use crate::invariant::{Invariant, Violation};
use crate::simulation::{CALM, Simulation};
use crate::story::{Happening, Setting, draw};

/// The seeds of the histories that `cargo test` plays, as the command plays them.
pub const FIXED_SET: std::ops::Range<u64> = 1..161;

/// The story of one site of a history.
#[derive(Debug, Clone)]
pub struct Chapter {
    /// The site.
    pub site: Site,
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
    let sites = sites(estate, &mut rng);
    let of = |site: Site| {
        let setting = Setting::of(&site.own_folder(), &site.region);
        let (begin, end, story) = draw(&mut rng, &setting);
        Chapter { site, begin, end, until: end + CALM, story, seed }
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
        let mut simulation = Simulation::new(&self.site, self.begin, self.until, self.seed);
        simulation.diary = diary.then(Vec::new);
        let played = catch_unwind(AssertUnwindSafe(|| simulation.play(&self.story, self.until)));
        let violation = match played {
            Ok(Ok(())) => None,
            Ok(Err(violation)) => Some(violation),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let seen = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
                let seen = seen.unwrap_or_else(|| "a panic without words".to_owned());
                Some(Violation { invariant: Invariant::NoPanic, at: simulation.present(), seen })
            }
        };
        Played { violation, coverage: simulation.coverage, diary: simulation.diary.unwrap_or_default() }
    }

    /// The same with only these of its events.
    #[must_use]
    pub fn keep(&self, kept: &[usize]) -> Self {
        let story = kept.iter().filter_map(|place| self.story.get(*place).cloned()).collect();
        Self { story, ..self.clone() }
    }
}
