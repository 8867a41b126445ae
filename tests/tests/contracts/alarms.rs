//! Alarms that others set: the rule that brings their changes, and the composite ones that we suggest for the estates.

use crate::documents::{names_in, parse, read, resources, root, sources_under, template, walk};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watchkeeper_estates::{EstateFolder, load_dir};

const EXAMPLES: &str = "shared/estates/alarms";

fn estates() -> EstateFolder {
    load_dir(&root().join("shared/estates")).expect("estate documents without a mistake")
}

/// The alarms that the environments of an estate have.
fn alarms_of(estates: &EstateFolder, estate: &str) -> BTreeSet<String> {
    let environments = estates.estate(estate).expect("a template named after its estate").environments();
    environments.flat_map(|it| it.document().alarms.iter().map(ToString::to_string)).collect()
}

/// The alarms that a rule names: `ALARM("name") AND NOT OK("other")`.
fn named_in(rule: &str) -> BTreeSet<String> {
    rule.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn unknown_alarms(example: &Value, known: &BTreeSet<String>) -> Vec<String> {
    let composites = resources(example, "AWS::CloudWatch::CompositeAlarm");
    let rules = composites.iter().map(|(_, it)| it["Properties"]["AlarmRule"].as_str().expect("a rule"));
    rules.flat_map(named_in).filter(|name| !known.contains(name)).collect()
}

fn undelivered_to(template: &Value, principal: &str) -> bool {
    let policies = resources(template, "AWS::SQS::QueuePolicy");
    let statements = policies.iter().flat_map(|(_, it)| walk(&it["Properties"]["PolicyDocument"]));
    let mut admitted = statements.filter(|it| {
        it["Principal"]["Service"] == principal
            && it["Effect"] == "Allow"
            && it["Action"] == "sqs:SendMessage"
            && !it["Condition"]["ArnEquals"]["aws:SourceArn"].is_null()
    });
    admitted.next().is_none()
}

#[test]
fn composite_examples_name_only_alarms_of_their_estate() {
    let estates = estates();
    let files = names_in(EXAMPLES);
    let examples: Vec<&str> = files.iter().filter_map(|name| name.strip_suffix(".yaml")).collect();
    assert_eq!(examples, ["clos-v2", "coldchain", "fleet-orchestration", "h2o-allegiant"]);
    for estate in examples {
        let known = alarms_of(&estates, estate);
        let example = parse(&read(format!("{EXAMPLES}/{estate}.yaml")));
        assert_eq!(unknown_alarms(&example, &known), Vec::<String>::new(), "{estate}");
        for (id, composite) in resources(&example, "AWS::CloudWatch::CompositeAlarm") {
            let named = named_in(composite["Properties"]["AlarmRule"].as_str().unwrap());
            assert!(named.len() > 1, "{estate}: {id} adds nothing");
            assert!(
                !named.contains(composite["Properties"]["AlarmName"].as_str().unwrap()),
                "{estate}: {id} waits for itself"
            );
        }
    }
}

#[test]
fn an_alarm_of_another_estate_is_found() {
    let mut example = parse(&read(format!("{EXAMPLES}/coldchain.yaml")));
    let rule = "ALARM(\"coldchain-production-5xx-errors\") AND NOT OK(\"clos-v2-alb-5xx-errors\")";
    example["Resources"]["CapacityWouldHelp"]["Properties"]["AlarmRule"] = json!(rule);
    assert_eq!(unknown_alarms(&example, &alarms_of(&estates(), "coldchain")), ["clos-v2-alb-5xx-errors"]);
}

#[test]
fn the_alarm_that_a_document_calls_composite_has_its_example() {
    let example = parse(&read(format!("{EXAMPLES}/clos-v2.yaml")));
    let composites = resources(&example, "AWS::CloudWatch::CompositeAlarm");
    assert_eq!(composites[0].1["Properties"]["AlarmName"], "clos-v2-system-health");
    assert!(alarms_of(&estates(), "clos-v2").contains("clos-v2-system-health"));
}

#[test]
fn the_alarms_on_the_watch_of_a_pair_see_what_it_publishes() {
    let (estates, counted) = (estates(), sources_under("shared/lambda/src/metrics"));
    let example = parse(&read(format!("{EXAMPLES}/fleet-orchestration.yaml")));
    let known = alarms_of(&estates, "fleet-orchestration");
    let alarms = resources(&example, "AWS::CloudWatch::Alarm");
    assert_eq!(alarms.len(), 2);
    for (id, alarm) in alarms {
        let alarm = &alarm["Properties"];
        assert!(known.contains(alarm["AlarmName"].as_str().unwrap()), "{id} is not in the document");
        // The name of the stack whose watch publishes them.
        assert_eq!(alarm["Namespace"], json!({"Ref": "Stack"}), "{id}");
        assert!(counted.contains(&format!("\"{}\"", alarm["MetricName"].as_str().unwrap())), "{id}: nothing counts it");
        let dimensions = json!([
            {"Name": "Estate", "Value": "fleet-orchestration"}, {"Name": "Environment", "Value": "prod"}]);
        assert_eq!(alarm["Dimensions"], dimensions, "{id}");
    }
    // They stand on our own probe, and confirm nothing.
    let (_, environment) = estates.environment("fleet-orchestration", "prod").unwrap();
    let evidence = &environment.document().failover.as_ref().unwrap().evidence;
    let composites = resources(&example, "AWS::CloudWatch::CompositeAlarm");
    let own = walk(&example).into_iter().filter_map(|it| it["AlarmName"].as_str()).collect::<BTreeSet<_>>();
    assert_eq!((own.len(), composites.len()), (3, 1));
    assert!(!evidence.is_empty() && evidence.iter().all(|alarm| !own.contains(alarm.to_string().as_str())));
}

#[test]
fn the_rule_hears_every_change_of_an_alarm_and_may_keep_what_it_cannot_deliver() {
    let template = template();
    let rule = &template["Resources"]["AlarmResponse"]["Properties"]["Events"]["Alarms"]["Properties"];
    let everything = json!({"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]});
    assert_eq!(rule["Pattern"], everything);
    assert_eq!(rule["DeadLetterConfig"]["Arn"], json!({"Fn::GetAtt": ["DeadLetters", "Arn"]}));
    for principal in ["events.amazonaws.com", "sns.amazonaws.com"] {
        assert!(!undelivered_to(&template, principal), "{principal} may not write to the dead letters");
    }
    let subscription = &template["Resources"]["AlarmTopicSubscription"]["Properties"];
    assert_eq!(subscription["RedrivePolicy"]["deadLetterTargetArn"], json!({"Fn::GetAtt": ["DeadLetters", "Arn"]}));
    let mut template = template;
    template["Resources"].as_object_mut().unwrap().remove("DeadLettersPolicy");
    assert!(undelivered_to(&template, "events.amazonaws.com"));
}

/// The states that lead to one, by whichever field.
fn before(machine: &Value, state: &str) -> BTreeSet<String> {
    let leads = |value: &Value| ["Next", "Default"].iter().any(|field| value[*field] == state);
    let states = machine["States"].as_object().unwrap().iter();
    states.filter(|(_, it)| walk(it).into_iter().any(leads)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn an_emergency_fails_only_after_somebody_was_told() {
    let machine = crate::machines::machine("emergency-scale");
    let ends: Vec<&str> = crate::machines::states(&machine)
        .into_iter()
        .filter_map(|(name, state)| (state["Type"] == "Fail").then_some(name))
        .collect();
    let told = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    for end in ends {
        let expected = match end {
            "Failed" => told(&["TellFailed"]),
            // What a person was told of before it is ended.
            "Refused" => told(&["Ended"]),
            // What the child has told, under its own name.
            "Unapplied" => told(&["Applied", "Looked"]),
            other => panic!("{other}: who hears of it?"),
        };
        assert_eq!(before(&machine, end), expected, "{end}");
    }
    assert_eq!(before(&machine, "Ended"), told(&["Decided", "Tell"]));
    assert_eq!(machine["States"]["NotGivenBack"]["Default"], "Pause", "what is held is not given up");
}

#[test]
fn whoever_may_call_the_function_is_named_with_its_source() {
    let template = template();
    let permissions = resources(&template, "AWS::Lambda::Permission");
    let (alarms, others): (Vec<_>, Vec<_>) = permissions
        .into_iter()
        .partition(|(_, it)| it["Properties"]["FunctionName"] == json!({"Ref": "AlarmResponse"}));
    let (pages, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|(_, it)| it["Properties"]["FunctionName"] == json!({"Ref": "WakePage"}));
    // Load balancers of this account and region, by whichever of their target groups.
    let [(_, page)] = pages[..] else { panic!("{pages:?}") };
    assert_eq!(page["Properties"]["Principal"], "elasticloadbalancing.amazonaws.com");
    assert_eq!(page["Properties"]["SourceAccount"], json!({"Ref": "AWS::AccountId"}));
    let groups = "arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:targetgroup/*";
    assert_eq!(page["Properties"]["SourceArn"], json!({"Fn::Sub": groups}));
    // Another account may look, if the stack is told which one.
    let [(_, window)] = others[..] else { panic!("{others:?}") };
    assert_eq!(window["Properties"]["FunctionName"], json!({"Ref": "Window"}));
    assert_eq!(window["Properties"]["Principal"], json!({"Ref": "WindowPeerAccount"}));
    assert_eq!(window["Condition"], "ShownElsewhere");
    let principals: BTreeSet<&str> =
        alarms.iter().map(|(_, it)| it["Properties"]["Principal"].as_str().unwrap()).collect();
    assert_eq!(principals, BTreeSet::from(["lambda.alarms.cloudwatch.amazonaws.com", "sns.amazonaws.com"]));
    for (id, permission) in alarms {
        assert!(permission["Properties"]["SourceArn"].is_object(), "{id}");
    }
}

#[test]
fn the_dashboard_shows_every_alarm_that_is_always_there() {
    let template = template();
    let body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"].as_str().unwrap();
    for (id, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let shown = body.contains(&format!("\"${{{id}.Arn}}\""));
        assert_eq!(shown, alarm["Condition"].is_null(), "{id}");
    }
    let filled: Value = serde_json::from_str(body).expect("JSON, once filled in");
    let texts: Vec<&str> = walk(&filled).into_iter().filter_map(Value::as_str).collect();
    let counted = read("shared/lambda/src/metrics.rs") + &sources_under("shared/lambda/src/metrics");
    for (metric, by, statistic, period) in [
        ("ActiveUnreachable", "Estate,Environment", "Maximum", 60),
        ("HeartbeatAge", "Estate,Environment", "Maximum", 60),
        ("Readiness", "Estate,Environment", "Maximum", 300),
    ] {
        let search =
            format!("SEARCH('{{\"${{AWS::StackName}}\",{by}}} MetricName=\"{metric}\"', '{statistic}', {period})");
        assert!(texts.contains(&search.as_str()), "{search}");
        assert!(counted.contains(&format!("\"{metric}\"")), "nothing counts {metric}");
    }
    let control = sources_under("shared/control/src") + &sources_under("functions");
    for query in texts.iter().filter(|text| text.starts_with("SOURCE ")) {
        let message = query.split('"').nth(1).expect("the message of its lines");
        assert!(control.contains(&format!("\"{message}\");")), "nothing logs \"{message}\"");
    }
}
