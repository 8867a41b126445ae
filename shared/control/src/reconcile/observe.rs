//! Observation: as few calls as AWS allows, each within the pace.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::capacity::{DatabaseId, ObservedScope, ResourceId, ServiceId};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::{ClusterName, ServiceName};

use super::Reconciler;
use crate::ledger::ScopeState;
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::Databases;
use crate::ports::ScalableTargets;
use crate::ports::Services;
use crate::ports::{AwsError, Clock, DESCRIBE_SERVICES_MAX, DESCRIBE_TARGETS_MAX, Fault};
use crate::scoped::ScopedEnvironment;

impl<P: Platform> Reconciler<P> {
    /// What AWS says of everything that the document or the baseline names.
    pub(super) async fn observe(
        &self,
        scoped: &ScopedEnvironment,
        seen: &ScopeState,
        layer: Layer,
    ) -> Result<ObservedScope, AwsError> {
        let (services, databases) = scoped.selection(seen.baseline.as_ref());
        let mut observed = ObservedScope::default();
        self.observe_services(&services, layer, &mut observed).await?;
        self.observe_databases(&databases, layer, &mut observed).await?;
        Ok(observed)
    }

    async fn observe_services(
        &self,
        services: &BTreeSet<ServiceId>,
        layer: Layer,
        observed: &mut ObservedScope,
    ) -> Result<(), AwsError> {
        for (cluster, names) in by_cluster(services) {
            for batch in names.chunks(DESCRIBE_SERVICES_MAX) {
                self.pacer.wait(ApiBucket::EcsRead, layer, &self.clock).await;
                let found =
                    self.paced(ApiBucket::EcsRead, layer, self.cloud.describe_services(&cluster, batch).await)?;
                observed.services.extend(found);
            }
        }
        let found: Vec<ServiceId> = observed.services.keys().cloned().collect();
        for batch in found.chunks(DESCRIBE_TARGETS_MAX) {
            self.pacer.wait(ApiBucket::ScalingRead, layer, &self.clock).await;
            let targets = self.paced(ApiBucket::ScalingRead, layer, self.cloud.describe_targets(batch).await)?;
            for (id, scaling) in targets {
                if let Some(service) = observed.services.get_mut(&id) {
                    service.capacity.scaling = Some(scaling);
                }
            }
        }
        let missing = services.iter().filter(|id| !observed.services.contains_key(id)).cloned();
        observed.missing.extend(missing.map(ResourceId::Service));
        Ok(())
    }

    async fn observe_databases(
        &self,
        databases: &BTreeSet<DatabaseId>,
        layer: Layer,
        observed: &mut ObservedScope,
    ) -> Result<(), AwsError> {
        for id in databases {
            self.pacer.wait(ApiBucket::Rds, layer, &self.clock).await;
            match self.paced(ApiBucket::Rds, layer, self.cloud.describe_database(id).await)? {
                Some(found) => _ = observed.databases.insert(id.clone(), found),
                None => _ = observed.missing.insert(ResourceId::Database(id.clone())),
            }
        }
        Ok(())
    }

    /// Lets the pacer learn from an answer.
    pub(super) fn paced<T>(&self, api: ApiBucket, layer: Layer, answer: Result<T, AwsError>) -> Result<T, AwsError> {
        let now = self.clock.now();
        match &answer {
            Ok(_) => self.pacer.passed(api, layer, now),
            Err(error) if error.fault == Fault::Throttled => self.pacer.throttled(api, layer, now),
            Err(_) => {}
        }
        answer
    }
}

fn by_cluster(services: &BTreeSet<ServiceId>) -> BTreeMap<ClusterName, Vec<ServiceName>> {
    let mut clusters: BTreeMap<ClusterName, Vec<ServiceName>> = BTreeMap::new();
    for id in services {
        clusters.entry(id.cluster.clone()).or_default().push(id.service.clone());
    }
    clusters
}
