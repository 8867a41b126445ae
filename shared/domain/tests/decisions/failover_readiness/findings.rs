//! Each fact corrupted alone is its own finding, and what suffices is none.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::json;
use watchkeeper_domain::capacity::{Rollout, ScalingState, Suspensions};
use watchkeeper_domain::estate::FencePolicy;
use watchkeeper_domain::failover::readiness::{
    FindingGrade, ImageFacts, QuotaFacts, ReadinessCode, StreamFacts, TargetGroupFacts,
};
use watchkeeper_domain::failover::{DatabaseRole, SourceState, event_sources};

use FindingGrade::{Blocks, Degrades, Note};

use crate::failover_readiness::scene::*;

#[test]
fn a_standby_that_lacks_nothing_is_ready() {
    assert_eq!(found(&ready()), []);
}

type Corrupt = fn(&mut Night);

#[rstest]
#[case::gone(|n: &mut Night| _ = n.facts.services.insert(service(JOB), Ok(None)), "service-missing", Blocks)]
#[case::untagged(|n: &mut Night| of(n, JOB).managed = false, "service-not-managed", Blocks)]
#[case::failed(|n: &mut Night| of(n, JOB).rollout = Rollout::Failed, "deployment-failed", Blocks)]
#[case::rolling(|n: &mut Night| of(n, JOB).rollout = Rollout::InProgress, "deployment-in-progress", Degrades)]
#[case::unbound(|n: &mut Night| of(n, JOB).target_groups = Ok(vec![]), "no-target-group", Blocks)]
#[case::ungrouped(
    |n: &mut Night| of(n, JOB).target_groups.as_mut().unwrap().push(TargetGroupFacts {
        name: "gone".to_owned(), health_path: None, healthy: 0, unhealthy: 0,
    }),
    "target-group-missing",
    Blocks
)]
#[case::wrong_path(
    |n: &mut Night| of(n, JOB).target_groups.as_mut().unwrap()[0].health_path = Some("/".to_owned()),
    "health-path-differs",
    Degrades
)]
#[case::sick(
    |n: &mut Night| { of(n, JOB).desired = 1; of(n, JOB).target_groups.as_mut().unwrap()[0].unhealthy = 1; },
    "targets-unhealthy",
    Degrades
)]
#[case::other_release(
    |n: &mut Night| of(n, JOB).images = Ok(vec![image("us-west-1", JOB, "1.4.1")]),
    "images-differ",
    Degrades
)]
#[case::other_containers(
    |n: &mut Night| of(n, JOB).images.as_mut().unwrap().push("public.ecr.aws/xray/xray-daemon:3".to_owned()),
    "images-differ",
    Degrades
)]
#[case::far_image(
    |n: &mut Night| of(n, JOB).images = Ok(vec![image("us-west-2", JOB, "1.4.2")]),
    "image-elsewhere",
    Blocks
)]
#[case::not_sampled(|n: &mut Night| _ = sample(n).services.remove(&service(JOB)), "sample-incomplete", Degrades)]
#[case::no_images_sampled(
    |n: &mut Night| sample(n).services.get_mut(&service(JOB)).unwrap().images.clear(),
    "sample-incomplete",
    Degrades
)]
#[case::unread(
    |n: &mut Night| _ = n.facts.services.insert(service(JOB), denied("DescribeServices")),
    "unreadable",
    Blocks
)]
#[case::unlooked(|n: &mut Night| _ = n.facts.services.remove(&service(JOB)), "unreadable", Blocks)]
fn a_service_that_is_not_as_it_must_be_is_named(
    #[case] corrupt: Corrupt,
    #[case] code: &'static str,
    #[case] grade: FindingGrade,
) {
    let mut night = ready();
    corrupt(&mut night);
    assert_eq!(told(&night), [(code, grade, format!("service {JOB}"))]);
}

