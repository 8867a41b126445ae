//! Preflight: the example is clean, and each fact corrupted alone is exactly one finding, with the command that mends it.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use rstest::rstest;
use serde_json::json;
use watchkeeper_domain::backup::{CopyQuota, ObservedSource, ResourceKind, SourceState};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState, ObservedDatabase, ServiceId, TagScheduler};
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::estate::PairDatabase;
use watchkeeper_domain::failover::DatabaseRole;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::preflight::{
    AccountQuotaFacts, AccountRegion, AlarmFacts, BucketFacts, Check, ControllerKind, DatabaseFacts,
    DefinitionDiagnostic, FoundService, FoundTable, KeyFacts, MANAGED, PolicyFinding, PreflightFacts, PromotedFacts,
    QueueFacts, Read, ReportRow, RowMark, ScheduledCall, SimulatedAction, SimulatedCalls, Tags, TargetFacts,
    UnreadFact, WantedResources, calls, definition, judge, policies, simulated,
};
use watchkeeper_domain::value::{AlarmName, ResourceName};

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

fn name(text: &str) -> ResourceName {
    text.parse().unwrap()
}

fn id(text: &str) -> ServiceId {
    ServiceId::try_from(text.to_owned()).unwrap()
}

fn database() -> DatabaseId {
    DatabaseId::try_from("rds:shop-db".to_owned()).unwrap()
}

fn alarm(text: &str) -> AlarmName {
    text.parse().unwrap()
}

fn tagged() -> Tags {
    Tags::from([(MANAGED.to_owned(), "true".to_owned())])
}

/// A shop in two regions that uses every section.
fn estate() -> Estate {
    serde_json::from_value(estate_document()).unwrap()
}

fn estate_document() -> serde_json::Value {
    json!({
        "estate": "shop",
        "environments": { "dev": {
            "kind": "staging",
            "regions": { "primary": "eu-west-1", "standby": "eu-central-1" },
            "clusters": { "eu-west-1": { "shop": ["api", "worker"] }, "eu-central-1": { "shop-b": ["api", "worker"] } },
            "databases": [{ "rds": "shop-db" }],
            "capacity": { "api": { "desired": 2, "min": 1, "max": 4 } },
            "awake": { "zone": "Europe/Dublin", "weekly": { "mon-fri": "08:00-19:00" } },
            "alarms": ["shop-5xx", "shop-db-connections"],
            "emergency": {
                "profiles": { "surge": { "desired": 6, "for": "2h" } },
                "responses": [{ "alarm": "shop-5xx", "run": "surge", "veto": ["shop-db-connections"] }],
                "rollback": { "alarms": ["shop-5xx"], "within": "30m" },
            },
            "failover": {
                "detect": "ask", "rto": "5m", "rpo": "1s", "capacity": { "api": 2, "worker": 1 },
                "tables": [{ "table": "shop-orders", "key": "id" }], "images": ["shop-api"],
                "probe": { "primary": "https://a.shop.example", "standby": "https://b.shop.example", "paths": { "api": "/health" } },
                "traffic": { "strategy": "switch-object", "names": ["shop.example"], "bucket": "shop-switch", "object": "on" },
            },
            "backups": { "zone": "Etc/UTC", "jobs": [
                { "rds": "shop-db", "schedule": { "at": "03:00" }, "retention": { "daily": 7 }, "verify": { "point-in-time": true },
                  "copy": { "region": "eu-central-1", "key": "alias/shop" } },
                { "dynamodb": "shop-locks", "schedule": { "at": "03:00" }, "retention": { "daily": 7 }, "verify": { "point-in-time": true } },
                { "s3": "shop-files/state", "schedule": { "at": "03:00" }, "retention": { "daily": 7 } },
            ]},
            "unblock": {
                "at": "09:00", "days": "mon-fri", "zone": "Europe/Dublin",
                "locks": { "table": "shop-locks", "pod": "pod", "item": "item", "lock-type": "type", "acquired-by": "by",
                    "acquired-at": "at", "expires-at": "until", "released-at": "released", "index": "by-type" },
                "queues": [{ "queue": "shop-queue", "dead-letters": "shop-queue-dlq", "redrive": true }],
                "report": { "bus": "shop-bus", "source": "shop", "detail-type": "Report" },
            },
        }},
    })
}

