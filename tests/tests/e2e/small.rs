//! A sandbox of small environments, apart from the others: one comes up in three waves, and two find services and
//! databases by their tags, and one sleeps when nobody uses it.

use watchkeeper_domain::name::Region;
use watchkeeper_tests::harness::SandboxHarness;
use watchkeeper_tests::sandbox::{CheckoutLayout, ProgressLines, SandboxOptions};

use crate::field::{Field, prepared};

/// Where both of them are.
pub(crate) const REGION: &str = "eu-west-1";

const LADDER: &str = "estate: ladder
environments:
  dev:
    kind: development
    regions: { primary: eu-west-1 }
    clusters: { eu-west-1: { ladder: [ladder-proxy, ladder-api, ladder-worker, ladder-web] } }
    awake: { zone: Europe/Dublin, weekly: { mon-fri: \"08:00-19:00\" } }
    capacity:
      ladder-proxy: { desired: 1 }
      ladder-api: { desired: 2, min: 1, max: 3 }
      ladder-worker: { desired: 1 }
      ladder-web: { desired: 2 }
    order: [[ladder-proxy], [ladder-api, ladder-worker], [ladder-web]]
    wave-within: 2m
";

const FOUND: &str = "estate: found
environments:
  dev:
    kind: development
    regions: { primary: eu-west-1 }
    clusters: { eu-west-1: { found: managed } }
    exclude: [found-debugger]
    awake: { zone: Europe/Dublin, weekly: { mon-fri: \"08:00-19:00\" } }
  data:
    kind: development
    regions: { primary: eu-west-1 }
    clusters: { eu-west-1: { data: [data-api] } }
    databases: managed
    exclude: [data-excluded]
    awake: { zone: Europe/Dublin, weekly: { mon-fri: \"08:00-19:00\" } }
  idle:
    kind: development
    regions: { primary: eu-west-1 }
    clusters: { eu-west-1: { idle: [idle-api, idle-web] } }
    awake: { zone: Europe/Dublin, weekly: { mon-fri: \"08:00-19:00\" } }
    wake-page:
      listener-rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/idle/50dc6c495c0c9188/f2f7dc8efc522ab2/1
      target-group: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/idle-page/73e2d6bc24d8a067
    sleep-when-idle: { after: 1h, by: cpu, below: 5 % }
";

static SMALL: Field = Field::new();

/// Play a test when its turn has come.
pub(crate) fn play_small(test: impl AsyncFnOnce(&'static SandboxHarness)) {
    SMALL.play(set, test);
}

async fn set() -> SandboxHarness {
    let folder = CheckoutLayout::find().unwrap().sandbox().join("e2e-small");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("ladder.yaml"), LADDER).unwrap();
    std::fs::write(folder.join("found.yaml"), FOUND).unwrap();
    let options = SandboxOptions { estates: Some(folder), ..SandboxOptions::default() };
    prepared(SandboxHarness::set(&options, &[Region::new(REGION).unwrap()], &ProgressLines).await.unwrap()).await
}
