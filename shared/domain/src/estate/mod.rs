//! Estate documents: their types, the rules of their meaning, and what the engine asks of them.

mod backups;
mod check;
mod document;
mod drill;
mod emergency;
mod environment;
mod estates;
mod event_sources;
mod failover;
mod forms;
mod guardrails;
mod idle;
mod managed;
mod own_steps;
mod promoted;
pub mod source;
mod unblock;
mod wake_page;

pub(crate) use check::SCRATCH;

pub use backups::{AwsBackup, BackupJob, BackupProvider, BackupSchedule, Backups, CopyPolicy, Retention, VerifyPolicy};
pub use document::{
    Clusters, DatabaseEntry, DeclaredCapacity, EnvironmentDocument, EnvironmentKind, EnvironmentRegions, EstateDocument,
};
pub use drill::{CheckTask, KeyValue, RestoreDrill};
pub use emergency::{
    AlarmResponse, DeclaredQuotas, Emergency, EmergencyProfile, FlapLimits, MAX_LASTS, MissingVeto, ProfileCapacity,
    RollbackPolicy,
};
pub use environment::Environment;
pub use estates::{EstateFolder, UnknownName};
pub use event_sources::{EventSource, MovedSource};
pub use failover::{
    DetectionMode, Failover, FencePolicy, GlobalTable, HealthProbe, RehearsalPolicy, Singleton, StandbyDatabase,
    StreamSize, TrafficPolicy, TrafficStrategy,
};
pub use forms::FORMS;
pub use guardrails::{EnvironmentLimits, Freeze, FreezeWindow, FrozenCalendar, Guardrails, OpenFreeze};
pub use idle::{SleepWhenIdle, UsageMeasure};
pub use managed::{ClusterServices, EnvironmentDatabases, FoundByTag, ManagedResources};
pub use own_steps::{HoldPoint, OwnStep, OwnStepPlace};
pub use promoted::PairDatabase;
pub use unblock::{BlockerPolicy, FinishedItems, LockSchema, QueuePolicy, ReportTarget, Unblock};
pub use wake_page::WakePage;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::finding::DocumentFinding;
use crate::name::{EnvironmentName, EstateName};
use crate::value::{Label, Sha256};

/// One estate whose document was checked: nothing else can be made of it.
#[derive(Debug, Clone)]
pub struct Estate {
    name: EstateName,
    about: Option<Label>,
    owner: Option<Label>,
    digest: Option<Sha256>,
    environments: BTreeMap<EnvironmentName, Environment>,
}

impl Estate {
    /// The estate of a document.
    ///
    /// # Errors
    /// Everything that the document cannot mean, all at once.
    pub fn new(document: EstateDocument) -> Result<Self, Vec<DocumentFinding>> {
        let findings = document.check();
        if !findings.is_empty() {
            return Err(findings);
        }
        let mut environments = BTreeMap::new();
        for (name, environment) in document.environments {
            environments.insert(name.clone(), Environment::new(name, environment)?);
        }
        Ok(Self { name: document.estate, about: document.about, owner: document.owner, digest: None, environments })
    }

    /// The same, read from a file of this digest.
    #[must_use]
    pub fn read_from(self, digest: Sha256) -> Self {
        Self { digest: Some(digest), ..self }
    }

    /// The digest of the file that it was read from, where it was read from one.
    pub fn digest(&self) -> Option<&Sha256> {
        self.digest.as_ref()
    }

    /// Its name.
    pub fn name(&self) -> &EstateName {
        &self.name
    }

    /// What it is, in a few words.
    pub fn about(&self) -> Option<&Label> {
        self.about.as_ref()
    }

    /// The person or team that messages name.
    pub fn owner(&self) -> Option<&Label> {
        self.owner.as_ref()
    }

    /// An environment by its name.
    pub fn environment(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.environments.get(name)
    }

    /// Its environments, by name.
    pub fn environments(&self) -> impl Iterator<Item = &Environment> {
        self.environments.values()
    }
}

impl<'de> Deserialize<'de> for Estate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(EstateDocument::deserialize(deserializer)?).map_err(|findings| {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            D::Error::custom(lines.join("; "))
        })
    }
}

#[cfg(test)]
mod tests;