#[rstest]
// Services.
#[case(
    |n: &mut Night| of(n, SIMULATOR).desired = 1,
    "singleton-running", Degrades, "service fleet-orchestration-car-simulator"
)]
#[case(scaled, "scaling-missing", Degrades, "service fleet-orchestration-fleet-service")]
#[case(
    |n: &mut Night| of(n, FLEET).scaling = denied("DescribeScalableTargets"),
    "unreadable", Degrades, "autoscaler of fleet-orchestration-fleet-service"
)]
#[case(
    |n: &mut Night| of(n, FLEET).target_managed = Ok(false),
    "target-not-managed", Blocks, "autoscaler of fleet-orchestration-fleet-service"
)]
#[case(
    |n: &mut Night| of(n, FLEET).target_managed = denied("ListTagsForResource"),
    "unreadable", Degrades, "tags of the autoscaler of fleet-orchestration-fleet-service"
)]
#[case(
    |n: &mut Night| of(n, FLEET).target_groups = denied("DescribeTargetGroups"),
    "unreadable", Degrades, "target groups of fleet-orchestration-fleet-service"
)]
#[case(
    |n: &mut Night| of(n, FLEET).images = denied("DescribeTaskDefinition"),
    "unreadable", Degrades, "images of fleet-orchestration-fleet-service"
)]
// Images.
#[case(
    |n: &mut Night| _ = n.facts.images.insert(named(JOB), Ok(ImageFacts::default())),
    "repository-missing", Blocks, "repository fleet-orchestration-job-service"
)]
#[case(
    |n: &mut Night| lacking(n, JOB, "1.4.2"),
    "image-missing", Blocks, "repository fleet-orchestration-job-service, image 1.4.2"
)]
#[case(
    |n: &mut Night| {
        n.failover.images.push(named("forgotten"));
        n.facts.images.insert(named("forgotten"), Ok(ImageFacts { repository: true, ..ImageFacts::default() }));
    },
    "image-unused", Note, "repository forgotten"
)]
#[case(
    |n: &mut Night| _ = n.facts.images.insert(named(JOB), denied("DescribeImages")),
    "unreadable", Degrades, "repository fleet-orchestration-job-service"
)]
// Tables.
#[case(
    |n: &mut Night| _ = n.facts.tables.insert(named(JOBS), Ok(None)),
    "table-missing", Blocks, "table fleet-orchestration-jobs"
)]
#[case(
    |n: &mut Night| _ = n.facts.tables.insert(named(JOBS), denied("DescribeTable")),
    "unreadable", Blocks, "table fleet-orchestration-jobs"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.remove(&region("us-west-1")),
    "replica-missing", Blocks, "table fleet-orchestration-jobs, replica us-west-1"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.remove(&region("us-west-2")),
    "replica-missing", Blocks, "table fleet-orchestration-jobs, replica us-west-2"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.insert(region("us-west-1"), "CREATING".to_owned()),
    "replica-inactive", Blocks, "table fleet-orchestration-jobs, replica us-west-1"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.insert(region("us-west-1"), "UPDATING".to_owned()),
    "replica-inactive", Degrades, "table fleet-orchestration-jobs, replica us-west-1"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).replicas.insert(region("us-west-2"), "REGION_DISABLED".to_owned()),
    "replica-inactive", Degrades, "table fleet-orchestration-jobs, replica us-west-2"
)]
#[case(
    |n: &mut Night| _ = table(n, JOBS).indexes.remove("assigned-vehicle-index"),
    "index-missing", Blocks, "table fleet-orchestration-jobs, index assigned-vehicle-index"
)]
#[case(
    |n: &mut Night| _ = sample(n).lag_ms.insert(named(VEHICLES), 1001),
    "lag-above-rpo", Degrades, "table fleet-orchestration-vehicles"
)]
#[case(
    |n: &mut Night| _ = sample(n).lag_ms.remove(&named(VEHICLES)),
    "lag-unknown", Degrades, "table fleet-orchestration-vehicles"
)]
// Databases.
#[case(|n: &mut Night| with_replica(n, None), "database-missing", Blocks, "replica orders")]
#[case(|n: &mut Night| with_replica(n, Some(DatabaseRole::Writer)), "database-apart", Blocks, "replica orders")]
#[case(
    |n: &mut Night| with_replica(n, Some(DatabaseRole::Changing("rebooting".to_owned()))),
    "database-changing", Degrades, "replica orders"
)]
#[case(|n: &mut Night| { with_replica(n, None); n.facts.databases.clear(); }, "unreadable", Blocks, "replica orders")]
// Streams.
#[case(
    |n: &mut Night| _ = n.facts.streams.insert(named(EVENTS), Ok(None)),
    "stream-missing", Blocks, "stream fleet-orchestration-job-events"
)]
#[case(
    |n: &mut Night| stream_of(n, EVENTS).active = false,
    "stream-inactive", Blocks, "stream fleet-orchestration-job-events"
)]
#[case(
    |n: &mut Night| stream_of(n, TELEMETRY).shards = 1,
    "stream-too-small", Degrades, "stream fleet-orchestration-vehicle-telemetry"
)]
#[case(
    |n: &mut Night| stream_of(n, EVENTS).retention = SignedDuration::from_hours(12),
    "stream-retention", Degrades, "stream fleet-orchestration-job-events"
)]
#[case(
    |n: &mut Night| _ = n.facts.streams.insert(named(EVENTS), denied("DescribeStreamSummary")),
    "unreadable", Degrades, "stream fleet-orchestration-job-events"
)]
// Event sources.
#[case(|n: &mut Night| with_rule(n, Ok(None)), "source-missing", Blocks, "rule uploads of bus default")]
#[case(
    |n: &mut Night| with_rule(n, Ok(Some(SourceState::Unfit("a rule that x manages".to_owned())))),
    "source-unfit", Blocks, "rule uploads of bus default"
)]
#[case(
    |n: &mut Night| with_rule(n, Ok(Some(SourceState::On))),
    "source-on", Degrades, "rule uploads of bus default"
)]
#[case(
    |n: &mut Night| with_rule(n, Ok(Some(SourceState::Changing("Creating".to_owned())))),
    "source-changing", Degrades, "rule uploads of bus default"
)]
#[case(|n: &mut Night| with_rule(n, denied("DescribeRule")), "unreadable", Blocks, "rule uploads of bus default")]
#[case(
    |n: &mut Night| {
        with_rule(n, Ok(Some(SourceState::Off)));
        sample(n).sources_off = event_sources(&n.failover).into_iter().collect();
    },
    "source-off", Note, "rule uploads of bus default"
)]
// Quotas: seven tasks of half a vCPU are 3.5, beside the two that the account uses.
#[case(
    |n: &mut Night| { n.facts.quota = Ok(QuotaFacts { vcpu: Some(5), vcpu_used: Some(2) }); sample(n).vcpu = Some(5); },
    "quota-too-low", Blocks, "Fargate vCPU quota"
)]
#[case(|n: &mut Night| sample(n).vcpu = Some(17), "quota-below-active", Degrades, "Fargate vCPU quota")]
#[case(|n: &mut Night| n.facts.quota = Ok(QuotaFacts::default()), "quota-unknown", Degrades, "Fargate vCPU quota")]
#[case(|n: &mut Night| of(n, JOB).cpu_units = Ok(None), "quota-unknown", Degrades, "Fargate vCPU quota")]
#[case(
    |n: &mut Night| of(n, JOB).cpu_units = denied("DescribeTaskDefinition"),
    "quota-unknown", Degrades, "Fargate vCPU quota"
)]
#[case(|n: &mut Night| n.facts.quota = denied("GetServiceQuota"), "unreadable", Degrades, "Fargate vCPU quota")]
// Traffic.
#[case(
    |n: &mut Night| traffic(n).problems.push("no bucket of that name".to_owned()),
    "traffic-unusable", Blocks, "traffic by switch-object"
)]
#[case(
    |n: &mut Night| traffic(n).points_to = Some(region("us-west-1")),
    "traffic-elsewhere", Degrades, "traffic by switch-object"
)]
#[case(|n: &mut Night| traffic(n).points_to = None, "traffic-unknown", Degrades, "traffic by switch-object")]
#[case(
    |n: &mut Night| n.failover.rto = "89s".parse().unwrap(),
    "traffic-too-slow", Degrades, "traffic by switch-object"
)]
#[case(|n: &mut Night| n.facts.traffic = denied("HeadObject"), "unreadable", Blocks, "traffic by switch-object")]
// Backups.
#[case(
    |n: &mut Night| n.facts.backups = Ok(vec![backup(JOBS, Some(27))]),
    "backup-stale", Note, "backup of dynamodb:fleet-orchestration-jobs"
)]
#[case(
    |n: &mut Night| n.facts.backups = Ok(vec![backup(VEHICLES, Some(26)), backup(JOBS, None)]),
    "backup-stale", Note, "backup of dynamodb:fleet-orchestration-jobs"
)]
#[case(|n: &mut Night| n.facts.backups = denied("Query"), "unreadable", Note, "record of backups")]
// The watch.
#[case(|n: &mut Night| n.facts.sample = None, "sample-missing", Degrades, "sample of us-west-2")]
#[case(|n: &mut Night| sample(n).at = ago(16), "sample-stale", Degrades, "sample of us-west-2")]
#[case(|n: &mut Night| n.facts.heard = Some(ago(5)), "stack-silent", Degrades, "stack of us-west-2")]
#[case(|n: &mut Night| n.facts.heard = None, "stack-never-heard", Degrades, "stack of us-west-2")]
#[case(
    |n: &mut Night| { n.facts.heard = None; n.failover.singletons[0].fence = Some(FencePolicy::Prove); },
    "stack-never-heard", Blocks, "stack of us-west-2"
)]
fn a_fact_corrupted_alone_is_exactly_its_own_finding(
    #[case] corrupt: Corrupt,
    #[case] code: &'static str,
    #[case] grade: FindingGrade,
    #[case] resource: &str,
) {
    let mut night = ready();
    corrupt(&mut night);
    assert_eq!(told(&night), [(code, grade, resource.to_owned())]);
}