fn service(cluster: &str, name: &str, desired: u32) -> FoundService {
    FoundService {
        arn: format!("arn:aws:ecs:eu-west-1:123456789012:service/{cluster}/{name}"),
        desired,
        running: desired,
        tags: tagged(),
        daemon: false,
        controller: ControllerKind::Ecs,
        target_groups: Ok(vec![("tg-api".to_owned(), Some("/health".to_owned()))]),
        target: Ok(Some(TargetFacts {
            arn: Some(format!("arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/{name}")),
            min: 1,
            max: 4,
            tags: Ok(tagged()),
            scheduled: Ok(Vec::new()),
        })),
        cpu_units: Ok(Some(512)),
    }
}

fn table(replicas: &[&str]) -> FoundTable {
    FoundTable {
        replicas: replicas.iter().map(|it| (region(it), "ACTIVE".to_owned())).collect(),
        indexes: BTreeSet::from(["by-type".to_owned()]),
        tags: Ok(tagged()),
        recovers: Ok(true),
    }
}

fn queue(redrive: Option<&str>, sources: &[&str]) -> QueueFacts {
    let redrive = redrive.map(|to| (format!("arn:aws:sqs:eu-west-1:123456789012:{to}"), 3));
    let sources = Ok(sources.iter().map(|it| (*it).to_owned()).collect());
    QueueFacts {
        url: "https://sqs.eu-west-1.amazonaws.com/123456789012/q".to_owned(),
        tags: Ok(tagged()),
        redrive,
        sources,
    }
}

fn clean() -> PreflightFacts {
    let place = AccountRegion { partition: "aws".into(), account: "123456789012".into(), region: region("eu-west-1") };
    let quotas = AccountQuotaFacts { vcpu: Ok(Some(64)), vcpu_used: Ok(Some(4)), tasks_per_service: Ok(Some(5000)) };
    let mut facts = PreflightFacts::nothing(place, quotas);
    facts.clusters.insert(id("shop/api").cluster, Ok(Some("ACTIVE".to_owned())));
    for name in ["api", "worker"] {
        facts.services.insert(id(&format!("shop/{name}")), Ok(Some(service("shop", name, 2))));
    }
    let observed =
        ObservedDatabase { state: DatabaseState::Available, managed: true, cannot_stop: None, scheduler: None };
    facts.databases.insert(database(), Ok(Some(DatabaseFacts { observed, tags: Ok(tagged()) })));
    let window = watchkeeper_domain::backup::RestoreWindow { from: None, to: jiff::Timestamp::UNIX_EPOCH };
    for source in ["rds:shop-db", "dynamodb:shop-locks", "s3:shop-files/state"] {
        let (state, settings) = (SourceState::Available, BTreeMap::new());
        let found = ObservedSource { state, encrypted: true, window: Some(window), settings };
        facts.sources.insert(source.parse().unwrap(), Ok(Some(found)));
    }
    facts.snapshots.insert(ResourceKind::Rds, Ok(Some(CopyQuota { used: 20, limit: 100 })));
    facts.tables.insert(name("shop-orders"), Ok(Some(table(&["eu-west-1", "eu-central-1"]))));
    facts.tables.insert(name("shop-locks"), Ok(Some(table(&["eu-west-1"]))));
    facts.queues.insert(name("shop-queue"), Ok(Some(queue(Some("shop-queue-dlq"), &[]))));
    facts.queues.insert(name("shop-queue-dlq"), Ok(Some(queue(None, &["shop-queue"]))));
    for it in ["shop-5xx", "shop-db-connections"] {
        let facts_of = AlarmFacts { state: "OK".into(), actions_enabled: true, muted_by: Ok(BTreeSet::new()) };
        facts.alarms.insert(alarm(it), Ok(Some(facts_of)));
    }
    facts.buses.insert(name("shop-bus"), Ok(Some(Ok(tagged()))));
    let bucket = BucketFacts { region: Some("eu-west-1".to_owned()), versions: Ok(true) };
    facts.buckets.insert(name("shop-files"), Ok(Some(bucket)));
    facts.repositories.insert(name("shop-api"), Ok(true));
    facts
}

fn rows(facts: &PreflightFacts) -> Vec<ReportRow> {
    let estate = estate();
    let environment = estate.environments().next().unwrap();
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    judge(environment, &wanted, facts)
}

fn of(rows: &[ReportRow], mark: RowMark) -> Vec<&ReportRow> {
    rows.iter().filter(|row| row.mark == mark).collect()
}

