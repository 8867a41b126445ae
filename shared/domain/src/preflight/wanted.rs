//! What a document names in a region, and what is needed of it there.

use std::collections::{BTreeMap, BTreeSet};

use crate::backup::{BackupSource, JobPolicy};
use crate::capacity::{DatabaseId, EnvironmentTag, PagePlace, ServiceId};
use crate::estate::{BackupProvider, Environment, EnvironmentKind, Estate};
use crate::failover::PairDatabase;
use crate::name::{ClusterName, Region, Scope};
use crate::value::{AlarmName, ResourceName};

/// What is needed of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableNeed {
    /// A role of ours opens it by its tag.
    pub tagged: bool,
    /// The document asks for point-in-time recovery.
    pub recovers: bool,
    /// The regions that need a replica.
    pub replicas: BTreeSet<Region>,
    /// Indexes that are queried.
    pub indexes: BTreeSet<String>,
}

/// What is needed of a queue. All of them are opened by their tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueNeed {
    /// Where its dead letters have to go.
    pub dead_letters: Option<ResourceName>,
    /// The queues whose dead letters it has.
    pub letters_of: BTreeSet<ResourceName>,
}

/// Everything that an environment has, or should have, in one region.
#[derive(Debug, Clone, Default)]
pub struct WantedResources {
    /// Services, as far as a document names them, and what was found by its tag.
    pub services: BTreeSet<ServiceId>,
    /// Clusters whose services are found by their tag.
    pub managed_clusters: BTreeSet<ClusterName>,
    /// Databases that sleep and wake, as far as a document names them, and what was found by its tags.
    pub databases: BTreeSet<DatabaseId>,
    /// The value of the tag by which databases are found, where they are.
    pub databases_by_tag: Option<EnvironmentTag>,
    /// The page that is shown while it sleeps.
    pub page: Option<PagePlace>,
    /// What is promoted in a failover.
    pub promoted: BTreeSet<PairDatabase>,
    /// Backups of what is here.
    pub policies: Vec<JobPolicy>,
    /// Snapshots that are copied to here, as the jobs of their sources.
    pub copies: Vec<JobPolicy>,
    /// Tables.
    pub tables: BTreeMap<ResourceName, TableNeed>,
    /// Queues.
    pub queues: BTreeMap<ResourceName, QueueNeed>,
    /// Alarms, and whether something is done when one goes off.
    pub alarms: BTreeMap<AlarmName, bool>,
    /// Event buses.
    pub buses: BTreeSet<ResourceName>,
    /// Buckets, and whether they have to keep versions.
    pub buckets: BTreeMap<ResourceName, bool>,
    /// Repositories of images.
    pub repositories: BTreeSet<ResourceName>,
    /// Keys for copies.
    pub keys: BTreeSet<ResourceName>,
    /// Vaults of AWS Backup.
    pub vaults: BTreeSet<ResourceName>,
}

impl WantedResources {
    /// The regions in which a document of an environment names anything.
    pub fn regions(environment: &Environment) -> BTreeSet<Region> {
        let document = environment.document();
        let clusters = document.clusters.keys();
        let databases = document.databases.named().iter().filter_map(|database| database.region.as_ref());
        let jobs = document.backups.iter().flat_map(|backups| &backups.jobs);
        let copies = jobs.filter_map(|job| Some(&job.copy.as_ref()?.region));
        environment.regions().iter().chain(clusters).chain(databases).chain(copies).cloned().collect()
    }

    /// What the environment needs in a region.
    pub fn of(estate: &Estate, environment: &Environment, region: &Region) -> Self {
        let document = environment.document();
        let (primary, standby) = (&document.regions.primary, document.regions.standby.as_ref());
        let services = environment.services(region).into_iter();
        let mut wanted = Self {
            services: services.map(|(cluster, service)| ServiceId { cluster, service }).collect(),
            managed_clusters: environment.managed_clusters(region).into_iter().collect(),
            databases: environment.databases(region).into_iter().collect(),
            databases_by_tag: environment.databases_by_tag(estate.name(), region),
            page: environment.page(region),
            ..Self::default()
        };
        wanted.backups(estate, environment, region);
        if region == primary {
            wanted.emergency(environment);
            wanted.unblock(environment);
        }
        if region == primary || standby == Some(region) {
            wanted.failover(environment, region);
        }
        wanted
    }

