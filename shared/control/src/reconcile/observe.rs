//! Observation: as few calls as AWS allows, each within the pace.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::capacity::{DatabaseId, DatabaseKind, ListedDatabase, ObservedScope, ResourceId, ServiceId};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::{ClusterName, ServiceName};

use super::Reconciler;
use crate::ledger::ScopeState;
use crate::pacing::{ApiBucket, Pace};
use crate::platform::Platform;
use crate::ports::DatabaseLists;
use crate::ports::Databases;
use crate::ports::ListenerRules;
use crate::ports::ScalableTargets;
use crate::ports::ServiceLists;
use crate::ports::Services;
use crate::ports::{AwsError, DESCRIBE_SERVICES_MAX, DESCRIBE_TARGETS_MAX};
use crate::scoped::{ScopeSelection, ScopedEnvironment};

impl<P: Platform> Reconciler<P> {
    /// What AWS says of everything that the document or the baseline names, or that is found by its tag.
    pub(super) async fn observe(
        &self,
        scoped: &ScopedEnvironment,
        seen: &ScopeState,
        layer: Layer,
    ) -> Result<ObservedScope, AwsError> {
        let selection = scoped.selection(seen.baseline.as_ref());
        let mut observed = ObservedScope::default();
        self.observe_own_services(scoped, &selection, layer, &mut observed).await?;
        let found = |cluster: &&ClusterName| observed.services.keys().any(|id| id.cluster == **cluster);
        observed.empty = scoped.found_by_tag.clusters.iter().filter(|cluster| !found(cluster)).cloned().collect();
        self.observe_targets(layer, &mut observed).await?;
        let mut databases = selection.databases.clone();
        if scoped.found_by_tag.databases.is_some() {
            let listed = self.listed_databases(layer).await?.into_iter();
            databases.extend(listed.filter(|found| scoped.found_by_tag.means_database(found)).map(|found| found.id));
        }
        self.observe_databases(&databases, layer, &mut observed).await?;
        observed.no_database = scoped.found_by_tag.databases.clone().filter(|_| observed.databases.is_empty());
        self.observe_rules(&selection, layer, &mut observed).await?;
        // What was deleted since it was listed is missed by nobody.
        observed.missing.retain(|resource| selection.has(resource));
        Ok(observed)
    }

    /// The services that are named, and those that are found by their tag.
    pub(super) async fn observe_own_services(
        &self,
        scoped: &ScopedEnvironment,
        selection: &ScopeSelection,
        layer: Layer,
        observed: &mut ObservedScope,
    ) -> Result<(), AwsError> {
        let (named, mut services) = (&selection.services, selection.services.clone());
        for cluster in &scoped.found_by_tag.clusters {
            services.extend(self.listed(cluster, layer).await?);
        }
        self.observe_services(&services, layer, observed).await?;
        let found = |id: &ServiceId, service: &_| named.contains(id) || scoped.found_by_tag.means(id, service);
        observed.services.retain(|id, service| found(id, service));
        Ok(())
    }