#[test]
fn an_account_that_is_as_the_document_needs_it_is_clean() {
    let rows = rows(&clean());
    assert_eq!(of(&rows, RowMark::Bad), Vec::<&ReportRow>::new());
    assert_eq!(of(&rows, RowMark::Unread), Vec::<&ReportRow>::new());
    let untold: Vec<_> = of(&rows, RowMark::Untold).iter().map(|row| row.check).collect();
    assert_eq!(untold, [Check::Abac], "only the console tells it");
    assert!(rows.len() > 30, "{}", rows.len());
}

#[test]
fn letters_of_a_queue_that_the_document_does_not_name_stay() {
    let mut facts = clean();
    facts.queues.insert(name("shop-queue-dlq"), Ok(Some(queue(None, &["other", "shop-queue"]))));
    let rows = rows(&facts);
    let row = rows.iter().find(|row| row.check == Check::Letters).unwrap();
    assert_eq!((row.mark, row.found.as_str()), (RowMark::Good, "letters of shop-queue go back; those of other stay"));
}

fn api(facts: &mut PreflightFacts) -> &mut FoundService {
    facts.services.get_mut(&id("shop/api")).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn target(facts: &mut PreflightFacts) -> &mut TargetFacts {
    api(facts).target.as_mut().unwrap().as_mut().unwrap()
}

fn db(facts: &mut PreflightFacts) -> &mut DatabaseFacts {
    facts.databases.get_mut(&database()).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn locks(facts: &mut PreflightFacts) -> &mut FoundTable {
    facts.tables.get_mut(&name("shop-locks")).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn letters(facts: &mut PreflightFacts) -> &mut QueueFacts {
    facts.queues.get_mut(&name("shop-queue")).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn errors(facts: &mut PreflightFacts) -> &mut AlarmFacts {
    facts.alarms.get_mut(&alarm("shop-5xx")).unwrap().as_mut().unwrap().as_mut().unwrap()
}

#[rstest]
#[case::cluster_missing(|f: &mut PreflightFacts| { f.clusters.values_mut().for_each(|it| *it = Ok(None)) }, "exists", "ecs list-clusters")]
#[case::cluster_inactive(|f: &mut PreflightFacts| { f.clusters.values_mut().for_each(|it| *it = Ok(Some("INACTIVE".into()))) }, "exists", "ecs list-clusters")]
#[case::service_missing(|f: &mut PreflightFacts| { f.services.insert(id("shop/api"), Ok(None)); }, "exists", "ecs list-services --cluster shop --region eu-west-1")]
#[case::service_untagged(|f: &mut PreflightFacts| api(f).tags.clear(), "tagged", "ecs tag-resource --resource-arn arn:aws:ecs:eu-west-1:123456789012:service/shop/api --tags key=watchkeeper:managed,value=true")]
#[case::service_tagged_otherwise(|f: &mut PreflightFacts| { api(f).tags.insert(MANAGED.into(), "True".into()); }, "tagged", "ecs tag-resource")]
#[case::daemon(|f: &mut PreflightFacts| api(f).daemon = true, "counts", "ecs describe-services --cluster shop --services api")]
#[case::code_deploy(|f: &mut PreflightFacts| api(f).controller = ControllerKind::Other("CODE_DEPLOY".into()), "rolls-back", "deploymentController")]
#[case::no_target_group(|f: &mut PreflightFacts| api(f).target_groups = Ok(Vec::new()), "health-check", "elbv2 describe-target-groups")]
#[case::target_group_missing(|f: &mut PreflightFacts| api(f).target_groups = Ok(vec![("arn".into(), None)]), "health-check", "elbv2 describe-target-groups")]
#[case::target_missing(|f: &mut PreflightFacts| api(f).target = Ok(None), "exists", "application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/shop/api --min-capacity 1 --max-capacity 4")]
#[case::target_untagged(|f: &mut PreflightFacts| target(f).tags = Ok(Tags::new()), "tagged", "application-autoscaling tag-resource --resource-arn arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/api --tags watchkeeper:managed=true")]
#[case::target_without_arn(|f: &mut PreflightFacts| { target(f).tags = Ok(Tags::new()); target(f).arn = None; }, "tagged", "register-scalable-target")]
#[case::scheduled(|f: &mut PreflightFacts| target(f).scheduled = Ok(vec!["night".into(), "day".into()]), "moved-by-us-alone", "--scheduled-action-name night --region eu-west-1 && aws application-autoscaling delete-scheduled-action")]
#[case::service_of_another_scheduler(|f: &mut PreflightFacts| { api(f).tags.insert("maid_offhours".into(), String::new()); }, "moved-by-us-alone", "ecs untag-resource --resource-arn arn:aws:ecs:eu-west-1:123456789012:service/shop/api --tag-keys maid_offhours")]
#[case::database_of_another_scheduler(|f: &mut PreflightFacts| db(f).observed.scheduler = TagScheduler::of_database([("Schedule", "x")].into_iter()), "moved-by-us-alone", "rds remove-tags-from-resource --resource-name arn:aws:rds:eu-west-1:123456789012:db:shop-db --tag-keys Schedule")]
#[case::scheduled_elsewhere(|f: &mut PreflightFacts| f.schedules = Ok(vec![ScheduledCall { group: "default".into(), name: "night".into(), operation: "rds:stopDBInstance".into(), input: r#"{"DbInstanceIdentifier": "shop-db"}"#.into() }]), "moved-by-us-alone", "scheduler delete-schedule --group-name default --name night")]
#[case::database_missing(|f: &mut PreflightFacts| { f.databases.insert(database(), Ok(None)); }, "exists", "rds describe-db-instances")]
#[case::database_untagged(|f: &mut PreflightFacts| db(f).tags = Ok(Tags::new()), "tagged", "rds add-tags-to-resource --resource-name arn:aws:rds:eu-west-1:123456789012:db:shop-db --tags Key=watchkeeper:managed,Value=true")]
#[case::database_cannot_stop(|f: &mut PreflightFacts| db(f).observed.cannot_stop = Some("it is a read replica of x".into()), "stops", "rds describe-db-instances --db-instance-identifier shop-db")]
#[case::database_marked(|f: &mut PreflightFacts| { db(f).tags.as_mut().unwrap().insert("watchkeeper:restore".into(), "x".into()); }, "not-ours", "rds remove-tags-from-resource")]
#[case::no_automated_backups(|f: &mut PreflightFacts| { f.sources.get_mut(&"rds:shop-db".parse().unwrap()).unwrap().as_mut().unwrap().as_mut().unwrap().window = None; }, "point-in-time-recovery", "rds modify-db-instance --db-instance-identifier shop-db --backup-retention-period 7")]
#[case::object_missing(|f: &mut PreflightFacts| { f.sources.insert("s3:shop-files/state".parse().unwrap(), Ok(None)); }, "exists", "s3api list-objects-v2 --bucket shop-files")]
#[case::table_missing(|f: &mut PreflightFacts| { f.tables.insert(name("shop-locks"), Ok(None)); }, "exists", "dynamodb list-tables")]
#[case::table_untagged(|f: &mut PreflightFacts| locks(f).tags = Ok(Tags::new()), "tagged", "dynamodb tag-resource --resource-arn arn:aws:dynamodb:eu-west-1:123456789012:table/shop-locks")]
#[case::no_recovery(|f: &mut PreflightFacts| locks(f).recovers = Ok(false), "point-in-time-recovery", "dynamodb update-continuous-backups --table-name shop-locks")]
#[case::no_index(|f: &mut PreflightFacts| locks(f).indexes.clear(), "index", "dynamodb describe-table --table-name shop-locks")]
#[case::no_replica(|f: &mut PreflightFacts| { f.tables.insert(name("shop-orders"), Ok(Some(table(&["eu-west-1"])))); }, "replica", r#"--replica-updates '[{"Create":{"RegionName":"eu-central-1"}}]'"#)]
#[case::queue_missing(|f: &mut PreflightFacts| { f.queues.insert(name("shop-queue"), Ok(None)); }, "exists", "sqs list-queues")]
#[case::queue_untagged(|f: &mut PreflightFacts| letters(f).tags = Ok(Tags::new()), "tagged", "sqs tag-queue")]
#[case::letters_go_nowhere(|f: &mut PreflightFacts| letters(f).redrive = None, "dead-letters", r#""RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:123456789012:shop-queue-dlq\",\"maxReceiveCount\":\"3\"}"#)]
#[case::alarm_missing(|f: &mut PreflightFacts| { f.alarms.insert(alarm("shop-5xx"), Ok(None)); }, "exists", "cloudwatch describe-alarms")]
#[case::alarm_elsewhere(|f: &mut PreflightFacts| { f.alarms.insert(alarm("shop-5xx"), Ok(None)); f.elsewhere.insert(alarm("shop-5xx"), [region("us-east-1")].into()); }, "region", "cloudwatch describe-alarms --alarm-names shop-5xx --region us-east-1")]
#[case::actions_disabled(|f: &mut PreflightFacts| errors(f).actions_enabled = false, "actions-enabled", "cloudwatch enable-alarm-actions --alarm-names shop-5xx")]
#[case::muted(|f: &mut PreflightFacts| errors(f).muted_by = Ok(["maintenance".to_owned()].into()), "not-muted", "cloudwatch delete-alarm-mute-rule --alarm-mute-rule-name maintenance")]
#[case::bus_untagged(
    |f: &mut PreflightFacts| { f.buses.insert(name("shop-bus"), Ok(Some(Ok(Tags::new())))); },
    "tagged",
    "events tag-resource --resource-arn arn:aws:events:eu-west-1:123456789012:event-bus/shop-bus --tags Key=watchkeeper:managed"
)]
#[case::no_bus(|f: &mut PreflightFacts| { f.buses.insert(name("shop-bus"), Ok(None)); }, "exists", "events create-event-bus --name shop-bus")]
#[case::no_bucket(|f: &mut PreflightFacts| { f.buckets.insert(name("shop-files"), Ok(None)); }, "exists", "s3api create-bucket --bucket shop-files --create-bucket-configuration LocationConstraint=eu-west-1")]
#[case::bucket_elsewhere(|f: &mut PreflightFacts| { f.buckets.get_mut(&name("shop-files")).unwrap().as_mut().unwrap().as_mut().unwrap().region = Some("us-east-1".into()); }, "region", "s3api get-bucket-location")]
#[case::no_versions(|f: &mut PreflightFacts| { f.buckets.get_mut(&name("shop-files")).unwrap().as_mut().unwrap().as_mut().unwrap().versions = Ok(false); }, "keeps-versions", "s3api put-bucket-versioning --bucket shop-files")]
#[case::no_repository(|f: &mut PreflightFacts| { f.repositories.insert(name("shop-api"), Ok(false)); }, "exists", "ecr create-repository --repository-name shop-api")]
#[case::few_vcpus(|f: &mut PreflightFacts| f.quotas.vcpu = Ok(Some(7)), "fargate-vcpus", "service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 8")]
#[case::few_tasks(|f: &mut PreflightFacts| f.quotas.tasks_per_service = Ok(Some(5)), "tasks-per-service", "--service-code ecs --quota-code L-92E49DE3 --desired-value 6")]
#[case::snapshots_near(|f: &mut PreflightFacts| { f.snapshots.insert(ResourceKind::Rds, Ok(Some(CopyQuota { used: 90, limit: 100 }))); }, "manual-snapshots", "--service-code rds --quota-code L-272F1212 --desired-value 122")]
#[case::snapshots_kept(|f: &mut PreflightFacts| { f.snapshots.insert(ResourceKind::Rds, Ok(Some(CopyQuota { used: 0, limit: 5 }))); }, "manual-snapshots", "--service-code rds")]
fn one_fault_is_one_finding_with_its_command(
    #[case] corrupt: fn(&mut PreflightFacts),
    #[case] check: &str,
    #[case] command: &str,
) {
    let mut facts = clean();
    corrupt(&mut facts);
    let rows = rows(&facts);
    let bad = of(&rows, RowMark::Bad);
    let [row] = bad.as_slice() else { panic!("expected one finding: {bad:#?}") };
    assert_eq!(row.check.name(), check, "{row:#?}");
    let found = row.command.as_deref().unwrap();
    assert!(found.starts_with("aws ") && found.contains(command), "{found}");
    assert!(row.expected.is_some());
}

#[test]
fn what_cannot_be_read_is_said_with_the_action_and_never_good() {
    fn denied<T>(action: &str) -> Read<T> {
        Err(UnreadFact { action: action.to_owned(), denied: true, why: String::new() })
    }
    let mut facts = clean();
    facts.databases.insert(database(), denied("rds:DescribeDBInstances"));
    facts.services.insert(id("shop/api"), denied("ecs:DescribeServices"));
    locks(&mut facts).tags = denied("dynamodb:ListTagsOfResource");
    errors(&mut facts).muted_by = denied("cloudwatch:ListAlarmMuteRules");
    facts.schedules = denied("scheduler:ListSchedules");
    let rows = rows(&facts);
    assert_eq!(of(&rows, RowMark::Bad), Vec::<&ReportRow>::new());
    let told: Vec<_> = of(&rows, RowMark::Unread).iter().map(|row| row.found.as_str()).collect();
    let needs = |action: &str| format!("cannot be read: needs {action}");
    let expected = [
        needs("ecs:DescribeServices"),
        needs("rds:DescribeDBInstances"),
        needs("scheduler:ListSchedules"),
        needs("dynamodb:ListTagsOfResource"),
        needs("cloudwatch:ListAlarmMuteRules"),
    ];
    assert_eq!(told, expected);
    for check in [Check::Tagged, Check::NotMuted] {
        let subject = if check == Check::Tagged { "table shop-locks" } else { "alarm shop-5xx" };
        assert!(!rows.iter().any(|row| row.subject == subject && row.check == check && row.mark == RowMark::Good));
    }
}

#[test]
fn the_standby_needs_what_a_failover_finds_there() {
    let estate = estate();
    let environment = estate.environments().next().unwrap();
    let standby = WantedResources::of(&estate, environment, &region("eu-central-1"));
    assert_eq!(standby.services.iter().map(ToString::to_string).collect::<Vec<_>>(), ["shop-b/api", "shop-b/worker"]);
    assert_eq!(standby.keys.iter().map(ToString::to_string).collect::<Vec<_>>(), ["alias/shop"]);
    assert_eq!(standby.buckets, [(name("shop-switch"), false)].into());
    assert!(standby.queues.is_empty() && standby.policies.is_empty() && standby.alarms.is_empty());
    let mut facts = clean();
    facts.place.region = region("eu-central-1");
    facts.keys.insert(name("alias/shop"), Ok(Some(KeyFacts { arn: "arn".into(), state: "PendingDeletion".into() })));
    facts.clusters = [(id("shop-b/api").cluster, Ok(Some("ACTIVE".to_owned())))].into();
    facts.services.insert(id("shop-b/api"), Ok(Some(service("shop-b", "api", 0))));
    facts.services.insert(id("shop-b/worker"), Ok(Some(service("shop-b", "worker", 0))));
    facts.quotas.vcpu = Ok(Some(5));
    facts.buckets.insert(
        name("shop-switch"),
        Ok(Some(BucketFacts { region: Some("eu-central-1".into()), versions: Ok(false) })),
    );
    let bad: Vec<_> = judge(environment, &standby, &facts).into_iter().filter(|row| row.mark == RowMark::Bad).collect();
    let found: Vec<_> = bad.iter().map(|row| (row.check.name(), row.found.as_str())).collect();
    assert_eq!(
        found,
        [("usable", "PendingDeletion"), ("fargate-vcpus", "5; 4 used, and a failover to here starts 2 more"),]
    );
    assert!(
        bad[0]
            .command
            .as_deref()
            .unwrap()
            .contains("kms cancel-key-deletion --key-id alias/shop --region eu-central-1")
    );
}

#[test]
fn what_nothing_changes_needs_no_tag() {
    let mut facts = clean();
    api(&mut facts).tags.clear();
    let bare: Estate = serde_json::from_value(json!({
        "estate": "shop",
        "environments": { "prod": {
            "kind": "production",
            "regions": { "primary": "eu-west-1" },
            "clusters": { "eu-west-1": { "shop": ["api"] } },
            "databases": [{ "rds": "shop-db" }],
        }},
    }))
    .unwrap();
    db(&mut facts).observed.cannot_stop = Some("it has read replicas: x".to_owned());
    let environment = bare.environments().next().unwrap();
    let wanted = WantedResources::of(&bare, environment, &region("eu-west-1"));
    let rows = judge(environment, &wanted, &facts);
    assert_eq!(of(&rows, RowMark::Bad), Vec::<&ReportRow>::new());
    assert_eq!(calls(environment, &wanted, &facts), Vec::<SimulatedCalls>::new());
}

#[test]
fn the_calls_on_what_is_tagged_are_simulated_with_its_tags() {
    let estate = estate();
    let environment = estate.environments().next().unwrap();
    let mut facts = clean();
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    let all = calls(environment, &wanted, &facts);
    let functions: BTreeSet<_> = all.iter().map(|call| call.function).collect();
    let expected = ["AlarmResponse", "Backups", "DailyUnblock", "EmergencyScale", "Failover", "Reconcile"];
    assert_eq!(functions, BTreeSet::from(expected));
    let by_tag = |call: &&SimulatedCalls| ["DailyUnblock", "Reconcile"].contains(&call.function);
    assert!(all.iter().filter(by_tag).all(|call| call.tags == tagged()));
    assert!(all.iter().all(|call| call.region == "eu-west-1"));
    let before = all.len();
    api(&mut facts).tags.clear();
    assert_eq!(calls(environment, &wanted, &facts).len(), before - 1, "untagged is a finding already");

    let call = &all[0];
    let said = |decision: &str| {
        vec![SimulatedAction {
            action: call.actions[0].to_owned(),
            decision: decision.to_owned(),
            missing: vec!["aws:x".to_owned()],
        }]
    };
    assert_eq!(simulated(call, &Ok(said("allowed"))).mark, RowMark::Good);
    let denied = simulated(call, &Ok(said("implicitDeny")));
    assert_eq!((denied.mark, denied.found.as_str()), (RowMark::Bad, "ecs:UpdateService implicitDeny (without aws:x)"));
    let command = denied.command.unwrap();
    assert!(command.contains("ContextKeyName=aws:ResourceTag/watchkeeper:managed,ContextKeyValues=true"), "{command}");
    assert_eq!(simulated(call, &Ok(Vec::new())).mark, RowMark::Bad, "not answered is not allowed");
}

/// Function, actions, resource and context of each call that is simulated in a region.
fn asked(facts: &PreflightFacts) -> BTreeSet<String> {
    let estate = estate();
    let environment = estate.environments().next().unwrap();
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    let line = |call: &SimulatedCalls| {
        let keys: Vec<String> = call.context().map(|(key, value, kind)| format!("{key}={value} ({kind})")).collect();
        let away =
            if call.stack.as_str() == call.region { String::new() } else { format!(" by the stack in {}", call.stack) };
        let text = format!("{} {} {} {}", call.function, call.actions.join(","), call.resource, keys.join(" "));
        text.trim_end().to_owned() + &away
    };
    calls(environment, &wanted, facts).iter().map(line).collect()
}

#[test]
fn the_calls_of_every_runbook_are_simulated_on_these_very_resources() {
    let here = asked(&clean());
    for call in [
        "AlarmResponse cloudwatch:DescribeAlarms,cloudwatch:ListAlarmMuteRules *",
        "EmergencyScale cloudwatch:DescribeAlarms *",
        "Failover dynamodb:DescribeTable arn:aws:dynamodb:eu-west-1:123456789012:table/shop-orders",
        "Failover ecr:DescribeImages arn:aws:ecr:eu-west-1:123456789012:repository/shop-api",
        "Failover ecs:DescribeServices arn:aws:ecs:eu-west-1:123456789012:service/shop/api",
        "Failover application-autoscaling:ListTagsForResource arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/api",
        "Backups dynamodb:DescribeTable,dynamodb:DescribeContinuousBackups,dynamodb:DescribeTimeToLive,dynamodb:ListTagsOfResource,dynamodb:CreateBackup arn:aws:dynamodb:eu-west-1:123456789012:table/shop-locks",
        "Backups rds:CreateDBSnapshot arn:aws:rds:eu-west-1:123456789012:db:shop-db aws:RequestTag/watchkeeper:backup=shop/dev/eu-west-1/rds:shop-db (string)",
        "Backups s3:GetObject,s3:GetObjectVersion arn:aws:s3:::shop-files/state aws:ResourceAccount=123456789012 (string)",
    ] {
        assert!(here.contains(call), "{call}: {here:#?}");
    }
    let removal = |call: &&String| {
        call.starts_with("Backups rds:DeleteDBSnapshot arn:aws:rds:eu-west-1:123456789012:snapshot:wk-")
            && call.contains(" aws:ResourceTag/watchkeeper:backup=")
    };
    assert_eq!(here.iter().filter(removal).count(), 1, "{here:#?}");
    assert!(!here.iter().any(|call| call.contains("shop-switch")), "what moves traffic lies in the standby");
}

#[test]
fn the_standby_is_asked_about_what_moves_traffic_there_and_about_the_key_of_copies() {
    let mut facts = clean();
    facts.place.region = region("eu-central-1");
    let bucket = BucketFacts { region: Some("eu-central-1".into()), versions: Ok(false) };
    facts.buckets.insert(name("shop-switch"), Ok(Some(bucket)));
    let arn = "arn:aws:kms:eu-central-1:123456789012:key/1";
    facts.keys.insert(name("alias/shop"), Ok(Some(KeyFacts { arn: arn.into(), state: "Enabled".into() })));
    let there = asked(&facts);
    for call in [
        "Failover s3:GetObject,s3:PutObject,s3:DeleteObject arn:aws:s3:::shop-switch/on".to_owned(),
        "Failover s3:ListBucket arn:aws:s3:::shop-switch".to_owned(),
        format!(
            "Backups kms:CreateGrant,kms:DescribeKey {arn} kms:GrantIsForAWSResource=true (boolean) \
             kms:ViaService=rds.eu-central-1.amazonaws.com (string) by the stack in eu-west-1"
        ),
    ] {
        assert!(there.contains(&call), "{call}: {there:#?}");
    }
    let copies: Vec<_> =
        there.iter().filter(|call| call.contains("rds:CopyDBSnapshot") || call.contains("kms:")).collect();
    assert!(copies.len() == 2 && copies.iter().all(|call| call.contains(" by the stack in eu-west-1")), "{copies:?}");
    assert!(!there.iter().any(|call| call.starts_with("EmergencyScale")), "alarms lie with the primary");
}

#[test]
fn a_replica_that_a_failover_promotes_needs_its_tag() {
    let mut estate = estate_document();
    estate["environments"]["dev"]["failover"]["databases"] =
        json!([{ "replica": "shop-copy" }, { "aurora-global": "shop-all" }]);
    let estate: Estate = serde_json::from_value(estate).unwrap();
    let environment = estate.environments().next().unwrap();
    let mut facts = clean();
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    let mut put = |tags: Tags| {
        for promoted in &wanted.promoted {
            let tags = matches!(promoted, PairDatabase::Replica(_)).then(|| Ok(tags.clone()));
            facts.promoted.insert(promoted.clone(), Ok(Some(PromotedFacts { role: DatabaseRole::Follower, tags })));
        }
        let rows = judge(environment, &wanted, &facts);
        let bad: Vec<_> = rows.into_iter().filter(|row| row.mark == RowMark::Bad).collect();
        let calls = calls(environment, &wanted, &facts).into_iter().flat_map(|call| call.actions);
        (
            bad,
            calls
                .filter(|action| action.starts_with("rds:Promote") || action.contains("GlobalCluster"))
                .collect::<Vec<_>>(),
        )
    };
    let moves = ["rds:SwitchoverGlobalCluster", "rds:FailoverGlobalCluster"];
    let (bad, asked) = put(tagged());
    assert_eq!((bad, asked), (Vec::new(), vec!["rds:PromoteReadReplica", moves[0], moves[1]]));
    let (bad, asked) = put(Tags::new());
    assert_eq!(asked, moves);
    let command = "aws rds add-tags-to-resource --resource-name arn:aws:rds:eu-west-1:123456789012:db:shop-copy --tags";
    assert!(bad.len() == 1 && bad[0].command.as_deref().unwrap().starts_with(command), "{bad:#?}");
}

#[test]
fn errors_of_policies_and_machines_are_findings_and_the_rest_is_told() {
    let finding = |kind: &str| PolicyFinding { kind: kind.into(), code: "CODE".into(), text: "text".into() };
    let rows = policies("Reconcile", &Ok(vec![finding("ERROR"), finding("SUGGESTION")]), "eu-west-1");
    assert_eq!(rows.iter().map(|row| row.mark).collect::<Vec<_>>(), [RowMark::Bad]);
    assert!(rows[0].command.as_deref().unwrap().contains("--policy-document file://Reconcile.json"));
    let mild = policies("Reconcile", &Ok(vec![finding("WARNING")]), "eu-west-1");
    assert_eq!((mild[0].mark, mild[0].found.as_str()), (RowMark::Good, "clean, but for CODE"));
    let diagnostic = |severity: &str| DefinitionDiagnostic {
        severity: severity.into(),
        code: "SCHEMA_VALIDATION_FAILED".into(),
        text: "no StartAt".into(),
        place: "/".into(),
    };
    let rows = definition("reconcile", &Ok(vec![diagnostic("WARNING"), diagnostic("ERROR")]), "eu-west-1");
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].mark, rows[0].found.as_str()), (RowMark::Bad, "SCHEMA_VALIDATION_FAILED at /: no StartAt"));
}
