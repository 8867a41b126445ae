//! The roles grant what the adapters call, and nothing else: a sandbox without IAM would notice neither.

use crate::documents::{names_in, read, resources, root, sources_under, strings, template, walk};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The adapters with a client of their own, by the name of their file or folder, and the prefix of its service's actions.
const CLIENTS: [(&str, &str); 14] = [
    ("cloudwatch", "cloudwatch"),
    ("failover/ecr", "ecr"),
    ("failover/elb", "elasticloadbalancing"),
    ("eventbridge", "events"),
    ("failover/kinesis", "kinesis"),
    ("ledger", "dynamodb"),
    ("reports", "s3"),
    ("rules", "elasticloadbalancing"),
    ("sfn", "states"),
    ("sns", "sns"),
    ("failover/traffic/arc", "route53-recovery-cluster"),
    ("failover/traffic/records", "route53"),
    ("failover/traffic/s3", "s3"),
    ("failover/tables", "dynamodb"),
];
/// The clients of a region's capacity, by their field; each adapter of capacity may use several.
const BUNDLE: [(&str, &str); 12] = [
    ("autoscaling", "application-autoscaling"),
    ("backup", "backup"),
    ("cloudwatch", "cloudwatch"),
    ("dynamodb", "dynamodb"),
    ("ecs", "ecs"),
    ("elasticache", "elasticache"),
    ("events", "events"),
    ("quotas", "servicequotas"),
    ("rds", "rds"),
    ("s3", "s3"),
    ("sfn", "states"),
    ("sqs", "sqs"),
];
/// What every client has and no service does.
const NO_OPERATION: &str = "config";
/// Operations of S3 whose actions have other names, or others of a version (Amazon S3 user guide, required permissions for
/// API operations).
const S3: [(&str, &[&str]); 6] = [
    ("s3:HeadObject", &["s3:GetObject", "s3:GetObjectVersion"]),
    ("s3:GetObjectTagging", &["s3:GetObjectVersionTagging"]),
    ("s3:ListObjectVersions", &["s3:ListBucketVersions"]),
    ("s3:CopyObject", &["s3:PutObject", "s3:PutObjectTagging"]),
    ("s3:DeleteObject", &["s3:DeleteObject", "s3:DeleteObjectVersion"]),
    ("s3:HeadBucket", &["s3:ListBucket"]),
];
/// Calls that are signed without a client, by their names in the adapters, and their actions.
const SIGNED: [(&str, &str); 10] = [
    ("DescribeDomain", "es:DescribeDomain"),
    ("ESHttpDelete", "es:ESHttpDelete"),
    ("ESHttpGet", "es:ESHttpGet"),
    ("ESHttpPut", "es:ESHttpPut"),
    ("GetLogEvents", "logs:GetLogEvents"),
    // The call is permitted by another name (AWS Lambda API reference, Invoke).
    ("Invoke", "lambda:InvokeFunction"),
    ("GetSchedule", "scheduler:GetSchedule"),
    ("UpdateSchedule", "scheduler:UpdateSchedule"),
    ("ListEventSourceMappings", "lambda:ListEventSourceMappings"),
    ("UpdateEventSourceMapping", "lambda:UpdateEventSourceMapping"),
];
/// A transaction needs the permissions of its parts; these are the parts that the ledger's have.
const TRANSACTION: &str = "dynamodb:TransactWriteItems";
const PARTS: [&str; 3] = ["dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"];
/// Granted beside the calls: what services do with keys in the name of who calls them, and what Lambda does on our behalf.
/// For restores: what DynamoDB does in our name, the tags of a snapshot or a task as it is made, and the roles that AWS Backup and
/// tasks take.
const BESIDE: [&str; 12] = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "dynamodb:BatchWriteItem",
    "ecs:TagResource",
    "elasticache:AddTagsToResource",
    "iam:PassRole",
];

/// `start_db_cluster` as AWS writes it: `StartDBCluster`.
fn operation(method: &str) -> String {
    let word = |word: &str| match word {
        "db" => "DB".to_owned(),
        "aws" => "AWS".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    method.split('_').map(word).collect()
}

/// The methods called on something of this name: `self.client.put_item()`, `client\n.get_item()`.
fn methods<'s>(name: &str, source: &'s str) -> Vec<&'s str> {
    let called = |(at, _): (usize, &str)| {
        let inside_a_name = source[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let (method, _) = source[at + name.len()..].trim_start().strip_prefix('.')?.split_once("()")?;
        let plain =
            !method.is_empty() && method.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        (plain && !inside_a_name && method != NO_OPERATION).then_some(method)
    };
    source.match_indices(name).filter_map(called).collect()
}

