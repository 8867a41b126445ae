//! Any state: the draft is clean, says what the state says, is the same each time, and holds no secret.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use watchkeeper_domain::name::{DatabaseName, Region};
use watchkeeper_estates::draft::{Draft, DraftProblem, StateFile, draft};

use crate::states::{ACCOUNT, drafted, file, instance, loaded, names, service, stored};

const REGIONS: [&str; 2] = ["eu-central-1", "eu-west-1"];

/// Each service and database of a draft, as `environment/region/cluster/service` or `environment/region/database`.
fn contents(draft: &Draft) -> BTreeSet<String> {
    let estate = loaded(draft);
    let mut all = BTreeSet::new();
    for environment in estate.environments() {
        for region in environment.regions() {
            let name = environment.name();
            all.extend(
                environment
                    .services(&region)
                    .iter()
                    .map(|(cluster, service)| format!("{name}/{region}/{cluster}/{service}")),
            );
            all.extend(environment.databases(&region).iter().map(|id| format!("{name}/{region}/{}", id.name())));
        }
    }
    all
}

#[test]
fn five_environments_of_five_services_are_clean_at_once() {
    let (mut resources, mut expected) = (Vec::new(), BTreeSet::new());
    for environment in ["dev", "qa", "uat", "staging", "prod"] {
        for service_name in ["api", "web", "worker", "scheduler", "mailer"] {
            resources.push(service(REGIONS[0], &format!("{environment}-shop"), service_name, 2));
            expected.insert(format!("{environment}/{}/{environment}-shop/{service_name}", REGIONS[0]));
        }
        resources.push(instance(REGIONS[0], &format!("{environment}-shop-db")));
        expected.insert(format!("{environment}/{}/{environment}-shop-db", REGIONS[0]));
    }
    assert_eq!(contents(&drafted(&[file("s", None, &stored(&resources))], "shop")), expected);
}

#[test]
fn a_thousand_services_are_clean_at_once() {
    let name = |number: usize| (format!("shop-prod-{}", number / 50), format!("service-{number}"));
    let alarm = |number: usize| {
        let (cluster, service) = name(number);
        crate::states::resource(
            "aws_cloudwatch_metric_alarm",
            &json!({
                "arn": format!("arn:aws:cloudwatch:{}:{ACCOUNT}:alarm:cpu-{number}", REGIONS[0]), "alarm_name": format!("cpu-{number}"),
                "namespace": "AWS/ECS", "metric_name": "CPUUtilization", "threshold": 80,
                "dimensions": { "ClusterName": cluster, "ServiceName": service },
            }),
        )
    };
    let services = (0..1000).map(|number| service(REGIONS[0], &name(number).0, &name(number).1, 2));
    let resources: Vec<Value> = services.chain((0..1000).map(alarm)).collect();
    let draft = drafted(&[file("s", None, &stored(&resources))], "shop");
    let expected: BTreeSet<String> =
        (0..1000).map(name).map(|(cluster, service)| format!("prod/{}/{cluster}/{service}", REGIONS[0])).collect();
    assert_eq!(contents(&draft), expected);
    assert!(draft.text().contains("- cpu-999 # AWS/ECS CPUUtilization; of service-999\n"));
}

/// One resource of a state, by which it is built.
#[derive(Debug, Clone)]
struct Piece {
    kind: usize,
    name: String,
    environment: &'static str,
    region: usize,
    desired: Option<u32>,
    /// Which of its attributes is marked as sensitive, and holds a secret.
    secret: Option<usize>,
    /// Which of its attributes is of another type, and holds a secret.
    wrong: Option<usize>,
}

fn piece() -> impl Strategy<Value = Piece> {
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

    /// Whether it is something that a document names, or says why not; short names are words of other sentences, too.
    fn has_to_be_told(&self) -> bool {
        let plain = self.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        matches!(self.kind, 0..=3 | 6 | 7 | 9 | 10) && plain && self.name.len() > 5 && self.secret.is_none()
    }

    /// Where a document has it, if it is a service or a database that can stand in one.
    fn place(&self) -> Option<String> {
        let (name, region) = (&self.name, REGIONS[self.region]);
        let database = DatabaseName::new(name).ok()?;
        match self.kind {
            0..=3 => (!self.environment.is_empty()).then(|| format!("{region}/{}/{name}", self.cluster())),
            6 | 7 => Some(format!("{region}/{database}")),
            _ => None,
        }
    }
}

