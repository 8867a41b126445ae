//! What functions pace their calls by is what AWS publishes, and every call that has a published bucket has a pace.

use std::collections::BTreeMap;

use serde_json::Value;
use watchkeeper_domain::budget::ApiBucket;

use crate::documents::read;

/// The bucket of AWS for one of ours. Those that AWS publishes nothing about have none.
fn published(bucket: ApiBucket) -> Option<&'static str> {
    Some(match bucket {
        ApiBucket::EcsServiceWrite => "Service modify actions",
        ApiBucket::EcsServiceRead => "Service read actions",
        ApiBucket::EcsDeploymentRead => "Service deployment actions",
        ApiBucket::EcsRevisionRead => "Service revision actions",
        ApiBucket::EcsDefinitionRead => "Task definition read actions",
        ApiBucket::EcsTaskRead => "Cluster resource read actions",
        ApiBucket::ScalingWrite
        | ApiBucket::ScalingRead
        | ApiBucket::Rds
        | ApiBucket::BalancerRead
        | ApiBucket::BalancerWrite => return None,
    })
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

/// Where ours differ from AWS's.
fn differing(theirs: &Value) -> Vec<String> {
    let known = ApiBucket::ALL.iter().filter_map(|bucket| Some((*bucket, published(*bucket)?)));
    let different = known.filter_map(|(bucket, name)| {
        let (theirs, ours) = (&theirs["ecs"][name], bucket.quota());
        let same = theirs["burst"].as_f64() == Some(ours.burst) && theirs["rate"].as_f64() == Some(ours.rate);
        (!same).then(|| format!("{bucket}: {} at once and {} a second, AWS has {theirs}", ours.burst, ours.rate))
    });
    different.collect()
}

/// Asked for once or twice in a restore drill, of a bucket of 100 that nothing else of ours asks: they need no pace.
const RARE: [&str; 2] = ["RunTask", "StopTask"];

/// The operations that functions call and that lie in a bucket that none of ours is.
fn without_a_pace(theirs: &Value, called: &Value) -> Vec<String> {
    let ours: Vec<&str> = ApiBucket::ALL.iter().filter_map(|bucket| published(*bucket)).collect();
    let buckets = theirs["ecs"].as_object().unwrap().iter();
    let of: BTreeMap<&str, &str> = buckets
        .flat_map(|(name, bucket)| {
            bucket["actions"].as_array().unwrap().iter().map(|action| (action.as_str().unwrap(), name.as_str()))
        })
        .collect();
    let called = called["ecs"].as_object().unwrap().keys();
    called
        .filter(|operation| !RARE.contains(&operation.as_str()))
        .filter(|operation| !of.get(operation.as_str()).is_some_and(|bucket| ours.contains(bucket)))
        .cloned()
        .collect()
}

#[test]
fn functions_pace_their_calls_by_the_figures_that_aws_publishes() {
    let mut theirs = json("tests/data/buckets.json");
    assert_eq!(differing(&theirs), [""; 0]);
    theirs["ecs"]["Service modify actions"]["rate"] = 10.into();
    let found = differing(&theirs);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("ecs-service-write: 50 at once and 5 a second"), "{found:?}");
}

#[test]
fn every_call_of_ecs_that_functions_make_has_a_bucket_of_ours() {
    let (theirs, mut called) = (json("tests/data/buckets.json"), json("shared/aws/src/fault/models.json"));
    assert_eq!(without_a_pace(&theirs, &called), [""; 0]);
    called["ecs"]["ListTagsForResource"] = Value::Null;
    assert_eq!(without_a_pace(&theirs, &called), ["ListTagsForResource"]);
}
