//! Looking at a region: each call within the pace, in batches as large as AWS allows.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use watchkeeper_domain::capacity::{ObservedService, ScalingState, ServiceId};
use watchkeeper_domain::failover::RegionSample;
use watchkeeper_domain::failover::readiness::image::references;
use watchkeeper_domain::failover::readiness::{ImageFacts, QuotaFacts, Read, ServiceFacts};
use watchkeeper_domain::name::{ClusterName, ServiceName};
use watchkeeper_domain::value::ResourceName;

use crate::failover::ports::RegionReader;
use crate::ledger::Ledger;
use crate::pacing::{ApiBucket, Pace};
use crate::ports::{AwsError, Clock, DESCRIBE_SERVICES_MAX, DESCRIBE_TARGETS_MAX};
use crate::scoped::PairMember;

/// A region, and the pace at which it may be asked.
#[derive(Debug)]
pub(in crate::failover) struct PacedRegion<'a, S, L, K> {
    /// The region.
    pub(in crate::failover) reader: &'a S,
    /// The pace.
    pub(in crate::failover) pace: &'a Pace<'a, L, K>,
}

/// What was asked for in one call, and the answer to it.
type Batch<T> = (Vec<ServiceId>, Result<BTreeMap<ServiceId, T>, AwsError>);

