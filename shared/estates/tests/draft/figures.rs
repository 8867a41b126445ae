//! Counts, bounds and what alarms speak of, as a draft has them.

use rstest::rstest;
use serde_json::{Value, json};

use crate::states::{ACCOUNT, drafted, file, instance, loaded, resource, service, stored};

const HERE: &str = "eu-central-1";

/// The bounds of the service `api` of the cluster `shop-dev`.
fn target(arn: Option<&str>, min: u32, max: u32) -> Value {
    let arn = arn.map(|region| format!("arn:aws:application-autoscaling:{region}:{ACCOUNT}:scalable-target/1"));
    resource(
        "aws_appautoscaling_target",
        &json!({ "arn": arn, "service_namespace": "ecs", "resource_id": "service/shop-dev/api", "min_capacity": min, "max_capacity": max }),
    )
}

/// The line of `api` in the capacity of a draft.
fn line(resources: &[Value]) -> String {
    let draft = drafted(&[file("s", None, &stored(resources))], "shop");
    loaded(&draft);
    draft.text().lines().find_map(|line| line.strip_prefix("      api: ")).unwrap_or("none").to_owned()
}

#[rstest]
#[case::none(&[], 2, "{ desired: 2 }")]
#[case::without_an_arn(&[target(None, 1, 4)], 2, "{ desired: 2, min: 1, max: 4 }")]
#[case::of_the_region(&[target(Some(HERE), 1, 4), target(Some("eu-west-1"), 1, 9)], 2, "{ desired: 2, min: 1, max: 4 }")]
#[case::of_another_region(&[target(Some("eu-west-1"), 1, 9)], 2, "{ desired: 2 }")]
#[case::twice_the_same(&[target(None, 1, 4), target(None, 1, 4)], 2, "{ desired: 2, min: 1, max: 4 }")]
#[case::two_that_cannot_be_told_apart(&[target(None, 1, 4), target(None, 2, 5), target(None, 1, 4)], 2, "{ desired: 2 }")]
#[case::above_its_bounds(&[target(None, 1, 4)], 5, "{ desired: 5 } # ? its bounds are 1 to 4, and 5 are desired: which is right?")]
#[case::below_its_bounds(&[target(None, 3, 4)], 1, "{ desired: 1, min: 3, max: 4 }")]
#[case::asleep(&[target(None, 0, 4)], 0, "{ desired: 0, min: 0, max: 4 } # ? it stands at 0: always, or has somebody put it to sleep?")]
fn counts_and_bounds_are_those_of_the_state(#[case] targets: &[Value], #[case] desired: u32, #[case] expected: &str) {
    let mut resources = vec![service(HERE, "shop-dev", "api", desired)];
    resources.extend_from_slice(targets);
    assert_eq!(line(&resources), expected);
}

#[test]
fn a_service_without_a_count_has_no_figure() {
    let mut service = service(HERE, "shop-dev", "api", 1);
    service["instances"][0]["attributes"]["desired_count"] = Value::Null;
    assert_eq!(line(&[service, target(None, 1, 4)]), "none");
}

#[rstest]
#[case(json!({ "ClusterName": "shop-dev", "ServiceName": "api" }), "of api")]
#[case(json!({ "ClusterName": "shop-prod", "ServiceName": "api" }), "")]
#[case(json!({ "TargetGroup": "targetgroup/api/1" }), "of api")]
#[case(json!({ "LoadBalancer": "app/shop/2" }), "of api")]
#[case(json!({ "LoadBalancer": "app/other/2" }), "")]
#[case(json!({ "DBInstanceIdentifier": "Shop-Dev-DB" }), "of shop-dev-db")]
#[case(json!({ "QueueName": "mails" }), "of mails")]
fn an_alarm_is_told_with_what_its_dimensions_name(#[case] dimensions: Value, #[case] expected: &str) {
    let balanced = "elasticloadbalancing:eu-central-1:111111111111";
    let mut api = service(HERE, "shop-dev", "api", 1);
    api["instances"][0]["attributes"]["load_balancer"] =
        json!([{ "target_group_arn": format!("arn:aws:{balanced}:targetgroup/api/1") }]);
    let group = json!({
        "arn": format!("arn:aws:{balanced}:targetgroup/api/1"), "load_balancer_arns": [format!("arn:aws:{balanced}:loadbalancer/app/shop/2")],
    });
    let queue = json!({ "arn": "arn:aws:sqs:eu-central-1:111111111111:mails", "name": "mails" });
    for alarm in
        [json!({ "dimensions": dimensions }), json!({ "metric_query": [{ "metric": [{ "dimensions": dimensions }] }] })]
    {
        let mut alarm = alarm;
        alarm["arn"] = json!("arn:aws:cloudwatch:eu-central-1:111111111111:alarm:trouble");
        alarm["alarm_name"] = json!("trouble");
        let resources = [
            api.clone(),
            instance(HERE, "Shop-Dev-DB"),
            resource("aws_lb_target_group", &group),
            resource("aws_sqs_queue", &queue),
            resource("aws_cloudwatch_metric_alarm", &alarm),
        ];
        let draft = drafted(&[file("s", None, &stored(&resources))], "shop");
        let line = draft.text().lines().find_map(|line| line.strip_prefix("      - trouble")).unwrap();
        assert_eq!(line.trim_start_matches(" # "), expected);
    }
}
