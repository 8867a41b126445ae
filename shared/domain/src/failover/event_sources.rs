//! Event sources within a move: off in the region that is left before data is promoted, on in the region that serves once
//! traffic is there, and as they were where the move goes back. What somebody had switched off stays off.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::pointer::{MoveStage, Pointer};
use super::{Move, MoveEnding};
use crate::estate::{EventSource, Failover};
use crate::name::Region;

/// How an event source stands in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceState {
    /// It starts work.
    On,
    /// It starts none.
    Off,
    /// It changes, in the words of AWS.
    Changing(String),
    /// It cannot be switched off and on again, and why.
    Unfit(String),
}

/// What follows for a source that is to be on, or off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceNext {
    /// Nothing: it is as it should be.
    Nothing,
    /// It has to be switched.
    Switch,
    /// It is on its way, and to what.
    Wait(String),
    /// It cannot be done, and why.
    Impossible(String),
}

/// What follows from how a source stands. One that is not there starts nothing.
pub fn source_next(source: &EventSource, state: Option<&SourceState>, on: bool) -> SourceNext {
    match state {
        Some(SourceState::On) if on => SourceNext::Nothing,
        Some(SourceState::Off) | None if !on => SourceNext::Nothing,
        Some(SourceState::On | SourceState::Off) => SourceNext::Switch,
        Some(SourceState::Changing(what)) => SourceNext::Wait(format!("{source}: {what}")),
        Some(SourceState::Unfit(why)) => SourceNext::Impossible(format!("{source}: {why}")),
        None => SourceNext::Impossible(format!("{source} does not exist")),
    }
}

/// What a move knows of a source in the region that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceDeparture {
    /// It did not answer, or everything of it has gone back: there is nothing to give back.
    Unseen,
    /// It answered, and may have been switched off since.
    Seen,
    /// It was seen off.
    Off,
}

/// An event source in the record of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SourceMove {
    /// Which.
    pub source: EventSource,
    /// Whether it was on in the region that is left: only then is it switched on anywhere.
    pub was_on: bool,
    /// What the move knows of it in the region that is left.
    pub departure: SourceDeparture,
    /// Whether it was seen on in the region that serves, since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub arrived: bool,
}

impl SourceMove {
    /// A source as the region that is left has it. A region that does not answer is taken at what it last said of itself, and
    /// what it did not call off was on: work that nobody starts is lost.
    pub fn of(source: &EventSource, found: Option<Option<&SourceState>>, known_off: &BTreeSet<EventSource>) -> Self {
        let was_on = match found {
            Some(found) => matches!(found, Some(SourceState::On | SourceState::Changing(_) | SourceState::Unfit(_))),
            None => !known_off.contains(source),
        };
        let departure = if found.is_some() { SourceDeparture::Seen } else { SourceDeparture::Unseen };
        Self { source: source.clone(), was_on, departure, arrived: false }
    }

    /// Whether it is still to be seen off in the region that is left.
    pub fn is_to_leave(&self) -> bool {
        self.was_on && self.departure != SourceDeparture::Off
    }

    /// Whether it has to be on again in the region that is left, should the move go back.
    pub fn is_to_return(&self) -> bool {
        self.was_on && self.departure != SourceDeparture::Unseen
    }

    /// Whether it is still to be seen on in the region that serves.
    pub fn is_to_arrive(&self) -> bool {
        self.was_on && !self.arrived
    }
}

/// The event sources of a document.
pub fn event_sources(failover: &Failover) -> Vec<EventSource> {
    failover.sources.iter().filter_map(EventSource::of).collect()
}

/// Whether a region's own stack keeps its sources off: the pair has moved, and this region does not serve any more. Before
/// the point of no return the move itself has them in hand.
pub fn keeps_sources_off(pointer: &Pointer, region: &Region) -> bool {
    match &pointer.moving {
        Some(moving) => moving.to != *region && moving.stage == MoveStage::Traffic,
        None => pointer.epoch > 0 && pointer.active != *region,
    }
}

/// What a person has to hear of sources that were not seen off in the region that was left.
pub(super) fn unquieted(record: &Move) -> Option<String> {
    let ended = record.ending == Some(MoveEnding::Done);
    let left = record.sources.iter().filter(|source| ended && source.is_to_leave());
    let names = source_names(left.map(|source| &source.source));
    let from = &record.from;
    (!names.is_empty()).then(|| {
        format!(
            "Not seen off in {from}, and on in {} now: {names}. The stack in {from} switches them off once it sees the pointer; \
             until then their work may be started twice",
            record.to
        )
    })
}

/// What a plan says of the sources before data is promoted, if there are any.
pub(super) fn leaving(failover: &Failover, from: &Region) -> Option<String> {
    let names = source_names(&event_sources(failover));
    (!names.is_empty()).then(|| format!("before that, {names}: off in {from}, as far as it answers; seconds"))
}

/// What a plan says of them once traffic has moved.
pub(super) fn arriving(failover: &Failover, record: &Move) -> Option<String> {
    let Move { from, to, .. } = record;
    let any = !failover.sources.is_empty();
    any.then(|| format!("those of the event sources that were on in {from} are on in {to}; seconds"))
}

/// The names of sources, for a sentence.
pub fn source_names<'a>(sources: impl IntoIterator<Item = &'a EventSource>) -> String {
    sources.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