impl<S: RegionReader, L: Ledger, K: Clock> PacedRegion<'_, S, L, K> {
    /// Each service that the document has here, and each that a failover would start.
    pub(super) async fn services(&self, member: &PairMember) -> BTreeMap<ServiceName, Read<Option<ServiceFacts>>> {
        let undeclared = member.failover.capacity.keys().filter(|name| !member.own.contains_key(*name));
        let mut facts: BTreeMap<ServiceName, _> = undeclared.map(|name| (name.clone(), Ok(None))).collect();
        let found = each(self.describe(member.own.values()).await);
        let known = found.iter().filter(|(_, answer)| matches!(answer, Ok(Some(_)))).map(|(id, _)| id);
        let mut scalings = each(self.targets(known).await);
        let found = found.into_iter().map(|(id, answer)| (scalings.remove(&id).unwrap_or(Ok(None)), id, answer));
        facts.extend(
            join_all(found.map(async |(scaling, id, answer)| match answer {
                Ok(Some(service)) => (id.service.clone(), Ok(Some(self.service(&id, &service, scaling).await))),
                Ok(None) => (id.service, Ok(None)),
                Err(why) => (id.service, Err(why)),
            }))
            .await,
        );
        facts
    }

    async fn service(
        &self,
        id: &ServiceId,
        service: &ObservedService,
        scaling: Read<Option<ScalingState>>,
    ) -> ServiceFacts {
        let cpu_units = match &service.task_definition {
            Some(definition) => {
                self.pace.call(ApiBucket::EcsDefinitionRead, 2, self.reader.cpu_units(definition)).await.map_err(why)
            }
            None => Err(UNNAMED.to_owned()),
        };
        ServiceFacts {
            desired: service.capacity.desired,
            target_managed: match &scaling {
                Ok(Some(_)) => self.target_is_managed(id).await,
                _ => Ok(true),
            },
            scaling,
            managed: service.managed,
            rollout: service.rollout,
            definition: service.task_definition.clone(),
            images: self.task_images(service).await,
            cpu_units,
            target_groups: self
                .pace
                .call(ApiBucket::EcsServiceRead, 1, self.reader.target_groups(id))
                .await
                .map_err(why),
        }
    }

    /// Whether the scalable target of a service carries the tag.
    pub(super) async fn target_is_managed(&self, id: &ServiceId) -> Read<bool> {
        // One of its two calls is waited for here, the other one below.
        self.pace.slot(ApiBucket::ScalingRead, 2).await.map_err(|crowded| crowded.to_string())?;
        self.pace.call(ApiBucket::ScalingRead, 1, self.reader.target_is_managed(id)).await.map_err(why)
    }

    pub(super) async fn task_images(&self, service: &ObservedService) -> Read<Vec<String>> {
        let definition = service.task_definition.as_ref().ok_or(UNNAMED)?;
        self.pace.call(ApiBucket::EcsDefinitionRead, 1, self.reader.task_images(definition)).await.map_err(why)
    }

    pub(in crate::failover) async fn describe(
        &self,
        ids: impl Iterator<Item = &ServiceId>,
    ) -> Vec<Batch<ObservedService>> {
        let mut clusters: BTreeMap<&ClusterName, Vec<ServiceName>> = BTreeMap::new();
        ids.for_each(|id| clusters.entry(&id.cluster).or_default().push(id.service.clone()));
        let mut batches = Vec::new();
        for (cluster, names) in clusters {
            let mut left = names.len().div_ceil(DESCRIBE_SERVICES_MAX);
            for batch in names.chunks(DESCRIBE_SERVICES_MAX) {
                let call = self.reader.describe_services(cluster, batch);
                let answer = self.pace.call(ApiBucket::EcsServiceRead, left, call).await;
                left -= 1;
                let id = |service: &ServiceName| ServiceId { cluster: cluster.clone(), service: service.clone() };
                batches.push((batch.iter().map(id).collect(), answer));
            }
        }
        batches
    }

    pub(super) async fn targets(&self, ids: impl Iterator<Item = &ServiceId>) -> Vec<Batch<ScalingState>> {
        let ids: Vec<ServiceId> = ids.cloned().collect();
        let mut batches = Vec::new();
        for batch in ids.chunks(DESCRIBE_TARGETS_MAX) {
            let answer = self.pace.call(ApiBucket::ScalingRead, 1, self.reader.describe_targets(batch)).await;
            batches.push((batch.to_vec(), answer));
        }
        batches
    }

    pub(super) async fn quota(&self) -> Read<QuotaFacts> {
        let quotas = self.reader.quotas(self.pace.clock.now()).await.map_err(why)?;
        Ok(QuotaFacts { vcpu: quotas.vcpu, vcpu_used: quotas.vcpu_used })
    }

    /// Whether the repositories have what the task definitions of either region name.
    pub(super) async fn images(
        &self,
        repositories: &[ResourceName],
        services: &BTreeMap<ServiceName, Read<Option<ServiceFacts>>>,
        sample: Option<&RegionSample>,
    ) -> BTreeMap<ResourceName, Read<ImageFacts>> {
        let here = services.values().filter_map(|service| service.as_ref().ok()?.as_ref()?.images.as_ref().ok());
        let there = sample.into_iter().flat_map(|sample| sample.services.values()).map(|service| &service.images);
        let images: Vec<&String> = here.chain(there).flatten().collect();
        let facts = repositories.iter().map(async |repository| {
            let wanted = references(repository, images.iter().copied());
            (repository.clone(), self.repository(repository, &wanted).await.map_err(why))
        });
        join_all(facts).await.into_iter().collect()
    }

    async fn repository(&self, repository: &ResourceName, wanted: &BTreeSet<&str>) -> Result<ImageFacts, AwsError> {
        let mut facts = ImageFacts { repository: true, missing: BTreeSet::new() };
        if wanted.is_empty() {
            // Any tag tells whether the repository is there.
            facts.repository = self.reader.has_image(repository, "latest").await?.is_some();
        }
        for reference in wanted {
            match self.reader.has_image(repository, reference).await? {
                Some(true) => {}
                Some(false) => _ = facts.missing.insert((*reference).to_owned()),
                None => return Ok(ImageFacts::default()),
            }
        }
        Ok(facts)
    }
}

/// The answer about each one that was asked for: nothing where AWS left it out, and why where the call failed.
fn each<T>(batches: Vec<Batch<T>>) -> BTreeMap<ServiceId, Read<Option<T>>> {
    let mut all = BTreeMap::new();
    for (asked, answer) in batches {
        let mut answer = answer.map_err(why);
        all.extend(asked.into_iter().map(|id| {
            let found = answer.as_mut().map(|known| known.remove(&id)).map_err(|why| why.clone());
            (id, found)
        }));
    }
    all
}

/// Why a task definition is not known.
const UNNAMED: &str = "AWS names no task definition of it";

#[expect(clippy::needless_pass_by_value, reason = "it is what an error is mapped with")]
pub(in crate::failover) fn why(error: AwsError) -> String {
    error.to_string()
}
