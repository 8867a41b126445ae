//! One corrupted fact is one finding, with the command that mends it.

use rstest::rstest;
use watchkeeper_domain::backup::{CopyQuota, ResourceKind};
use watchkeeper_domain::capacity::TagScheduler;
use watchkeeper_domain::preflight::{
    Check, ControllerKind, MANAGED, PreflightFacts, ReportRow, RowMark, ScheduledCall, Tags,
};

use super::scene::{
    alarm, api, clean, database, db, errors, id, letters, locks, name, of, queue, region, rows, table, target,
};

#[test]
fn an_account_that_is_as_the_document_needs_it_is_clean() {
    let rows = rows(&clean());
    assert_eq!(of(&rows, RowMark::Bad), Vec::<&ReportRow>::new());
    assert_eq!(of(&rows, RowMark::Unread), Vec::<&ReportRow>::new());
    let untold: Vec<_> = of(&rows, RowMark::Untold).iter().map(|row| row.check).collect();
    assert_eq!(untold, [Check::TagConditionsOfTables], "only the console tells it");
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
