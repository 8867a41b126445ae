//! Where a pair's backups are taken, by its pointer.

#![allow(clippy::unwrap_used)]

use serde_json::json;
use watchkeeper_domain::backup::JobPolicy;
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::name::{Region, Scope};

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

/// The jobs of a pair: a replica with copies in the standby region, one with copies in a third, a database that has no replica,
/// a global table, and an object.
fn policies() -> Vec<JobPolicy> {
    let schedule = json!({"at": "03:00"});
    let job = |kind: &str, name: &str, copy: serde_json::Value| {
        let mut job = json!({kind: name, "schedule": schedule, "retention": {"daily": 2}});
        if !copy.is_null() {
            job["copy"] = copy;
        }
        job
    };
    let there = json!({"region": "us-west-1", "key": "alias/there", "home-key": "alias/here"});
    let jobs = json!([
        job("rds", "Shop-DB", there),
        job("rds", "shop-log", json!({"region": "eu-west-1", "key": "alias/third"})),
        job("rds", "shop-own", json!({"region": "us-west-1"})),
        job("dynamodb", "orders", json!(null)),
        job("s3", "files/state", json!({"region": "us-west-1", "bucket": "files-west"})),
    ]);
    let document = json!({"estate": "shop", "environments": {"prod": {
        "kind": "production", "regions": {"primary": "us-west-2", "standby": "us-west-1"},
        "clusters": {"us-west-2": {"shop": ["api"]}, "us-west-1": {"shop": ["api"]}},
        "backups": {"zone": "Etc/UTC", "jobs": jobs},
        "failover": {
            "detect": "off", "rto": "5m", "rpo": "1m", "capacity": {"api": 1},
            "tables": [{"table": "orders", "key": "id"}],
            "databases": [{"replica": "shop-db"}, {"replica": "shop-log"}],
            "traffic": {"strategy": "switch-object", "names": ["shop.example.com"], "bucket": "b", "object": "o"}}}}});
    let estate: Estate = serde_json::from_value(document).unwrap();
    let environment = estate.environments().next().unwrap();
    let (estate, environment_name) = (estate.name().clone(), environment.name().clone());
    let scope = Scope { estate, environment: environment_name, region: region("us-west-2") };
    JobPolicy::all(&scope, environment)
}

/// Where it is taken, where it is copied to, and under which key.
fn place(policy: &JobPolicy) -> (String, Option<(String, Option<String>)>) {
    let copy = policy.copy.as_ref();
    let copy = copy.map(|copy| (copy.region.to_string(), copy.key.as_ref().map(ToString::to_string)));
    (policy.region.to_string(), copy)
}

#[test]
fn what_lies_in_both_regions_is_taken_where_the_pair_is_served_and_copied_to_the_other() {
    let served = |by: &str| policies().into_iter().map(|policy| policy.served_in(&region(by))).collect::<Vec<_>>();
    let copied = |region: &str, key: Option<&str>| Some((region.to_owned(), key.map(str::to_owned)));
    let (home, away) = ("us-west-2".to_owned(), "us-west-1".to_owned());
    let found: Vec<_> = served("us-west-1").iter().map(place).collect();
    assert_eq!(
        found,
        [
            (away.clone(), copied("us-west-2", Some("alias/here"))),
            (away.clone(), copied("eu-west-1", Some("alias/third"))),
            (home.clone(), copied("us-west-1", None)),
            (away, None),
            (home, copied("us-west-1", None)),
        ]
    );
    for (served, own) in served("us-west-2").iter().zip(policies()) {
        assert_eq!(*served, own, "at home nothing changes");
    }
    assert_eq!(served("eu-west-1"), policies(), "a region that is none of the pair serves nothing");
}

#[test]
fn names_tags_and_what_is_remembered_are_the_same_wherever_it_is_taken() {
    for policy in policies() {
        let served = policy.clone().served_in(&region("us-west-1"));
        assert_eq!(served.subject, policy.subject);
        assert!(policy.may_be_in(&region("us-west-2")));
    }
    let may: Vec<bool> = policies().iter().map(|policy| policy.may_be_in(&region("us-west-1"))).collect();
    assert_eq!(may, [true, true, false, true, false]);
}
