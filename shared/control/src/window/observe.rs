//! What ECS and RDS say of the scopes that are looked at, within the window's part of the budgets and within its patience.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{Either, select};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use watchkeeper_domain::capacity::{DatabaseId, ObservedScope, ResourceId, ServiceId};
use watchkeeper_domain::name::{ClusterName, Region, ServiceName};
use watchkeeper_window::facts::Reading;

use super::environment::{RememberedEnvironment, RememberedScope};
use super::{AT_ONCE, PATIENCE, SHARED_FOR, WindowReader};
use crate::ledger::{Ledger, ScopeView};
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::{
    AwsError, Clock, DESCRIBE_SERVICES_MAX, DESCRIBE_TARGETS_MAX, Databases, ScalableTargets, Services,
};

/// How many scopes are looked at at once.
const SCOPES_AT_ONCE: usize = 8;

/// The part of a bucket's burst that one look takes at the most: what runs leave of it.
const SHARE: f64 = 0.5;

/// What is to be looked at in a scope, and how many calls of each API that takes.
#[derive(Debug, Clone)]
struct WantedLook {
    /// The place of its environment, and its region.
    place: (usize, Region),
    services: BTreeMap<ClusterName, Vec<ServiceName>>,
    databases: BTreeSet<DatabaseId>,
}

impl WantedLook {
    fn of(place: (usize, Region), it: &RememberedScope) -> Self {
        let (services, databases) = it.selection();
        let mut clusters: BTreeMap<ClusterName, Vec<ServiceName>> = BTreeMap::new();
        for id in services {
            clusters.entry(id.cluster).or_default().push(id.service);
        }
        Self { place, services: clusters, databases }
    }

    fn calls(&self) -> [(ApiBucket, usize); 3] {
        let services: usize = self.services.values().map(Vec::len).sum();
        let described = self.services.values().map(|names| names.len().div_ceil(DESCRIBE_SERVICES_MAX)).sum();
        let targets = services.div_ceil(DESCRIBE_TARGETS_MAX);
        [
            (ApiBucket::EcsServiceRead, described),
            (ApiBucket::ScalingRead, targets),
            (ApiBucket::Rds, self.databases.len()),
        ]
    }
}

/// The calls that one look may still make in a region.
#[derive(Debug, Default)]
struct Allowance(BTreeMap<(Region, ApiBucket), usize>);

impl Allowance {
    /// Takes the calls of a look, all or none.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "half a published burst, a small number"
    )]
    fn take(&mut self, region: &Region, calls: &[(ApiBucket, usize)]) -> bool {
        let whole = |api: ApiBucket| (api.quota().burst * SHARE) as usize;
        let left = |taken: &Self, api| taken.0.get(&(region.clone(), api)).copied().unwrap_or_else(|| whole(api));
        if calls.iter().any(|(api, wanted)| left(self, *api) < *wanted) {
            return false;
        }
        for (api, wanted) in calls {
            let rest = left(self, *api) - wanted;
            self.0.insert((region.clone(), *api), rest);
        }
        true
    }
}

impl<P: Platform> WindowReader<P> {
    /// Looks at every scope that nobody has looked at within the last minute, as far as the budgets and the time reach.
    pub(super) async fn observe(&self, environments: &mut [RememberedEnvironment<'_>], now: Timestamp) {
        let looks = chosen(environments, now);
        let mut answers = stream::iter(looks)
            .map(|look| async move {
                let observed = self.look_at(&look).await;
                (look.place, observed)
            })
            .buffer_unordered(SCOPES_AT_ONCE);
        let mut late = Box::pin(self.clock.sleep(PATIENCE));
        let mut seen: Vec<((usize, Region), Result<ObservedScope, AwsError>)> = Vec::new();
        while let Either::Left((Some(answer), _)) = select(answers.next(), &mut late).await {
            seen.push(answer);
        }
        drop(answers);
        let at = self.clock.now();
        for ((environment, region), answer) in seen {
            let Some(scope) = environments.get_mut(environment).and_then(|it| it.regions.get_mut(&region)) else {
                continue;
            };
            match answer {
                Ok(observed) => scope.view = Some(ScopeView { at, observed }),
                Err(error) => scope.unseen = Some(crate::runbook::in_full(&error)),
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

    async fn look_at(&self, look: &WantedLook) -> Result<ObservedScope, AwsError> {
        let mut observed = ObservedScope::default();
        let Some(cloud) = self.clouds.get(&look.place.1) else { return Ok(observed) };
        for (cluster, names) in &look.services {
            for batch in names.chunks(DESCRIBE_SERVICES_MAX) {
                observed.services.extend(cloud.describe_services(cluster, batch).await?);
            }
        }
        let found: Vec<ServiceId> = observed.services.keys().cloned().collect();
        for batch in found.chunks(DESCRIBE_TARGETS_MAX) {
            for (id, scaling) in cloud.describe_targets(batch).await? {
                if let Some(service) = observed.services.get_mut(&id) {
                    service.capacity.scaling = Some(scaling);
                }
            }
        }
        let asked = look.services.iter().flat_map(|(cluster, names)| {
            names.iter().map(|service| ServiceId { cluster: cluster.clone(), service: service.clone() })
        });
        let missing: Vec<ServiceId> = asked.filter(|id| !observed.services.contains_key(id)).collect();
        observed.missing.extend(missing.into_iter().map(ResourceId::Service));
        for id in &look.databases {
            match cloud.describe_database(id).await? {
                Some(found) => _ = observed.databases.insert(id.clone(), found),
                None => _ = observed.missing.insert(ResourceId::Database(id.clone())),
            }
        }
        Ok(observed)
    }
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
    looks.filter(|look| allowance.take(&look.place.1, &look.calls())).collect()
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
