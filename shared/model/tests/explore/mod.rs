//! Exploring a model to its end, or until it fails.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, HasDiscoveries, Model};

/// As many as the machines that run this have.
const THREADS: usize = 2;

/// Explores every state: each promise is kept, and each example is found. There are at least so many states, lest somebody
/// makes the model so small that it shows nothing.
pub(crate) fn holds<M>(model: M, at_least: usize)
where
    M: Model + Send + Sync + 'static,
    M::State: Debug + Hash + Send + Sync + Clone + PartialEq,
    M::Action: Debug + Clone + PartialEq + Send + Sync,
{
    // Without a failure it goes on to the last state, also when every example is found.
    let checker = model.checker().threads(THREADS).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    assert!(states >= at_least, "{states} states, and {at_least} were expected at least");
}

/// Explores every state: this promise is kept. Examples need not be found.
#[allow(dead_code, reason = "not every test file has a model that can do nothing")]
pub(crate) fn keeps<M>(model: M, promise: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Debug + Hash + Send + Sync + Clone + PartialEq,
    M::Action: Debug + Clone + PartialEq + Send + Sync,
{
    let checker = model.checker().threads(THREADS).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    checker.assert_no_discovery(promise);
}

/// Explores until this promise is broken, and fails when it never is.
pub(crate) fn finds<M>(model: M, promise: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Debug + Hash + Send + Sync + Clone + PartialEq,
    M::Action: Debug + Clone + PartialEq + Send + Sync,
{
    let found = HasDiscoveries::AnyOf(BTreeSet::from([promise]));
    let checker = model.checker().threads(THREADS).finish_when(found).spawn_bfs().join();
    checker.assert_any_discovery(promise);
}
