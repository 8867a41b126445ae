//! The order in which services come up.

use rstest::rstest;
use watchkeeper_estates::parse;

use crate::problems;

/// An environment of three services in this order.
fn with_order(order: &str) -> String {
    format!(
        "estate: shop\nenvironments:\n  dev:\n    kind: development\n    regions: {{ primary: us-east-1 }}\n    \
         clusters: {{ us-east-1: {{ shop: [proxy, api, web] }} }}\n{order}"
    )
}

#[rstest]
#[case::a_circle(
    "    after: { api: [web], web: [proxy, api] }\n",
    "estate.yaml:7: environments.dev.after.api: found a circle: api after web after api, expected an order in which one of them comes up first"
)]
#[case::itself(
    "    after:\n      web: [api]\n      api: [api]\n",
    "estate.yaml:9: environments.dev.after.api: found a circle: api after api, expected an order in which one of them comes up first"
)]
#[case::nothing_before_it(
    "    after: { api: [] }\n",
    "estate.yaml:7: environments.dev.after.api: found nothing, expected at least one service that has to be up before it"
)]
#[case::unknown_before_it(
    "    after: { api: [prosy] }\n",
    "estate.yaml:7: environments.dev.after.api[0]: found the unknown service prosy, expected one of api, proxy, web"
)]
#[case::unknown_after(
    "    after: { app: [proxy] }\n",
    "estate.yaml:7: environments.dev.after.app: found the unknown service app, expected one of api, proxy, web"
)]
#[case::unknown_in_a_wave(
    "    order:\n      - [proxy]\n      - [api, job]\n",
    "estate.yaml:9: environments.dev.order[1][1]: found the unknown service job, expected one of api, proxy, web"
)]
#[case::twice(
    "    order:\n      - [proxy]\n      - [api, proxy]\n",
    "estate.yaml:9: environments.dev.order[1][1]: found proxy a second time, as in wave 1, expected each service once"
)]
#[case::an_empty_wave(
    "    order: [[proxy], []]\n",
    "estate.yaml:7: environments.dev.order[1]: found a wave without a service, expected at least one service"
)]
#[case::both(
    "    order: [[proxy], [api]]\n    after: { web: [api] }\n",
    "estate.yaml:8: environments.dev.after: found a second order, beside `order`, expected one of `order` and `after`"
)]
#[case::a_bound_of_nothing(
    "    wave-within: 5m\n",
    "estate.yaml:7: environments.dev.wave-within: found 5m, expected none without `order`, `after` or `wake-page`"
)]
#[case::too_long_a_bound(
    "    order: [[proxy], [api]]\n    wave-within: 1h\n",
    "estate.yaml:8: environments.dev.wave-within: found 1h, expected at most 15m: a run ends after 45 minutes"
)]
fn an_order_that_nothing_can_come_up_in_is_named_with_its_line(#[case] order: &str, #[case] expected: &str) {
    assert_eq!(problems(&with_order(order)), [expected]);
}

#[rstest]
#[case::in_waves("    order: [[proxy], [api]]\n    wave-within: 15m\n")]
#[case::service_by_service("    after: { web: [proxy, api], api: [proxy] }\n")]
fn an_order_that_can_be_kept_has_no_problem(#[case] order: &str) {
    assert!(parse("estate.yaml", &with_order(order)).is_ok());
}
