#![allow(clippy::unwrap_used)]
use watchkeeper_domain::name::Region;

use super::*;

fn resolver(partition: &str, parameters: &[(&str, &str)]) -> TemplateResolver {
    let region = Region::new("us-gov-west-1").unwrap();
    let place = AccountRegion { partition: partition.to_owned(), account: "123456789012".to_owned(), region };
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    TemplateResolver::new(&StackTemplate::of_this_repository().unwrap(), place, "night", parameters.collect())
}

/// Every text inside, depth first.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, it)| [key.as_str()].into_iter().chain(texts(it))).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_policy_is_filled_in_whatever_the_partition() {
    for (partition, parameters) in [("aws", &[][..]), ("aws-us-gov", &[("PeerRegion", "us-gov-east-1")])] {
        let policies = resolver(partition, parameters).policies().unwrap();
        assert!(policies.len() >= 13, "{:?}", policies.keys());
        for (owner, documents) in policies {
            assert!(!documents.is_empty(), "{owner} has no policy");
            for document in documents {
                let document: Value = serde_json::from_str(&document).unwrap();
                for text in texts(&document) {
                    assert!(!text.contains("${") && !text.starts_with("Fn::") && text != "Ref", "{owner}: {text}");
                    assert!(
                        !text.starts_with("arn:") || text.starts_with(&format!("arn:{partition}:")),
                        "{owner}: {text}"
                    );
                }
            }
        }
    }
}

#[test]
fn conditions_and_parameters_decide_as_in_a_deploy() {
    let of = |parameters: &[(&str, &str)]| resolver("aws", parameters).policies().unwrap()["Failover"].join("\n");
    let alone = of(&[]);
    let peer = "arn:aws:states:us-gov-east-1:123456789012:stateMachine:night-reconcile";
    assert!(!alone.contains(peer) && !alone.contains("SwitchByObject"), "{alone}");
    let buckets = "arn:aws:s3:::one,arn:aws:s3:::two";
    let paired = of(&[("PeerRegion", "us-gov-east-1"), ("SwitchBuckets", buckets)]);
    assert!(paired.contains(peer) && paired.contains(r#"["arn:aws:s3:::one/*","arn:aws:s3:::two/*"]"#), "{paired}");
}

#[test]
fn machines_call_what_the_stack_will_have() {
    let machines = resolver("aws", &[]).machines().unwrap();
    assert!(machines.len() >= 7 && machines.contains_key("reconcile"), "{:?}", machines.keys());
    for (name, text) in &machines {
        serde_json::from_str::<Value>(text).unwrap();
        assert!(!text.contains("${"), "{name}");
    }
    assert!(
        machines["emergency-scale"].contains("arn:aws:states:us-gov-west-1:123456789012:stateMachine:night-reconcile")
    );
}

#[test]
fn what_cannot_be_filled_in_is_named() {
    let mut resolver = resolver("aws", &[]);
    let policies = &mut resolver.template.document["Resources"]["Reconcile"]["Properties"]["Policies"];
    policies[0]["Statement"][0]["Resource"] = json!({ "Fn::ImportValue": "x" });
    let error = resolver.policies().unwrap_err().to_string();
    assert_eq!(error, "template.yaml: Reconcile: found Fn::ImportValue, which this command cannot carry out");
    resolver.template.document["Resources"]["Reconcile"]["Properties"]["Policies"][0]["Statement"][0]["Resource"] =
        json!({ "Ref": "Nothing" });
    let error = resolver.policies().unwrap_err().to_string();
    assert_eq!(error, "template.yaml: Reconcile: found Nothing, which the template does not have");
}
