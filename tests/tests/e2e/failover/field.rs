//! The sandboxes of pairs: the stack in two regions over one ledger. One has the fleet as its document has it, the other a
//! small pair whose singleton has a dead man's switch and whose owner wants to be asked: a region that is lost is lost to
//! every pair in it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_domain::capacity::{Capacity, Suspensions};
use watchkeeper_domain::estate::EstateDocument;
use watchkeeper_domain::name::ServiceName;
use watchkeeper_tests::estate::{MonitorReport, SingletonMonitor};
use watchkeeper_tests::harness::{
    DeployedStack, EndedExecution, MoveExecution, SandboxHarness, StackPair, document_of, documents,
};
use watchkeeper_tests::sandbox::{ProgressLines, SandboxOptions};

use super::clean::{forget, mended};
use super::{event_sources, own_steps};
use crate::field::{Field, TwinFields};

/// A Monday morning, later than the machine's own clock.
const MONDAY: &str = "2027-01-11T09:00:00Z";

/// A pair of our own.
const TRAM: &str = "\
estate: tram
environments:
  prod:
    kind: production
    regions: { primary: us-west-2, standby: us-west-1 }
    clusters:
      us-west-2: { tram: [tram-web, tram-signal] }
      us-west-1: { tram-standby: [tram-web, tram-signal] }
    capacity:
      tram-web: { desired: 2, min: 2, max: 6 }
      tram-signal: { desired: 1 }
    order: [[tram-web], [tram-signal]]
    emergency:
      profiles:
        surge: { desired: 4, max: 8, for: 2h, only: [tram-web] }
    failover:
      detect: automatic
      approve: true
      probe:
        primary: https://tram.us-west-2.example.com
        standby: https://tram.us-west-1.example.com
        paths: { tram-web: /health }
        tries: 1
        timeout: 1s
        failures: 2
      rto: 15m
      rpo: 1s
      capacity: { tram-web: 2, tram-signal: 1 }
      singletons: [{ service: tram-signal, fence: dead-man, silence: 3m }]
      steps: [{ after: scale, run: tram-warm, within: 1m, optional: true }]
      sources:
        # A function of the stack: the queue stays empty, and it is never called.
        - { event-source-mapping: watchkeeper-window, reads: tram-orders }
        - { schedule: tram-nightly }
        - { rule: tram-uploads }
      traffic: { strategy: switch-object, names: [tram.example.com], bucket: tram-failover, object: standby-serves }
";

/// A pair with a read replica, whose stacks make it again after a move.
const FERRY: &str = "\
estate: ferry
environments:
  prod:
    kind: production
    regions: { primary: us-west-2, standby: us-west-1 }
    clusters:
      us-west-2: { ferry: [ferry-web] }
      us-west-1: { ferry-standby: [ferry-web] }
    capacity:
      ferry-web: { desired: 1, min: 1, max: 2 }
    failover:
      detect: 'off'
      probe:
        primary: https://ferry.us-west-2.example.com
        standby: https://ferry.us-west-1.example.com
        paths: { ferry-web: /health }
        tries: 1
        timeout: 1s
      rto: 15m
      rpo: 1m
      capacity: { ferry-web: 1 }
      databases: [{ replica: ferry-db }]
      protect-again: true
      traffic: { strategy: switch-object, names: [ferry.example.com], bucket: ferry-failover, object: standby-serves }
";

/// The machine of its step.
pub(crate) const OWN_STEP: &str = "tram-warm";

static FLEET: TwinFields = TwinFields::new();
static TRAMS: Field = Field::new();
static FERRIES: Field = Field::new();

