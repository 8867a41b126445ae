//! What happens to databases: they take their time to start and to stop, and do not stay stopped.

use watchkeeper_control::ports::Fault;
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState, ObservedDatabase};

use crate::history::StateHistory;
use crate::kinds::database::SimDatabase;
use crate::refusal::CallRefusal;
use crate::spec::DatabaseSpec;
use crate::state::{DueEvent, SimState};

impl SimState {
    /// Brings a database into the simulation.
    pub(crate) fn add_database(&mut self, spec: &DatabaseSpec) {
        let observed = spec.observed.clone();
        let seen = StateHistory::new(Some(observed.clone()));
        let state = observed.state.clone();
        let environment = spec.environment.clone();
        let database = SimDatabase { observed, environment, gone: false, denied: false, epoch: 0, seen };
        self.databases.insert(spec.id.clone(), database);
        self.enter(&spec.id, state);
    }

    /// A database that exists.
    pub(crate) fn database(&self, id: &DatabaseId) -> Option<&SimDatabase> {
        self.databases.get(id).filter(|database| !database.gone)
    }

    /// Changes a database and notes it for later readers; tells whether there is one to change.
    pub(crate) fn change_database(&mut self, id: &DatabaseId, change: impl FnOnce(&mut SimDatabase)) -> bool {
        let now = self.now;
        let Some(database) = self.databases.get_mut(id).filter(|database| !database.gone) else { return false };
        change(database);
        database.seen.note(now, (!database.gone).then(|| database.observed.clone()));
        self.changes += 1;
        true
    }

    /// Puts a database into a state, and on the schedule what comes after it.
    pub(crate) fn enter(&mut self, id: &DatabaseId, state: DatabaseState) -> bool {
        let stays = match state {
            DatabaseState::Starting => Some(self.settings.database_start),
            DatabaseState::Stopping => Some(self.settings.database_stop),
            DatabaseState::Stopped => Some(self.settings.database_restart),
            _ => None,
        };
        let mut epoch = 0;
        let found = self.change_database(id, |database| {
            database.observed.state = state;
            database.epoch += 1;
            epoch = database.epoch;
        });
        if let Some(stays) = stays {
            self.plan(stays, DueEvent::Database(id.clone(), epoch));
        }
        found
    }

    pub(crate) fn database_moves_on(&mut self, id: &DatabaseId, epoch: u64) {
        let Some(database) = self.database(id).filter(|database| database.epoch == epoch) else { return };
        let next = match database.observed.state {
            DatabaseState::Starting => DatabaseState::Available,
            DatabaseState::Stopping => DatabaseState::Stopped,
            DatabaseState::Stopped => DatabaseState::Starting,
            _ => return,
        };
        self.enter(id, next);
    }

    /// Starts or stops a database as AWS would: only from the right state, and only a managed one.
    pub(crate) fn switch(&mut self, id: &DatabaseId, start: bool) -> Result<(), CallRefusal> {
        let Some(database) = self.database(id) else { return Err(CallRefusal::not_found(id)) };
        let ObservedDatabase { state, managed, cannot_stop, .. } = &database.observed;
        if !managed {
            return Err(CallRefusal::not_managed(id));
        }
        if database.denied {
            return Err(CallRefusal::denied(id));
        }
        let next = match (start, state, cannot_stop) {
            (true, DatabaseState::Stopped | DatabaseState::Startable(_), _) => DatabaseState::Starting,
            (false, DatabaseState::Available, None) => DatabaseState::Stopping,
            (false, DatabaseState::Available, Some(why)) => return Err(CallRefusal::new(Fault::Conflict, why)),
            _ => return Err(CallRefusal::new(Fault::Conflict, format!("{id} is {state}"))),
        };
        self.enter(id, next);
        Ok(())
    }
}
