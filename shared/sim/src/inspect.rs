//! What a test may look at: the truth, without delay, record or fault.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_control::ledger::{LedgerError, Remembered};
use watchkeeper_domain::capacity::{Capacity, DatabaseId, Observed, ObservedDatabase, ObservedService, ServiceId};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::run::Run;

use crate::call::{Call, Operation};
use crate::outside::{Event, Message};
use crate::world::World;

impl World {
    /// Everything as it truly is now.
    pub fn observed(&self) -> Observed {
        let state = self.lock();
        let services = state.services.keys().filter_map(|id| Some((id.clone(), state.service(id)?.observed())));
        let databases =
            state.databases.keys().filter_map(|id| Some((id.clone(), state.database(id)?.observed.clone())));
        Observed { services: services.collect(), databases: databases.collect(), missing: BTreeSet::new() }
    }

    /// The capacity as it truly is now.
    pub fn capacity(&self) -> Capacity {
        self.observed().capacity()
    }

    /// One service as it truly is now, with its bounds.
    pub fn service(&self, id: &ServiceId) -> Option<ObservedService> {
        self.lock().service(id).map(crate::service::Service::observed)
    }

    /// One database as it truly is now.
    pub fn database(&self, id: &DatabaseId) -> Option<ObservedDatabase> {
        self.lock().database(id).map(|database| database.observed.clone())
    }

    /// The calls since the beginning, or since [`World::forget_calls`].
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// All calls ever made: the index of the next one.
    pub fn calls_made(&self) -> u64 {
        self.lock().made
    }

    /// Recorded calls of one operation, whatever came of them.
    pub fn count(&self, operation: Operation) -> usize {
        self.count_if(|of| of == operation)
    }

    /// Recorded calls that change capacity, whatever came of them.
    pub fn writes(&self) -> usize {
        self.count_if(Operation::writes_capacity)
    }

    /// Recorded calls that read capacity.
    pub fn describes(&self) -> usize {
        self.count_if(Operation::reads_capacity)
    }

    /// Recorded calls that change the ledger.
    pub fn ledger_writes(&self) -> usize {
        self.count_if(Operation::writes_ledger)
    }

    fn count_if(&self, wanted: impl Fn(Operation) -> bool) -> usize {
        self.lock().calls.iter().filter(|call| wanted(call.operation)).count()
    }

    /// The messages told.
    pub fn messages(&self) -> Vec<Message> {
        self.lock().outside.messages.clone()
    }

    /// The events published.
    pub fn events(&self) -> Vec<Event> {
        self.lock().outside.events.clone()
    }

    /// The executions started: name and input.
    pub fn executions(&self) -> BTreeMap<String, String> {
        self.lock().outside.executions.clone()
    }

    /// What the ledger remembers of a scope.
    pub fn remembered(&self, scope: &Scope) -> Result<Remembered, LedgerError> {
        self.lock().ledger.load(scope)
    }

    /// The runs of a scope in the ledger, in the order of their beginning.
    pub fn runs(&self, scope: &Scope) -> Result<Vec<Run>, LedgerError> {
        self.lock().ledger.runs(scope)
    }
}