fn state(pieces: &[Piece], shown: bool) -> StateFile {
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

/// The draft, or everything that is said instead.
fn drafting(files: &[StateFile]) -> Result<Draft, String> {
    let problems =
        |problems: Vec<DraftProblem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    draft(files, &names(Some("shop"), None)).map_err(problems)
}

/// Everything that is said of files.
fn said(drafting: &Result<Draft, String>) -> String {
    drafting.as_ref().map_or_else(Clone::clone, |draft| draft.text().to_owned() + draft.summary())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_of_any_state_is_told_and_every_draft_is_clean(pieces in prop::collection::vec(piece(), 1..9), shown: bool) {
        let files = [state(&pieces, shown)];
        let drafted = drafting(&files);
        let text = said(&drafted);
        prop_assert!(!text.contains("SECRET"), "{text}");
        // A draft that is not in order would be a problem of this text.
        prop_assert!(!text.contains("mistake of this command"), "{text}");
        prop_assert_eq!(&said(&drafting(&files)), &text);
        if let Ok(draft) = drafted && pieces.iter().all(|piece| piece.wrong.is_none()) {
            let found = contents(&draft);
            let known: BTreeSet<String> = found.iter().map(|place| place.split_once('/').unwrap().1.to_owned()).collect();
            let places: BTreeSet<String> = pieces.iter().filter_map(Piece::place).collect();
            prop_assert!(known.is_subset(&places), "{known:?} {places:?}");
            // What is marked as sensitive may be what a document needs.
            let open = pieces.iter().filter(|piece| piece.secret.is_none());
            let places: BTreeSet<String> = open.filter_map(Piece::place).collect();
            for piece in pieces.iter().filter(|piece| piece.has_to_be_told()) {
                let mut words = draft.text().split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                prop_assert!(words.any(|word| word == piece.name), "{} is lost: {}", piece.name, draft.text());
            }
            for place in places.difference(&known) {
                let name = place.rsplit('/').next().unwrap();
                let named = [format!(" {name} "), format!(" {name}:")].iter().any(|named| draft.text().contains(named));
                prop_assert!(named, "{place} is neither there nor left out: {}", draft.text());
            }
        }
    }

    #[test]
    fn a_state_that_is_cut_or_damaged_is_told_without_a_secret(pieces in prop::collection::vec(piece(), 1..4), cut: prop::sample::Index, shown: bool, byte: u8) {
        // Damage may hit the very mark that says what is sensitive.
        let pieces: Vec<Piece> = pieces.into_iter().map(|piece| Piece { secret: None, ..piece }).collect();
        let mut file = state(&pieces, shown);
        let place = cut.index(file.bytes.len());
        let mut damaged = file.clone();
        damaged.bytes[place] = byte;
        file.bytes.truncate(place);
        let cut = drafting(&[file]).unwrap_err();
        prop_assert!(cut.starts_with("state:1:") && !cut.contains("SECRET"), "{cut}");
        let text = said(&drafting(&[damaged]));
        prop_assert!(!text.contains("SECRET") && !text.contains("mistake of this command"), "{text}");
    }
}

#[test]
fn regions_are_told_apart_in_what_these_tests_look_at() {
    let both = [service(REGIONS[0], "shop-dev", "api", 1), service(REGIONS[1], "shop-dev", "api", 0)];
    let found = contents(&drafted(&[file("s", None, &stored(&both))], "shop"));
    assert_eq!(found, ["dev/eu-central-1/shop-dev/api", "dev/eu-west-1/shop-dev/api"].map(str::to_owned).into());
    assert!(Region::new(REGIONS[0]).is_ok());
}
