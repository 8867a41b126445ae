//! Which calls are simulated, on which resources, with which tags; and what policies and machines are judged by.

use std::collections::BTreeSet;

use watchkeeper_domain::preflight::{
    BucketFacts, DefinitionDiagnostic, KeyFacts, PolicyFinding, PreflightFacts, RowMark, SimulatedAction,
    SimulatedCalls, WantedResources, calls, definition, policies, simulated,
};

use super::scene::{api, clean, estate, name, region, tagged};

#[test]
fn the_calls_on_what_is_tagged_are_simulated_with_its_tags() {
    let estate = estate();
    let environment = estate.environments().next().unwrap();
    let mut facts = clean();
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    let all = calls(environment, &wanted, &facts);
    let functions: BTreeSet<_> = all.iter().map(|call| call.function).collect();
    let expected = ["AlarmResponse", "Backups", "DailyUnblock", "EmergencyScale", "Failover", "Reconcile"];
    assert_eq!(functions, BTreeSet::from(expected));
    let by_tag = |call: &&SimulatedCalls| ["DailyUnblock", "Reconcile"].contains(&call.function);
    assert!(all.iter().filter(by_tag).all(|call| call.tags == tagged()));
    assert!(all.iter().all(|call| call.region == "eu-west-1"));
    let before = all.len();
    api(&mut facts).tags.clear();
    assert_eq!(calls(environment, &wanted, &facts).len(), before - 1, "untagged is a finding already");

    let call = &all[0];
    let said = |decision: &str| {
        vec![SimulatedAction {
            action: call.actions[0].to_owned(),
            decision: decision.to_owned(),
            missing: vec!["aws:x".to_owned()],
        }]
    };
    assert_eq!(simulated(call, &Ok(said("allowed"))).mark, RowMark::Good);
    let denied = simulated(call, &Ok(said("implicitDeny")));
    assert_eq!((denied.mark, denied.found.as_str()), (RowMark::Bad, "ecs:UpdateService implicitDeny (without aws:x)"));
    let command = denied.command.unwrap();
    assert!(command.contains("ContextKeyName=aws:ResourceTag/watchkeeper:managed,ContextKeyValues=true"), "{command}");
    assert_eq!(simulated(call, &Ok(Vec::new())).mark, RowMark::Bad, "not answered is not allowed");
}

/// Function, actions, resource and context of each call that is simulated in a region.
fn asked(facts: &PreflightFacts) -> BTreeSet<String> {
    let estate = estate();
    let environment = estate.environments().next().unwrap();
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    let line = |call: &SimulatedCalls| {
        let keys: Vec<String> = call.context().map(|(key, value, kind)| format!("{key}={value} ({kind})")).collect();
        let away =
            if call.stack.as_str() == call.region { String::new() } else { format!(" by the stack in {}", call.stack) };
        let text = format!("{} {} {} {}", call.function, call.actions.join(","), call.resource, keys.join(" "));
        text.trim_end().to_owned() + &away
    };
    calls(environment, &wanted, facts).iter().map(line).collect()
}

