//! What happens when a region is lost, and when it is regained.

use crate::kinds::loss::RegionLoss;
use crate::kinds::service::SimService;
use crate::state::{DueEvent, SimState};

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
