//! One hand: only reconcile may write capacity, and only a failover the role of a database; both only where the tag allows it.

use crate::documents::{resources, strings, template, walk};
use serde_json::{Value, json};

/// Services whose writes change capacity.
const CAPACITY: [&str; 6] = ["ecs:", "application-autoscaling:", "rds:", "autoscaling:", "ec2:", "elasticache:"];
/// Verbs that only read.
const READS: [&str; 3] = ["Describe", "List", "Get"];
const TAG: &str = "aws:ResourceTag/watchkeeper:managed";
const HAND: &str = "Reconcile";
/// What changes which region writes, and no capacity.
pub(crate) const PROMOTIONS: [&str; 3] =
    ["rds:PromoteReadReplica", "rds:SwitchoverGlobalCluster", "rds:FailoverGlobalCluster"];
const MOVER: &str = "Failover";

/// The statements of each function and machine: logical id of the owner, and statement.
pub(crate) fn statements(template: &Value) -> Vec<(&str, &Value)> {
    let all = template["Resources"].as_object().unwrap();
    all.iter()
        .flat_map(|(id, resource)| {
            walk(&resource["Properties"]["Policies"]).into_iter().map(move |it| (id.as_str(), it))
        })
        .filter(|(_, value)| value["Effect"].is_string())
        .collect()
}

fn is_capacity_write(action: &str) -> bool {
    let writes = |verb: &str| !READS.iter().any(|read| verb.starts_with(read));
    CAPACITY.iter().find_map(|service| action.strip_prefix(service)).is_some_and(writes)
}

fn overreaching(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (owner, statement) in statements(template) {
        for action in strings(&statement["Action"]) {
            if action.contains('*') {
                found.push(format!("{owner}: {action} is a wildcard"));
            }
            let whose = if PROMOTIONS.contains(&action) { MOVER } else { HAND };
            if is_capacity_write(action) && owner != whose {
                found.push(format!("{owner}: {action} belongs to {whose} alone"));
            }
            if is_capacity_write(action) && statement["Condition"]["StringEquals"][TAG] != "true" {
                found.push(format!("{owner}: {action} without the tag"));
            }
        }
    }
    found
}

/// A managed policy or a role from elsewhere would escape the check above.
fn borrowed(template: &Value) -> Vec<String> {
    let kinds = ["AWS::Serverless::Function", "AWS::Serverless::StateMachine"];
    let owners = kinds.into_iter().flat_map(|kind| resources(template, kind));
    let from_elsewhere = |(id, resource): (&str, &Value)| {
        let properties = &resource["Properties"];
        let named = properties["Policies"].as_array().into_iter().flatten().any(Value::is_string);
        let role = !properties["Role"].is_null() || properties["Policies"].is_string();
        (named || role).then(|| id.to_owned())
    };
    owners.filter_map(from_elsewhere).collect()
}

#[test]
fn only_the_one_hand_writes_capacity_and_only_what_is_tagged() {
    let template = template();
    assert_eq!(overreaching(&template), Vec::<String>::new());
    assert_eq!(borrowed(&template), Vec::<String>::new());
    assert!(resources(&template, "AWS::IAM::Role").is_empty(), "a role that nothing here checks");
    let all = statements(&template);
    let writes = all.iter().flat_map(|(_, it)| strings(&it["Action"])).filter(|it| is_capacity_write(it));
    let (promotions, writes): (Vec<_>, Vec<_>) = writes.partition(|it| PROMOTIONS.contains(it));
    assert_eq!(writes.len(), 6, "UpdateService, RegisterScalableTarget, start and stop of clusters and instances");
    assert_eq!(promotions, PROMOTIONS);
}

#[test]
fn a_permission_too_many_is_found() {
    let mut template = template();
    let actions = ["ecs:UpdateService", "rds:*", "rds:PromoteReadReplica"];
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    template["Resources"]["AutoShutdown"]["Properties"]["Policies"][0]["Statement"][0] = statement;
    let expected = [
        "AutoShutdown: ecs:UpdateService belongs to Reconcile alone",
        "AutoShutdown: ecs:UpdateService without the tag",
        "AutoShutdown: rds:* is a wildcard",
        "AutoShutdown: rds:* belongs to Reconcile alone",
        "AutoShutdown: rds:* without the tag",
        "AutoShutdown: rds:PromoteReadReplica belongs to Failover alone",
        "AutoShutdown: rds:PromoteReadReplica without the tag",
    ];
    assert_eq!(overreaching(&template), expected);
    template["Resources"]["AutoShutdown"]["Properties"]["Policies"][0] = json!("AmazonECS_FullAccess");
    assert_eq!(borrowed(&template), ["AutoShutdown"]);
}
