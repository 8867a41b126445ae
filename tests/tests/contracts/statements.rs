//! Each statement against AWS's own reference: its actions exist, its resources are theirs, its condition keys have values,
//! it is no wider than it need be, and nobody may set the tag that somebody's right depends on.

use crate::authorization::{Reference, overlap};
use crate::documents::{parse, read, strings, template};
use crate::roles::{Statement, statements};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Whose tag on a resource a right depends on.
const TAG: &str = "aws:ResourceTag/";

/// What is wrong with the statements, but for what stands on the list of exceptions.
fn findings(template: &Value, exceptions: &Value) -> Vec<String> {
    let (statements, reference) = (statements(template), Reference::load());
    let mut found = Vec::new();
    for statement in &statements {
        for action in &statement.actions {
            if reference.action(action).is_none() {
                found.push(format!(
                    "{}: {action} is no action of AWS, or not in tests/data/authorization.json",
                    statement.name()
                ));
            }
        }
        found.extend(misfits(&reference, statement));
        found.extend(unknown_keys(&reference, statement));
        found.extend(unbounded(statement));
    }
    found.extend(incomplete(&reference, &statements));
    found.extend(wide(&reference, &statements));
    found.extend(self_trusting(&reference, &statements));
    excused(found, exceptions)
}

/// Takes out what an exception names, and adds each exception that names nothing.
fn excused(found: Vec<String>, exceptions: &Value) -> Vec<String> {
    let list = exceptions.as_array().unwrap();
    let names: Vec<&str> = list.iter().flat_map(|it| strings(&it["findings"])).collect();
    assert!(
        list.iter().all(|it| it["because"].as_str().is_some_and(|why| why.len() > 20)),
        "an exception without a reason"
    );
    let idle = names.iter().filter(|name| !found.iter().any(|it| excuses(name, it)));
    let idle: Vec<String> = idle.map(|name| format!("tests/data/exceptions.yaml: not needed: {name}")).collect();
    found.into_iter().filter(|it| !names.iter().any(|name| excuses(name, it))).chain(idle).collect()
}

