//! The simulation: a handle that implements every port.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::aws::SimAws;
use crate::state::SimState;

/// An AWS account in one region, its ledger, and its time. A clone is another handle to the same simulation.
#[derive(Debug, Clone)]
pub struct SimRegion {
    aws: Arc<Mutex<SimAws>>,
    /// Which region it is about.
    pub(crate) at: usize,
    /// From which region it is asked: calls count, fail and crash there.
    pub(crate) from: usize,
}

impl SimRegion {
    /// A region of an AWS, asked from a region.
    pub(crate) fn of(aws: &Arc<Mutex<SimAws>>, at: usize, from: usize) -> Self {
        Self { aws: Arc::clone(aws), at, from }
    }

    /// The other region of a pair, as it is asked there; of an AWS of one region that one.
    pub(crate) fn elsewhere(&self) -> Self {
        let other = (0..hold(&self.aws).states.len()).find(|place| *place != self.at).unwrap_or(self.at);
        Self::of(&self.aws, other, other)
    }

    /// The state of the region that it is about.
    pub(crate) fn lock(&self) -> HeldRegion<'_> {
        HeldRegion { aws: hold(&self.aws), at: self.at }
    }

    /// The state of the region that asks.
    pub(crate) fn lock_caller(&self) -> HeldRegion<'_> {
        HeldRegion { aws: hold(&self.aws), at: self.from }
    }
}

/// The AWS. It is whole even after a panic of its holder in a test.
pub(crate) fn hold(aws: &Mutex<SimAws>) -> MutexGuard<'_, SimAws> {
    aws.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A region while it is held; what was written to its ledger meanwhile goes on its way to the other one at the end.
pub(crate) struct HeldRegion<'a> {
    pub(crate) aws: MutexGuard<'a, SimAws>,
    at: usize,
}

impl Deref for HeldRegion<'_> {
    type Target = SimState;

    fn deref(&self) -> &SimState {
        &self.aws.states[self.at]
    }
}

impl DerefMut for HeldRegion<'_> {
    fn deref_mut(&mut self) -> &mut SimState {
        &mut self.aws.states[self.at]
    }
}

impl Drop for HeldRegion<'_> {
    fn drop(&mut self) {
        self.aws.replicate();
        self.aws.copies_changed(self.at);
        self.aws.traffic_changed();
        self.aws.sources_changed();
    }
}