#[rstest]
#[case::a_stream_on_demand_needs_no_shards(
    |n: &mut Night| *stream_of(n, TELEMETRY) = StreamFacts { on_demand: true, ..stream(0) }
)]
#[case::longer_retention(|n: &mut Night| stream_of(n, EVENTS).retention = SignedDuration::from_hours(168))]
#[case::a_second_group_may_check_another_path(
    |n: &mut Night| of(n, JOB).target_groups.as_mut().unwrap().push(TargetGroupFacts {
        name: "inside".to_owned(), health_path: Some("/ready".to_owned()), healthy: 0, unhealthy: 0,
    })
)]
#[case::draining_targets_of_a_service_at_nothing(
    |n: &mut Night| of(n, JOB).target_groups.as_mut().unwrap()[0].unhealthy = 1
)]
#[case::a_digest_of_the_same_repository(|n: &mut Night| {
    of(n, JOB).images = Ok(vec![format!("111122223333.dkr.ecr.us-west-1.amazonaws.com/{JOB}@sha256:0f")]);
    sample(n).services.get_mut(&service(JOB)).unwrap().images =
        vec![format!("123456789012.dkr.ecr.us-west-2.amazonaws.com/{JOB}:1.4.2@sha256:0f")];
})]
#[case::a_quota_that_just_suffices(|n: &mut Night| {
    n.facts.quota = Ok(QuotaFacts { vcpu: Some(6), vcpu_used: Some(2) });
    sample(n).vcpu = Some(6);
})]
#[case::tasks_that_run_already_need_no_more(|n: &mut Night| {
    n.facts.quota = Ok(QuotaFacts { vcpu: Some(5), vcpu_used: None });
    sample(n).vcpu = Some(5);
    for name in [FLEET, JOB, DASHBOARD] {
        of(n, name).desired = 2;
    }
})]
#[case::a_follower(|n: &mut Night| with_replica(n, Some(DatabaseRole::Follower)))]
#[case::a_source_that_waits(|n: &mut Night| with_rule(n, Ok(Some(SourceState::Off))))]
#[case::four_minutes_of_silence(|n: &mut Night| n.facts.heard = Some(ago(4)))]
#[case::a_scalable_target_in_both(|n: &mut Night| {
    scaled(n);
    of(n, FLEET).scaling = Ok(Some(ScalingState { min: 0, max: 4, suspended: Suspensions::ALL }));
})]
fn what_suffices_is_no_finding(#[case] change: Corrupt) {
    let mut night = ready();
    change(&mut night);
    assert_eq!(found(&night), []);
}

