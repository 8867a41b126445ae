//! The sandbox of emergencies: the stack in two regions of the account of `clos-v2` production, with a topic of alarms
//! beside each, over this repository's documents and one of an environment that sleeps and has emergencies.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::capacity::{Capacity, ServiceId};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::AlarmName;
use watchkeeper_tests::harness::{EmergencyExecution, EmergencyExecutionState, EndedExecution, SandboxHarness};
use watchkeeper_tests::sandbox::{ProgressLines, SandboxOptions};

use crate::field::{Field, Plot, documents, prepared};

/// The account of `clos-v2` production, as its document has it.
const ACCOUNT: &str = "210987654321";

/// What `clos-v2` production answers, and what forbids the answer.
pub(crate) const ERRORS: &str = "clos-v2-alb-5xx-errors";

/// An environment of our own: it sleeps at night, it has emergencies, and one of its services has no autoscaler.
const NIGHT_SHOP: &str = "\
estate: night-shop
environments:
  dev:
    kind: development
    regions: { primary: us-east-1 }
    clusters:
      us-east-1: { night-shop: [night-shop-web, night-shop-worker] }
    databases: [{ rds: night-shop-db }]
    capacity:
      night-shop-web: { desired: 1, min: 1, max: 2 }
      night-shop-worker: { desired: 2 }
    awake: { zone: America/New_York, weekly: { mon-fri: \"08:00-19:00\" } }
    emergency:
      profiles:
        surge: { desired: 3, max: 4, for: 6h }
      responses:
        - { alarm: night-shop-errors, run: surge }
        - { alarm: night-shop-slow, run: surge, confirm: 2m }
";

static FIELD: Field = Field::new();

/// Play a test on the sandbox of emergencies, when its turn has come.
pub(crate) fn play(test: impl AsyncFnOnce(&'static SandboxHarness)) {
    FIELD.play(set, test);
}

async fn set() -> SandboxHarness {
    let folder = documents("e2e-emergency-estates", &[("night-shop", NIGHT_SHOP.to_owned())]);
    let options = SandboxOptions { estates: Some(folder), account: ACCOUNT.to_owned(), ..SandboxOptions::default() };
    let regions = ["us-east-1", "ap-northeast-2"].map(|name| Region::new(name).unwrap());
    prepared(SandboxHarness::set_with_topics(&options, &regions, &ProgressLines).await.unwrap()).await
}

/// An environment with its alarms, all of them quiet, at noon of a new day.
pub(crate) struct Scene {
    pub(crate) plot: Plot,
    /// What is there before anything happens.
    pub(crate) original: Capacity,
    /// When it begins.
    pub(crate) began: Timestamp,
}

impl std::ops::Deref for Scene {
    type Target = Plot;

    fn deref(&self) -> &Plot {
        &self.plot
    }
}

impl Scene {
    pub(crate) async fn fresh(harness: &'static SandboxHarness, estate: &str, environment: &str) -> Self {
        let plot = Plot::fresh(harness, estate, environment).await;
        plot.stack.turn_rule(true).await.unwrap();
        plot.stack.site().make_alarms(plot.environment).await.unwrap();
        plot.stack.notifications().letters().await.unwrap();
        let (original, began) = (plot.capacity().await, plot.stack.control().now().await.unwrap());
        Self { plot, original, began }
    }

    pub(crate) async fn set(&self, alarm: &str, state: AlarmState) {
        self.stack.site().set_alarm(&name(alarm), state).await.unwrap();
    }

    /// The alarm goes into ALARM, and what it calls for is awaited up to where it waits.
    pub(crate) async fn alarm(&self, alarm: &str) -> (EmergencyExecution<'static>, EmergencyExecutionState) {
        let since = self.stack.control().now().await.unwrap();
        self.set(alarm, AlarmState::Alarm).await;
        self.emergency_run(since).await
    }

    /// The execution that was started since an instant, at the first place where it waits.
    pub(crate) async fn emergency_run(
        &self,
        since: Timestamp,
    ) -> (EmergencyExecution<'static>, EmergencyExecutionState) {
        let mut emergency_run = self.stack.emergency_run(&self.scope, since).await.unwrap();
        let stands = emergency_run.goes_on().await.unwrap();
        (emergency_run, stands)
    }

    /// An execution by hand, at the first place where it waits.
    pub(crate) async fn by_hand(&self, mut input: Value) -> (EmergencyExecution<'static>, EmergencyExecutionState) {
        input["estate"] = self.scope.estate.as_str().into();
        input["environment"] = self.scope.environment.as_str().into();
        let mut emergency_run = self.stack.raise(&input).await.unwrap();
        let stands = emergency_run.goes_on().await.unwrap();
        (emergency_run, stands)
    }

    /// Count, floor and ceiling of each service, in the order of their names; without an autoscaler only the count.
    pub(crate) async fn figures(&self) -> Vec<(u32, Option<(u32, u32)>)> {
        let capacity = self.capacity().await;
        capacity.services.values().map(|s| (s.desired, s.scaling.map(|scaling| (scaling.min, scaling.max)))).collect()
    }

    pub(crate) fn service(&self, name: &str) -> ServiceId {
        let found = self.original.services.keys().find(|id| id.service.as_str() == name);
        found.unwrap().clone()
    }

    /// The subjects of the messages since the last look.
    pub(crate) async fn subjects(&self) -> Vec<String> {
        let letters = self.stack.notifications().letters().await.unwrap();
        letters.into_iter().map(|letter| letter.subject).collect()
    }

    /// How many executions alarms have started.
    pub(crate) async fn started(&self) -> usize {
        self.stack.emergency_runs(&self.scope, self.began).await.unwrap().len()
    }

    /// What the functions wrote to capacity since then.
    pub(crate) async fn writes(&self, mark: u64) -> usize {
        self.stack.api_calls(mark).await.unwrap().capacity_writes().len()
    }

    /// Nothing of an emergency is left: no baseline, no intent, and the capacity is what it was.
    pub(crate) async fn is_as_before(&self) {
        assert_eq!(self.capacity().await, self.original);
        let kept = self.stack.ledger().load(&self.scope).await.unwrap();
        let urgent = kept.intents.iter().any(|intent| intent.layer == Layer::Emergency);
        assert!(kept.baseline.is_none() && !urgent, "{kept:?}");
    }
}

pub(crate) fn name(alarm: &str) -> AlarmName {
    alarm.parse().unwrap()
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub(crate) fn ended(stands: EmergencyExecutionState) -> EndedExecution {
    match stands {
        EmergencyExecutionState::Ended(ended) => ended,
        other => panic!("it goes on: {other:?}"),
    }
}

pub(crate) fn holds(stands: &EmergencyExecutionState) -> bool {
    matches!(stands, EmergencyExecutionState::Holding)
}

/// A profile of the document as input of an execution by hand.
pub(crate) fn profile(name: &str) -> Value {
    json!({ "profile": name })
}
