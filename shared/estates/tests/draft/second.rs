//! A second draft, over a document that somebody has edited.

use serde_json::json;
use watchkeeper_estates::draft::Draft;

use crate::states::{drafted, file, instance, resource, service, stored};

const HERE: &str = "eu-central-1";

fn shop(api: u32, more: &[serde_json::Value]) -> Draft {
    let first =
        [service(HERE, "shop-dev", "api", api), service(HERE, "shop-dev", "worker", 1), instance(HERE, "shop-dev-db")];
    drafted(&[file("shop.tfstate", None, &stored(&[first.as_slice(), more].concat()))], "shop")
}

fn differences(draft: &Draft, document: &str) -> Vec<String> {
    draft.differences("shop.yaml", document).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn what_people_decide_is_no_difference() {
    let draft = shop(1, &[]);
    assert_eq!(differences(&draft, draft.text()), [""; 0]);
    let edited = draft.text().replace(
        "kind: production",
        "kind: development # sleeps at night\n    awake: { zone: UTC, weekly: { mon-fri: \"08:00-19:00\" } }",
    );
    let edited =
        edited.replace("  dev:\n", "  development:\n").replace("estate: shop", "estate: store\nowner: shop team");
    assert_ne!(edited, draft.text());
    assert_eq!(differences(&draft, &edited), [""; 0]);
}

#[test]
fn what_the_files_know_is_told_place_by_place() {
    let edited = shop(1, &[])
        .text()
        .replace("          - worker\n", "          - mailer\n")
        .replace("      worker: { desired: 1 }\n", "");
    let alarm = resource(
        "aws_cloudwatch_metric_alarm",
        &json!({ "arn": format!("arn:aws:cloudwatch:{HERE}:111111111111:alarm:shop-5xx"), "alarm_name": "shop-5xx" }),
    );
    let more =
        [alarm, instance(HERE, "reports"), service(HERE, "shop-qa", "api", 1), service(HERE, "shop-dev", "search", 2)];
    assert_eq!(
        differences(
            &shop(3, &more),
            &edited
                .replace("eu-central-1 }", "eu-central-1, standby: eu-west-1 }")
                .replace("rds: shop-dev-db", "aurora: shop-dev-db")
        ),
        [
            "~ environments.dev.regions.standby: eu-west-1, and the draft has none",
            "+ environments.dev.clusters.eu-central-1.shop-dev: search",
            "+ environments.dev.clusters.eu-central-1.shop-dev: worker",
            "- environments.dev.clusters.eu-central-1.shop-dev: mailer, which is not in the draft",
            "+ environments.dev.databases: rds:shop-dev-db in eu-central-1",
            "- environments.dev.databases: aurora:shop-dev-db in eu-central-1, which is not in the draft",
            "~ environments.dev.capacity.api: desired 1, and the draft has desired 3",
            "+ environments.dev.capacity.search: desired 2",
            "+ environments.dev.capacity.worker: desired 1",
            "+ environments: qa",
        ]
    );
    let other = "estate: shop\nenvironments:\n  prod:\n    kind: production\n    regions: { primary: eu-west-1 }\n    databases: [{ rds: x }]\n";
    assert_eq!(
        differences(&shop(1, &[]), other),
        ["+ environments: dev", "- environments: prod, which is not in the draft"]
    );
}

#[test]
fn a_document_with_a_mistake_is_told_before_anything_is_compared() {
    let draft = shop(1, &[]);
    let problems = draft.differences("shop.yaml", &draft.text().replace("kind: production", "kind: prod")).unwrap_err();
    assert!(problems[0].to_string().starts_with("shop.yaml:"), "{problems:?}");
}
