//! The world: a handle that implements every port.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::builder::WorldBuilder;
use crate::state::State;

/// An AWS account in one region, its ledger, and its time. A clone is another handle to the same world.
#[derive(Debug, Clone)]
pub struct World {
    state: Arc<Mutex<State>>,
}

impl World {
    /// A world to be built.
    pub fn builder() -> WorldBuilder {
        WorldBuilder::default()
    }

    pub(crate) fn of(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// The state. It is whole even after a panic of its holder in a test.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
