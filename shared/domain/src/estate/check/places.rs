//! Where things are: regions, clusters, services, databases, accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::{EnvironmentChecker, at, one_of};
use crate::capacity::DatabaseId;
use crate::estate::{
    ClusterServices, DatabaseEntry, Environment, EnvironmentDatabases, EnvironmentDocument, EstateDocument,
};
use crate::finding::{DocumentFinding, FieldPath};
use crate::name::{Region, ServiceName};

impl EnvironmentDocument {
    /// The regions it runs in.
    fn own_regions(&self) -> impl Iterator<Item = &Region> {
        std::iter::once(&self.regions.primary).chain(&self.regions.standby)
    }

    /// Every service, wherever it runs.
    pub(super) fn service_names(&self) -> BTreeSet<&ServiceName> {
        self.clusters.values().flat_map(BTreeMap::values).flat_map(ClusterServices::named).collect()
    }

    /// Whether there may be services that the document does not name.
    pub(super) fn finds_services(&self) -> bool {
        self.clusters.values().flat_map(BTreeMap::values).any(|services| *services == ClusterServices::Managed)
    }

    /// Every database that the document names, wherever it runs.
    fn named_databases(&self) -> Vec<DatabaseId> {
        self.databases.named().iter().filter_map(DatabaseEntry::database).collect()
    }

    /// Whether there may be databases that the document does not name.
    fn finds_databases(&self) -> bool {
        self.databases == EnvironmentDatabases::Managed
    }

    /// Every resource with its region: what two environments of one account must not share.
    fn resources(&self) -> BTreeSet<(Region, String)> {
        let services = self.clusters.iter().flat_map(|(region, clusters)| {
            let names =
                clusters.iter().flat_map(|(cluster, all)| all.named().iter().map(move |s| format!("{cluster}/{s}")));
            names.map(move |name| (region.clone(), name))
        });
        let database = |entry: &DatabaseEntry| {
            let region = entry.region.as_ref().unwrap_or(&self.regions.primary).clone();
            entry.database().map(|database| (region, database.name().to_string()))
        };
        let page = self.wake_page.iter().flat_map(|page| {
            let names = [page.listener_rule.to_string(), page.target_group.to_string()];
            names.into_iter().map(|name| (self.regions.primary.clone(), name))
        });
        services.chain(self.databases.named().iter().filter_map(database)).chain(page).collect()
    }

    /// A resource that another environment names too, unless the two say that they live in different accounts. A cluster whose
    /// services are found by their tag is one environment's alone.
    pub fn shares(&self, other: &Self) -> Option<(Region, String)> {
        if self.account.is_some() && other.account.is_some() && self.account != other.account {
            return None;
        }
        let resource = || self.resources().intersection(&other.resources()).next().cloned();
        resource().or_else(|| self.cluster_of(other)).or_else(|| other.cluster_of(self))
    }

    /// A cluster of this environment, found by tag, that another one has too.
    fn cluster_of(&self, other: &Self) -> Option<(Region, String)> {
        let all = self.clusters.iter().flat_map(|(region, clusters)| clusters.iter().map(move |it| (region, it)));
        let mut managed = all.filter(|(_, (_, services))| **services == ClusterServices::Managed);
        let shared = managed.find(|(region, (cluster, _))| {
            other.clusters.get(*region).is_some_and(|clusters| clusters.contains_key(*cluster))
        });
        shared.map(|(region, (cluster, _))| (region.clone(), format!("the cluster {cluster}")))
    }
}

