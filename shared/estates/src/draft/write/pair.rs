//! Failover, as far as facts go.

use std::collections::BTreeSet;

use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use super::EnvironmentWriter;
use super::text::{list, scalar};
use crate::draft::called::Called as _;

impl EnvironmentWriter<'_> {
    pub(super) fn failover(&mut self) {
        let Some(standby) = &self.environment.standby else { return };
        if self.both(standby).is_empty() {
            self.out.ask(
                2,
                "A move starts services of the same name in both regions, and there are none: which correspond?",
            );
            return;
        }
        self.out.ask(
            2,
            "How does the pair move? What is promised (rto, rpo), how does traffic move, may it start by itself?",
        );
        let once = self.single();
        if !once.is_empty() {
            self.out.ask(
                2,
                &format!("Which service may run only once anywhere (`singletons`)? With one task: {}", once.join(", ")),
            );
        }
        self.out.off(2, 0, "failover:", None);
        self.out.off(2, 1, "detect: ask", None);
        self.probe(standby);
        self.out.off(2, 1, "rto: 5m", None);
        self.out.off(2, 1, "rpo: 1s", None);
        self.figures(standby);
        self.data(standby);
        let images: BTreeSet<&str> = self.environment.facts.images.iter().map(|it| it.item.name()).collect();
        if !images.is_empty() {
            self.out.off(2, 1, &format!("images: {}", list(images.into_iter())), None);
        }
        self.out.off(2, 1, "traffic:", None);
        self.out.off(2, 2, "strategy: switch-object", Some("or alarm, routing-control, record"));
        self.out.off(2, 2, "names: [shop.example.com]", None);
        self.out.off(2, 2, "bucket: shop-failover", Some("in the standby region"));
        self.out.off(2, 2, "object: standby-serves", None);
    }

    /// Services of both regions: those that a move can start.
    fn both(&self, standby: &Region) -> Vec<(&str, Option<u32>)> {
        let services = &self.environment.facts.services;
        let there: BTreeSet<_> = services.iter().filter(|it| it.region == *standby).map(|it| &it.item.name).collect();
        let here = services.iter().filter(|it| it.region == self.environment.primary && there.contains(&it.item.name));
        here.map(|it| (it.item.name.as_str(), it.item.desired)).collect()
    }

    /// Services of one task.
    fn single(&self) -> Vec<&str> {
        let here = self
            .environment
            .facts
            .services
            .iter()
            .filter(|it| it.region == self.environment.primary && it.item.desired == Some(1));
        here.map(|it| it.item.name.as_str()).collect()
    }

    /// Addresses and health paths. A region with one load balancer before its services has its address.
    fn probe(&mut self, standby: &Region) {
        let address = |region: &Region| {
            let services = self.environment.facts.services.iter().filter(|it| it.region == *region);
            let groups =
                services.flat_map(|it| &it.item.target_groups).filter_map(|group| self.all.target_groups.get(group));
            let found: BTreeSet<_> =
                groups.flat_map(|group| &group.balancers).filter_map(|it| self.all.balancers.get(it)).collect();
            found.first().filter(|_| found.len() == 1).map(|address| format!("https://{address}"))
        };
        let (primary, other) = (address(&self.environment.primary), address(standby));
        let known: BTreeSet<&str> = self.both(standby).into_iter().map(|(name, _)| name).collect();
        let here = self
            .environment
            .facts
            .services
            .iter()
            .filter(|it| it.region == self.environment.primary && known.contains(it.item.name.as_str()));
        let paths: Vec<String> = here
            .filter_map(|it| {
                Some(format!("{}: {}", scalar(it.item.name.as_str()), scalar(self.all.paths(&it.item).first()?)))
            })
            .collect();
        self.out.off(2, 1, "probe:", None);
        let own = "the load balancer's own name; does its certificate have it?";
        for (key, address) in [("primary", primary), ("standby", other)] {
            let remark = address.is_some().then_some(own);
            let address = address.unwrap_or_else(|| format!("https://{key}.example.com"));
            self.out.off(2, 2, &format!("{key}: {address}"), remark);
        }
        self.out.off(2, 2, &format!("paths: {{ {} }}", paths.join(", ")), None);
    }

    /// What the standby runs once it serves: as many tasks as the primary has.
    fn figures(&mut self, standby: &Region) {
        let figures: Vec<(String, Option<u32>)> =
            self.both(standby).into_iter().map(|(name, desired)| (scalar(name), desired)).collect();
        self.out.off(2, 1, "capacity:", Some("as the primary has it"));
        for (name, tasks) in figures {
            let remark = tasks.is_none().then_some("? the state has no count");
            self.out.off(2, 2, &format!("{name}: {}", tasks.unwrap_or(1)), remark);
        }
    }

    /// Global tables, databases with a copy in the standby region, and streams.
    fn data(&mut self, standby: &Region) {
        let facts = &self.environment.facts;
        let global = facts
            .tables
            .iter()
            .filter(|it| it.region == self.environment.primary && it.item.replicas.contains(standby));
        let tables: Vec<String> = global
            .filter_map(|it| {
                let key = scalar(it.item.key.as_ref()?.as_str());
                let indexes = list(it.item.indexes.iter().map(ResourceName::as_str));
                let indexes = if it.item.indexes.is_empty() { String::new() } else { format!(", indexes: {indexes}") };
                Some(format!("- {{ table: {}, key: {key}{indexes} }}", scalar(it.item.name.as_str())))
            })
            .collect();
        let globals: BTreeSet<String> =
            facts.databases.iter().filter_map(|it| it.item.global.as_ref()).map(|name| scalar(name.as_str())).collect();
        let replicas = facts
            .databases
            .iter()
            .filter(|it| it.region == *standby && it.item.replica_of.is_some() && it.item.global.is_none());
        // A replica is found by its identifier, the same in both regions.
        let pair = |name: &str| {
            facts.databases.iter().any(|it| it.region == self.environment.primary && it.item.id.is_called(name))
        };
        let replicas: Vec<String> =
            replicas.map(|it| it.item.id.name().as_str()).filter(|name| pair(name)).map(scalar).collect();
        let streams: Vec<String> = facts
            .streams
            .iter()
            .filter(|it| it.region == self.environment.primary)
            .filter_map(|it| {
                let (shards, hours) = (it.item.shards.filter(|shards| *shards > 0)?, it.item.hours.unwrap_or(24));
                Some(format!(
                    "- {{ stream: {}, shards: {shards}, retention: {hours}h }}",
                    scalar(it.item.name.as_str())
                ))
            })
            .collect();
        let databases = globals.into_iter().map(|name| format!("- aurora-global: {name}"));
        let databases: Vec<String> =
            databases.chain(replicas.into_iter().map(|name| format!("- replica: {name}"))).collect();
        for (key, entries) in [("tables:", tables), ("databases:", databases), ("streams:", streams)] {
            if !entries.is_empty() {
                self.out.off(2, 1, key, None);
            }
            for entry in &entries {
                self.out.off(2, 2, entry, None);
            }
        }
    }
}