/// Whether a finding is what an exception names; `*` stands for any text.
fn excuses(exception: &str, finding: &str) -> bool {
    let (first, rest) = exception.split_once('*').unwrap_or((exception, ""));
    let Some(mut left) = finding.strip_prefix(first) else { return false };
    if !exception.contains('*') {
        return left.is_empty();
    }
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, middle) = parts.split_last().unwrap();
    for part in middle {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[test]
fn an_exception_names_its_findings_and_no_others() {
    assert!(excuses("A: x on *", "A: x on *") && excuses("*: x on *", "A.B: x on y") && excuses("A", "A"));
    assert!(!excuses("A: x on *", "A: y on *") && !excuses("*: x", "A: no x, cluster/*") && !excuses("A", "AB"));
}

fn exceptions() -> Value {
    parse(&read("tests/data/exceptions.yaml"))
}

/// Resources that no action of the statement takes, and actions that take none of its resources.
fn misfits(reference: &Reference, statement: &Statement) -> Vec<String> {
    let (name, mut found) = (statement.name(), Vec::new());
    for action in &statement.actions {
        let Some(known) = reference.action(action) else { continue };
        let takes: Vec<&str> = known.resources.keys().map(String::as_str).collect();
        if takes.is_empty() && statement.resources != ["*"] {
            found.push(format!("{name}: {action} takes no resource, so its resource is *"));
        } else if !takes.is_empty() && statement.resources.iter().all(|it| reference.named(action, it).is_empty()) {
            found.push(format!("{name}: {action} takes none of the resources, but {}", takes.join(", ")));
        }
    }
    let vague = statement.resources.iter().filter(|it| has_vague_type(it));
    found.extend(vague.map(|it| format!("{name}: {it} has a wildcard where the type of a resource stands")));
    let idle = |pattern: &&String| {
        *pattern != "*" && statement.actions.iter().all(|action| reference.named(action, pattern).is_empty())
    };
    found.extend(statement.resources.iter().filter(idle).map(|it| format!("{name}: no action takes {it}")));
    found
}

/// IAM user guide, "Identify AWS resources with ARNs", incorrect wildcard usage: not in the part that says which type it is.
fn has_vague_type(pattern: &str) -> bool {
    // These have no type in their ARNs.
    let untyped = ["arn:aws:s3:", "arn:aws:sns:", "arn:aws:sqs:"].iter().any(|it| pattern.starts_with(it));
    let resource = pattern.splitn(6, ':').nth(5).unwrap_or_default();
    let kind = resource.split_once([':', '/']).map_or("", |(kind, _)| kind);
    !untyped && kind.contains(['*', '?'])
}

/// Types of resources that an action needs as well, and the role names nowhere for it.
fn incomplete(reference: &Reference, statements: &[Statement]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for statement in statements.iter().filter(|it| it.allow) {
        for action in &statement.actions {
            let same =
                statements.iter().filter(|it| it.allow && it.owner == statement.owner && it.actions.contains(action));
            let patterns: Vec<&String> = same.flat_map(|it| &it.resources).collect();
            let named =
                |kind: &str| patterns.iter().any(|it| reference.named(action, it).iter().any(|(of, _)| *of == kind));
            let needed =
                reference.action(action).into_iter().flat_map(|it| &it.resources).filter(|(_, it)| it.required);
            let missing = needed.filter(|(kind, _)| !named(kind));
            found.extend(missing.map(|(kind, _)| format!("{}: {action} needs type {kind} too", statement.owner)));
        }
    }
    found
}

/// Condition keys that have no value in such a request, so that the condition is never met, or always.
fn unknown_keys(reference: &Reference, statement: &Statement) -> Vec<String> {
    let (name, mut found) = (statement.name(), Vec::new());
    for (condition, action) in statement.conditions.iter().flat_map(|it| statement.actions.iter().map(move |a| (it, a)))
    {
        let key = &condition.key;
        if reference.action(action).is_none() || reference.always_has(action, key) {
            continue;
        }
        let mut without = BTreeSet::new();
        for pattern in &statement.resources {
            let types = reference.named(action, pattern);
            let brings = |kind: &str| reference.brings(action, kind, key);
            let some = types.iter().any(|(kind, _)| brings(kind));
            let lacking = types.iter().filter(|(kind, taken)| !brings(kind) && (taken.required || !some));
            without.extend(lacking.map(|(kind, _)| format!("{name}: {action} does not know {key} of a {kind}")));
            if types.is_empty() && pattern == "*" {
                without.insert(format!("{name}: {action} does not know {key}"));
            }
        }
        found.extend(without);
    }
    found
}

/// Rights over everything, where the reference knows something narrower.
fn wide(reference: &Reference, statements: &[Statement]) -> BTreeSet<String> {
    let over_all = statements.iter().filter(|it| it.allow && it.resources.iter().any(|pattern| pattern == "*"));
    let narrower = |action: &&String| reference.action(action).is_some_and(|it| !it.resources.is_empty());
    over_all
        .flat_map(|it| it.actions.iter().filter(narrower).map(move |action| format!("{}: {action} on *", it.owner)))
        .collect()
}

/// Rights that become others' rights: roles handed on, grants on keys, rules that AWS manages.
fn unbounded(statement: &Statement) -> Vec<String> {
    if !statement.allow {
        return Vec::new();
    }
    let (name, mut found) = (statement.name(), Vec::new());
    let has = |action: &str| statement.actions.iter().any(|it| it == action);
    let every = |of: &str| statement.resources.iter().any(|it| it == "*" || it.ends_with(of));
    if has("iam:PassRole") {
        if statement
            .held_to("iam:PassedToService")
            .is_none_or(|to| to.is_empty() || to.iter().any(|it| it.contains('*')))
        {
            found.push(format!("{name}: iam:PassRole without iam:PassedToService"));
        }
        if every(":role/*") {
            found.push(format!("{name}: iam:PassRole of every role"));
        }
    }
    if has("kms:CreateGrant") && statement.held_to("kms:GrantIsForAWSResource") != Some(&["true".to_owned()]) {
        found.push(format!("{name}: kms:CreateGrant without kms:GrantIsForAWSResource"));
    }
    let of_keys = statement.actions.iter().any(|it| it.starts_with("kms:"));
    if of_keys && (every(":key/*") || has("kms:CreateGrant")) && statement.held_to("kms:ViaService").is_none() {
        found.push(format!("{name}: keys for other uses than a service's own (kms:ViaService)"));
    }
    let rules = ["events:PutRule", "events:PutTargets"];
    let managed = |it: &String| it.ends_with(":rule/StepFunctionsGetEventsForStepFunctionsExecutionRule");
    if rules.iter().any(|it| has(it)) && !statement.resources.iter().all(managed) {
        found.push(format!("{name}: rules other than the one that Step Functions manages"));
    }
    found
}

/// Roles that may set a tag which a right depends on, their own or another's, on the same resources.
fn self_trusting(reference: &Reference, statements: &[Statement]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let allowed = || statements.iter().filter(|it| it.allow);
    for trusting in allowed() {
        // Who demands that a tag is absent does not trust it.
        let present = trusting.conditions.iter().filter(|it| !(it.operator == "Null" && it.values == ["true"]));
        let tags = present.filter_map(|it| it.key.strip_prefix(TAG));
        for tag in tags {
            for setting in allowed().filter(|it| may_set(it, tag)) {
                for action in setting
                    .actions
                    .iter()
                    .filter(|it| reference.action(it).is_some_and(|it| it.level.contains("Tagging")))
                {
                    if same_resources(reference, action, setting, trusting) {
                        found.insert(format!(
                            "{}: {action} may set {tag}, which {} trusts",
                            setting.name(),
                            trusting.name()
                        ));
                    }
                }
            }
        }
    }
    found
}

/// Whether the conditions leave this tag open.
fn may_set(statement: &Statement, tag: &str) -> bool {
    let keys = statement
        .conditions
        .iter()
        .find(|it| it.key == "aws:TagKeys" && it.operator.starts_with("ForAllValues:String"));
    let left_out = format!("aws:RequestTag/{tag}");
    let never =
        statement.conditions.iter().any(|it| it.operator == "Null" && it.key == left_out && it.values == ["true"]);
    !never && keys.is_none_or(|it| it.values.iter().any(|key| key == tag || key.contains('*')))
}

fn same_resources(reference: &Reference, action: &str, setting: &Statement, trusting: &Statement) -> bool {
    let service = |name: &str| name.split(':').next().unwrap().to_owned();
    if !trusting.actions.iter().any(|it| service(it) == service(action)) {
        return false;
    }
    // `*` of one action is what that action takes.
    let taken = |pattern: &str, other: &str| {
        trusting.actions.iter().any(|it| {
            let (mine, theirs) = (reference.named(action, pattern), reference.named(it, other));
            mine.iter().any(|(kind, _)| theirs.iter().any(|(of, _)| of == kind))
        })
    };
    let both = setting.resources.iter().flat_map(|a| trusting.resources.iter().map(move |b| (a, b)));
    both.into_iter().any(|(a, b)| overlap(a, b) && taken(a, b))
}

#[test]
fn every_statement_is_what_aws_understands_and_no_more_than_is_needed() {
    assert_eq!(findings(&template(), &exceptions()), Vec::<String>::new());
}

/// The template with one more statement for a function.
fn with(owner: &str, more: Value) -> Value {
    let mut template = template();
    let own = template["Resources"][owner]["Properties"]["Policies"][0]["Statement"].as_array_mut().unwrap();
    own.push(more);
    template
}

/// What is found beyond what is on the list.
fn found_with(owner: &str, more: Value) -> Vec<String> {
    findings(&with(owner, more), &exceptions())
}

#[test]
fn a_condition_key_that_an_action_does_not_know_is_found() {
    let more = json!({"Sid": "More", "Effect": "Allow", "Action": ["ecs:UpdateService"], "Resource": {"Fn::Sub": "arn:aws:ecs:${AWS::Region}:1:service/*"},
        "Condition": {"StringEquals": {"dynamodb:LeadingKeys": "x"}}});
    assert_eq!(
        found_with("Reconcile", more),
        ["Reconcile.More: ecs:UpdateService does not know dynamodb:LeadingKeys of a service"]
    );
    let more = json!({"Sid": "More", "Effect": "Allow", "Action": ["application-autoscaling:DescribeScalableTargets"], "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/watchkeeper:managed": "true"}}});
    let expected =
        "Tick.More: application-autoscaling:DescribeScalableTargets does not know aws:ResourceTag/watchkeeper:managed";
    assert_eq!(found_with("Tick", more), [expected]);
}

