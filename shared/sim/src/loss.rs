//! The loss of a region: what becomes of calls to it, of its tasks, and of what runs in it.

use crate::reconcile::service::SimService;
use crate::state::{DueEvent, SimState};

/// How a call to a lost region fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LossAnswer {
    /// At once.
    Refused,
    /// After the caller's own time-out.
    Never,
}

/// How a region is lost. Calls to it, from it and about it fail, nothing that is written reaches it or leaves it, and its
/// site does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionLoss {
    pub(crate) answering: LossAnswer,
    pub(crate) tasks_die: bool,
    pub(crate) runs_inside: bool,
}

impl RegionLoss {
    /// Calls fail at once. Tasks go on as they are, and AWS stands still: nothing starts, stops or scales.
    pub fn failing() -> Self {
        Self { answering: LossAnswer::Refused, tasks_die: false, runs_inside: false }
    }

    /// The same, but calls get no answer: they fail after the caller's own time-out.
    pub fn hanging() -> Self {
        Self { answering: LossAnswer::Never, ..Self::failing() }
    }

    /// Its tasks are gone, and start again once it is regained.
    #[must_use]
    pub fn tasks_die(mut self) -> Self {
        self.tasks_die = true;
        self
    }

    /// It is only cut off: inside, AWS answers its own stack and does its work.
    #[must_use]
    pub fn runs_inside(mut self) -> Self {
        self.runs_inside = true;
        self
    }
}

impl SimState {
    /// Whether AWS itself stands still here: what falls due then happens when the region is regained.
    pub(crate) fn stands_still(&self) -> bool {
        self.loss.is_some_and(|loss| !loss.runs_inside)
    }

    /// Is lost, or regained.
    pub(crate) fn become_lost(&mut self, loss: Option<RegionLoss>) {
        self.loss = loss;
        if loss.is_some_and(|loss| loss.tasks_die) {
            let ids: Vec<_> = self.services.keys().cloned().collect();
            for id in ids {
                self.change_service(&id, SimService::tasks_die);
            }
        }
        if !self.stands_still() {
            self.start_again();
            self.advance_to(self.now);
        }
    }

    /// What died starts again.
    fn start_again(&mut self) {
        let dead = self.services.iter().filter(|(_, service)| service.died);
        let dead: Vec<_> = dead.map(|(id, service)| (id.clone(), service.tasks_epoch)).collect();
        for (id, epoch) in dead {
            self.change_service(&id, |service| service.died = false);
            self.plan(self.settings.task_start, DueEvent::Tasks(id, epoch));
        }
    }
}