    fn emergency(&mut self, environment: &Environment) {
        let document = environment.document();
        for alarm in &document.alarms {
            self.alarms.entry(alarm.clone()).or_default();
        }
        let Some(emergency) = &document.emergency else { return };
        for response in &emergency.responses {
            self.alarms.insert(response.alarm.clone(), true);
            for veto in &response.veto {
                self.alarms.entry(veto.clone()).or_default();
            }
        }
        for alarm in emergency.rollback.iter().flat_map(|rollback| &rollback.alarms) {
            self.alarms.insert(alarm.clone(), true);
        }
    }

    fn unblock(&mut self, environment: &Environment) {
        let Some(unblock) = &environment.document().unblock else { return };
        let locks = unblock.locks.iter();
        let named = locks.clone().map(|locks| (&locks.table, locks.index.as_ref()));
        let finished = locks.filter_map(|locks| Some((&locks.finished.as_ref()?.table, None)));
        let blockers = unblock.blockers.iter().map(|blockers| (&blockers.table, blockers.index.as_ref()));
        for (table, index) in named.chain(finished).chain(blockers) {
            let need = self.tables.entry(table.clone()).or_default();
            need.tagged = true;
            need.indexes.extend(index.map(ToString::to_string));
        }
        for queue in &unblock.queues {
            self.queues.entry(queue.queue.clone()).or_default().dead_letters = Some(queue.dead_letters.clone());
            self.queues.entry(queue.dead_letters.clone()).or_default().letters_of.insert(queue.queue.clone());
            if let Some(parked) = &queue.parked {
                self.queues.entry(parked.clone()).or_default();
            }
        }
        self.buses.extend(unblock.report.iter().map(|report| report.bus.clone()));
    }

    fn failover(&mut self, environment: &Environment, region: &Region) {
        let document = environment.document();
        let Some(failover) = &document.failover else { return };
        let both: BTreeSet<Region> = environment.regions().into_iter().collect();
        for table in &failover.tables {
            let need = self.tables.entry(table.table.clone()).or_default();
            need.replicas.clone_from(&both);
            need.indexes.extend(table.indexes.iter().map(ToString::to_string));
        }
        self.repositories.extend(failover.images.iter().cloned());
        self.promoted.extend(failover.databases.iter().filter_map(PairDatabase::of));
        // The evidence is the active region's own; what moves traffic lies in the standby.
        if *region == document.regions.primary {
            for alarm in &failover.evidence {
                self.alarms.entry(alarm.clone()).or_default();
            }
        } else {
            self.buckets.extend(failover.traffic.bucket.clone().map(|bucket| (bucket, false)));
            self.alarms.extend(failover.traffic.alarm.clone().map(|alarm| (alarm, false)));
        }
    }

    fn backups(&mut self, estate: &Estate, environment: &Environment, region: &Region) {
        let document = environment.document();
        let Some(section) = &document.backups else { return };
        let home = *region == document.regions.primary;
        let (estate, environment_name) = (estate.name().clone(), environment.name().clone());
        let scope = Scope { estate, environment: environment_name, region: document.regions.primary.clone() };
        for policy in JobPolicy::all(&scope, environment) {
            let source: &BackupSource = &policy.subject.source;
            let copied = policy.copy.as_ref().filter(|copy| copy.region == *region);
            if let Some(copy) = copied {
                self.keys.extend(copy.key.clone());
                self.buckets.extend(copy.bucket.clone().map(|bucket| (bucket, true)));
            }
            let vault = section.aws_backup.as_ref().filter(|_| policy.subject.engine == BackupProvider::AwsBackup);
            if home || copied.is_some() {
                self.vaults.extend(vault.map(|it| it.vault.clone()));
            }
            if home {
                match source.kind {
                    crate::backup::ResourceKind::Dynamodb => {
                        let need = self.tables.entry(source.name.clone()).or_default();
                        need.recovers |= policy.verify.point_in_time;
                    }
                    crate::backup::ResourceKind::S3 => {
                        let bucket = source.name.as_str().split_once('/').and_then(|(bucket, _)| bucket.parse().ok());
                        self.buckets.extend(bucket.map(|bucket| (bucket, true)));
                    }
                    _ => {}
                }
            }
            if copied.is_some() {
                self.copies.push(policy.clone());
            }
            if home {
                self.policies.push(policy);
            }
        }
    }
}

/// Whether anything of ours may change the capacity of an environment: nothing ever changes that of a production
/// environment without an emergency section and a failover.
pub(super) fn is_changed(environment: &Environment) -> bool {
    let document = environment.document();
    environment.kind() != EnvironmentKind::Production || document.emergency.is_some() || document.failover.is_some()
}
