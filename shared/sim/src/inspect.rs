//! What a test may look at: the truth, without delay, record or fault.

use watchkeeper_control::ledger::{Entry, Key, LedgerError, PairId, PairReplica, ScopeState};
use watchkeeper_domain::capacity::{Capacity, DatabaseId, ObservedDatabase, ObservedScope, ObservedService, ServiceId};
use watchkeeper_domain::failover::{DnsRecord, Move, Pointer};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::reconcile::run::RunRecord;

use crate::call::RecordedCall;
use crate::kinds::outside::{PublishedEvent, SentMessage};
use crate::kinds::traffic_site::SimTrafficSwitches;
use crate::operation::Operation;
use crate::region::SimRegion;
use crate::spec::resource;

impl SimRegion {
    /// Everything as it truly is now.
    pub fn observed(&self) -> ObservedScope {
        let state = self.lock();
        let services = state.services.keys().filter_map(|id| Some((id.clone(), state.service(id)?.observed())));
        let databases =
            state.databases.keys().filter_map(|id| Some((id.clone(), state.database(id)?.observed.clone())));
        let rules = state.rules.keys().filter_map(|id| Some((id.clone(), state.rule(id)?.observed.clone())));
        ObservedScope {
            services: services.collect(),
            databases: databases.collect(),
            rules: rules.collect(),
            ..ObservedScope::default()
        }
    }

    /// The capacity as it truly is now.
    pub fn capacity(&self) -> Capacity {
        self.observed().capacity()
    }

    /// How often a service, a database or a rule has changed: the capacity is the same while this is.
    pub fn capacity_changes(&self) -> u64 {
        self.lock().changes
    }

    /// One service as it truly is now, with its bounds.
    pub fn service(&self, id: &ServiceId) -> Option<ObservedService> {
        self.lock().service(id).map(crate::kinds::service::SimService::observed)
    }

    /// One database as it truly is now.
    pub fn database(&self, id: &DatabaseId) -> Option<ObservedDatabase> {
        self.lock().database(id).map(|database| database.observed.clone())
    }

    /// The tasks of a service that truly are not STOPPED: those on their way up, those that run, and those that stop.
    pub fn alive(&self, id: &ServiceId) -> u32 {
        self.lock().service(id).map_or(0, crate::kinds::service::SimService::alive)
    }

    /// The region.
    pub fn region(&self) -> Region {
        self.lock().region.clone()
    }

    /// The calls since the beginning, or since [`SimRegion::forget_calls`].
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.lock().calls.clone()
    }

    /// The same, and forgets them.
    pub fn take_calls(&self) -> Vec<RecordedCall> {
        std::mem::take(&mut self.lock().calls)
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
    pub fn messages(&self) -> Vec<SentMessage> {
        self.lock().outside.messages.clone()
    }

    /// The messages told after the first so many.
    pub fn messages_after(&self, many: usize) -> Vec<SentMessage> {
        self.lock().outside.messages.get(many..).unwrap_or_default().to_vec()
    }

    /// The events published.
    pub fn events(&self) -> Vec<PublishedEvent> {
        self.lock().outside.events.clone()
    }

    /// What the ledger remembers of a scope.
    pub fn remembered(&self, scope: &Scope) -> Result<ScopeState, LedgerError> {
        let state = self.lock();
        ScopeState::read(state.ledger.list(&Key::scope(scope)), state.ledger.get(&Key::halt(None)))
    }

    /// What this region's replica of the ledger has of a pair.
    pub fn remembered_of(&self, pair: &PairId) -> Result<PairReplica, LedgerError> {
        PairReplica::read(self.lock().ledger.list(&Key::pair(pair)))
    }

    /// The pointer of a pair in this region's replica of the ledger; one that does not read is an error.
    pub fn pointer(&self, pair: &PairId) -> Result<Option<Pointer>, LedgerError> {
        Ok(self.remembered_of(pair)?.pointer)
    }

    /// The records of the moves of a pair, in the order of their beginning.
    pub fn moves(&self, pair: &PairId) -> Result<Vec<Move>, LedgerError> {
        let entries = self.lock().ledger.list(&Key::moved(pair, ""));
        let mut moves = entries.into_iter().map(Entry::read).collect::<Result<Vec<Move>, _>>()?;
        moves.sort_by_key(|record| record.header.started);
        Ok(moves)
    }

    /// Whether the object of a switch is there.
    pub fn has_object(&self, bucket: &str, object: &str) -> bool {
        let key = (resource(bucket), resource(object));
        self.traffic_site(|board| board.objects.contains(&key))
    }

    /// Whether a routing control is on; `None` where there is none of that name.
    pub fn control(&self, name: &str) -> Option<bool> {
        self.traffic_site(|board| board.controls.get(&resource(name)).copied())
    }

    /// All records of a hosted zone.
    pub fn records_of(&self, hosted_zone: &str) -> Vec<DnsRecord> {
        self.traffic_site(|board| board.records.get(&resource(hosted_zone)).cloned().unwrap_or_default())
    }

    /// What the metric of the traffic's alarm was told last.
    pub fn metric(&self) -> Option<bool> {
        self.traffic_site(|board| board.metric)
    }

    fn traffic_site<T>(&self, look: impl FnOnce(&SimTrafficSwitches) -> T) -> T {
        let held = self.lock();
        let place = held.aws.traffic_site();
        look(&held.aws.states[place].traffic_site)
    }

    /// The runs of a scope in the ledger, in the order of their beginning.
    pub fn runs(&self, scope: &Scope) -> Result<Vec<RunRecord>, LedgerError> {
        let entries = self.lock().ledger.list(&Key::run(scope, ""));
        let mut runs = entries.into_iter().map(Entry::read).collect::<Result<Vec<RunRecord>, _>>()?;
        runs.sort_by_key(|run| run.header.started);
        Ok(runs)
    }
}
