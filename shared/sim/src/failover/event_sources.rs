//! Event sources: event source mappings, which take a while to be switched, schedules and rules.

use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::failover::ports::EventSources;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::failover::SourceState;

use crate::aws::SimAws;
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::spec::resource;
use crate::state::{DueEvent, SimState};

/// From the switch of an event source mapping to its being on, or off. Other event sources are at once.
const MAPPING_SWITCH: Duration = Duration::from_secs(20);

impl EventSources for SimRegion {
    async fn source(&self, source: &EventSource) -> Result<Option<SourceState>, AwsError> {
        self.ask(Operation::DescribeSource, source, |state| Ok(state.sources.get(source).cloned())).await
    }

    async fn switch_source(&self, source: &EventSource, on: bool) -> Result<(), AwsError> {
        self.ask(Operation::SwitchSource, source, |state| state.switch_source(source, on)).await
    }
}

impl SimState {
    fn switch_source(&mut self, source: &EventSource, on: bool) -> Result<(), CallRefusal> {
        match self.sources.get(source) {
            None => return Err(CallRefusal::not_found(source)),
            Some(SourceState::Unfit(why)) => return Err(CallRefusal::invalid(why.clone())),
            Some(SourceState::Changing(what)) => {
                return Err(CallRefusal::new(Fault::Conflict, format!("{source} is {what}")));
            }
            Some(SourceState::On | SourceState::Off) => {}
        }
        if matches!(source, EventSource::Mapping { .. }) {
            let what = if on { "Enabling" } else { "Disabling" };
            self.sources.insert(source.clone(), SourceState::Changing(what.to_owned()));
            self.plan(MAPPING_SWITCH, DueEvent::Source(source.clone(), on));
        } else {
            self.source_becomes(source, on);
        }
        Ok(())
    }

    pub(crate) fn source_becomes(&mut self, source: &EventSource, on: bool) {
        self.sources.insert(source.clone(), if on { SourceState::On } else { SourceState::Off });
    }
}

impl SimAws {
    /// Notes each source that is on in two regions that both answer.
    pub(crate) fn sources_changed(&mut self) {
        let [one, other] = self.states.as_slice() else { return };
        if one.loss.is_some() || other.loss.is_some() {
            return;
        }
        let on = |state: &SimState, source: &EventSource| state.sources.get(source) == Some(&SourceState::On);
        let doubled = one.sources.keys().filter(|source| on(one, source) && on(other, source));
        for source in doubled {
            self.doubled.entry(source.clone()).or_insert(one.now);
        }
    }
}

/// A rule of the default bus.
///
/// # Panics
/// When that is no name.
pub fn event_rule(name: &str) -> EventSource {
    EventSource::Rule { bus: resource("default"), name: resource(name) }
}

/// A schedule of the default group.
///
/// # Panics
/// When that is no name.
pub fn event_schedule(name: &str) -> EventSource {
    EventSource::Schedule { group: resource("default"), name: resource(name) }
}

/// An event source mapping of a function.
///
/// # Panics
/// When one of them is no name.
pub fn event_mapping(function: &str, reads: &str) -> EventSource {
    EventSource::Mapping { function: resource(function), reads: resource(reads) }
}

impl SimRegion {
    /// An event source stands like this in the region, or is not there.
    pub fn set_source(&self, source: &EventSource, state: Option<SourceState>) {
        let mut held = self.lock();
        match state {
            Some(state) => held.sources.insert(source.clone(), state),
            None => held.sources.remove(source),
        };
    }

    /// An event source is on, or off, after this time.
    pub fn source_becomes_later(&self, source: &EventSource, on: bool, after: Duration) {
        self.lock().plan(after, DueEvent::Source(source.clone(), on));
    }

    /// How an event source of the region truly stands.
    pub fn source_state(&self, source: &EventSource) -> Option<SourceState> {
        self.lock().sources.get(source).cloned()
    }

    /// The first event source that was on in two regions while both answered, and since when.
    pub fn doubled_source(&self) -> Option<(EventSource, Timestamp)> {
        self.lock().aws.doubled.iter().next().map(|(source, at)| (source.clone(), *at))
    }
}
