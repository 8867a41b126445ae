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
/// Those that need the global cluster beside a cluster of each region, and the parameter that names it: editions of the
/// service authorization reference differ in whether IAM knows its tags.
const OF_GLOBAL_CLUSTERS: [&str; 2] = ["rds:SwitchoverGlobalCluster", "rds:FailoverGlobalCluster"];
const GLOBAL_CLUSTERS: &str = "GlobalClusters";
/// The parameter that names the read replicas that a stack may make again.
const STANDBY_REPLICAS: &str = "StandbyReplicas";
/// The only role that is no function's or machine's own.
const SCHEDULER: &str = "SchedulerRole";

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

/// What the function of backups may make and remove: never what others made, so each needs a tag of ours in the request or
/// on the resource, but where the service has none.
const KEEPER: &str = "Backups";
/// What it makes or changes beside the original.
const MAKES: [&str; 11] = [
    "rds:CreateDBSnapshot",
    "rds:CreateDBClusterSnapshot",
    "rds:CopyDBSnapshot",
    "rds:CopyDBClusterSnapshot",
    "elasticache:CreateSnapshot",
    "rds:RestoreDBInstanceFromDBSnapshot",
    "rds:RestoreDBInstanceToPointInTime",
    "rds:RestoreDBClusterFromSnapshot",
    "rds:RestoreDBClusterToPointInTime",
    "rds:CreateDBInstance",
    "ecs:RunTask",
];
/// What it removes, and the tag that has to be there.
const REMOVES: [(&str, &str); 8] = [
    ("rds:DeleteDBSnapshot", "aws:ResourceTag/watchkeeper:backup"),
    ("rds:DeleteDBClusterSnapshot", "aws:ResourceTag/watchkeeper:backup"),
    ("elasticache:DeleteSnapshot", "aws:ResourceTag/watchkeeper:backup"),
    ("backup:DeleteRecoveryPoint", "aws:ResourceTag/watchkeeper:backup"),
    ("rds:DeleteDBInstance", "aws:ResourceTag/watchkeeper:restore"),
    ("rds:DeleteDBCluster", "aws:ResourceTag/watchkeeper:restore"),
    ("ecs:StopTask", "aws:ResourceTag/watchkeeper:restore"),
    ("dynamodb:DeleteTable", "aws:ResourceTag/watchkeeper:restore"),
];

/// Where it sets tags: only under names that are ours, for a tag is what removals trust.
const TAGS: [&str; 2] = ["rds:AddTagsToResource", "elasticache:AddTagsToResource"];

/// Whether a statement lets somebody tag nothing but tasks as they are made, and none that exists (Amazon ECS developer guide,
/// tagging resources on creation).
fn tags_as_made(statement: &Value) -> bool {
    statement["Condition"]["StringEquals"]["ecs:CreateAction"] == "RunTask"
}

/// Whether an action belongs to the function of backups.
fn keeps(owner: &str, action: &str, statement: &Value) -> bool {
    let tags = TAGS.contains(&action) && arns(statement).iter().all(|arn| is_reserved(arn));
    let tags = tags || (action == "ecs:TagResource" && tags_as_made(statement));
    owner == KEEPER && (MAKES.contains(&action) || tags || REMOVES.iter().any(|(removes, _)| *removes == action))
}

/// Whether an action is what a failover may do about read replicas in a region that was left: rename those that a parameter names,
/// stop what it has set aside, and make new ones, which carry the tag from the beginning.
fn replicates(owner: &str, action: &str, statement: &Value) -> bool {
    let equals = &statement["Condition"]["StringEquals"];
    let named = statement["Resource"]["Ref"] == STANDBY_REPLICAS;
    let born_tagged = equals["aws:RequestTag/watchkeeper:managed"] == "true";
    owner == MOVER
        && match action {
            "rds:ModifyDBInstance" => named && equals[TAG] == "true",
            "rds:StopDBInstance" => {
                arns(statement).iter().all(|arn| arn.ends_with(":db:*-left-*")) && equals[TAG] == "true"
            }
            "rds:CreateDBInstanceReadReplica" => born_tagged,
            "rds:AddTagsToResource" => named && born_tagged,
            _ => false,
        }
}