/// The operations called on a client, as actions.
fn calls(adapter: &str, source: &str) -> BTreeSet<String> {
    let own = CLIENTS.iter().filter(|(name, _)| *name == adapter || adapter.starts_with(&format!("{name}/")));
    let clients = own.map(|(_, prefix)| ("client", *prefix)).chain(BUNDLE);
    let action = |(name, prefix): (&str, &str)| {
        methods(name, source)
            .into_iter()
            .map(move |method| format!("{prefix}:{}", operation(method)))
            .collect::<Vec<_>>()
    };
    clients.flat_map(action).collect()
}

/// The files that send something to AWS: path without its ending, and text.
fn adapters() -> BTreeMap<String, String> {
    let mut folders = vec![String::new()];
    let mut adapters = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for name in names_in(&format!("shared/aws/src/{folder}")) {
            let (inside, path) = (format!("{folder}{name}"), format!("shared/aws/src/{folder}{name}"));
            if root().join(&path).is_dir() {
                folders.push(inside + "/");
            } else if let Some(adapter) = inside.strip_suffix(".rs") {
                adapters.insert(adapter.to_owned(), read(path));
            }
        }
    }
    adapters.retain(|_, source| source.contains(".send()"));
    adapters
}

fn actions_called() -> BTreeSet<String> {
    let mut actions: BTreeSet<String> = adapters().iter().flat_map(|(name, source)| calls(name, source)).collect();
    for (operation, needed) in S3 {
        if actions.remove(operation) {
            actions.extend(needed.iter().map(|action| (*action).to_owned()));
        }
    }
    let signed = sources_under("shared/aws/src");
    let is_made = |operation: &str| signed.contains(&format!("\"{operation}\""));
    actions.extend(SIGNED.into_iter().filter(|(it, _)| is_made(it)).map(|(_, action)| action.to_owned()));
    if actions.remove(TRANSACTION) {
        actions.extend(PARTS.map(str::to_owned));
    }
    actions
}

fn actions_granted(template: &Value) -> BTreeSet<String> {
    let functions = resources(template, "AWS::Serverless::Function");
    let statements = functions.iter().flat_map(|(_, it)| walk(&it["Properties"]["Policies"]));
    let granted = statements.filter(|it| it["Effect"] == "Allow").flat_map(|it| strings(&it["Action"]));
    granted.filter(|action| !BESIDE.contains(action)).map(str::to_owned).collect()
}

#[test]
fn what_the_adapters_call_is_granted_and_nothing_else() {
    assert_eq!(actions_granted(&template()), actions_called());
    let mut template = template();
    let own = template["Resources"]["Failover"]["Properties"]["Policies"][0]["Statement"].as_array_mut().unwrap();
    own.push(json!({"Effect": "Allow", "Action": ["s3:DeleteBucket"], "Resource": "*"}));
    let more: Vec<_> = actions_granted(&template).difference(&actions_called()).cloned().collect();
    assert_eq!(more, ["s3:DeleteBucket"]);
}

#[test]
fn no_adapter_is_forgotten() {
    let adapters = adapters();
    let unknown: Vec<_> = adapters.iter().filter(|(name, source)| calls(name, source).is_empty()).collect();
    assert_eq!(unknown, Vec::new(), "call AWS, and by no client that is known here");
    let is = |adapter: &str, name: &str| adapter == name || adapter.starts_with(&format!("{name}/"));
    let missing: Vec<_> = CLIENTS.iter().filter(|(name, _)| !adapters.keys().any(|it| is(it, name))).collect();
    assert_eq!(missing, Vec::<&(&str, &str)>::new(), "are no adapters any more");
}

#[test]
fn calls_are_read_from_the_source() {
    let source = "let a = self.aws.rds.start_db_cluster().x(); self.client.put_item()\n self.quotas\n.get_service_quota(); \
                  self.table.len(); self.rds.config(); a_client.close()";
    let of_the_bundle = BTreeSet::from(["rds:StartDBCluster", "servicequotas:GetServiceQuota"].map(str::to_owned));
    assert_eq!(calls("rds", source), of_the_bundle);
    let with_its_own = |own: &str| of_the_bundle.iter().cloned().chain([own.to_owned()]).collect::<BTreeSet<_>>();
    assert_eq!(calls("ledger/pair", source), with_its_own("dynamodb:PutItem"));
    assert_eq!(calls("failover/traffic/s3", source), with_its_own("s3:PutItem"));
}
