//! The page of an environment that sleeps, behind a load balancer of the emulated AWS.

use watchkeeper_tests::drill::SandboxScene;
use watchkeeper_tests::every_scenario;
use watchkeeper_tests::scenarios::{Played, wake};

use crate::field::{Plot, play, played};

/// The document of the environment behind a load balancer.
pub(crate) const DOCUMENT: &str = "
estate: shop
environments:
  dev:
    kind: development
    regions: { primary: us-west-1 }
    clusters: { us-west-1: { shop: [shop-api, shop-web] } }
    databases: [{ rds: shop-db }]
    capacity: { shop-api: { desired: 2, min: 2, max: 4 }, shop-web: { desired: 1 } }
    awake: { zone: America/New_York, weekly: { mon-fri: \"08:00-19:00\" } }
    wake-page:
      listener-rule: arn:aws:elasticloadbalancing:us-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee
      target-group: arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/shop-asleep/73e2d6bc24d8a067
";

fn page(
    scenario: &str,
    (estate, environment): (&str, &str),
    told: impl AsyncFnOnce(&mut SandboxScene<'static>) -> Played,
) {
    play(async |harness| {
        let plot = Plot::fresh(harness, estate, environment).await;
        plot.stack.put_load_balancer(plot.environment).await.unwrap();
        played("wake", scenario, harness, &plot.scope, told).await;
    });
}

every_scenario! {
    wake, page;
    a_wake_by_its_page: "shop", "dev";
}