/// The names under which Watchkeeper makes things, and nobody else: backups, and what a restore makes.
fn is_reserved(arn: &str) -> bool {
    let name = arn.rsplit([':', '/']).next().unwrap_or_default();
    name.starts_with("wk-") || name.ends_with("-drill") || name.ends_with("-restored")
}

/// The ARNs that a statement writes out, with pseudo parameters as their names.
fn arns(statement: &Value) -> Vec<String> {
    let written = walk(&statement["Resource"]).into_iter().filter_map(Value::as_str);
    written.map(|arn| arn.replace("${AWS::", "").replace('}', "")).collect()
}

/// Whether two patterns have a text in common.
fn meet(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => meet(rest, other) || (!other.is_empty() && meet(one, &other[1..])),
        (_, [b'*', ..]) => meet(other, one),
        ([a, one @ ..], [b, other @ ..]) => a == b && meet(one, other),
        _ => false,
    }
}

/// Whether two patterns of ARNs have a resource in common: compared part by part, the last of which may be left out.
fn overlap(one: &str, other: &str) -> bool {
    let parts = |arn: &str| {
        let mut parts: Vec<String> = arn.splitn(7, ':').map(str::to_owned).collect();
        parts.resize(7, "*".to_owned());
        parts
    };
    parts(one).iter().zip(parts(other)).all(|(a, b)| {
        // A region or an account that is written out may be any.
        let any = |part: &str| matches!(part, "Region" | "AccountId" | "Partition" | "aws");
        any(a) || any(&b) || meet(a.as_bytes(), b.as_bytes())
    })
}

/// The tags of a resource on which a statement relies.
fn trusted(statement: &Value) -> Vec<String> {
    let conditions = statement["Condition"].as_object().into_iter().flatten();
    let keys =
        conditions.flat_map(|(operator, keys)| keys.as_object().into_iter().flatten().map(move |it| (operator, it)));
    // That a tag must not be there is no trust in it.
    let relies = keys.filter(|(operator, (_, value))| !(*operator == "Null" && **value == "true"));
    relies.filter_map(|(_, (key, _))| key.strip_prefix("aws:ResourceTag/").map(str::to_owned)).collect()
}

/// Whether a statement lets somebody set a tag on what exists.
fn may_set(statement: &Value, tag: &str) -> bool {
    let sets = |action: &str| {
        action.split_once(':').is_some_and(|(_, verb)| verb.starts_with("Tag") || verb.starts_with("AddTags"))
    };
    let never = statement["Condition"]["Null"][format!("aws:RequestTag/{tag}")] == "true";
    strings(&statement["Action"]).into_iter().any(sets) && !never && !tags_as_made(statement)
}

/// Statements that rely on a tag which some role may set on the same resources, but under names of ours.
fn forgeable(template: &Value) -> Vec<String> {
    let all = statements(template);
    let mut found = Vec::new();
    for (owner, statement) in &all {
        for tag in trusted(statement) {
            for (forger, sets) in all.iter().filter(|(_, it)| may_set(it, &tag)) {
                // The instances that a parameter names are given to the stack by that.
                let given =
                    forger == &MOVER && sets["Resource"]["Ref"] == STANDBY_REPLICAS && tag == "watchkeeper:managed";
                let both = |a: &String, b: &String| overlap(a, b) && !given && !(is_reserved(a) && is_reserved(b));
                if arns(statement).iter().any(|a| arns(sets).iter().any(|b| both(a, b))) {
                    found.push(format!(
                        "{owner}: {} relies on {tag}, which {forger}: {} sets",
                        statement["Sid"], sets["Sid"]
                    ));
                }
            }
        }
    }
    found
}

/// Removals without the tag that says that we made it.
fn reckless_removals(template: &Value) -> Vec<String> {
    let all =
        statements(template).into_iter().flat_map(|(_, it)| strings(&it["Action"]).into_iter().map(move |a| (a, it)));
    let tagged = |action: &str, statement: &Value| {
        let tag = REMOVES.iter().find(|(removes, _)| *removes == action);
        tag.is_none_or(|(_, tag)| statement["Condition"]["Null"][*tag] == "false")
    };
    all.filter(|(action, it)| !tagged(action, it)).map(|(action, _)| action.to_owned()).collect()
}