impl EnvironmentChecker<'_> {
    pub(super) fn places(&mut self) {
        let regions = &self.environment.regions;
        if regions.standby.as_ref() == Some(&regions.primary) {
            let found = format!("{}, which is the primary region", regions.primary);
            self.note(at("regions").key("standby"), found, "another region than the primary one");
        }
        let environment = self.environment;
        let nothing = environment.clusters.is_empty() && environment.databases.is_empty();
        if nothing && environment.backups.is_none() && environment.unblock.is_none() {
            self.note(
                FieldPath::root(),
                "nothing to look after",
                "at least one of clusters, databases, backups, unblock",
            );
        }
        self.clusters();
        self.exclude();
        self.databases();
        self.protected();
        self.capacity();
    }

    fn clusters(&mut self) {
        for (region, clusters) in &self.environment.clusters {
            let place = at("clusters").key(region);
            self.own_region(place.clone(), region);
            let mut seen = BTreeSet::new();
            for (cluster, services) in clusters {
                let place = place.clone().key(cluster);
                if *services == ClusterServices::Managed {
                    self.managed(place, "services");
                    continue;
                }
                let services = services.named();
                if services.is_empty() {
                    self.note(place.clone(), "no service", "at least one; an empty selection is never meant");
                }
                for (index, service) in services.iter().enumerate() {
                    // The same name in two clusters is legal at ECS, but one name has one meaning in a document.
                    if !seen.insert(service) {
                        let found = format!("{service} a second time");
                        self.note(place.clone().index(index), found, "each service once in a region");
                    }
                }
            }
        }
    }

    /// What has to know its resources by name: a pair, whose regions have to agree on them.
    fn managed(&mut self, place: FieldPath, what: &str) {
        if self.environment.failover.is_some() || self.environment.regions.standby.is_some() {
            let expected = format!("its {what} by name: both regions of a pair have to know them");
            self.note(place, format!("{what} by their tag, in a pair"), expected);
        }
    }

    fn exclude(&mut self) {
        let environment = self.environment;
        let (services, databases) = (environment.service_names(), environment.named_databases());
        for (index, name) in environment.exclude.iter().enumerate() {
            let place = at("exclude").index(index);
            if !environment.finds_services() && !environment.finds_databases() {
                let expected = "none where neither a cluster nor `databases` is `managed`: leave it out of the names";
                self.note(place, name.to_string(), expected);
            } else if services.iter().any(|service| service.as_str() == name.as_str()) {
                self.note(place, format!("{name}, which a cluster names"), "a service that is found by its tag");
            } else if databases.iter().any(|database| database.is_called(name.as_str())) {
                self.note(place, format!("{name}, which `databases` names"), "a database that is found by its tags");
            }
        }
    }

    fn own_region(&mut self, place: FieldPath, region: &Region) {
        if !self.environment.own_regions().any(|own| own == region) {
            let found = format!("{region}, where the environment does not run");
            self.note(place, found, one_of(self.environment.own_regions()));
        }
    }

    fn databases(&mut self) {
        if self.environment.finds_databases() {
            self.managed(at("databases"), "databases");
        }
        let mut seen = BTreeSet::new();
        for (index, entry) in self.environment.databases.named().iter().enumerate() {
            let place = at("databases").index(index);
            if let Some(region) = &entry.region {
                self.own_region(place.clone().key("region"), region);
            }
            let Some(database) = entry.database() else {
                let found = if entry.aurora.is_some() { "both aurora and rds" } else { "neither aurora nor rds" };
                self.note(place, found, "exactly one of aurora, rds");
                continue;
            };
            if !seen.insert((entry.region.clone(), database.clone())) {
                self.note(place, format!("{} a second time", database.name()), "each database once");
            }
        }
    }

    fn protected(&mut self) {
        let services = self.environment.service_names();
        let databases = self.environment.named_databases();
        for (index, name) in self.environment.protected.iter().enumerate() {
            let all = || services.iter().map(|s| s.as_str()).chain(databases.iter().map(|d| d.name().as_str()));
            let is_service = services.iter().any(|service| service.as_str() == name.as_str());
            if !is_service
                && !self.environment.finds_services()
                && !self.environment.finds_databases()
                && !databases.iter().any(|database| database.is_called(name.as_str()))
            {
                self.note(at("protected").index(index), format!("the unknown name {name}"), one_of(all()));
            }
        }
    }

    fn capacity(&mut self) {
        for (service, declared) in &self.environment.capacity {
            let place = at("capacity").key(service);
            self.known_service(place.clone(), service);
            // Code may declare fewer tasks than its autoscaler's minimum, which lifts them.
            if let Some(max) = declared.max.filter(|max| *max < declared.tasks()) {
                self.note(place.key("max"), max.to_string(), format!("at least {}", declared.tasks()));
            }
        }
    }

    /// Notes a service that the environment cannot have: where some are found by their tag, any name may be one of them.
    pub(super) fn known_service(&mut self, place: FieldPath, service: &ServiceName) {
        let services = self.environment.service_names();
        if !services.contains(service) && !self.environment.finds_services() {
            let expected = one_of(services);
            self.note(place, format!("the unknown service {service}"), expected);
        }
    }
}

/// Environments that name the same resource, unless each says that it lives in another account: the calendar of one
/// would put the other to sleep.
pub(super) fn shared(document: &EstateDocument) -> Vec<DocumentFinding> {
    let environments: Vec<_> = document.environments.iter().collect();
    let mut findings = Vec::new();
    for (index, (name, environment)) in environments.iter().enumerate() {
        let clash =
            environments[..index].iter().find_map(|(other, earlier)| Some((other, environment.shares(earlier)?)));
        if let Some((other, (region, resource))) = clash {
            let found = format!("{resource} in {region}, which {other} names too");
            let expected = "resources of its own, or a different `account` in each of the two environments";
            findings.push(DocumentFinding::new(Environment::place(name), found, expected));
        }
    }
    findings
}
