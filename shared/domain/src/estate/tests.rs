#![allow(clippy::unwrap_used, clippy::expect_used)]
use serde_json::{Value, json};

use super::*;
use crate::capacity::DatabaseId;
use crate::name::Region;

/// An estate of one environment.
fn estate(environment: &Value) -> Result<Estate, serde_json::Error> {
    serde_json::from_value(json!({ "estate": "e", "environments": { "one": environment } }))
}

fn environment(environment: &Value) -> Environment {
    estate(environment).unwrap().environments().next().unwrap().clone()
}

fn of_kind(kind: &str, guardrails: &Value) -> Environment {
    environment(&json!({
        "kind": kind,
        "regions": { "primary": "us-east-1", "standby": "us-west-2" },
        "clusters": { "us-east-1": { "c": ["a", "b"], "d": ["e"] }, "us-west-2": { "w": ["a"] } },
        "databases": [{ "aurora": "db" }, { "rds": "far", "region": "us-west-2" }],
        "protected": ["far"],
        "guardrails": guardrails,
    }))
}

#[test]
fn resources_are_told_apart_by_region() {
    let environment = of_kind("staging", &json!({}));
    let (east, west) = (Region::new("us-east-1").unwrap(), Region::new("us-west-2").unwrap());
    let services = |region| environment.services(region).iter().map(|(c, s)| format!("{c}/{s}")).collect::<Vec<_>>();
    assert_eq!(environment.regions(), [east.clone(), west.clone()]);
    assert_eq!(services(&east), ["c/a", "c/b", "d/e"]);
    assert_eq!(services(&west), ["w/a"]);
    assert!(matches!(environment.databases(&east).as_slice(), [DatabaseId::Aurora(name)] if name.as_str() == "db"));
    assert!(matches!(environment.databases(&west).as_slice(), [DatabaseId::Rds(name)] if name.as_str() == "far"));
}

#[test]
fn a_database_is_the_same_one_in_every_spelling() {
    let of = |name: &str| {
        environment(&json!({
            "kind": "development",
            "regions": { "primary": "us-east-1" },
            "databases": [{ "rds": name }],
        }))
    };
    let shared = of("Shop-Shared-DB").document().shares(of("shop-shared-db").document());
    assert_eq!(shared.map(|(_, name)| name).as_deref(), Some("shop-shared-db"), "one would put the other to sleep");
    assert!(of("shop-db").document().shares(of("shop-shared-db").document()).is_none());
}

#[test]
fn limits_have_the_defaults_of_their_kind() {
    let figures = |kind, guardrails| {
        let environment = of_kind(kind, &guardrails);
        (environment.limits().floor, environment.limits().blast_radius.value())
    };
    assert_eq!(figures("production", json!({})), (1, 50));
    assert_eq!(figures("staging", json!({})), (0, 100));
    assert_eq!(figures("development", json!({ "floor": 2, "blast-radius": "10 %" })), (2, 10));
}

#[test]
fn a_freeze_holds_from_its_first_instant_to_its_last_day() {
    let freeze = json!([{ "from": "2026-12-24", "to": "2026-12-26", "reason": "Christmas", "zone": "Asia/Seoul" }]);
    let environment = of_kind("production", &json!({ "freeze": freeze }));
    let holds = |instant: &str| environment.limits().freeze_at(instant.parse().unwrap()).is_some();
    assert!(!holds("2026-12-23T14:59:59Z"));
    assert!(holds("2026-12-23T15:00:00Z"));
    assert!(holds("2026-12-26T14:59:59Z"));
    assert!(!holds("2026-12-26T15:00:00Z"));
}

#[test]
fn a_document_without_meaning_is_no_estate() {
    let sleeping = json!({
        "kind": "production", "regions": { "primary": "us-east-1" }, "clusters": { "us-east-1": { "c": ["a"] } },
        "awake": { "zone": "Etc/UTC" },
    });
    let error = estate(&sleeping).unwrap_err().to_string();
    assert!(error.contains("production is never put to sleep"), "{error}");
    let nothing = serde_json::from_value::<Estate>(json!({ "estate": "e", "environments": {} })).unwrap_err();
    assert!(nothing.to_string().contains("no environment"), "{nothing}");
}

