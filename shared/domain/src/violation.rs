//! Violations: what a guardrail, or whoever decides, has against a plan. They always say why, and what a person can do.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capacity::ResourceId;

/// What a guardrail is called, in documents, messages and `approve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum GuardrailCode {
    /// The halt switch is on.
    Halted,
    /// The event is too old, or from the future.
    StaleEvent,
    /// Nothing is selected; that is never "everything".
    EmptySelection,
    /// A production environment would be put to sleep.
    ProductionNeverSleeps,
    /// A protected resource would be changed.
    ProtectedResource,
    /// A resource lacks the tag `watchkeeper:managed = true`.
    NotManaged,
    /// A freeze window is open.
    FreezeWindow,
    /// A count would fall below the floor.
    BelowFloor,
    /// A count or a maximum would rise above the ceiling.
    AboveCeiling,
    /// A quota of the account would not suffice.
    Quota,
    /// An alarm that more tasks would make worse is in ALARM.
    DependencyVeto,
    /// The same alarm was answered a moment ago.
    CoolDown,
    /// An alarm comes and goes.
    Flap,
    /// No release is known to go back to.
    NoGoodRelease,
    /// A database has no backup that is fresh enough for something risky.
    StaleBackup,
    /// A person has to approve a failover that was detected.
    Failover,
    /// Nothing but the probe says that the active region is lost, or something says that it is not.
    Unconfirmed,
    /// The region that is to serve is not ready.
    NotReady,
    /// More data may be lost than the estate promises.
    DataLoss,
    /// Nobody can prove that a singleton has stopped in the other region.
    FenceUnproved,
    /// The document wants a move held at this point until a person says that it goes on.
    Held,
    /// Too large a part of the environment would be reduced at once.
    BlastRadius,
    /// A deployment is in progress, or failed.
    DeploymentInProgress,
    /// A release came with a count, which is the baseline now.
    Released,
    /// A release goes on in what is to sleep.
    ReleaseUnderWay,
    /// AWS would refuse to stop a database.
    DatabaseCannotStop,
    /// A service is a daemon, which has no count.
    NotScalable,
    /// A schedule of somebody else moves a service.
    ForeignSchedule,
    /// A database needs a person.
    DatabaseBroken,
    /// The page of an environment that sleeps cannot be shown, or not be taken away.
    WakePage,
    /// AWS refused to change a resource.
    WriteRefused,
    /// A resource of the document does not exist.
    NotFound,
    /// A wave of the order went on without a service that it had waited for.
    WaveLate,
    /// Somebody else changed a resource while an intent holds.
    Drift,
    /// A transition takes back what somebody else changed while an intent held.
    Overwritten,
}

impl GuardrailCode {
    /// Every code, in the order in which violations are reported.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Whether it says that a resource is left out, and keeps nothing else from its turn.
    pub fn is_of_obstacle(self) -> bool {
        matches!(
            self,
            Self::NotManaged
                | Self::NotScalable
                | Self::ReleaseUnderWay
                | Self::ForeignSchedule
                | Self::DatabaseCannotStop
                | Self::DatabaseBroken
                | Self::WakePage
                | Self::WriteRefused
                | Self::NotFound
        )
    }

    /// Whether it stops what is given back, too: nobody is to write at all, or nothing is known to write about.
    pub fn stops_everything(self) -> bool {
        matches!(self, Self::Halted | Self::StaleEvent | Self::EmptySelection)
    }

    /// The stable text of the code.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What a violation does to the plan, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is told, and the plan goes on.
    Warn,
    /// It stops the plan until a human approves it by its code.
    Ask,
    /// It stops the plan.
    Refuse,
}

/// One reason why a plan is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which guardrail.
    pub code: GuardrailCode,
    /// What it does to the plan.
    pub severity: Severity,
    /// The resource that broke it; `None` when it is the plan as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceId>,
    /// The figure or fact that broke it, and what was expected.
    pub found: String,
    /// What a person can do.
    pub advice: String,
}

impl Violation {
    /// A violation of the plan, or of what it answers, as a whole.
    pub fn new(code: GuardrailCode, severity: Severity, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code, severity, resource: None, found: found.into(), advice: advice.into() }
    }

    /// The same, of a resource.
    #[must_use]
    pub fn of(self, resource: ResourceId) -> Self {
        Self { resource: Some(resource), ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code)?;
        if let Some(resource) = &self.resource {
            write!(f, "{resource}: ")?;
        }
        write!(f, "{}. {}", self.found, self.advice)
    }
}

/// Whether these violations stop a plan.
pub fn stops(violations: &[Violation]) -> bool {
    violations.iter().any(|violation| violation.severity > Severity::Warn)
}