    /// The databases of the region, page after page.
    async fn listed_databases(&self, layer: Layer) -> Result<Vec<ListedDatabase>, AwsError> {
        let (pace, mut all) = (self.pace(layer), Vec::new());
        for kind in DatabaseKind::ALL {
            let mut after = None;
            loop {
                let call = self.cloud.list_databases(kind, after.as_deref());
                let (found, next) = pace.call(ApiBucket::Rds, 1, call).await?;
                all.extend(found);
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// The names of all services of a cluster, page after page.
    async fn listed(&self, cluster: &ClusterName, layer: Layer) -> Result<Vec<ServiceId>, AwsError> {
        let (pace, mut all, mut after) = (self.pace(layer), Vec::new(), None);
        loop {
            let call = self.cloud.list_services(cluster, after.as_deref());
            let (names, next) = pace.call(ApiBucket::EcsServiceRead, 1, call).await?;
            all.extend(names.into_iter().map(|service| ServiceId { cluster: cluster.clone(), service }));
            if next.is_none() {
                return Ok(all);
            }
            after = next;
        }
    }

    /// What AWS says of these.
    pub(super) async fn look_at(&self, selection: &ScopeSelection, layer: Layer) -> Result<ObservedScope, AwsError> {
        let mut observed = ObservedScope::default();
        self.observe_services(&selection.services, layer, &mut observed).await?;
        self.observe_targets(layer, &mut observed).await?;
        self.observe_databases(&selection.databases, layer, &mut observed).await?;
        self.observe_rules(selection, layer, &mut observed).await?;
        Ok(observed)
    }

    async fn observe_services(
        &self,
        services: &BTreeSet<ServiceId>,
        layer: Layer,
        observed: &mut ObservedScope,
    ) -> Result<(), AwsError> {
        let (pace, clusters) = (self.pace(layer), by_cluster(services));
        let mut left: usize = clusters.values().map(|names| names.len().div_ceil(DESCRIBE_SERVICES_MAX)).sum();
        for (cluster, names) in clusters {
            for batch in names.chunks(DESCRIBE_SERVICES_MAX) {
                let call = self.cloud.describe_services(&cluster, batch);
                observed.services.extend(pace.call(ApiBucket::EcsServiceRead, left, call).await?);
                left -= 1;
            }
        }
        let missing = services.iter().filter(|id| !observed.services.contains_key(id)).cloned();
        observed.missing.extend(missing.map(ResourceId::Service));
        Ok(())
    }

    async fn observe_targets(&self, layer: Layer, observed: &mut ObservedScope) -> Result<(), AwsError> {
        let pace = self.pace(layer);
        let found: Vec<ServiceId> = observed.services.keys().cloned().collect();
        let batches = found.chunks(DESCRIBE_TARGETS_MAX);
        for (left, batch) in (1..=batches.len()).rev().zip(batches) {
            let targets = pace.call(ApiBucket::ScalingRead, left, self.cloud.describe_targets(batch)).await?;
            for (id, scaling) in targets {
                if let Some(service) = observed.services.get_mut(&id) {
                    service.capacity.scaling = Some(scaling);
                }
            }
        }
        Ok(())
    }

    async fn observe_databases(
        &self,
        databases: &BTreeSet<DatabaseId>,
        layer: Layer,
        observed: &mut ObservedScope,
    ) -> Result<(), AwsError> {
        let pace = self.pace(layer);
        for (left, id) in (1..=databases.len()).rev().zip(databases) {
            match pace.call(ApiBucket::Rds, left, self.cloud.describe_database(id)).await? {
                Some(found) => _ = observed.databases.insert(id.clone(), found),
                None => _ = observed.missing.insert(ResourceId::Database(id.clone())),
            }
        }
        Ok(())
    }

    /// A rule of which nothing is remembered yet, and that could not take its page, is known by that from the beginning.
    async fn observe_rules(
        &self,
        ScopeSelection { rules, .. }: &ScopeSelection,
        layer: Layer,
        observed: &mut ObservedScope,
    ) -> Result<(), AwsError> {
        let pace = self.pace(layer);
        for (left, (id, page)) in (1..=rules.len()).rev().zip(rules) {
            // It takes two calls.
            pace.slot(ApiBucket::BalancerRead, 2 * left).await?;
            let Some(mut found) = pace.call(ApiBucket::BalancerRead, 2 * left, self.cloud.describe_rule(id)).await?
            else {
                observed.missing.insert(ResourceId::Rule(id.clone()));
                continue;
            };
            let refusal = page.as_ref().and_then(|page| found.actions.with_page(page).err());
            found.cannot_change = found.cannot_change.or(refusal);
            observed.rules.insert(id.clone(), found);
        }
        Ok(())
    }

    /// The pace of a run's calls.
    pub(super) fn pace(&self, layer: Layer) -> Pace<'_, P::Ledger, P::Clock> {
        Pace { pacer: &self.pacer, ledger: &self.ledger, clock: &self.clock, layer }
    }
}

fn by_cluster(services: &BTreeSet<ServiceId>) -> BTreeMap<ClusterName, Vec<ServiceName>> {
    let mut clusters: BTreeMap<ClusterName, Vec<ServiceName>> = BTreeMap::new();
    for id in services {
        clusters.entry(id.cluster.clone()).or_default().push(id.service.clone());
    }
    clusters
}