/// Play a test on a sandbox of the fleet, when its turn has come.
pub(crate) fn play(test: impl AsyncFnOnce(&'static SandboxHarness)) {
    FLEET.one().play(async || set(fleet()).await, test);
}

/// The same on that of the small pair.
pub(crate) fn play_tram(test: impl AsyncFnOnce(&'static SandboxHarness)) {
    TRAMS.play(async || set(one("tram.yaml", TRAM)).await, test);
}

/// The same on that of the pair with a read replica.
pub(crate) fn play_ferry(test: impl AsyncFnOnce(&'static SandboxHarness)) {
    FERRIES.play(async || set(one("ferry.yaml", FERRY)).await, test);
}

async fn set(document: EstateDocument) -> SandboxHarness {
    let harness = SandboxHarness::set_pairs(&SandboxOptions::default(), vec![document], &ProgressLines).await.unwrap();
    harness.sandbox().control().set_clock(MONDAY.parse().unwrap()).await.unwrap();
    harness
}

/// The fleet's document; only the way to wait for a region that hangs is shorter, and nobody is asked first.
fn fleet() -> EstateDocument {
    let estates = documents(None).unwrap();
    let (estate, environment) = estates.environment("fleet-orchestration", "prod").unwrap();
    let mut document = document_of(estate, environment);
    let failover = document.environments.values_mut().next().unwrap().failover.as_mut().unwrap();
    failover.approve = false;
    // One that falls due on the emulated clock would be taken for a failover that a test waits for.
    failover.rehearse = None;
    let probe = failover.probe.as_mut().unwrap();
    (probe.timeout, probe.tries) = (Some("1s".parse().unwrap()), Some(1));
    document
}

/// A document of one environment.
fn one(file: &str, text: &str) -> EstateDocument {
    let estate = watchkeeper_estates::parse(file, text).unwrap();
    let environment = estate.environments().next().unwrap();
    document_of(&estate, environment)
}

/// A pair as its document declares it, with everything there that a failover needs.
pub(crate) struct Scene {
    pub(crate) stacks: StackPair<'static>,
    /// What is there before anything happens, at home and in the standby.
    pub(crate) original: [Capacity; 2],
    vigils: Vec<(ServiceName, SingletonMonitor)>,
}

impl std::ops::Deref for Scene {
    type Target = StackPair<'static>;

    fn deref(&self) -> &StackPair<'static> {
        &self.stacks
    }
}

impl Scene {
    /// Nothing is remembered, nothing is lost, both regions have ticked, and the singletons are watched over.
    pub(crate) async fn fresh(harness: &'static SandboxHarness, estate: &str) -> Self {
        let stacks = StackPair::of(harness, estate, "prod").unwrap();
        mended(&stacks).await;
        for stack in [stacks.home, stacks.standby] {
            forget(&stacks, stack).await;
        }
        let failover = stacks.failover().unwrap();
        if let (Some(bucket), Some(object)) = (&failover.traffic.bucket, &failover.traffic.object) {
            stacks.build().await.unwrap();
            stacks.standby.site().drop_object(bucket, object).await.unwrap();
        }
        stacks.standby.site().make_streams(&failover.streams).await.unwrap();
        for step in &failover.steps {
            for stack in [stacks.home, stacks.standby] {
                own_steps::make(stack, step.run.as_str()).await;
            }
        }
        // An hour later: no figure and no lease of the test before counts any more.
        stacks.home.pass(SignedDuration::from_hours(1)).await.unwrap();
        let original = stacks.capacity().await.unwrap();
        let vigils = stacks.monitor_singleton().unwrap();
        let scene = Self { stacks, original, vigils };
        event_sources::make(&scene).await;
        scene.both().await;
        for stack in [scene.home, scene.standby] {
            stack.notifications().letters().await.unwrap();
            stack.notifications().events().await.unwrap();
        }
        scene
    }

    /// A minute later both regions tick.
    pub(crate) async fn both(&self) {
        self.tick(&[self.home, self.standby]).await.unwrap();
    }

    /// What a machine is asked about the pair.
    pub(crate) fn about(&self, mut more: Value) -> Value {
        more["estate"] = self.id.estate.as_str().into();
        more["environment"] = self.id.environment.as_str().into();
        more
    }

    /// A failover into the standby, by hand.
    pub(crate) async fn fail_over(&self, more: Value) -> MoveExecution<'static> {
        self.standby.fail_over(&self.about(more)).await.unwrap()
    }

    /// The way home, by hand, to its end.
    pub(crate) async fn goes_home(&self) {
        self.both().await;
        let ended = self.home.fail_back(&self.about(json!({}))).await.unwrap().run_out().await.unwrap();
        assert_eq!(ending(&ended), "done", "{}", ended.says());
        self.both().await;
    }

    /// Whether both members run what they ran before anything happened, and the pointer is steady at home.
    pub(crate) async fn is_as_before(&self) {
        assert_eq!(self.capacity().await.unwrap(), self.original);
        for stack in [self.home, self.standby] {
            let pointer = self.pointer(stack).await.unwrap();
            assert!(pointer.moving.is_none() && pointer.active == *self.home.region(), "{pointer}");
        }
        assert_eq!(self.reached().await.unwrap(), (200, Some(self.home.region().clone())));
    }

    /// The standby serves with at least the document's figures, and home stands by.
    pub(crate) async fn is_in_the_standby(&self) {
        let [home, standby] = self.capacity().await.unwrap();
        assert!(stands_by(&home), "{home:?}");
        self.serves(&standby);
        assert_eq!(self.reached().await.unwrap(), (200, Some(self.standby.region().clone())));
    }

    /// The standby runs what the document says, with the bounds that home has.
    pub(crate) fn serves(&self, standby: &Capacity) {
        let wanted = &self.failover().unwrap().capacity;
        for (id, found) in &standby.services {
            assert_eq!(found.desired, wanted[&id.service], "{id}: {standby:?}");
            let home = self.original[0].services.iter().find(|(home, _)| home.service == id.service).unwrap().1;
            let bounds = |scaling: watchkeeper_domain::capacity::ScalingState| (scaling.min, scaling.max);
            assert_eq!(found.scaling.map(bounds), home.scaling.map(bounds), "{id}: {standby:?}");
        }
    }

    /// The subjects of the messages in a region since the last look.
    pub(crate) async fn subjects(&self, stack: &DeployedStack) -> Vec<String> {
        let letters = stack.notifications().letters().await.unwrap();
        letters.into_iter().map(|letter| letter.subject).collect()
    }

    /// Nobody looks at the singletons any more: a region that comes back with its tasks runs them until its own stack has acted.
    pub(crate) async fn ends_its_watch(self) {
        for (_, singleton_monitor) in self.vigils {
            singleton_monitor.end().await.unwrap();
        }
    }

    /// No singleton was seen twice at any time of the test.
    pub(crate) async fn was_never_double(self) {
        for (service, singleton_monitor) in self.vigils {
            let MonitorReport { looks, double, .. } = singleton_monitor.end().await.unwrap();
            assert!(looks > 0 && double.is_empty(), "{service}: {} of {looks} looks: {double:?}", double.len());
        }
    }
}

/// Nothing runs, and nothing can be started by an autoscaler.
pub(crate) fn stands_by(capacity: &Capacity) -> bool {
    !capacity.services.is_empty()
        && capacity.services.values().all(|service| {
            service.desired == 0
                && service.scaling.is_none_or(|scaling| scaling.min == 0 && scaling.suspended == Suspensions::ALL)
        })
}

/// How a move ended: the word of its output, or its error.
pub(crate) fn ending(ended: &EndedExecution) -> &str {
    ended.error.as_deref().or_else(|| ended.output["ending"].as_str()).unwrap_or("nothing that it says")
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// What time it is in the emulated AWS.
pub(crate) async fn now(stacks: &StackPair<'_>) -> Timestamp {
    stacks.control().now().await.unwrap()
}
