//! The operator's window: what its pages are made of, read of the ledger and of AWS, and what its buttons start.
//!
//! Reading changes nothing but what was observed, which is kept for a minute so that several who look ask AWS once
//! ([`crate::ledger::ScopeView`]). A source that fails or is late is no error of a page: what it would have said is shown as not read.
//!
//! # What looking takes of the budgets
//!
//! Runs take half of what AWS publishes, and so does the window at the most: one look makes at most half a bucket's calls at once,
//! and what is observed counts for [`SHARED_FOR`]. What does not fit is read by the next look, the oldest first.

pub mod act;
mod answer;
mod environment;
pub mod event;
mod observe;
mod overdue;
mod pages;
mod pair;
mod peers;
mod plan;
mod planned_move;
pub mod ports;
mod report;
mod row;
mod scope;
mod sources;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::Region;
use watchkeeper_window::facts::{EnvironmentFacts, Reading, StackFacts, StackRows};

pub use answer::answer;
pub use pages::MeantScope;

use crate::ledger::{Key, Ledger, LedgerError};
use crate::platform::Platform;
use crate::runbook::Stack;

/// For how long an observation counts as of now.
pub const SHARED_FOR: SignedDuration = SignedDuration::from_secs(60);

/// How long AWS is waited for in one look: with the ledger's own time a page is there within five seconds.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// How many partitions of the ledger are read at once.
const AT_ONCE: usize = 16;

/// What the pages are read with.
#[derive(Debug)]
pub struct WindowReader<P: Platform> {
    /// The capacity of this region, and of the other regions of its pairs. It is only looked at.
    pub clouds: BTreeMap<Region, P::Capacity>,
    /// What is remembered.
    pub ledger: P::Ledger,
    /// The alarms of this region.
    pub alarms: P::Alarms,
    /// Wall time.
    pub clock: P::Clock,
    /// This stack, as its buttons call it.
    pub own: StackFacts,
    /// Where reports are kept, if the stack keeps any.
    pub reports: Option<P::Reports>,
    /// Whether what is observed is shared with others who look: read of the ledger and kept there.
    pub shares: bool,
}

impl<P: Platform> WindowReader<P> {
    /// The rows of all environments that this stack looks after, at the instant of a page: of one estate or of one
    /// environment, where `only` says so.
    pub async fn rows(&self, stack: &Stack, only: impl Fn(&Estate, &Environment) -> bool, now: Timestamp) -> StackRows {
        let halt = self.ledger.document(Key::halt(None)).await;
        let halt = halt.map_or_else(|error| unread(&error), Reading::Now);
        let meant: Vec<(&Estate, &Environment)> =
            stack.environments().filter(|(estate, environment)| only(estate, environment)).collect();
        let everywhere = halt.known().cloned().flatten();
        let read = stream::iter(&meant).map(|(estate, environment)| self.remembered(stack, estate, environment, now));
        let mut remembered: Vec<_> = read.buffered(AT_ONCE).collect().await;
        self.observe(&mut remembered, now).await;
        let environments = stream::iter(remembered).map(|it| self.facts(it, everywhere.as_ref(), now));
        let environments: Vec<EnvironmentFacts> = environments.buffered(AT_ONCE).collect().await;
        StackRows { stack: self.own.clone(), halt, environments }
    }
}

/// A source that did not answer.
fn unread<T>(error: &LedgerError) -> Reading<T> {
    Reading::Unread { why: crate::runbook::in_full(error) }
}