#[test]
fn a_resource_that_an_action_does_not_take_is_found() {
    let more = json!({"Sid": "More", "Effect": "Allow", "Action": ["ecs:UpdateService"], "Resource": "arn:aws:ecs:us-east-1:1:cluster/*"});
    let expected = [
        "Reconcile.More: ecs:UpdateService takes none of the resources, but service",
        "Reconcile.More: no action takes arn:aws:ecs:us-east-1:1:cluster/*",
    ];
    assert_eq!(found_with("Reconcile", more), expected);
    let more = json!({"Sid": "More", "Effect": "Allow", "Action": ["rds:DeleteDBInstance"], "Resource": "arn:aws:rds:us-east-1:1:d*:a-drill"});
    let expected = "Tick.More: arn:aws:rds:us-east-1:1:d*:a-drill has a wildcard where the type of a resource stands";
    assert_eq!(found_with("Tick", more), [expected]);
    let more =
        json!({"Sid": "More", "Effect": "Allow", "Action": ["ecs:DoService", "ecs:DeleteService"], "Resource": "*"});
    let expected = [
        "Tick.More: ecs:DoService is no action of AWS, or not in tests/data/authorization.json",
        "Tick: ecs:DeleteService on *",
    ];
    assert_eq!(found_with("Tick", more), expected);
    let more = json!({"Sid": "More", "Effect": "Allow", "Action": ["rds:RestoreDBClusterFromSnapshot"], "Resource": "arn:aws:rds:us-east-1:1:cluster:*-drill"});
    let expected = ["cluster-pg", "og", "subgrp"]
        .map(|kind| format!("Tick: rds:RestoreDBClusterFromSnapshot needs type {kind} too"));
    assert_eq!(found_with("Tick", more), expected);
}

