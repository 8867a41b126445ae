//! Eight environments that fall asleep at one tick, one of whose functions is killed: at full size it is played in the simulator
//! (`shared/sim/tests/simulation/budget`), and here by the deployed stack, which is held against AWS's own buckets. Beside them a
//! hundred more, on one page of the operator's window.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::{Timestamp, ToSpan};
use serde_json::json;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_tests::estate::{SiteError, awaited};
use watchkeeper_tests::harness::{DeployedStack, SandboxHarness, scope};
use watchkeeper_tests::sandbox::{ApiCall, CheckoutLayout, ProgressLines, SandboxOptions};

use crate::crash::kill_one;
use crate::field::{Field, prepared};
use crate::window::{BYTES, Window};

const REGION: &str = "eu-west-1";
const ENVIRONMENTS: usize = 8;
/// Enough for all of them together to spend the burst of their share, and then to wait for each other.
const EACH: usize = 8;

/// Environments that the window shows beside them.
const MANY: usize = 100;

static FIELD: Field = Field::new();

fn crowd() -> String {
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

fn many() -> String {
    let environment = |n: usize| {
        format!(
            "  prod-{n}:\n    kind: production\n    regions: {{ primary: {REGION} }}\n    clusters:\n      {REGION}: {{ many-{n}: \
             [many-{n}-api] }}\n    capacity:\n      many-{n}-api: {{ desired: 1 }}\n"
        )
    };
    (0..MANY).map(environment).fold("estate: many\nenvironments:\n".to_owned(), |text, it| text + &it)
}

async fn set() -> SandboxHarness {
    let folder = CheckoutLayout::find().unwrap().sandbox().join("e2e-crowd");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("crowd.yaml"), crowd()).unwrap();
    std::fs::write(folder.join("many.yaml"), many()).unwrap();
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

/// The environments that fall asleep.
fn sleepers(harness: &SandboxHarness) -> impl Iterator<Item = (&Estate, &Environment)> {
    harness.at_home().filter(|(estate, _)| estate.name().as_str() == "crowd")
}

async fn all_asleep(harness: &SandboxHarness, stack: &DeployedStack) -> bool {
    let mut asleep = true;
    for (_, environment) in sleepers(harness) {
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
            sleepers(harness).map(|(estate, environment)| scope(estate, environment, &region)).collect()
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
        for (_, environment) in sleepers(harness) {
            let capacity = stack.capacity(environment).await.unwrap();
            assert!(capacity.services.values().all(|service| service.desired == 1), "{capacity:?}");
        }
    });
}

#[test]
fn a_hundred_environments_stand_on_one_page_and_ten_dashboards_ask_aws_as_one() {
    FIELD.play(set, async |harness| {
        let stack = harness.stack(REGION).unwrap();
        let window = Window::of(stack, "123456789012");
        let all_read = |page: &str| !page.contains("cannot be read");
        let clusters = ENVIRONMENTS + MANY;
        let (mark, began) = (stack.control().mark().await.unwrap(), stack.control().now().await.unwrap());
        // One look takes no more of AWS's bucket than runs leave: the next ones see the rest, what was seen longest ago first.
        let mut looks = 0;
        let page = loop {
            let page = window.page(json!({})).await;
            assert!(page.len() <= BYTES, "{} bytes", page.len());
            looks += 1;
            if all_read(&page) {
                break page;
            }
            assert!(looks < 4, "after {looks} looks: {page}");
            stack.pass(jiff::SignedDuration::from_secs(5)).await.unwrap();
        };
        assert!(page.contains(&format!("{clusters} environments in 2 estates")), "{page}");
        let described = async || stack.api_calls(mark).await.unwrap().count("DescribeServices");
        // The clock of the emulated AWS goes on with that of the machine, which may be busy.
        let once_a_minute = async || {
            let passed = stack.control().now().await.unwrap().duration_since(began);
            clusters * (1 + usize::try_from(passed.as_mins()).unwrap())
        };
        assert!((clusters..=once_a_minute().await).contains(&described().await), "each cluster is described once");
        for _ in 0..10 {
            assert!(all_read(&window.page(json!({})).await));
        }
        let (found, most) = (described().await, once_a_minute().await);
        assert!(found <= most, "{found} instead of {most}: what was observed counts for a minute");
    });
}