#[test]
fn what_the_active_region_runs_counts_for_the_quota_and_not_only_the_document() {
    let mut night = ready();
    sample(&mut night).services.get_mut(&service(FLEET)).unwrap().capacity.desired = 40;
    assert_eq!(told(&night), [("quota-too-low", Blocks, "Fargate vCPU quota".to_owned())]);
    insta::assert_snapshot!(found(&night)[0], @r#"[blocks] quota-too-low: Fargate vCPU quota: found 16 vCPUs in us-west-1, expected at least 25 vCPUs: 23 for what a failover starts, and 2 that the account uses. Request a higher quota "Fargate On-Demand vCPU resource count" in us-west-1; it may take days"#);
}

#[test]
fn an_image_that_only_the_active_region_runs_keeps_the_old_release_startable() {
    let mut night = ready();
    sample(&mut night).services.get_mut(&service(JOB)).unwrap().images = vec![image("us-west-2", JOB, "1.5.0")];
    lacking(&mut night, JOB, "1.5.0");
    let missing = format!("repository {JOB}, image 1.5.0");
    let differ = ("images-differ", Degrades, format!("service {JOB}"));
    assert_eq!(told(&night), [differ, ("image-missing", Degrades, missing)]);
}

#[test]
fn every_problem_of_the_traffic_is_told() {
    let mut night = ready();
    traffic(&mut night).problems = vec!["the bucket is gone".to_owned(), "the health check is off".to_owned()];
    let found: Vec<String> = found(&night).into_iter().map(|finding| finding.found).collect();
    assert_eq!(found, ["the bucket is gone", "the health check is off"]);
}

#[test]
fn every_code_has_a_name_that_reads_back() {
    for code in ReadinessCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        assert_eq!(serde_json::from_value::<ReadinessCode>(json!(code.name())).unwrap(), *code);
    }
    let names: BTreeSet<&str> = ReadinessCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), ReadinessCode::ALL.len(), "no two have the same name");
}
