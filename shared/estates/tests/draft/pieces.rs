//! States that are put together by chance, with secrets wherever a state has some.

use proptest::prelude::*;
use serde_json::{Value, json};
use watchkeeper_domain::name::DatabaseName;
use watchkeeper_estates::draft::StateFile;

use crate::states::{ACCOUNT, file, stored};

pub(crate) const REGIONS: [&str; 2] = ["eu-central-1", "eu-west-1"];

/// One resource of a state, by which it is built.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    kind: usize,
    pub(crate) name: String,
    environment: &'static str,
    region: usize,
    desired: Option<u32>,
    /// Which of its attributes is marked as sensitive, and holds a secret.
    pub(crate) secret: Option<usize>,
    /// Which of its attributes is of another type, and holds a secret.
    pub(crate) wrong: Option<usize>,
}

/// Any resource: odd names, and now and then a sensitive attribute, or one of another type.
pub(crate) fn piece() -> impl Strategy<Value = Piece> {
    let name = prop_oneof![8 => "[a-z][a-z0-9-]{0,8}", 1 => "[\\PC]{1,12}", 1 => Just("true".to_owned())];
    let environment = prop::sample::select(vec!["dev", "prod", "qa", ""]);
    let desired = prop::option::weighted(0.9, 0_u32..4);
    let odd = || prop::option::weighted(0.04, 0_usize..9);
    (0_usize..12, name, environment, 0_usize..2, desired, odd(), prop::option::weighted(0.01, 0_usize..9)).prop_map(
        |(kind, name, environment, region, desired, secret, wrong)| Piece {
            kind,
            name,
            environment,
            region,
            desired,
            secret,
            wrong,
        },
    )
}

impl Piece {
    fn cluster(&self) -> String {
        format!("shop-{}", self.environment)
    }

    /// Type and attributes, with secrets wherever a state has some.
    fn content(&self) -> (&'static str, Value) {
        let (name, region) = (&self.name, REGIONS[self.region]);
        let arn = |service: &str, rest: &str| format!("arn:aws:{service}:{region}:{ACCOUNT}:{rest}{name}");
        let (cluster, group) = (self.cluster(), arn("elasticloadbalancing", "targetgroup/"));
        match self.kind {
            0..=3 => (
                "aws_ecs_service",
                json!({
                    "arn": format!("arn:aws:ecs:{region}:{ACCOUNT}:service/{cluster}/{name}"), "name": name, "cluster": cluster,
                    "desired_count": self.desired, "load_balancer": [{ "target_group_arn": group, "container_name": "SECRET" }],
                    "triggers": { "token": "SECRET" }, "task_definition": "SECRET", "tags": { "Owner": "SECRET" },
                }),
            ),
            4 => (
                "aws_appautoscaling_target",
                json!({
                    "service_namespace": "ecs", "resource_id": format!("service/{cluster}/{name}"), "role_arn": "SECRET",
                    "min_capacity": self.desired.unwrap_or(1), "max_capacity": 2,
                }),
            ),
            5 => (
                "aws_lb_target_group",
                json!({
                    "arn": group, "health_check": [{ "path": format!("/{name}?key=SECRET"), "matcher": "SECRET" }], "load_balancer_arns": [],
                }),
            ),
            6 => (
                "aws_db_instance",
                json!({
                    "arn": arn("rds", "db:"), "identifier": name, "engine": "postgres", "password": "SECRET", "username": "SECRET",
                    "endpoint": "SECRET", "backup_retention_period": self.desired,
                }),
            ),
            7 => (
                "aws_rds_cluster",
                json!({
                    "arn": arn("rds", "cluster:"), "cluster_identifier": name, "engine": "aurora-mysql", "master_password": "SECRET",
                }),
            ),
            8 => (
                "aws_sqs_queue",
                json!({
                    "arn": arn("sqs", ""), "name": name, "policy": "SECRET",
                    "redrive_policy": format!("{{\"deadLetterTargetArn\":\"{}\",\"maxReceiveCount\":3,\"x\":\"SECRET\"}}", "arn:aws:sqs:eu-west-1:1:dead"),
                }),
            ),
            9 => (
                "aws_dynamodb_table",
                json!({
                    "arn": arn("dynamodb", "table/"), "name": name, "hash_key": "id", "stream_label": "SECRET",
                    "replica": [{ "region_name": REGIONS[1 - self.region], "kms_key_arn": "SECRET" }],
                }),
            ),
            10 => (
                "aws_cloudwatch_metric_alarm",
                json!({
                    "arn": arn("cloudwatch", "alarm:"), "alarm_name": name, "alarm_description": "SECRET", "alarm_actions": ["SECRET"],
                    "namespace": "AWS/ECS", "metric_name": "CPUUtilization", "threshold": 80,
                    "dimensions": { "ClusterName": cluster, "ServiceName": name, "Token": "SECRET" },
                    "metric_query": [{ "expression": "SECRET", "metric": [{ "dimensions": { "Other": "SECRET" } }] }],
                }),
            ),
            _ => ("aws_ssm_parameter", json!({ "name": name, "value": "SECRET", "arn": "SECRET" })),
        }
    }

