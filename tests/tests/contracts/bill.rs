//! What the stack costs a month although nothing happens, at list prices: counted in the template, and held against what
//! `functions/README.md` says.

use crate::documents::{read, resources, template};
use serde_json::{Value, json};

/// US cents a month in us-east-1, list prices without a free tier: a metric that a standard alarm looks at, a dashboard
/// (Amazon CloudWatch pricing, "Alarms", "Dashboards"), a customer managed key (AWS KMS pricing).
const ALARM: u32 = 10;
const DASHBOARD: u32 = 300;
const KEY: u32 = 100;

/// Whether a condition holds in a stack whose parameters have their defaults, but for these.
fn holds(template: &Value, condition: &str, given: &[(&str, &str)]) -> bool {
    let condition = &template["Conditions"][condition];
    let (negated, comparison) =
        if condition["Fn::Not"].is_null() { (false, condition) } else { (true, &condition["Fn::Not"][0]) };
    let sides = comparison["Fn::Equals"].as_array().expect("a comparison of a parameter");
    let parameter = sides[0]["Ref"].as_str().expect("a parameter");
    let default = template["Parameters"][parameter]["Default"].as_str().expect("a default");
    let value = given.iter().find(|(name, _)| *name == parameter).map_or(default, |(_, value)| value);
    (value == sides[1].as_str().expect("a text")) != negated
}

/// The resources of a type that such a stack has.
fn count(template: &Value, kind: &str, given: &[(&str, &str)]) -> usize {
    let all = resources(template, kind);
    let there = |resource: &Value| resource["Condition"].as_str().is_none_or(|name| holds(template, name, given));
    all.iter().filter(|(_, resource)| there(resource)).count()
}

fn cents(template: &Value, given: &[(&str, &str)]) -> u32 {
    let of = |kind: &str, price: u32| u32::try_from(count(template, kind, given)).unwrap() * price;
    of("AWS::CloudWatch::Alarm", ALARM) + of("AWS::CloudWatch::Dashboard", DASHBOARD) + of("AWS::KMS::Key", KEY)
}

const PAIR: &[(&str, &str)] = &[("PeerRegion", "us-east-2")];

#[test]
fn the_page_says_what_a_stack_costs_although_nothing_happens() {
    let template = template();
    let page = read("functions/README.md");
    for given in [&[][..], PAIR] {
        let (alarms, cents) = (count(&template, "AWS::CloudWatch::Alarm", given), cents(&template, given));
        let said = format!("{alarms} alarms {}.{:02} USD", cents / 100, cents % 100);
        assert!(page.contains(&said), "functions/README.md does not say \"{said}\"");
    }
    let showing = cents(&template, &[("DashboardEnabled", "true")]);
    assert_eq!(showing - cents(&template, &[]), DASHBOARD);
}

#[test]
fn nothing_is_traced_and_no_key_is_made_that_nobody_asked_for() {
    let template = template();
    assert!(template["Globals"]["Function"]["Tracing"].is_null());
    for kind in ["AWS::Serverless::Function", "AWS::Serverless::StateMachine"] {
        for (id, resource) in resources(&template, kind) {
            assert!(resource["Properties"]["Tracing"].is_null(), "{id}: a trace is billed each time, by AWS X-Ray");
        }
    }
    // The key that AWS owns costs nothing; one that it manages is billed by the request.
    for (id, table) in resources(&template, "AWS::DynamoDB::GlobalTable") {
        assert!(table["Properties"]["SSESpecification"].is_null(), "{id}");
    }
    assert_eq!(count(&template, "AWS::KMS::Key", &[]), 0);
}

#[test]
fn an_alarm_more_and_a_key_are_found() {
    let mut corrupted = template();
    let before = cents(&corrupted, &[]);
    corrupted["Resources"]["Another"] = json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {}});
    corrupted["Resources"]["PairOnly"] =
        json!({"Type": "AWS::CloudWatch::Alarm", "Condition": "Watching", "Properties": {}});
    corrupted["Resources"]["OwnKey"] = json!({"Type": "AWS::KMS::Key", "Properties": {}});
    assert_eq!(cents(&corrupted, &[]), before + ALARM + KEY);
    assert_eq!(cents(&corrupted, PAIR), before + 3 * ALARM + KEY);
}
