//! Where a run works: a scope with what its estate document says of it at an instant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::{JobPolicy, ResourceKind as Store};
use watchkeeper_domain::capacity::{
    Baseline, DatabaseId, EnvironmentTag, ListedDatabase, ObservedService, ResourceId, ServiceId,
};
use watchkeeper_domain::estate::{
    DeclaredCapacity, Emergency, Environment, EnvironmentKind, Estate, Failover, FreezeWindow,
};
use watchkeeper_domain::failover::{Pointer, RegionalPair, UnfollowablePointer, placement, same_home};
use watchkeeper_domain::guardrail::Allowance;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::{ClusterName, Region, Scope, ServiceName};
use watchkeeper_domain::order::StartOrder;
use watchkeeper_domain::request::RequestError;
use watchkeeper_domain::schedule::Calendar;
use watchkeeper_domain::value::{AccountId, HourlyCost, ListenerRuleArn, ResourceName, TargetGroupArn};

use crate::ledger::{PairId, PairReplica, ScopeState};

/// Where a stack lives: it looks after the environments of its own account, and their resources in its own region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackIdentity {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl StackIdentity {
    /// Whether this stack looks after something of an environment.
    pub fn has(&self, environment: &Environment) -> bool {
        environment.is_of_account(&self.account) && environment.has_resources(&self.region)
    }
}

/// A scope, its resources, and what may be done to them.
#[derive(Debug, Clone)]
pub struct ScopedEnvironment {
    /// The environment, in one region.
    pub scope: Scope,
    /// The services that the document names in this region.
    pub services: BTreeSet<ServiceId>,
    /// What it finds there by tag.
    pub found_by_tag: FoundByTag,
    /// The databases that the document names in this region.
    pub databases: BTreeSet<DatabaseId>,
    /// What the document allows at the instant.
    pub allowance: Allowance,
    /// The zone of the environment's calendar, in which people write times.
    pub zone: Option<TimeZone>,
    /// The calendar itself.
    pub calendar: Option<Calendar>,
    /// What an hour awake costs, where the document declares that.
    pub awake_cost: Option<HourlyCost>,
    /// What the document says of emergencies.
    pub emergency: Option<Emergency>,
    /// The backups of its databases, where the document asks for fresh ones before something risky, and how fresh.
    pub backups: Option<(SignedDuration, Vec<JobPolicy>)>,
    /// The most tasks that the document declares for a service: what shares of profiles are compared by.
    pub declared: u32,
    /// The pair that it is a half of, if it is one.
    pub pair: Option<PairMember>,
}

/// Resources to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeSelection {
    /// Services.
    pub services: BTreeSet<ServiceId>,
    /// Databases.
    pub databases: BTreeSet<DatabaseId>,
    /// Rules of load balancers' listeners; with the target group of the page that each is to show where no baseline of it is kept.
    pub rules: BTreeMap<ListenerRuleArn, Option<TargetGroupArn>>,
}

impl ScopeSelection {
    /// Whether a resource is among them.
    pub fn has(&self, resource: &ResourceId) -> bool {
        match resource {
            ResourceId::Service(id) => self.services.contains(id),
            ResourceId::Database(id) => self.databases.contains(id),
            ResourceId::Rule(id) => self.rules.contains_key(id),
        }
    }
}

/// What is found by the tag `watchkeeper:managed = true` when it is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundByTag {
    /// Clusters whose services are found so.
    pub clusters: BTreeSet<ClusterName>,
    /// The other tag that a database has to carry, where databases are found so.
    pub databases: Option<EnvironmentTag>,
    /// Services and databases that are left out all the same.
    pub exclude: BTreeSet<ResourceName>,
}

impl FoundByTag {
    /// What a document finds in a region.
    pub fn of(estate: &Estate, environment: &Environment, region: &Region) -> Self {
        Self {
            clusters: environment.managed_clusters(region).into_iter().collect(),
            databases: environment.databases_by_tag(estate.name(), region),
            exclude: environment.document().exclude.iter().cloned().collect(),
        }
    }

    /// Whether a service that was found in one of the clusters is meant.
    pub fn means(&self, id: &ServiceId, service: &ObservedService) -> bool {
        let excluded = self.exclude.iter().any(|name| name.as_str() == id.service.as_str());
        service.managed && self.clusters.contains(&id.cluster) && !excluded
    }