#[test]
fn environments_share_a_resource_only_across_accounts() {
    let document = |one: Option<&str>, two: Option<&str>| -> EstateDocument {
        let environment = |account: Option<&str>| {
            let mut environment = json!({
                "kind": "staging", "regions": { "primary": "us-east-1" }, "databases": [{ "rds": "db" }],
            });
            if let Some(account) = account {
                environment["account"] = json!(account);
            }
            environment
        };
        serde_json::from_value(json!({
            "estate": "e", "environments": { "one": environment(one), "two": environment(two) },
        }))
        .unwrap()
    };
    let (a, b) = (Some("111111111111"), Some("222222222222"));
    assert_eq!(document(a, b).check(), []);
    for (one, two) in [(a, a), (a, None), (None, b), (None, None)] {
        let findings = document(one, two).check();
        assert_eq!(findings.len(), 1, "{one:?} {two:?}");
        assert_eq!(findings[0].path.to_string(), "environments.two");
    }
}

#[test]
fn what_is_read_is_written_again() {
    let text = json!({
        "estate": "e",
        "environments": { "one": {
            "kind": "development", "regions": { "primary": "us-east-1" }, "databases": [{ "rds": "db" }],
            "awake": {
                "zone": "Asia/Seoul", "weekly": { "mon-fri": "08:00-19:00", "sat": ["08:00-12:00", "20:00-02:00"] },
                "holidays": ["2026-12-25"], "exceptions": { "2026-12-24": "asleep", "2026-12-31": "10:00-14:00" },
            },
        } },
    });
    let document: EstateDocument = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(serde_json::to_value(document).unwrap(), text);
}

#[test]
fn a_page_is_of_an_environment_that_sleeps_and_of_no_pair() {
    let arn = |region: &str, named: &str| format!("arn:aws:elasticloadbalancing:{region}:123456789012:{named}");
    let rule = |region: &str| arn(region, "listener-rule/app/shop/1/2/3");
    let group = |region: &str| arn(region, "targetgroup/page/1");
    let dev = |rule: &str, group: &str| {
        json!({
            "kind": "development",
            "account": "123456789012",
            "regions": { "primary": "us-east-1" },
            "clusters": { "us-east-1": { "c": ["a"] } },
            "wake-page": { "listener-rule": rule, "target-group": group },
        })
    };
    let good = dev(&rule("us-east-1"), &group("us-east-1"));
    let page = environment(&good).page(&Region::new("us-east-1").unwrap()).unwrap();
    assert_eq!((page.rule.short().as_str(), page.target_group.name()), ("shop/3", "page"));
    assert_eq!(environment(&good).page(&Region::new("us-west-2").unwrap()), None);
    assert!(
        environment(&good).document().shares(environment(&good).document()).is_some(),
        "one page is one environment's"
    );
    let with = |field: &str, value: Value| {
        let mut changed = good.clone();
        changed[field] = value;
        changed
    };
    let page = |field: &str, value: Value| {
        let mut changed = good.clone();
        changed["wake-page"][field] = value;
        changed
    };
    let mistakes = [
        (with("kind", json!("production")), "none: production is never put to sleep"),
        (with("regions", json!({ "primary": "us-east-1", "standby": "us-west-2" })), "none in a pair"),
        (with("account", json!("111111111111")), "found a rule of account 123456789012, expected one of 111111111111"),
        (dev(&rule("us-west-2"), &group("us-west-2")), "found a rule in us-west-2, where the environment does not run"),
        (dev(&rule("us-east-1"), &group("us-west-2")), "found a target group in us-west-2 of 123456789012"),
        (dev("the-rule", &group("us-east-1")), "the ARN of a rule of an Application Load Balancer's listener"),
        (dev(&arn("us-east-1", "listener-rule/net/shop/1/2/3"), &group("us-east-1")), "the ARN of a rule"),
        (dev(&rule("us-east-1"), &rule("us-east-1")), "the ARN of a target group"),
        (page("for", json!("5m")), "wake-page.for: found 5m, expected 15m to 12h"),
        (page("for", json!("13h")), "wake-page.for: found 13h, expected 15m to 12h"),
        (page("at-most", json!(0)), "wake-page.at-most: found 0, expected 1 to 24 a day"),
        (page("at-most", json!(25)), "wake-page.at-most: found 25, expected 1 to 24 a day"),
        (page("token-sha256", json!("a word")), "a SHA-256 digest: 64 hexadecimal digits in lower case"),
    ];
    for (document, expected) in mistakes {
        let found = estate(&document).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    }
}
