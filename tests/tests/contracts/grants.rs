//! The roles grant what the adapters call, and nothing else: a sandbox without IAM would notice neither.

use crate::documents::{names_in, read, resources, root, sources_under, strings, template, walk};
use serde_json::Value;
use std::collections::BTreeSet;

/// The adapters, by the name of their file or folder, and the prefix of their service's actions.
const SERVICES: [(&str, &str); 7] = [
    ("autoscaling", "application-autoscaling"),
    ("ecs", "ecs"),
    ("eventbridge", "events"),
    ("ledger", "dynamodb"),
    ("rds", "rds"),
    ("sfn", "states"),
    ("sns", "sns"),
];
/// A transaction needs the permissions of its parts; these are the parts that the ledger's have.
const TRANSACTION: &str = "dynamodb:TransactWriteItems";
const PARTS: [&str; 3] = ["dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"];
/// Granted beside the calls: what an encrypted topic needs of its key, and what Lambda does on our behalf.
const BESIDE: [&str; 2] = ["kms:GenerateDataKey", "kms:Decrypt"];

/// `start_db_cluster` as AWS writes it: `StartDBCluster`.
fn operation(method: &str) -> String {
    let word = |word: &str| match word {
        "db" => "DB".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    method.split('_').map(word).collect()
}

/// The operations called on a client that is a field: `self.client.put_item()`.
fn calls(source: &str) -> BTreeSet<String> {
    let clients = ["client", "ecs", "autoscaling", "rds"];
    let called = source.split("self.").filter_map(|rest| {
        let (field, rest) = rest.split_once('.')?;
        let (method, _) = rest.split_once("()")?;
        let plain = !method.is_empty() && method.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (clients.contains(&field.trim()) && plain).then(|| operation(method))
    });
    called.collect()
}

fn actions_called() -> BTreeSet<String> {
    let mut actions = BTreeSet::new();
    for (adapter, prefix) in SERVICES {
        let file = format!("shared/aws/src/{adapter}.rs");
        let folder = format!("shared/aws/src/{adapter}");
        let file = if root().join(&file).is_file() { read(file) } else { String::new() };
        let folder = if root().join(&folder).is_dir() { sources_under(&folder) } else { String::new() };
        let called = calls(&(file + &folder));
        assert!(!called.is_empty(), "{adapter}: no call was found");
        actions.extend(called.into_iter().map(|operation| format!("{prefix}:{operation}")));
    }
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
    let source = |name: &String| sources_of(name).contains("self.client.") || sources_of(name).contains(".send()");
    let adapters = names_in("shared/aws/src").into_iter().filter(source);
    let known = |name: &str| SERVICES.iter().any(|(adapter, _)| name.trim_end_matches(".rs") == *adapter);
    let unknown: Vec<String> = adapters.filter(|name| !known(name)).collect();
    assert_eq!(unknown, Vec::<String>::new(), "call AWS, and are not in SERVICES");
}

fn sources_of(name: &str) -> String {
    let path = format!("shared/aws/src/{name}");
    if root().join(&path).is_dir() { sources_under(&path) } else { read(path) }
}

#[test]
fn calls_are_read_from_the_source() {
    let source =
        "let a = self.rds.start_db_cluster().x(); self.client.put_item()\n self.client.clone(); self.table.len()";
    assert_eq!(calls(source), BTreeSet::from(["Clone", "PutItem", "StartDBCluster"].map(str::to_owned)));
}