#[test]
fn the_calls_of_every_runbook_are_simulated_on_these_very_resources() {
    let here = asked(&clean());
    for call in [
        "AlarmResponse cloudwatch:DescribeAlarms,cloudwatch:ListAlarmMuteRules *",
        "EmergencyScale cloudwatch:DescribeAlarms *",
        "Failover dynamodb:DescribeTable arn:aws:dynamodb:eu-west-1:123456789012:table/shop-orders",
        "Failover ecr:DescribeImages arn:aws:ecr:eu-west-1:123456789012:repository/shop-api",
        "Failover ecs:DescribeServices arn:aws:ecs:eu-west-1:123456789012:service/shop/api",
        "Failover application-autoscaling:ListTagsForResource arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/api",
        "Backups dynamodb:DescribeTable,dynamodb:DescribeContinuousBackups,dynamodb:DescribeTimeToLive,dynamodb:ListTagsOfResource,dynamodb:CreateBackup arn:aws:dynamodb:eu-west-1:123456789012:table/shop-locks",
        "Backups rds:CreateDBSnapshot arn:aws:rds:eu-west-1:123456789012:db:shop-db aws:RequestTag/watchkeeper:backup=shop/dev/eu-west-1/rds:shop-db (string)",
        "Backups s3:GetObject,s3:GetObjectVersion arn:aws:s3:::shop-files/state aws:ResourceAccount=123456789012 (string)",
    ] {
        assert!(here.contains(call), "{call}: {here:#?}");
    }
    let removal = |call: &&String| {
        call.starts_with("Backups rds:DeleteDBSnapshot arn:aws:rds:eu-west-1:123456789012:snapshot:wk-")
            && call.contains(" aws:ResourceTag/watchkeeper:backup=")
    };
    assert_eq!(here.iter().filter(removal).count(), 1, "{here:#?}");
    assert!(!here.iter().any(|call| call.contains("shop-switch")), "what moves traffic lies in the standby");
}

#[test]
fn the_standby_is_asked_about_what_moves_traffic_there_and_about_the_key_of_copies() {
    let mut facts = clean();
    facts.place.region = region("eu-central-1");
    let bucket = BucketFacts { region: Some("eu-central-1".into()), versions: Ok(false) };
    facts.buckets.insert(name("shop-switch"), Ok(Some(bucket)));
    let arn = "arn:aws:kms:eu-central-1:123456789012:key/1";
    facts.keys.insert(name("alias/shop"), Ok(Some(KeyFacts { arn: arn.into(), state: "Enabled".into() })));
    let there = asked(&facts);
    for call in [
        "Failover s3:GetObject,s3:PutObject,s3:DeleteObject arn:aws:s3:::shop-switch/on".to_owned(),
        "Failover s3:ListBucket arn:aws:s3:::shop-switch".to_owned(),
        format!(
            "Backups kms:CreateGrant,kms:DescribeKey {arn} kms:GrantIsForAWSResource=true (boolean) \
             kms:ViaService=rds.eu-central-1.amazonaws.com (string) by the stack in eu-west-1"
        ),
    ] {
        assert!(there.contains(&call), "{call}: {there:#?}");
    }
    let copies: Vec<_> =
        there.iter().filter(|call| call.contains("rds:CopyDBSnapshot") || call.contains("kms:")).collect();
    assert!(copies.len() == 2 && copies.iter().all(|call| call.contains(" by the stack in eu-west-1")), "{copies:?}");
    assert!(!there.iter().any(|call| call.starts_with("EmergencyScale")), "alarms lie with the primary");
}

#[test]
fn errors_of_policies_and_machines_are_findings_and_the_rest_is_told() {
    let finding = |kind: &str| PolicyFinding { kind: kind.into(), code: "CODE".into(), text: "text".into() };
    let rows = policies("Reconcile", &Ok(vec![finding("ERROR"), finding("SUGGESTION")]), "eu-west-1");
    assert_eq!(rows.iter().map(|row| row.mark).collect::<Vec<_>>(), [RowMark::Bad]);
    assert!(rows[0].command.as_deref().unwrap().contains("--policy-document file://Reconcile.json"));
    let mild = policies("Reconcile", &Ok(vec![finding("WARNING")]), "eu-west-1");
    assert_eq!((mild[0].mark, mild[0].found.as_str()), (RowMark::Good, "clean, but for CODE"));
    let diagnostic = |severity: &str| DefinitionDiagnostic {
        severity: severity.into(),
        code: "SCHEMA_VALIDATION_FAILED".into(),
        text: "no StartAt".into(),
        place: "/".into(),
    };
    let rows = definition("reconcile", &Ok(vec![diagnostic("WARNING"), diagnostic("ERROR")]), "eu-west-1");
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].mark, rows[0].found.as_str()), (RowMark::Bad, "SCHEMA_VALIDATION_FAILED at /: no StartAt"));
}
