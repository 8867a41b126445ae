//! How far a wake has come, by the record of its run, and how long one usually takes.

use jiff::SignedDuration;

use crate::capacity::{DatabasePower, ResourceId};
use crate::intent::Layer;
use crate::plan::CapacityChange;
use crate::reconcile::history::{ScopeHistory, TargetState};
use crate::reconcile::run::{RunOutcome, RunRecord};

/// The most wakes that are looked back at for how long one takes.
const WAKES: usize = 9;

/// How far a wake has come. Of each kind: how many are up, of how many that come up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WakeProgress {
    /// Services.
    pub services: (usize, usize),
    /// Databases.
    pub databases: (usize, usize),
    /// Databases that start, by their names.
    pub starting: Vec<String>,
}

impl WakeProgress {
    /// By the record of a run; nothing where that wakes nothing.
    pub fn of(run: &RunRecord) -> Option<Self> {
        let awaited = |id: &ResourceId| run.awaited.iter().any(|it| it.resource == *id);
        let up = |id: &ResourceId| run.progress.touched.contains(id) && !awaited(id);
        let mut progress = Self::default();
        for action in run.plan.actions() {
            let id = action.change.resource();
            let (up_now, all) = match &action.change {
                CapacityChange::Count { from: 0, to, .. } if *to > 0 => &mut progress.services,
                CapacityChange::Database { to: DatabasePower::On, .. } => &mut progress.databases,
                _ => continue,
            };
            *all += 1;
            if up(&id) {
                *up_now += 1;
            } else if let ResourceId::Database(database) = &id {
                progress.starting.push(database.name().to_string());
            }
        }
        (progress != Self::default()).then_some(progress)
    }
}

/// How long a wake of an environment usually takes: the median of the last ones that came to their end. Nothing where there were
/// none.
pub fn usual_wake(history: &ScopeHistory) -> Option<SignedDuration> {
    let wakes = history.endings.iter().rev().filter(|ending| {
        let woken = ending.target == TargetState::Awake && ending.outcome == RunOutcome::Done;
        woken && ending.layer <= Layer::Override && ending.writes > 0
    });
    let mut took: Vec<SignedDuration> = wakes.take(WAKES).map(|it| it.at.duration_since(it.began)).collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied()
}
