//! What facts say of each other: bounds and health paths of a service, what an alarm speaks of, and what is told by resources of
//! their own.

use super::facts::{AlarmSubject, Facts, Found, QueueFacts, ServiceFacts, TableFacts};

impl Facts {
    /// Gives tables and queues what resources of their own say of them.
    pub(crate) fn join(&mut self) {
        for ((account, region, name), replica) in std::mem::take(&mut self.replicas) {
            let own = |it: &&mut Found<TableFacts>| {
                it.account == account && it.region == region && it.item.name.as_str() == name
            };
            if let Some(table) =
                self.tables.iter_mut().find(own).filter(|table| !table.item.replicas.contains(&replica))
            {
                table.item.replicas.push(replica);
                table.item.replicas.sort();
            }
        }
        for ((account, region, name), letters) in std::mem::take(&mut self.redrives) {
            let own = |it: &&mut Found<QueueFacts>| {
                it.account == account && it.region == region && it.item.name.as_str() == name
            };
            if let Some(queue) = self.queues.iter_mut().find(own) {
                queue.item.dead_letters.get_or_insert(letters);
            }
        }
    }

    /// The bounds of a service: those of its account and region, or, without an ARN, those of its file.
    pub(crate) fn bounds(&self, service: &Found<ServiceFacts>) -> Option<(u32, u32)> {
        let key = (service.item.cluster.to_string(), service.item.name.to_string());
        let own = self.targets.get(&key)?.iter().filter(|target| match &target.place {
            Some((account, region)) => *account == service.account && *region == service.region,
            None => target.file == service.file,
        });
        let mut found: Vec<(u32, u32)> = own.map(|target| (target.min, target.max)).collect();
        found.sort_unstable();
        found.dedup();
        // Two targets of one name without an ARN may be those of two regions.
        (found.len() == 1).then(|| found.first().copied()).flatten()
    }

    /// Whether a scheduled action of Application Auto Scaling moves a service.
    pub(crate) fn is_scheduled(&self, service: &ServiceFacts) -> bool {
        self.scheduled.contains(&(service.cluster.to_string(), service.name.to_string()))
    }

    /// The health paths of a service.
    pub(crate) fn paths(&self, service: &ServiceFacts) -> Vec<&str> {
        let groups = service.target_groups.iter().filter_map(|group| self.target_groups.get(group));
        let mut paths: Vec<&str> = groups.filter_map(|group| group.path.as_deref()).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// Whether a service is what an alarm speaks of.
    pub(crate) fn speaks_of(&self, subject: &AlarmSubject, service: &ServiceFacts) -> bool {
        match subject {
            AlarmSubject::Service(cluster, name) => {
                cluster == service.cluster.as_str() && name == service.name.as_str()
            }
            AlarmSubject::TargetGroup(group) => service.target_groups.contains(group),
            AlarmSubject::Balancer(balancer) => service
                .target_groups
                .iter()
                .any(|group| self.target_groups.get(group).is_some_and(|group| group.balancers.contains(balancer))),
            _ => false,
        }
    }
}
