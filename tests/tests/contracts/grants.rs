//! The roles grant what the adapters call, and nothing else: a sandbox without IAM would notice neither.

use crate::documents::{names_in, read, resources, root, sources_under, strings, template, walk};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The adapters with a client of their own, by the name of their file or folder, and the prefix of its service's actions.
const CLIENTS: [(&str, &str); 5] = [
    ("cloudwatch", "cloudwatch"),
    ("eventbridge", "events"),
    ("ledger", "dynamodb"),
    ("sfn", "states"),
    ("sns", "sns"),
];
/// The clients of a region's capacity, by their field; each adapter of capacity may use several.
const BUNDLE: [(&str, &str); 9] = [
    ("autoscaling", "application-autoscaling"),
    ("backup", "backup"),
    ("cloudwatch", "cloudwatch"),
    ("dynamodb", "dynamodb"),
    ("ecs", "ecs"),
    ("elasticache", "elasticache"),
    ("quotas", "servicequotas"),
    ("rds", "rds"),
    ("s3", "s3"),
];
/// Operations of S3 whose actions have other names (Amazon S3 user guide, required permissions for API operations).
const S3: [(&str, &[&str]); 5] = [
    ("s3:HeadObject", &["s3:GetObject", "s3:GetObjectVersion"]),
    ("s3:GetObjectTagging", &["s3:GetObjectVersionTagging"]),
    ("s3:ListObjectVersions", &["s3:ListBucketVersions"]),
    ("s3:CopyObject", &["s3:PutObject", "s3:PutObjectTagging"]),
    ("s3:DeleteObject", &["s3:DeleteObjectVersion"]),
];
/// Calls of search domains, which have no client: their actions are the names of the calls in the adapter.
const SIGNED: [&str; 4] = ["es:DescribeDomain", "es:ESHttpDelete", "es:ESHttpGet", "es:ESHttpPut"];
/// A transaction needs the permissions of its parts; these are the parts that the ledger's have.
const TRANSACTION: &str = "dynamodb:TransactWriteItems";
const PARTS: [&str; 3] = ["dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"];
/// Granted beside the calls: what an encrypted topic needs of its key, and what Lambda does on our behalf.
/// For restores: what DynamoDB does in our name, the tags of a snapshot as it is made, and the role that AWS Backup takes.
const BESIDE: [&str; 6] = [
    "kms:GenerateDataKey",
    "kms:Decrypt",
    "dynamodb:BatchWriteItem",
    "dynamodb:UpdateItem",
    "elasticache:AddTagsToResource",
    "iam:PassRole",
];

/// `start_db_cluster` as AWS writes it: `StartDBCluster`.
fn operation(method: &str) -> String {
    let word = |word: &str| match word {
        "db" => "DB".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    method.split('_').map(word).collect()
}

/// The operations called on a client that is a field, as actions: `self.client.put_item()`.
fn calls(adapter: &str, source: &str) -> BTreeSet<String> {
    let own = CLIENTS.iter().filter(|(name, _)| *name == adapter).map(|(_, prefix)| ("client", *prefix));
    let prefixes: BTreeMap<&str, &str> = own.chain(BUNDLE).collect();
    let called = source.split("self.").filter_map(|rest| {
        let (field, rest) = rest.split_once('.')?;
        let (method, _) = rest.split_once("()")?;
        let plain = !method.is_empty() && method.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let prefix = prefixes.get(field.trim()).filter(|_| plain)?;
        Some(format!("{prefix}:{}", operation(method)))
    });
    called.collect()
}

/// The files and folders that send something to AWS, by name.
fn adapters() -> BTreeMap<String, String> {
    let mut adapters = BTreeMap::<String, String>::new();
    for name in names_in("shared/aws/src") {
        let path = format!("shared/aws/src/{name}");
        let source = if root().join(&path).is_dir() { sources_under(&path) } else { read(path) };
        adapters.entry(name.trim_end_matches(".rs").to_owned()).or_default().push_str(&source);
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
    let signed = sources_under("shared/aws/src/vaults");
    actions.extend(SIGNED.into_iter().filter(|it| signed.contains(&it.replace("es:", "\""))).map(str::to_owned));
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
}

#[test]
fn no_adapter_is_forgotten() {
    let adapters = adapters();
    let unknown: Vec<_> = adapters.iter().filter(|(name, source)| calls(name, source).is_empty()).collect();
    assert_eq!(unknown, Vec::new(), "call AWS, and by no client that is known here");
    let missing: Vec<_> = CLIENTS.iter().filter(|(name, _)| !adapters.contains_key(*name)).collect();
    assert_eq!(missing, Vec::<&(&str, &str)>::new(), "are no adapters any more");
}

#[test]
fn calls_are_read_from_the_source() {
    let source = "let a = self.rds.start_db_cluster().x(); self.client.put_item()\n self.quotas\n.get_service_quota(); self.table.len()";
    let of_the_bundle = ["rds:StartDBCluster", "servicequotas:GetServiceQuota"].map(str::to_owned);
    assert_eq!(calls("rds", source), BTreeSet::from(of_the_bundle.clone()));
    let expected: BTreeSet<String> = of_the_bundle.into_iter().chain(["dynamodb:PutItem".to_owned()]).collect();
    assert_eq!(calls("ledger", source), expected);
}
