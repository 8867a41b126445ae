//! A shop in which ten things are not as they have to be, each done as a person does it.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTargetAction, ServiceNamespace};
use aws_sdk_cloudwatch::types::{MuteTargets, Rule, Schedule};
use aws_sdk_dynamodb::types::PointInTimeRecoverySpecification;
use aws_sdk_ecs::types::SchedulingStrategy;
use aws_sdk_sqs::types::QueueAttributeName;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use crate::sandbox::Emulator;

const REGION: &str = "eu-west-1";
const CLUSTER: &str = "shop";
const DIMENSION: ScalableDimension = ScalableDimension::EcsServiceDesiredCount;

/// What is looked after.
pub const DOCUMENT: &str = r#"
estate: shop
environments:
  dev:
    kind: staging
    regions: { primary: eu-west-1, standby: eu-central-1 }
    clusters:
      eu-west-1: { shop: [agent, api, web, worker] }
      eu-central-1: { shop-b: [api, web] }
    databases: [{ rds: shop-db }]
    capacity: { api: { desired: 2, min: 1, max: 4 }, worker: { desired: 1, min: 1, max: 2 } }
    awake: { zone: Europe/Dublin, weekly: { mon-fri: "08:00-19:00" } }
    alarms: [shop-5xx, shop-db-connections, shop-errors]
    emergency:
      profiles: { surge: { desired: 6, max: 8, for: 2h } }
      responses:
        - { alarm: shop-5xx, run: surge, veto: [shop-db-connections] }
        - { alarm: shop-errors, run: surge }
    failover:
      detect: ask
      rto: 5m
      rpo: 1s
      capacity: { api: 2, web: 1 }
      tables: [{ table: shop-orders, key: id, indexes: [by-customer] }]
      images: [api, web]
      probe: { primary: "https://a.shop.example", standby: "https://b.shop.example", paths: { api: /health } }
      traffic: { strategy: switch-object, names: [shop.example], bucket: shop-switch, object: standby-serves }
    backups:
      zone: Etc/UTC
      jobs:
        - { rds: shop-db, schedule: { at: "03:00" }, retention: { daily: 7 } }
        - { dynamodb: shop-locks, schedule: { at: "03:00" }, retention: { daily: 7 }, verify: { point-in-time: true } }
        - { s3: shop-files/state, schedule: { at: "03:00" }, retention: { daily: 7 } }
    unblock:
      at: "09:00"
      days: mon-fri
      zone: Europe/Dublin
      locks: { table: shop-locks, pod: pod, item: item, lock-type: type, acquired-by: by, acquired-at: at, expires-at: until, released-at: released, index: by-type }
      queues: [{ queue: shop-queue, dead-letters: shop-queue-dlq, redrive: true }]
      report: { bus: shop-bus, source: shop, detail-type: Report }
"#;

/// The findings in the order of the table: what they are about, what was asked, and how the command begins.
pub const EXPECTED: [(&str, &str, &str); 10] = [
    ("service shop/agent", "counts", "ecs describe-services --cluster shop --services agent"),
    (
        "service shop/api",
        "tagged",
        "ecs tag-resource --resource-arn arn:aws:ecs:eu-west-1:123456789012:service/shop/api",
    ),
    ("service shop/web", "exists", "ecs list-services --cluster shop"),
    ("scalable target service/shop/worker", "moved-by-us-alone", "application-autoscaling delete-scheduled-action"),
    ("database rds:shop-db", "stops", "rds describe-db-instances --db-instance-identifier shop-db"),
    ("table shop-locks", "point-in-time-recovery", "dynamodb update-continuous-backups --table-name shop-locks"),
    ("queue shop-queue", "dead-letters", "sqs set-queue-attributes --queue-url"),
    ("alarm shop-5xx", "not-muted", "cloudwatch delete-alarm-mute-rule --alarm-mute-rule-name maintenance"),
    ("alarm shop-errors", "actions-enabled", "cloudwatch enable-alarm-actions --alarm-names shop-errors"),
    (
        "Fargate On-Demand vCPU resource count",
        "fargate-vcpus",
        "service-quotas request-service-quota-increase --service-code fargate",
    ),
];

/// The region in which everything is planted.
#[derive(Debug)]
pub struct Plot<'e> {
    emulator: &'e Emulator,
    scaling: aws_sdk_applicationautoscaling::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    ecs: aws_sdk_ecs::Client,
    rds: aws_sdk_rds::Client,
    sqs: aws_sdk_sqs::Client,
}

impl<'e> Plot<'e> {
    /// In the sandbox where the shop was built.
    pub fn new(emulator: &'e Emulator) -> Self {
        let config = emulator.sdk_config(REGION);
        Self {
            emulator,
            scaling: aws_sdk_applicationautoscaling::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            ecs: aws_sdk_ecs::Client::new(&config),
            rds: aws_sdk_rds::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
        }
    }

    /// Plants all ten.
    pub async fn plant(&self) {
        self.services().await;
        self.stores().await;
        self.alarms().await;
        self.emulator.control().put_quota(REGION, "fargate", "L-3032A538", Some(2.0), None).await.unwrap();
    }

    async fn services(&self) {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service/shop/api";
        self.ecs.untag_resource().resource_arn(arn).tag_keys("watchkeeper:managed").send().await.unwrap();
        for gone in ["agent", "web"] {
            self.ecs.delete_service().cluster(CLUSTER).service(gone).force(true).send().await.unwrap();
        }
        let daemon = self.ecs.create_service().cluster(CLUSTER).service_name("agent").task_definition("agent");
        daemon.scheduling_strategy(SchedulingStrategy::Daemon).send().await.unwrap();
        let night = ScalableTargetAction::builder().min_capacity(0).max_capacity(0).build();
        let call =
            self.scaling.put_scheduled_action().service_namespace(ServiceNamespace::Ecs).scalable_dimension(DIMENSION);
        let call =
            call.resource_id("service/shop/worker").scheduled_action_name("night").schedule("cron(0 19 * * ? *)");
        call.scalable_target_action(night).send().await.unwrap();
    }

    async fn stores(&self) {
        let copy = self.rds.create_db_instance_read_replica().db_instance_identifier("shop-db-copy");
        copy.source_db_instance_identifier("shop-db").send().await.unwrap();
        let off = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(false).build().unwrap();
        let call = self.dynamodb.update_continuous_backups().table_name("shop-locks");
        call.point_in_time_recovery_specification(off).send().await.unwrap();
        self.sqs.create_queue().queue_name("other-dlq").send().await.unwrap();
        let url = self.sqs.get_queue_url().queue_name("shop-queue").send().await.unwrap().queue_url.unwrap();
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:other-dlq","maxReceiveCount":"3"}"#;
        let call = self.sqs.set_queue_attributes().queue_url(url);
        call.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    }

    async fn alarms(&self) {
        self.cloudwatch.disable_alarm_actions().alarm_names("shop-errors").send().await.unwrap();
        let began = self.emulator.control().now().await.unwrap() - 10.minutes();
        let began = began.to_zoned(TimeZone::UTC).strftime("at(%Y-%m-%dT%H:%M)").to_string();
        let schedule = Schedule::builder().expression(began).duration("PT2H").build();
        let call =
            self.cloudwatch.put_alarm_mute_rule().name("maintenance").rule(Rule::builder().schedule(schedule).build());
        call.mute_targets(MuteTargets::builder().alarm_names("shop-5xx").build()).send().await.unwrap();
    }
}
