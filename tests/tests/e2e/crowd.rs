//! Eight environments that fall asleep at one tick, one of whose functions is killed: at full size it is played in the simulator
//! (`shared/sim/tests/simulation/budget`), and here by the deployed stack, which is held against AWS's own buckets.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::{Timestamp, ToSpan};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_tests::estate::{SiteError, awaited};
use watchkeeper_tests::harness::{DeployedStack, SandboxHarness, scope};
use watchkeeper_tests::sandbox::{ApiCall, CheckoutLayout, ProgressLines, SandboxOptions};

use crate::crash::kill_one;
use crate::field::{Field, prepared};

const REGION: &str = "eu-west-1";
const ENVIRONMENTS: usize = 8;
/// Enough for all of them together to spend the burst of their share, and then to wait for each other.
const EACH: usize = 8;

static FIELD: Field = Field::new();

fn document() -> String {
    let mut text = "estate: crowd\nenvironments:\n".to_owned();
    for environment in 0..ENVIRONMENTS {
        let names: Vec<String> = (0..EACH).map(|n| format!("crowd-{environment}-{n}")).collect();
        writeln!(
            text,
            "  dev-{environment}:\n    kind: development\n    regions: {{ primary: {REGION} }}\n    clusters:\n      {REGION}: {{ \
             crowd-{environment}: [{}] }}\n    awake: {{ zone: Europe/Dublin, weekly: {{ mon-fri: \"08:00-19:00\" }} }}\n    \
             capacity:",
            names.join(", ")
        )
        .unwrap();
        for name in names {
            writeln!(text, "      {name}: {{ desired: 1, min: 1, max: 2 }}").unwrap();
        }
    }
    text
}

async fn set() -> SandboxHarness {
    let folder = CheckoutLayout::find().unwrap().sandbox().join("e2e-crowd");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("crowd.yaml"), document()).unwrap();
    let options = SandboxOptions { estates: Some(folder), ..SandboxOptions::default() };
    let region = Region::new(REGION).unwrap();
    prepared(SandboxHarness::set(&options, &[region], &ProgressLines).await.unwrap()).await
}

/// The counts that functions have set since a mark.
async fn counts(stack: &DeployedStack, mark: u64) -> Vec<ApiCall> {
    let calls = stack.control().calls(mark).await.unwrap();
    let ours = |call: &ApiCall| call.operation == "UpdateService" && call.caller.as_deref() != Some("test");
    calls.into_iter().filter(ours).collect()
}

/// Whether in some window there were more of them than half of the bucket of ECS: 50 at once and 5 a second.
fn exceeds_half(calls: &[ApiCall]) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts of a test are small")]
    let over = |first: usize, last: usize| {
        let window = calls[last].at.duration_since(calls[first].at).as_secs_f64();
        (last - first + 1) as f64 > 25.0 + 2.5 * window + 1e-6
    };
    (0..calls.len()).any(|first| (first..calls.len()).any(|last| over(first, last)))
}

async fn all_asleep(harness: &SandboxHarness, stack: &DeployedStack) -> bool {
    let mut asleep = true;
    for (_, environment) in harness.at_home() {
        let capacity = stack.capacity(environment).await.unwrap();
        asleep &= capacity.services.len() == EACH && capacity.services.values().all(|service| service.desired == 0);
    }
    asleep
}

#[test]
fn eight_environments_fall_asleep_within_their_share_though_one_function_is_killed() {
    FIELD.play(set, async |harness| {
        let stack = harness.stack(REGION).unwrap();
        let scopes: Vec<Scope> = {
            let region = Region::new(REGION).unwrap();
            harness.at_home().map(|(estate, environment)| scope(estate, environment, &region)).collect()
        };
        assert_eq!(scopes.len(), ENVIRONMENTS);
        let evening: Timestamp = "2026-11-17T19:05:00Z".parse().unwrap();
        let mark = stack.control().mark().await.unwrap();
        let kill = async {
            awaited("the burst to be spent", async || {
                Ok::<_, SiteError>((counts(stack, mark).await.len() >= 24).then_some(()))
            })
            .await
            .unwrap();
            let reconcile = stack.outputs().get("ReconcileFunction").unwrap();
            assert!(kill_one(reconcile, harness.sandbox().emulator().endpoint()));
        };
        let (ticked, ()) = tokio::join!(stack.tick(evening), kill);
        let ticked = ticked.unwrap();
        assert_eq!(ticked.runs.len(), ENVIRONMENTS);
        stack.tick(evening.checked_add(10.minutes()).unwrap()).await.unwrap();
        assert!(all_asleep(harness, stack).await, "everybody ends asleep");

        let calls = counts(stack, mark).await;
        assert!(calls.len() >= ENVIRONMENTS * EACH, "{} counts", calls.len());
        assert!(!exceeds_half(&calls), "together they took more than half of the bucket");
        // In order: who finds the burst spent is not kept waiting until the others are done.
        let most = &calls[..calls.len() * 3 / 4];
        let begun: BTreeSet<&str> = most.iter().map(|call| call.resources["cluster"].as_str().unwrap()).collect();
        assert_eq!(begun.len(), ENVIRONMENTS, "{begun:?}");
        stack.tick("2026-11-18T08:00:00Z".parse().unwrap()).await.unwrap();
        for (_, environment) in harness.at_home() {
            let capacity = stack.capacity(environment).await.unwrap();
            assert!(capacity.services.values().all(|service| service.desired == 1), "{capacity:?}");
        }
    });
}
