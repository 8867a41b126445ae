//! Reading what a document names in a region.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use watchkeeper_control::scoped::FoundByTag;
use watchkeeper_domain::capacity::{DatabaseId, ServiceId};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::{self, ClusterName, ServiceName};
use watchkeeper_domain::preflight::{AccountRegion, PreflightFacts, Read, WantedResources};
use watchkeeper_domain::value::AlarmName;

use crate::unread::read;
use crate::{PolicyJudge, RegionClients};

/// Everything there is to know of what is wanted. `others` are regions in which an alarm may lie by mistake.
pub(crate) async fn gather(
    region: &RegionClients,
    judge: &impl PolicyJudge,
    place: &AccountRegion,
    (environment, wanted): (&Environment, &WantedResources),
    others: &[(name::Region, RegionClients)],
    now: Timestamp,
) -> PreflightFacts {
    let mut facts = PreflightFacts::nothing(place.clone(), region.quota_facts(now).await);
    capacity(region, environment, wanted, &mut facts).await;
    data(region, wanted, &mut facts).await;
    alarms(region, wanted, others, &mut facts).await;
    if environment.calendar().is_some() {
        facts.schedules = read(region.schedules().await);
    }
    for bus in &wanted.buses {
        facts.buses.insert(bus.clone(), read(region.bus(bus).await));
    }
    for bucket in wanted.buckets.keys() {
        facts.buckets.insert(bucket.clone(), read(region.bucket(bucket).await));
    }
    for repository in &wanted.repositories {
        facts.repositories.insert(repository.clone(), read(region.repository(repository).await));
    }
    for vault in &wanted.vaults {
        facts.vaults.insert(vault.clone(), read(region.vault(vault).await));
    }
    for key in &wanted.keys {
        facts.keys.insert(key.clone(), read(judge.key(key.as_str()).await));
    }
    facts
}

/// What there is where something is found by its tag.
pub(crate) struct ListedResources {
    /// The services of each cluster.
    pub(crate) services: BTreeMap<ClusterName, Read<usize>>,
    /// The databases of the region.
    pub(crate) databases: Option<Read<usize>>,
}

/// The services and databases that are found by their tag: they are wanted like those that are named. How many there are of all.
pub(crate) async fn find_by_tag(
    region: &RegionClients,
    by_tag: &FoundByTag,
    wanted: &mut WantedResources,
) -> ListedResources {
    let mut listed = BTreeMap::new();
    for cluster in &by_tag.clusters {
        let found = read(region.services_of(cluster).await);
        let ours = found.iter().flatten().filter(|(id, service)| by_tag.means(id, service));
        wanted.services.extend(ours.map(|(id, _)| id.clone()));
        listed.insert(cluster.clone(), found.map(|found| found.len()));
    }
    let mut databases = None;
    if by_tag.databases.is_some() {
        let found = read(region.all_databases().await);
        let ours = found.iter().flatten().filter(|found| by_tag.means_database(found));
        wanted.databases.extend(ours.map(|found| found.id.clone()));
        databases = Some(found.map(|found| found.len()));
    }
    ListedResources { services: listed, databases }
}

async fn capacity(
    region: &RegionClients,
    environment: &Environment,
    wanted: &WantedResources,
    facts: &mut PreflightFacts,
) {
    // What a task takes is asked for only where somebody would start more of them.
    let document = environment.document();
    let sizes = document.emergency.is_some() || document.failover.is_some();
    let mut clusters = BTreeMap::<_, Vec<ServiceName>>::new();
    for cluster in &wanted.managed_clusters {
        clusters.entry(cluster.clone()).or_default();
    }
    for id in &wanted.services {
        clusters.entry(id.cluster.clone()).or_default().push(id.service.clone());
    }
    for (cluster, names) in clusters {
        let status = read(region.cluster(&cluster).await);
        if matches!(&status, Ok(Some(status)) if status == "ACTIVE") {
            facts.services.extend(region.services(&cluster, &names, sizes).await);
        }
        facts.clusters.insert(cluster, status);
    }
    let there: Vec<ServiceId> =
        facts.services.iter().filter(|(_, found)| matches!(found, Ok(Some(_)))).map(|(id, _)| id.clone()).collect();
    let targets = region.targets(&there).await;
    for (id, found) in &mut facts.services {
        if let Ok(Some(service)) = found {
            service.target = targets.as_ref().map(|all| all.get(id).cloned()).map_err(Clone::clone);
        }
    }
}

async fn data(region: &RegionClients, wanted: &WantedResources, facts: &mut PreflightFacts) {
    let place = facts.place.clone();
    for id in &wanted.databases {
        let kind = if matches!(id, DatabaseId::Aurora(_)) { "cluster" } else { "db" };
        let arn = place.arn("rds", &format!("{kind}:{}", id.name()));
        facts.databases.insert(id.clone(), read(region.database(id, &arn).await));
    }
    if let Some(page) = &wanted.page {
        facts.rules.insert(page.rule.clone(), read(region.rule(&page.rule).await));
        let group = read(region.page_group(&page.target_group).await);
        facts.page_groups.insert(page.target_group.clone(), group);
    }
    for promoted in &wanted.promoted {
        let arn = place.arn("rds", &format!("db:{}", promoted.name()));
        facts.promoted.insert(promoted.clone(), read(region.promoted(promoted, &arn).await));
    }
    for policy in &wanted.policies {
        facts.sources.insert(policy.subject.source.clone(), read(region.source(policy).await));
    }
    for policy in wanted.policies.iter().chain(&wanted.copies) {
        let kind = policy.subject.source.kind;
        if let Entry::Vacant(slot) = facts.snapshots.entry(kind) {
            slot.insert(read(region.copies(policy, &place.region).await));
        }
    }
    for table in wanted.tables.keys() {
        let arn = place.arn("dynamodb", &format!("table/{table}"));
        facts.tables.insert(table.clone(), read(region.table(table, &arn).await));
    }
    for queue in wanted.queues.keys() {
        facts.queues.insert(queue.clone(), read(region.queue(queue).await));
    }
}

async fn alarms(
    region: &RegionClients,
    wanted: &WantedResources,
    others: &[(name::Region, RegionClients)],
    facts: &mut PreflightFacts,
) {
    let found = read(region.alarms(&wanted.alarms).await);
    for name in wanted.alarms.keys() {
        let alarm = found.as_ref().map(|all| all.get(name).cloned()).map_err(Clone::clone);
        facts.alarms.insert(name.clone(), alarm);
    }
    let missing = facts.alarms.iter().filter(|(_, found)| matches!(found, Ok(None)));
    let missing: BTreeMap<AlarmName, bool> = missing.map(|(name, _)| (name.clone(), false)).collect();
    if missing.is_empty() {
        return;
    }
    for (name, other) in others {
        // Where else it lies is a hint: without it the alarm is missing all the same.
        for alarm in other.alarms(&missing).await.into_iter().flatten().map(|(alarm, _)| alarm) {
            facts.elsewhere.entry(alarm).or_default().insert(name.clone());
        }
    }
}
