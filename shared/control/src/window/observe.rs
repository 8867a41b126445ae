//! What ECS and RDS say of the scopes that are looked at, within the window's part of the budgets and within its patience.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{Either, select};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use jiff::Timestamp;
use watchkeeper_domain::capacity::{DatabaseId, ObservedScope, ResourceId, ScalingState, ServiceId};
use watchkeeper_domain::name::{ClusterName, Region, ServiceName};
use watchkeeper_window::facts::Reading;

use super::environment::{RememberedEnvironment, RememberedScope};
use super::{AT_ONCE, PATIENCE, SHARED_FOR, WindowReader};
use crate::ledger::{Ledger, ScopeView};
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::{
    AwsError, Clock, DESCRIBE_SERVICES_MAX, DESCRIBE_TARGETS_MAX, Databases, ScalableTargets, Services, all_databases,
    all_services,
};
use crate::scoped::{FoundByTag, ScopeSelection};

/// How many scopes are looked at at once.
const SCOPES_AT_ONCE: usize = 8;

/// The part of a bucket's burst that one look takes at the most: what runs leave of it.
const SHARE: f64 = 0.5;

/// What is to be looked at in a scope, and how many calls of each API that takes.
#[derive(Debug, Clone)]
struct WantedLook {
    /// The place of its environment, and its region.
    place: Place,
    services: BTreeMap<ClusterName, Vec<ServiceName>>,
    found_by_tag: FoundByTag,
    /// How many services were found by tag the last time.
    found: usize,
    databases: BTreeSet<DatabaseId>,
    /// How many more databases were found by tag the last time.
    found_databases: usize,
}

impl WantedLook {
    fn of(place: Place, it: &RememberedScope) -> Self {
        let ScopeSelection { services, databases, .. } = it.selection();
        let mut clusters: BTreeMap<ClusterName, Vec<ServiceName>> = BTreeMap::new();
        for id in services {
            clusters.entry(id.cluster).or_default().push(id.service);
        }
        let found_by_tag = it.scoped.as_ref().map(|scoped| scoped.found_by_tag.clone()).unwrap_or_default();
        let last = it.view.iter().flat_map(|view| view.observed.services.keys());
        let found = last.filter(|id| found_by_tag.clusters.contains(&id.cluster)).count();
        let last = it.view.iter().flat_map(|view| view.observed.databases.keys());
        let found_databases = last.filter(|id| !databases.contains(id)).count();
        Self { place, services: clusters, found_by_tag, found, databases, found_databases }
    }

    /// What it takes of each API: calls, and services where several scopes share a call.
    fn takes(&self) -> [(ApiBucket, usize); 3] {
        let services: usize = self.services.values().map(Vec::len).sum();
        let described: usize = self.services.values().map(|names| names.len().div_ceil(DESCRIBE_SERVICES_MAX)).sum();
        // A list of each cluster, and of each at least one call for what it has.
        let listed = 2 * self.found_by_tag.clusters.len() + self.found / DESCRIBE_SERVICES_MAX;
        // A list of each kind of database, and a call for each that was found.
        let databases = if self.found_by_tag.databases.is_some() { 2 + self.found_databases } else { 0 };
        [
            (ApiBucket::EcsServiceRead, described + listed),
            (ApiBucket::ScalingRead, services + self.found),
            (ApiBucket::Rds, self.databases.len() + databases),
        ]
    }
}

/// What one look may take of an API: half of a published burst, in calls; a call about scalable targets is for many services.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "half a published burst, a small number")]
fn most(api: ApiBucket) -> usize {
    let calls = (api.quota().burst * SHARE) as usize;
    if api == ApiBucket::ScalingRead { calls * DESCRIBE_TARGETS_MAX } else { calls }
}

/// What one look may still take in a region.
#[derive(Debug, Default)]
struct Allowance(BTreeMap<(Region, ApiBucket), usize>);

