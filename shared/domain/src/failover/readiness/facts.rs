//! What is known of the region that would have to serve: facts in, findings out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::backup::Freshness;
use crate::capacity::{Rollout, ScalingState, TaskDefinition};
use crate::estate::{EventSource, Failover, PairDatabase};
use crate::failover::data::DatabaseRole;
use crate::failover::event_sources::SourceState;
use crate::failover::rehearsal::{CapacityCertificate, CertificateStanding, CertifiedFacts, standing};
use crate::failover::sample::RegionSample;
use crate::name::{Region, ServiceName};
use crate::value::{AlarmName, ResourceName};

/// Everything that readiness looks at. What could not be read is an `Err` with the reason, and what was not looked at
/// is absent: each is a finding of its own, never taken for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadinessFacts {
    /// The region that would have to serve.
    pub region: Region,
    /// The region that serves.
    pub active: Region,
    /// Each service of the document in the region; `None` where AWS does not know it.
    pub services: BTreeMap<ServiceName, Read<Option<ServiceFacts>>>,
    /// Each global table of the document.
    pub tables: BTreeMap<ResourceName, Read<Option<TableFacts>>>,
    /// What each database that has to be promoted is in the region; `None` where the region has none of that name.
    #[serde(with = "listed")]
    pub databases: BTreeMap<PairDatabase, Read<Option<DatabaseRole>>>,
    /// Each stream of the document; `None` where the region has none of that name.
    pub streams: BTreeMap<ResourceName, Read<Option<StreamFacts>>>,
    /// What the region's repositories have of the images that are to run, by repository of the document.
    pub images: BTreeMap<ResourceName, Read<ImageFacts>>,
    /// What the region's account may run, in Fargate vCPUs, and what it runs.
    pub quota: Read<QuotaFacts>,
    /// Whether the means by which traffic moves can be used, and where it points to.
    pub traffic: Read<TrafficFacts>,
    /// Alarms of the document's evidence that exist in neither region.
    pub alarms: Read<BTreeSet<AlarmName>>,
    /// Singletons whose dead man's switch in the other region would not stop them, and why.
    pub unarmed: BTreeMap<ServiceName, String>,
    /// How fresh the backups are that the document asks for.
    pub backups: Read<Vec<Freshness>>,
    /// What the active region last said of itself.
    pub sample: Option<RegionSample>,
    /// When the other region's stack was last heard of.
    pub heard: Option<Timestamp>,
    /// The newest certificate of the region's capacity, as far as the ledger has one.
    #[serde(default = "no_certificate", skip_serializing_if = "is_no_certificate")]
    pub certificate: Read<Option<Box<CapacityCertificate>>>,
    /// Each event source of the document in the region; `None` where the region has none of that name.
    #[serde(with = "listed", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<EventSource, Read<Option<SourceState>>>,
    /// The wall time.
    pub now: Timestamp,
}

/// Facts of before there were certificates: none is known to them.
#[allow(clippy::unnecessary_wraps, reason = "it is the default of a field that may be unread")]
fn no_certificate() -> Read<Option<Box<CapacityCertificate>>> {
    Ok(None)
}

/// It is not written down, so that a report of before there were any reads as it was written.
fn is_no_certificate(found: &Read<Option<Box<CapacityCertificate>>>) -> bool {
    *found == no_certificate()
}

impl ReadinessFacts {
    /// What the certificate of the region is worth.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn standing(&self, failover: &Failover) -> Read<CertificateStanding> {
        let certificate = self.certificate.as_ref().map_err(Clone::clone)?;
        let known = |(name, service): (&ServiceName, &Read<Option<ServiceFacts>>)| {
            Some((name.clone(), service.as_ref().ok()?.as_ref()?.definition.clone()?))
        };
        let definitions = self.services.iter().filter_map(known).collect();
        Ok(standing(certificate.as_deref(), self.now, CertifiedFacts { failover, definitions: &definitions }))
    }
}

/// Something that was read, or why it was not.
pub type Read<T> = Result<T, String>;

/// A service of the region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceFacts {
    /// Tasks that are wanted at present.
    pub desired: u32,
    /// The bounds of its autoscaler, if it has one.
    pub scaling: Read<Option<ScalingState>>,
    /// Whether its scalable target, which has tags of its own, carries ours; one that it does not have lacks nothing.
    pub target_managed: Read<bool>,
    /// Whether it carries our tag.
    pub managed: bool,
    /// How its newest deployment stands.
    pub rollout: Rollout,
    /// Its task definition, where AWS names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<TaskDefinition>,
    /// The images of its task definition, in the order of its containers.
    pub images: Read<Vec<String>>,
    /// CPU units of one of its tasks, of which a vCPU has 1,024; `None` where the task as a whole has no figure.
    pub cpu_units: Read<Option<u32>>,
    /// Its target groups.
    pub target_groups: Read<Vec<TargetGroupFacts>>,
}

/// A target group of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TargetGroupFacts {
    /// Its name, or its ARN where AWS does not know it.
    pub name: String,
    /// The path of its health check; `None` where the group does not exist.
    pub health_path: Option<String>,
    /// Targets that are healthy.
    pub healthy: u32,
    /// Targets that are not.
    pub unhealthy: u32,
}

/// A global table as the region sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TableFacts {
    /// Replicas by region, with their status in the words of AWS, such as `ACTIVE`; the region's own among them.
    pub replicas: BTreeMap<Region, String>,
    /// Its indexes.
    pub indexes: BTreeSet<String>,
}

/// A stream of the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StreamFacts {
    /// Open shards; 0 for a stream on demand, which needs no figure.
    pub shards: u32,
    /// Whether its capacity is on demand.
    pub on_demand: bool,
    /// How long it keeps a record.
    pub retention: SignedDuration,
    /// Whether it is active.
    pub active: bool,
}

/// What the region's repository has of the images that are to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageFacts {
    /// Whether the repository exists.
    pub repository: bool,
    /// Tags or digests of [`references`] that are not there.
    ///
    /// [`references`]: super::image::references
    pub missing: BTreeSet<String>,
}

/// What the account may run in the region.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QuotaFacts {
    /// Fargate vCPUs that may run at once, where AWS tells it.
    pub vcpu: Option<u32>,
    /// Fargate vCPUs that run, rounded up, where AWS tells it.
    pub vcpu_used: Option<u32>,
}

/// The means by which traffic moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrafficFacts {
    /// The region that it points to, as far as it can be told.
    pub points_to: Option<Region>,
    /// What is wrong with it; empty when it can be used.
    pub problems: Vec<String>,
}

/// A map whose keys are no texts, as a list of its pairs.
mod listed {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