fn overreaching(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (owner, statement) in statements(template) {
        for action in strings(&statement["Action"]) {
            if action.contains('*') {
                found.push(format!("{owner}: {action} is a wildcard"));
            }
            if keeps(owner, action, statement) || replicates(owner, action, statement) {
                continue;
            }
            let whose = if PROMOTIONS.contains(&action) { MOVER } else { HAND };
            if is_capacity_write(action) && owner != whose {
                found.push(format!("{owner}: {action} belongs to {whose} alone"));
            }
            let named = OF_GLOBAL_CLUSTERS.contains(&action) && statement["Resource"]["Ref"] == GLOBAL_CLUSTERS;
            if is_capacity_write(action) && statement["Condition"]["StringEquals"][TAG] != "true" && !named {
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
    let roles: Vec<&str> = resources(&template, "AWS::IAM::Role").into_iter().map(|(id, _)| id).collect();
    assert_eq!(roles, [SCHEDULER], "a role that nothing here checks");
    let all = statements(&template).into_iter().filter(|(owner, _)| *owner != KEEPER);
    let all = all.flat_map(|(owner, it)| strings(&it["Action"]).into_iter().map(move |action| (owner, action, it)));
    let all = all.filter(|(owner, action, it)| !replicates(owner, action, it)).map(|(_, action, _)| action);
    let writes = all.filter(|it| is_capacity_write(it));
    let (promotions, writes): (Vec<_>, Vec<_>) = writes.partition(|it| PROMOTIONS.contains(it));
    assert_eq!(writes.len(), 6, "UpdateService, RegisterScalableTarget, start and stop of clusters and instances");
    let expected: Vec<&str> = PROMOTIONS.into_iter().chain(OF_GLOBAL_CLUSTERS).collect();
    assert_eq!(promotions, expected);
}

/// What a move of a global database's writer lacks: both actions need the global cluster and a cluster of each region.
fn writer_kept_from_moving(template: &Value) -> Vec<String> {
    let grants = |action: &str, resource: &str| {
        let of = statements(template).into_iter().filter(|(owner, it)| *owner == MOVER && it["Effect"] == "Allow");
        of.filter(|(_, it)| strings(&it["Action"]).contains(&action)).any(|(_, it)| {
            walk(&it["Resource"]).into_iter().filter_map(Value::as_str).any(|text| text.contains(resource))
                && (resource == GLOBAL_CLUSTERS) == it["Condition"].is_null()
        })
    };
    let needed =
        ["${AWS::Region}:${AWS::AccountId}:cluster:*", "${PeerRegion}:${AWS::AccountId}:cluster:*", GLOBAL_CLUSTERS];
    let all = OF_GLOBAL_CLUSTERS.into_iter().flat_map(|action| needed.map(|resource| (action, resource)));
    all.filter(|(action, resource)| !grants(action, resource))
        .map(|(a, resource)| format!("{a} on {resource}"))
        .collect()
}

#[test]
fn the_writer_of_a_global_database_may_move_without_a_condition_on_the_global_cluster() {
    let mut template = template();
    assert_eq!(writer_kept_from_moving(&template), Vec::<String>::new());
    let statements = template["Resources"][MOVER]["Properties"]["Policies"][0]["Statement"].as_array_mut().unwrap();
    statements.retain(|it| it["Fn::If"][0] != "MovingWriters");
    let expected = OF_GLOBAL_CLUSTERS.map(|action| format!("{action} on {GLOBAL_CLUSTERS}"));
    assert_eq!(writer_kept_from_moving(&template), expected);
}

#[test]
fn schedules_share_a_role_that_other_accounts_cannot_borrow() {
    let template = template();
    let role = &template["Resources"][SCHEDULER]["Properties"];
    let trust = &role["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trust.as_array().unwrap().len(), 1);
    assert_eq!(trust[0]["Condition"], json!({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}));
    let mut called: Vec<&Value> = Vec::new();
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        let events = function["Properties"]["Events"].as_object().into_iter().flat_map(|it| it.values());
        for schedule in events.filter(|it| it["Type"] == "ScheduleV2") {
            assert_eq!(schedule["Properties"]["RoleArn"], json!({"Fn::GetAtt": [SCHEDULER, "Arn"]}), "{id}");
            called.extend(walk(&role["Policies"]).into_iter().filter(|it| **it == json!({"Fn::GetAtt": [id, "Arn"]})));
        }
    }
    let statements = &role["Policies"][0]["PolicyDocument"]["Statement"];
    assert_eq!(statements[0]["Action"], json!(["lambda:InvokeFunction"]));
    assert_eq!(
        statements[0]["Resource"].as_array().unwrap().len(),
        called.len(),
        "what it calls and what has a schedule"
    );
    assert_eq!(statements[1]["Resource"], json!({"Fn::GetAtt": ["DeadLetters", "Arn"]}));
    assert_eq!(statements.as_array().unwrap().len(), 2);
}

#[test]
fn what_is_removed_carries_the_tag_that_we_made_it() {
    let mut template = template();
    assert_eq!(reckless_removals(&template), Vec::<String>::new());
    for (action, _) in REMOVES {
        assert!(statements(&template).iter().any(|(_, it)| strings(&it["Action"]).contains(&action)), "{action}");
    }
    let policies = &mut template["Resources"][KEEPER]["Properties"]["Policies"][0]["Statement"];
    let removal = policies.as_array_mut().unwrap().iter_mut().find(|it| it["Sid"] == "RemoveRestored").unwrap();
    removal["Condition"] = json!({});
    assert_eq!(reckless_removals(&template), ["dynamodb:DeleteTable", "rds:DeleteDBInstance", "rds:DeleteDBCluster"]);
}

#[test]
fn no_role_sets_a_tag_that_another_statement_relies_on() {
    let mut template = template();
    assert_eq!(forgeable(&template), Vec::<String>::new());
    let policies = &mut template["Resources"][KEEPER]["Properties"]["Policies"][0]["Statement"];
    let all = policies.as_array_mut().unwrap();
    let tags = all.iter_mut().find(|it| it["Sid"] == "TagRestored").unwrap();
    tags["Condition"] = json!({});
    tags["Resource"] = json!("arn:aws:rds:*:*:db:*");
    let found = forgeable(&template);
    assert!(
        found.iter().any(|it| it.starts_with("Backups: \"RemoveRestored\" relies on watchkeeper:restore")),
        "{found:?}"
    );
    assert!(found.iter().any(|it| it.contains("relies on watchkeeper:managed")), "{found:?}");
    assert!(overreaching(&template).contains(&"Backups: rds:AddTagsToResource belongs to Reconcile alone".to_owned()));
}

#[test]
fn what_makes_replicas_again_is_held_to_their_names_and_the_tag() {
    let mut template = template();
    let statements = template["Resources"][MOVER]["Properties"]["Policies"][0]["Statement"].as_array_mut().unwrap();
    for (sid, key) in [
        ("SetOldPrimariesAside", "Resource"),
        ("StopOldPrimaries", "Resource"),
        ("ReplicateAgain", "Condition"),
        ("TagReplicas", "Condition"),
    ] {
        let found =
            statements.iter_mut().find_map(|it| it["Fn::If"].as_array_mut()?.iter_mut().find(|it| it["Sid"] == sid));
        found.unwrap()[key] = json!("*");
    }
    let expected =
        ["rds:ModifyDBInstance", "rds:StopDBInstance", "rds:CreateDBInstanceReadReplica", "rds:AddTagsToResource"];
    let found = overreaching(&template);
    for action in expected {
        assert!(found.contains(&format!("{MOVER}: {action} belongs to {HAND} alone")), "{action}: {found:?}");
    }
}

#[test]
fn a_permission_too_many_is_found() {
    let mut template = template();
    let actions = ["ecs:UpdateService", "rds:*", "rds:PromoteReadReplica"];
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    template["Resources"]["Tick"]["Properties"]["Policies"][0]["Statement"][0] = statement;
    let expected = [
        "Tick: ecs:UpdateService belongs to Reconcile alone",
        "Tick: ecs:UpdateService without the tag",
        "Tick: rds:* is a wildcard",
        "Tick: rds:* belongs to Reconcile alone",
        "Tick: rds:* without the tag",
        "Tick: rds:PromoteReadReplica belongs to Failover alone",
        "Tick: rds:PromoteReadReplica without the tag",
    ];
    assert_eq!(overreaching(&template), expected);
    template["Resources"]["Tick"]["Properties"]["Policies"][0] = json!("AmazonECS_FullAccess");
    assert_eq!(borrowed(&template), ["Tick"]);
}