    /// Whether a database that was found in the region is meant.
    pub fn means_database(&self, found: &ListedDatabase) -> bool {
        let excluded = self.exclude.iter().any(|name| found.id.is_called(name.as_str()));
        found.managed && self.databases.is_some() && found.environment == self.databases && !excluded
    }
}

/// A region's member of an active-standby pair.
#[derive(Debug, Clone)]
pub struct PairMember {
    /// Which pair.
    pub id: PairId,
    /// The region.
    pub region: Region,
    /// The pair's home.
    pub home: Region,
    /// Its standby.
    pub standby: Region,
    /// The names of its services in the region.
    pub services: BTreeSet<ServiceName>,
    /// Its services there, by name.
    pub own: BTreeMap<ServiceName, ServiceId>,
    /// Its services in the other region, by name.
    pub others: BTreeMap<ServiceName, ServiceId>,
    /// The capacity that the document declares for the home, by service.
    pub declared: BTreeMap<ServiceName, DeclaredCapacity>,
    /// What the document says of failovers.
    pub failover: Failover,
    /// The order in which its services come up.
    pub order: StartOrder,
    /// Its backups, which are taken in the home.
    pub backups: Vec<JobPolicy>,
    /// Times in which nothing new is changed.
    pub freezes: Vec<FreezeWindow>,
}

impl PairMember {
    /// The half of an environment that lies in a region; nothing where it is no pair, or the region none of its two.
    pub fn of(estate: &Estate, environment: &Environment, region: &Region) -> Option<Self> {
        let document = environment.document();
        let (home, standby) = (&document.regions.primary, document.regions.standby.as_ref()?);
        if region != home && region != standby {
            return None;
        }
        let ids = |region: &Region| -> BTreeMap<ServiceName, ServiceId> {
            let services = environment.services(region).into_iter();
            services.map(|(cluster, service)| (service.clone(), ServiceId { cluster, service })).collect()
        };
        let (own, others) = (ids(region), ids(if region == home { standby } else { home }));
        Some(Self {
            id: PairId { estate: estate.name().clone(), environment: environment.name().clone() },
            region: region.clone(),
            home: home.clone(),
            standby: standby.clone(),
            services: own.keys().cloned().collect(),
            own,
            others,
            declared: document.capacity.clone(),
            failover: document.failover.clone()?,
            order: environment.order(),
            backups: JobPolicy::all(&scope_of(estate, environment, home), environment),
            freezes: environment.limits().freezes.clone(),
        })
    }

    /// The other region.
    pub fn other(&self) -> &Region {
        if self.region == self.home { &self.standby } else { &self.home }
    }

    /// The scope of this region's member.
    pub fn scope(&self) -> Scope {
        self.scope_in(&self.region)
    }

    /// The scope of the member in a region.
    pub fn scope_in(&self, region: &Region) -> Scope {
        let PairId { estate, environment } = self.id.clone();
        Scope { estate, environment, region: region.clone() }
    }

    /// The pointer, which is at home until it has moved.
    pub fn pointer(&self, pair: &PairReplica) -> Pointer {
        let mut pointer = pair.pointer.clone().unwrap_or_else(|| Pointer::at_home(&self.home));
        pointer.home.get_or_insert_with(|| self.home.clone());
        pointer
    }

    /// The same with home and standby as the pair's pointer was made with them: a document that calls the other region home
    /// by now moves nothing.
    #[must_use]
    pub fn as_made(&self, pointer: &Pointer) -> Self {
        let mut made = self.clone();
        if same_home(pointer, &self.home).is_err() && pointer.home.as_ref() == Some(&self.standby) {
            std::mem::swap(&mut made.home, &mut made.standby);
        }
        made
    }

    /// What the pointer wants of this region, as far as its replica of the ledger knows: of the services that the document
    /// has there, and of those whose baseline is kept although it has them no more.
    ///
    /// # Errors
    /// [`UnfollowablePointer`]: then nothing may be changed.
    pub fn placement(
        &self,
        pair: &PairReplica,
        seen: &ScopeState,
        now: Timestamp,
    ) -> Result<Option<Intent>, UnfollowablePointer> {
        let kept = seen.baseline.iter().flat_map(|baseline| baseline.capacity.services.keys());
        let services: BTreeSet<ServiceName> = kept.map(|id| &id.service).chain(&self.services).cloned().collect();
        let other = if pair.pointer.as_ref().and_then(|pointer| pointer.home.as_ref()) == Some(&self.standby) {
            &self.home
        } else {
            &self.standby
        };
        placement(&RegionalPair {
            pointer: pair.pointer.as_ref(),
            region: &self.region,
            home: &self.home,
            standby: &self.standby,
            services: &services,
            failover: &self.failover,
            settled: seen.standing.followed,
            heard: pair.heartbeats.get(other).and_then(|heartbeat| heartbeat.granted),
            now,
        })
    }
}

