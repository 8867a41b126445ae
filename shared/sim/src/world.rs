//! The world: a handle that implements every port.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::globe::SimAws;
use crate::state::SimState;

/// An AWS account in one region, its ledger, and its time. A clone is another handle to the same world.
#[derive(Debug, Clone)]
pub struct SimRegion {
    globe: Arc<Mutex<SimAws>>,
    /// Which region it is about.
    pub(crate) at: usize,
    /// From which region it is asked: calls count, fail and crash there.
    pub(crate) from: usize,
}

impl SimRegion {
    /// A region of a globe, asked from a region.
    pub(crate) fn of(globe: &Arc<Mutex<SimAws>>, at: usize, from: usize) -> Self {
        Self { globe: Arc::clone(globe), at, from }
    }

    /// The state of the region that it is about.
    pub(crate) fn lock(&self) -> HeldRegion<'_> {
        HeldRegion { globe: hold(&self.globe), at: self.at }
    }

    /// The state of the region that asks.
    pub(crate) fn lock_caller(&self) -> HeldRegion<'_> {
        HeldRegion { globe: hold(&self.globe), at: self.from }
    }
}

/// The globe. It is whole even after a panic of its holder in a test.
pub(crate) fn hold(globe: &Mutex<SimAws>) -> MutexGuard<'_, SimAws> {
    globe.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A region while it is held; what was written to its ledger meanwhile goes on its way to the other one at the end.
pub(crate) struct HeldRegion<'a> {
    pub(crate) globe: MutexGuard<'a, SimAws>,
    at: usize,
}

impl Deref for HeldRegion<'_> {
    type Target = SimState;

    fn deref(&self) -> &SimState {
        &self.globe.states[self.at]
    }
}

impl DerefMut for HeldRegion<'_> {
    fn deref_mut(&mut self) -> &mut SimState {
        &mut self.globe.states[self.at]
    }
}

impl Drop for HeldRegion<'_> {
    fn drop(&mut self) {
        self.globe.replicate();
        self.globe.traffic_changed();
    }
}
