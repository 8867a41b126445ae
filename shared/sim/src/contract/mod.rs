//! Cases that every implementation of the ports has to pass: this simulation, and the adapters over a real API.
//!
//! A case takes a [`ContractBench`] and says what was wrong. [`alarm_cases!`](crate::alarm_cases),
//! [`cloud_cases!`](crate::cloud_cases), [`database_cases!`](crate::database_cases), [`release_cases!`](crate::release_cases),
//! [`rule_cases!`](crate::rule_cases), [`check_cases!`](crate::check_cases), [`source_cases!`](crate::source_cases),
//! [`replica_cases!`](crate::replica_cases),
//! [`unblock_cases!`](crate::unblock_cases) and [`ledger_cases!`](crate::ledger_cases) hand the names of all cases to a macro of the caller, so that a new case is a
//! new test everywhere. Over one real ledger table the ledger's cases
//! have to run one after the other: one of them sets the halt switch of everything for a moment.

pub mod alarms;
pub mod checks;
pub mod cloud;
pub mod databases;
pub mod event_sources;
pub mod ledger;
pub mod releases;
pub mod replicas;
pub mod rules;
mod sim;
pub mod unblock;

use std::fmt::Debug;

use jiff::Timestamp;
use watchkeeper_control::ledger::{Ledger, LedgerError};
use watchkeeper_control::ports::{AwsError, Cloud, Fault};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseKind, EnvironmentTag, ScalingState, ServiceId, TaskDefinition};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::{ListenerRuleArn, TargetGroupArn};

pub use sim::SimBench;

/// Why a case does not pass.
#[derive(Debug, thiserror::Error)]
pub enum CaseFailure {
    /// Something is not as it should be.
    #[error("{what}: found {found}, expected {expected}")]
    Differs {
        /// What was looked at.
        what: String,
        /// How it is.
        found: String,
        /// How it should be.
        expected: String,
    },
    /// A call failed that should not.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A call of the ledger failed that should not.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The bench itself could not do its part.
    #[error("the bench could not {what}")]
    Bench {
        /// What it should have done.
        what: String,
        /// Why it could not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What became of a case.
pub type Passed = Result<(), CaseFailure>;

/// A place to try an implementation of the ports in: it makes what a case needs, all of it new and managed.
pub trait ContractBench {
    /// The ports of capacity.
    type Cloud: Cloud;
    /// The ledger, and what it remembers of alarms.
    type Ledger: Ledger;

    /// The ports of capacity.
    fn cloud(&self) -> &Self::Cloud;

    /// The ledger.
    fn ledger(&self) -> &Self::Ledger;

    /// The present.
    fn now(&self) -> Timestamp;

    /// A name that nothing has yet.
    fn fresh_name(&self) -> String;

    /// A scope that the ledger knows nothing of.
    fn fresh_scope(&self) -> Scope;

    /// A new service, all its tasks running. All services of one bench are in one cluster.
    async fn make_service(&self, desired: u32, scaling: Option<ScalingState>) -> Result<ServiceId, CaseFailure>;

    /// A new task definition for a service, which is not deployed yet, whose tasks take this, in CPU units.
    async fn make_release(&self, service: &ServiceId, cpu_units: Option<u32>) -> Result<TaskDefinition, CaseFailure>;

    /// Deregisters a task definition.
    async fn retire_release(&self, release: &TaskDefinition) -> Result<(), CaseFailure>;

    /// A new database, available.
    async fn make_database(&self, kind: DatabaseKind) -> Result<DatabaseId, CaseFailure>;

    /// Says by its tag whose a database is.
    async fn label_database(&self, database: &DatabaseId, environment: &EnvironmentTag) -> Result<(), CaseFailure>;

    /// A new rule of a load balancer that forwards to the first of two new target groups.
    async fn make_rule(&self) -> Result<(ListenerRuleArn, [TargetGroupArn; 2]), CaseFailure>;

    /// Lets time pass until tasks, deployments, autoscalers and databases have come where they go, and reads show it.
    async fn settle(&self);
}

/// Passes when two things are equal.
fn equal<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Passed {
    if found == expected {
        return Ok(());
    }
    Err(differs(what, found, &format!("{expected:?}")))
}

/// Passes when something holds.
fn holds(what: &str, holds: bool) -> Passed {
    equal(what, &holds, &true)
}

/// Passes when a call failed with this fault.
fn fails<T: Debug>(what: &str, found: Result<T, AwsError>, expected: Fault) -> Passed {
    match found {
        Err(error) if error.fault == expected => Ok(()),
        other => Err(differs(what, &other, expected.to_string().as_str())),
    }
}

fn differs(what: &str, found: &impl Debug, expected: &str) -> CaseFailure {
    CaseFailure::Differs { what: what.to_owned(), found: format!("{found:?}"), expected: expected.to_owned() }
}

/// What the bench has made is there, or the case fails.
fn there<T>(what: &str, found: Option<T>) -> Result<T, CaseFailure> {
    found.ok_or_else(|| CaseFailure::Differs {
        what: what.to_owned(),
        found: "nothing".to_owned(),
        expected: "that it is there".to_owned(),
    })
}

/// A name, or a bench that makes bad ones.
fn named<T>(name: Result<T, watchkeeper_domain::name::BadName>) -> Result<T, CaseFailure> {
    name.map_err(|source| CaseFailure::Bench { what: "name something".to_owned(), source: source.into() })
}
