//! The world: a handle that implements every port.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::builder::WorldBuilder;
use crate::globe::Globe;
use crate::state::State;

/// An AWS account in one region, its ledger, and its time. A clone is another handle to the same world.
#[derive(Debug, Clone)]
pub struct World {
    globe: Arc<Mutex<Globe>>,
    /// Which region it is about.
    pub(crate) at: usize,
    /// From which region it is asked: calls count, fail and crash there.
    pub(crate) from: usize,
}

impl World {
    /// A world to be built.
    pub fn builder() -> WorldBuilder {
        WorldBuilder::default()
    }

    /// A region of a globe, asked from a region.
    pub(crate) fn of(globe: &Arc<Mutex<Globe>>, at: usize, from: usize) -> Self {
        Self { globe: Arc::clone(globe), at, from }
    }

    /// The state of the region that it is about.
    pub(crate) fn lock(&self) -> Held<'_> {
        Held { globe: hold(&self.globe), at: self.at }
    }

    /// The state of the region that asks.
    pub(crate) fn lock_caller(&self) -> Held<'_> {
        Held { globe: hold(&self.globe), at: self.from }
    }
}

/// The globe. It is whole even after a panic of its holder in a test.
pub(crate) fn hold(globe: &Mutex<Globe>) -> MutexGuard<'_, Globe> {
    globe.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A region while it is held; what was written to its ledger meanwhile goes on its way to the other one at the end.
pub(crate) struct Held<'a> {
    pub(crate) globe: MutexGuard<'a, Globe>,
    at: usize,
}

impl Deref for Held<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.globe.states[self.at]
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.globe.states[self.at]
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.globe.replicate();
        self.globe.traffic_changed();
    }
}