#[test]
fn a_right_to_tag_what_another_statement_trusts_is_found() {
    let more = json!({"Sid": "More", "Effect": "Allow", "Action": ["ecs:TagResource"], "Resource": "arn:aws:ecs:us-east-1:123456789012:service/*"});
    let expected = "Tick.More: ecs:TagResource may set watchkeeper:managed, which Reconcile.WriteServices trusts";
    assert_eq!(found_with("Tick", more.clone()), [expected]);
    let mut held = more;
    held["Condition"] = json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["owner"]}});
    assert_eq!(found_with("Tick", held), Vec::<String>::new());
}

#[test]
fn rights_that_become_others_rights_are_bounded() {
    let more = |action: &str, resource: &str| json!({"Sid": "More", "Effect": "Allow", "Action": [action], "Resource": resource});
    let found = found_with("Reconcile", more("iam:PassRole", "arn:aws:iam::123456789012:role/*"));
    assert_eq!(
        found,
        ["Reconcile.More: iam:PassRole without iam:PassedToService", "Reconcile.More: iam:PassRole of every role"]
    );
    let found = found_with("Reconcile", more("kms:CreateGrant", "arn:aws:kms:us-east-1:123456789012:key/*"));
    let expected = [
        "kms:CreateGrant without kms:GrantIsForAWSResource",
        "keys for other uses than a service's own (kms:ViaService)",
    ];
    assert_eq!(found, expected.map(|it| format!("Reconcile.More: {it}")));
    let found = found_with("Reconcile", more("events:PutRule", "arn:aws:events:us-east-1:123456789012:rule/*"));
    assert_eq!(found, ["Reconcile.More: rules other than the one that Step Functions manages"]);
}

#[test]
fn an_exception_that_nothing_needs_is_found() {
    let list = parse("- because: nothing of the kind is in the template\n  findings: ['A.B: c']\n");
    let mut expected = findings(&template(), &json!([]));
    expected.push("tests/data/exceptions.yaml: not needed: A.B: c".to_owned());
    assert_eq!(findings(&template(), &list), expected);
}