impl ScopedEnvironment {
    /// What an environment is to a stack, at an instant.
    ///
    /// # Errors
    /// [`RequestError`] when it lives in another account, or has nothing in the region: an empty selection is an error,
    /// never "everything".
    pub fn of(
        estate: &Estate,
        environment: &Environment,
        home: &StackIdentity,
        instant: Timestamp,
    ) -> Result<Self, RequestError> {
        let name = environment.name();
        let region = &home.region;
        if let Some(account) = environment.account().filter(|account| **account != home.account) {
            let found = format!("{name}, which lives in account {account}");
            let expected = format!("an environment of this stack's account, {}", home.account);
            return Err(RequestError { field: "environment", found, expected });
        }
        if !environment.has_resources(region) {
            let regions: Vec<String> = environment.regions().iter().map(ToString::to_string).collect();
            let found = format!("{name}, which has no service and no database in {region}");
            let expected = format!("an environment of this stack's region; this one is in {}", regions.join(" and "));
            return Err(RequestError { field: "environment", found, expected });
        }
        let services = environment.services(region).into_iter();
        let scope = scope_of(estate, environment, region);
        Ok(Self {
            services: services.map(|(cluster, service)| ServiceId { cluster, service }).collect(),
            found_by_tag: FoundByTag::of(estate, environment, region),
            databases: environment.databases(region).into_iter().collect(),
            allowance: allowance(environment, region, instant),
            zone: environment.calendar().map(|calendar| calendar.zone().rules().clone()),
            calendar: environment.calendar().cloned(),
            awake_cost: environment.document().awake_cost,
            emergency: environment.document().emergency.clone(),
            backups: backups(environment, &scope_of(estate, environment, &environment.document().regions.primary)),
            scope,
            declared: environment.document().capacity.values().map(DeclaredCapacity::tasks).max().unwrap_or(1),
            pair: PairMember::of(estate, environment, region),
        })
    }

    /// The resources to look at, but for what is found by tag: the document's, and those that a baseline keeps, because what was
    /// changed must be given back even after the document has forgotten it.
    pub fn selection(&self, baseline: Option<&Baseline>) -> ScopeSelection {
        let page = self.allowance.page.iter().map(|page| (page.rule.clone(), Some(page.target_group.clone())));
        let mut selection = ScopeSelection {
            services: self.services.clone(),
            databases: self.databases.clone(),
            rules: page.collect(),
        };
        if let Some(Baseline { capacity, .. }) = baseline {
            selection.services.extend(capacity.services.keys().cloned());
            selection.databases.extend(capacity.databases.keys().cloned());
            selection.rules.extend(capacity.rules.keys().map(|rule| (rule.clone(), None)));
        }
        selection
    }
}

fn scope_of(estate: &Estate, environment: &Environment, region: &Region) -> Scope {
    Scope { estate: estate.name().clone(), environment: environment.name().clone(), region: region.clone() }
}

/// The backups that have to be fresh before something risky: those of databases.
fn backups(environment: &Environment, scope: &Scope) -> Option<(SignedDuration, Vec<JobPolicy>)> {
    let within = environment.document().guardrails.as_ref()?.fresh_backup?.signed();
    let mut policies = JobPolicy::all(scope, environment);
    policies.retain(|policy| matches!(policy.subject.source.kind, Store::Aurora | Store::Rds));
    Some((within, policies))
}

fn allowance(environment: &Environment, region: &Region, instant: Timestamp) -> Allowance {
    let limits = environment.limits();
    let document = environment.document();
    let pair = document.failover.as_ref().filter(|_| *region == document.regions.primary);
    Allowance {
        production: environment.kind() == EnvironmentKind::Production,
        floor: limits.floor,
        ceiling: limits.ceiling,
        blast_radius_percent: limits.blast_radius.value().into(),
        protected: environment.document().protected.iter().map(ToString::to_string).collect(),
        frozen: limits.freeze_at(instant).map(FreezeWindow::frozen),
        at_home: pair.map(|failover| failover.capacity.clone()).unwrap_or_default(),
        order: environment.order(),
        page: environment.page(region),
    }
}