    /// Attributes and the names of the sensitive ones.
    fn attributes(&self) -> (&'static str, Value, Vec<String>) {
        let (kind, mut attributes) = self.content();
        let keys: Vec<String> = attributes.as_object().unwrap().keys().cloned().collect();
        let mut sensitive = Vec::new();
        if let Some(number) = self.secret {
            let key = &keys[number % keys.len()];
            attributes[key] = json!("SECRET");
            sensitive.push(key.clone());
        }
        if let Some(number) = self.wrong {
            attributes[&keys[number % keys.len()]] = json!([{ "SECRET": "SECRET" }, "SECRET", -0.5]);
        }
        (kind, attributes, sensitive)
    }

    fn stored(&self) -> Value {
        let (kind, attributes, sensitive) = self.attributes();
        let marks: Vec<Value> = sensitive.iter().map(|key| json!([{ "type": "get_attr", "value": key }])).collect();
        let mut resource = crate::states::resource(kind, &attributes);
        resource["instances"][0]["sensitive_attributes"] = json!(marks);
        resource["instances"][0]["private"] = json!("SECRET");
        resource
    }

    fn shown(&self) -> Value {
        let (kind, attributes, sensitive) = self.attributes();
        let marks: serde_json::Map<String, Value> = sensitive.into_iter().map(|key| (key, json!(true))).collect();
        json!({ "address": format!("{kind}.it"), "mode": "managed", "type": kind, "name": "it", "values": attributes, "sensitive_values": marks })
    }

    /// The same with nothing marked as sensitive.
    pub(crate) fn without_marks(self) -> Self {
        Self { secret: None, ..self }
    }

    /// Whether it is something that a document names, or says why not; short names are words of other sentences, too.
    pub(crate) fn has_to_be_told(&self) -> bool {
        let plain = self.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        matches!(self.kind, 0..=3 | 6 | 7 | 9 | 10) && plain && self.name.len() > 5 && self.secret.is_none()
    }

    /// Where a document has it, if it is a service or a database that can stand in one.
    pub(crate) fn place(&self) -> Option<String> {
        let (name, region) = (&self.name, REGIONS[self.region]);
        let database = DatabaseName::new(name).ok()?;
        match self.kind {
            0..=3 => (!self.environment.is_empty()).then(|| format!("{region}/{}/{name}", self.cluster())),
            6 | 7 => Some(format!("{region}/{database}")),
            _ => None,
        }
    }
}

/// A state of these resources, in either form.
pub(crate) fn state(pieces: &[Piece], shown: bool) -> StateFile {
    let outputs = json!({ "url": { "value": "SECRET", "type": "string", "sensitive": true } });
    let content = if shown {
        let (root, child): (Vec<_>, Vec<_>) = pieces.iter().enumerate().partition(|(number, _)| number % 2 == 0);
        let of = |pieces: Vec<(usize, &Piece)>| pieces.into_iter().map(|(_, piece)| piece.shown()).collect::<Vec<_>>();
        let module =
            json!({ "resources": of(root), "child_modules": [{ "address": "module.m", "resources": of(child) }] });
        json!({ "format_version": "1.0", "values": { "outputs": outputs, "root_module": module } })
    } else {
        let mut content = stored(&pieces.iter().map(Piece::stored).collect::<Vec<_>>());
        content["outputs"] = outputs;
        content
    };
    file("state", None, &content)
}