impl Allowance {
    /// Takes what a scope takes, all or nothing.
    fn take(&mut self, region: &Region, wanted: &[(ApiBucket, usize)]) -> bool {
        let left = |taken: &Self, api| taken.0.get(&(region.clone(), api)).copied().unwrap_or_else(|| most(api));
        if wanted.iter().any(|(api, wanted)| left(self, *api) < *wanted) {
            return false;
        }
        for (api, wanted) in wanted {
            let rest = left(self, *api) - wanted;
            self.0.insert((region.clone(), *api), rest);
        }
        true
    }
}

/// An environment by its place in the list, and a region of it.
type Place = (usize, Region);

/// What was seen of scopes, or why not; what is not in it was not seen in time.
type Seen = BTreeMap<Place, Result<ObservedScope, String>>;

impl<P: Platform> WindowReader<P> {
    /// Looks at every scope that nobody has looked at within the last minute, as far as the budgets and the time reach.
    pub(super) async fn observe(&self, environments: &mut [RememberedEnvironment<'_>], now: Timestamp) {
        let looks = chosen(environments, now);
        let late = Box::pin(self.clock.sleep(PATIENCE)).shared();
        let looked = looks.into_iter().map(|look| async move {
            let observed = self.look_at(&look).await;
            (look.place, observed.map_err(|error| crate::runbook::in_full(&error)))
        });
        let mut seen: Seen = in_time(looked, SCOPES_AT_ONCE, &late).await.into_iter().collect();
        self.look_at_targets(&mut seen, &late).await;
        let at = self.clock.now();
        for ((environment, region), answer) in seen {
            let Some(scope) = environments.get_mut(environment).and_then(|it| it.regions.get_mut(&region)) else {
                continue;
            };
            match answer {
                Ok(observed) => scope.view = Some(ScopeView { at, observed }),
                Err(why) => scope.unseen = Some(why),
            }
        }
        if !self.shares {
            return;
        }
        let fresh = environments.iter().flat_map(|it| it.regions.values());
        let fresh = fresh.filter_map(|scope| Some((&scope.scope, scope.view.as_ref().filter(|view| view.at == at)?)));
        // What cannot be kept is observed again by the next look.
        let kept = stream::iter(fresh).map(|(scope, view)| self.ledger.keep_view(scope, view));
        kept.buffer_unordered(AT_ONCE).for_each(async |_kept| {}).await;
    }

    /// Looks at the scalable targets of everything that was seen: a call is for services of several scopes of a region. A scope whose
    /// targets were not seen, was not seen.
    async fn look_at_targets(&self, seen: &mut Seen, late: &(impl Future<Output = ()> + Clone + Unpin)) {
        let mut services: BTreeMap<&Region, BTreeSet<ServiceId>> = BTreeMap::new();
        for ((_, region), observed) in seen.iter() {
            let found = observed.iter().flat_map(|observed| observed.services.keys().cloned());
            services.entry(region).or_default().extend(found);
        }
        let batches = services.into_iter().filter_map(|(region, ids)| Some((self.clouds.get_key_value(region)?, ids)));
        let batches = batches.flat_map(|((region, cloud), ids)| {
            let ids: Vec<ServiceId> = ids.into_iter().collect();
            let batches: Vec<Vec<ServiceId>> = ids.chunks(DESCRIBE_TARGETS_MAX).map(<[_]>::to_vec).collect();
            batches.into_iter().map(move |ids| async move {
                let found = cloud.describe_targets(&ids).await;
                (region, ids, found.map_err(|error| crate::runbook::in_full(&error)))
            })
        });
        let mut targets: BTreeMap<(&Region, ServiceId), Result<Option<ScalingState>, String>> = BTreeMap::new();
        for (region, ids, found) in in_time(batches, SCOPES_AT_ONCE, late).await {
            targets.extend(ids.into_iter().map(|id| {
                let of_it = found.as_ref().map(|found| found.get(&id).copied()).map_err(Clone::clone);
                ((region, id), of_it)
            }));
        }
        seen.retain(|(_, region), answer| {
            let Ok(observed) = answer else { return true };
            for (id, service) in &mut observed.services {
                match targets.get(&(region, id.clone())) {
                    Some(Ok(scaling)) => service.capacity.scaling = *scaling,
                    Some(Err(why)) => {
                        *answer = Err(why.clone());
                        return true;
                    }
                    None => return false,
                }
            }
            true
        });
    }

    async fn look_at(&self, look: &WantedLook) -> Result<ObservedScope, AwsError> {
        let mut observed = ObservedScope::default();
        let Some(cloud) = self.clouds.get(&look.place.1) else { return Ok(observed) };
        let mut clusters = look.services.clone();
        for cluster in &look.found_by_tag.clusters {
            let names = clusters.entry(cluster.clone()).or_default();
            let listed = all_services(cloud, cluster).await?;
            let more: Vec<ServiceName> = listed.into_iter().filter(|service| !names.contains(service)).collect();
            names.extend(more);
        }
        let named = |id: &ServiceId| look.services.get(&id.cluster).is_some_and(|names| names.contains(&id.service));
        for (cluster, names) in &clusters {
            for batch in names.chunks(DESCRIBE_SERVICES_MAX) {
                let found = cloud.describe_services(cluster, batch).await?.into_iter();
                let ours = found.filter(|(id, service)| named(id) || look.found_by_tag.means(id, service));
                observed.services.extend(ours);
            }
        }
        let asked = look.services.iter().flat_map(|(cluster, names)| {
            names.iter().map(|service| ServiceId { cluster: cluster.clone(), service: service.clone() })
        });
        let missing: Vec<ServiceId> = asked.filter(|id| !observed.services.contains_key(id)).collect();
        observed.missing.extend(missing.into_iter().map(ResourceId::Service));
        let mut databases = look.databases.clone();
        if look.found_by_tag.databases.is_some() {
            let listed = all_databases(cloud).await?.into_iter();
            databases.extend(listed.filter(|found| look.found_by_tag.means_database(found)).map(|found| found.id));
        }
        for id in databases {
            match cloud.describe_database(&id).await? {
                Some(found) => _ = observed.databases.insert(id, found),
                None if look.databases.contains(&id) => _ = observed.missing.insert(ResourceId::Database(id)),
                // Deleted since it was listed.
                None => {}
            }
        }
        Ok(observed)
    }
}

/// What comes in time, so many at once.
async fn in_time<T>(
    asked: impl IntoIterator<Item = impl Future<Output = T>>,
    at_once: usize,
    late: &(impl Future<Output = ()> + Clone + Unpin),
) -> Vec<T> {
    let mut answers = stream::iter(asked).buffer_unordered(at_once);
    let mut all = Vec::new();
    while let Either::Left((Some(answer), _)) = select(answers.next(), late.clone()).await {
        all.push(answer);
    }
    all
}

/// The scopes that are looked at: what was never seen first, then the oldest.
fn chosen(environments: &[RememberedEnvironment<'_>], now: Timestamp) -> Vec<WantedLook> {
    let scopes = environments
        .iter()
        .enumerate()
        .flat_map(|(place, it)| it.regions.iter().map(move |(region, scope)| ((place, region.clone()), scope)));
    let mut stale: Vec<_> = scopes.filter(|(_, scope)| !scope.is_seen(now)).collect();
    stale.sort_by_key(|(_, scope)| scope.view.as_ref().map(|view| view.at));
    let mut allowance = Allowance::default();
    let looks = stale.into_iter().map(|(place, scope)| WantedLook::of(place, scope));
    looks.filter(|look| allowance.take(&look.place.1, &look.takes())).collect()
}

impl RememberedScope {
    /// Whether somebody has looked at it within the last minute.
    fn is_seen(&self, now: Timestamp) -> bool {
        self.view.as_ref().is_some_and(|view| now.duration_since(view.at) < SHARED_FOR)
    }

    /// What is known of its resources.
    pub(super) fn observed(&self, now: Timestamp) -> Reading<ObservedScope> {
        let why = || self.unseen.clone().unwrap_or_else(|| "AWS was not asked, or did not answer in time".to_owned());
        match &self.view {
            Some(view) if self.is_seen(now) => Reading::Now(view.observed.clone()),
            Some(view) => Reading::Last { value: view.observed.clone(), at: view.at, why: why() },
            None => Reading::Unread { why: why() },
        }
    }
}
