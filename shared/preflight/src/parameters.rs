//! What the documents say of the template's parameters: a stack looks after all environments of its account and region.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::backup::{BackupSource, ResourceKind};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::preflight::AccountRegion;
use watchkeeper_domain::value::ResourceName;

/// The parameters of a stack of this place, as far as the documents of what it looks after tell them.
pub(crate) fn of(place: &AccountRegion, own: &[&Environment]) -> BTreeMap<String, String> {
    let here = own.iter().filter(|it| it.regions().contains(&place.region));
    let mut lists = BTreeMap::<&str, BTreeSet<String>>::new();
    let mut peer = None;
    for document in here.map(|environment| (environment, environment.document())) {
        let (environment, document) = document;
        let bucket = |name: &str| format!("arn:{}:s3:::{name}", place.partition);
        if let Some(failover) = &document.failover {
            peer = peer.or_else(|| environment.regions().into_iter().find(|region| *region != place.region));
            lists
                .entry("SwitchBuckets")
                .or_default()
                .extend(failover.traffic.bucket.iter().map(|it| bucket(it.as_str())));
            let controls = [&failover.traffic.primary_control, &failover.traffic.standby_control];
            lists.entry("RoutingControls").or_default().extend(controls.into_iter().flatten().map(ToString::to_string));
            let zone = |id: &ResourceName| format!("arn:{}:route53:::hostedzone/{id}", place.partition);
            lists.entry("HostedZones").or_default().extend(failover.traffic.hosted_zone.iter().map(zone));
            let global = failover.databases.iter().filter_map(|database| database.aurora_global.as_ref());
            let arn = |name| format!("arn:{}:rds::{}:global-cluster:{name}", place.partition, place.account);
            lists.entry("GlobalClusters").or_default().extend(global.map(arn));
            let replicas = failover.databases.iter().filter_map(|database| database.replica.as_ref());
            let both = |name: &ResourceName| {
                let arn = |region| format!("arn:{}:rds:{region}:{}:db:{name}", place.partition, place.account);
                environment.regions().into_iter().map(arn).collect::<Vec<_>>()
            };
            let again = replicas.filter(|_| failover.protect_again).flat_map(both);
            lists.entry("StandbyReplicas").or_default().extend(again);
        }
        if let Some(backups) = &document.backups {
            let role = backups.aws_backup.iter().map(|it| it.role.to_string());
            lists.entry("AwsBackupRoles").or_default().extend(role);
            for check in backups.jobs.iter().filter_map(|job| job.drill.as_ref()?.check.as_ref()) {
                // Without a revision, the newest one runs: each of them.
                let name = check.task_definition.as_str();
                let name = if name.contains(':') { name.to_owned() } else { format!("{name}:*") };
                let arn = |what: String| place.arn("ecs", &what);
                lists.entry("CheckTasks").or_default().insert(arn(format!("task-definition/{name}")));
                lists.entry("CheckClusters").or_default().insert(arn(format!("cluster/{}", check.cluster)));
            }
            for job in &backups.jobs {
                let source = BackupSource::of(job).filter(|source| source.kind == ResourceKind::S3);
                let source = source.iter().filter_map(|source| source.name.as_str().split('/').next());
                let copy = job.copy.iter().filter_map(|copy| copy.bucket.as_ref()).map(ResourceName::as_str);
                lists.entry("BackupBuckets").or_default().extend(source.chain(copy).map(bucket));
            }
        }
    }
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let joined = lists.map(|(name, list)| (name.to_owned(), list.into_iter().collect::<Vec<_>>().join(",")));
    joined.chain(peer.map(|peer| ("PeerRegion".to_owned(), peer.to_string()))).collect()
}
