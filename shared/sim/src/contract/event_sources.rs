//! Cases about event sources: how one stands, and that it goes off and comes on.

use watchkeeper_control::failover::ports::EventSources;
use watchkeeper_control::ports::Fault;
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::failover::SourceState;

use super::{CaseFailure, ContractBench, Passed, equal, fails};
use crate::failover::event_sources::{event_mapping, event_rule, event_schedule};

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! source_cases {
    ($test:ident) => {
        $test! {
            a_source_stands_as_it_was_made
            a_source_goes_off_and_comes_on_and_a_second_time_changes_nothing
            an_unknown_source_is_none_and_cannot_be_switched
        }
    };
}

/// A place to try an implementation of the port in.
pub trait SourceBench: ContractBench {
    /// The port.
    type EventSources: EventSources;

    /// The port.
    fn event_sources(&self) -> &Self::EventSources;

    /// A function that is there, which calls of a mapping would go to.
    fn function(&self) -> &'static str;

    /// Makes an event source, on or off; a mapping between [`Self::function`] and a new queue.
    async fn make_source(&self, source: &EventSource, on: bool) -> Result<(), CaseFailure>;
}

/// One of each kind, of which nothing is there yet.
fn fresh<B: SourceBench>(bench: &B) -> [EventSource; 3] {
    [
        event_mapping(bench.function(), &bench.fresh_name()),
        event_schedule(&bench.fresh_name()),
        event_rule(&bench.fresh_name()),
    ]
}

async fn stands<B: SourceBench>(bench: &B, source: &EventSource, expected: Option<SourceState>) -> Passed {
    equal(&source.to_string(), &bench.event_sources().source(source).await?, &expected)
}

/// On or off, by its kind's own words.
pub async fn a_source_stands_as_it_was_made<B: SourceBench>(bench: &B) -> Passed {
    for (on, state) in [(true, SourceState::On), (false, SourceState::Off)] {
        for source in fresh(bench) {
            bench.make_source(&source, on).await?;
            stands(bench, &source, Some(state.clone())).await?;
        }
    }
    Ok(())
}

/// It may take a while, and asking for what is so already is no error.
pub async fn a_source_goes_off_and_comes_on_and_a_second_time_changes_nothing<B: SourceBench>(bench: &B) -> Passed {
    for source in fresh(bench) {
        bench.make_source(&source, true).await?;
        for (on, state) in [(false, SourceState::Off), (true, SourceState::On)] {
            for _ in 0..2 {
                bench.event_sources().switch_source(&source, on).await?;
                bench.settle().await;
                stands(bench, &source, Some(state.clone())).await?;
            }
        }
    }
    Ok(())
}

/// No error where it is asked for: whoever asks learns that nothing is there.
pub async fn an_unknown_source_is_none_and_cannot_be_switched<B: SourceBench>(bench: &B) -> Passed {
    for source in fresh(bench) {
        stands(bench, &source, None).await?;
        for on in [true, false] {
            let answer = bench.event_sources().switch_source(&source, on).await;
            fails(&format!("the switch of {source}"), answer, Fault::NotFound)?;
        }
    }
    Ok(())
}
