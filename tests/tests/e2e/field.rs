//! The sandboxes of most tests: the stack in three regions, over this repository's documents and a large one.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError, TryLockError};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use tokio::runtime::Runtime;
use tokio::sync::{OnceCell, Semaphore};
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_tests::drill::{DrillOutput, SandboxScene};
use watchkeeper_tests::harness::{DeployedStack, SandboxHarness, scope};
use watchkeeper_tests::sandbox::{CheckoutLayout, ProgressLines, SandboxOptions};
use watchkeeper_tests::scenarios::Played;

/// How many services the large environment has.
pub(crate) const LARGE: usize = 500;
/// How many of them have tasks and a scalable target: paced writes to all would take minutes.
const LARGE_BUSY: usize = 12;
/// A Monday morning: the tests' week begins here, whatever the machine's clock says.
const MONDAY: &str = "2026-11-16T15:00:00Z";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
/// Two sandboxes are set up at a time: a deployment keeps a processor busy, and what is played beside it waits for seconds only.
static BEGINNING: Semaphore = Semaphore::const_new(2);
/// Most tests are played here.
static FIELDS: TwinFields = TwinFields::new();
static DOCUMENTS: LazyLock<PathBuf> =
    LazyLock::new(|| documents("e2e-estates", &[("large", large()), ("shop", crate::wake::DOCUMENT.to_owned())]));

/// Play a test on the first sandbox that is free, or when its turn has come.
pub(crate) fn play(test: impl AsyncFnOnce(&'static SandboxHarness)) {
    FIELDS.one().play(set, test);
}

async fn set() -> SandboxHarness {
    let options = SandboxOptions { estates: Some(DOCUMENTS.clone()), ..SandboxOptions::default() };
    let regions = ["us-east-1", "us-west-1", "eu-west-1"].map(|name| Region::new(name).unwrap());
    prepared(SandboxHarness::set(&options, &regions, &ProgressLines).await.unwrap()).await
}

/// A sandbox that tests share, and play on one after the other.
pub(crate) struct Field {
    harness: OnceCell<SandboxHarness>,
    turn: Mutex<()>,
}

impl Field {
    pub(crate) const fn new() -> Self {
        Self { harness: OnceCell::const_new(), turn: Mutex::new(()) }
    }

    fn is_free(&self) -> bool {
        !matches!(self.turn.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Play a test when its turn has come; the first one sets the sandbox up.
    pub(crate) fn play(
        &'static self,
        set: impl AsyncFnOnce() -> SandboxHarness,
        test: impl AsyncFnOnce(&'static SandboxHarness),
    ) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        RUNTIME.block_on(async {
            let begin = async || {
                let _place = BEGINNING.acquire().await.unwrap();
                judged(set().await).await
            };
            let harness = self.harness.get_or_init(begin).await;
            let control = harness.sandbox().control();
            control.clear_faults().await.unwrap();
            // What a test that failed left is told by that test.
            control.forgive_requests().await.unwrap();
            control.restore_rights().await.unwrap();
            control.forgive_denials().await.unwrap();
            control.forgive_throttled().await.unwrap();
            test(harness).await;
            control.judge_requests().await.unwrap();
            control.judge_expressions().await.unwrap();
            control.judge_permissions().await.unwrap();
            control.judge_throttled().await.unwrap();
        });
    }
}

/// Two of a kind, for tests that are many: they wait more than they compute.
pub(crate) struct TwinFields {
    fields: [Field; 2],
    next: AtomicUsize,
}

impl TwinFields {
    pub(crate) const fn new() -> Self {
        Self { fields: [const { Field::new() }; 2], next: AtomicUsize::new(0) }
    }

    /// The first that is free, or each in its turn.
    pub(crate) fn one(&'static self) -> &'static Field {
        let next = || self.next.fetch_add(1, Ordering::Relaxed) % self.fields.len();
        self.fields.iter().find(|field| field.is_free()).unwrap_or_else(|| &self.fields[next()])
    }
}

async fn judged(harness: SandboxHarness) -> SandboxHarness {
    harness.sandbox().control().judge_requests().await.unwrap();
    harness
}

/// The same sandbox on the first morning, with all that its stacks look after.
pub(crate) async fn prepared(harness: SandboxHarness) -> SandboxHarness {
    harness.sandbox().control().set_clock(MONDAY.parse().unwrap()).await.unwrap();
    for stack in harness.stacks() {
        for (_, environment) in harness.at_home().filter(|(_, e)| e.has_resources(stack.region())) {
            stack.site().build(environment).await.unwrap();
            if environment.page(stack.region()).is_some() {
                stack.put_load_balancer(environment).await.unwrap();
            }
        }
    }
    harness
}

/// This repository's documents and some more, in a folder under `target`.
pub(crate) fn documents(folder: &str, more: &[(&str, String)]) -> PathBuf {
    let layout = CheckoutLayout::find().unwrap();
    let folder = layout.sandbox().join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    for entry in std::fs::read_dir(layout.root().join("shared/estates")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    for (name, text) in more {
        std::fs::write(folder.join(name).with_extension("yaml"), text).unwrap();
    }
    folder
}

fn large() -> String {
    let names: Vec<String> = (0..LARGE).map(|number| format!("large-{number:03}")).collect();
    let mut text = format!(
        "estate: large\nenvironments:\n  dev:\n    kind: development\n    regions: {{ primary: eu-west-1 }}\n    \
         clusters:\n      eu-west-1: {{ large: [{}] }}\n    awake: {{ zone: Europe/Dublin, weekly: {{ mon-fri: \
         \"08:00-19:00\" }} }}\n    capacity:\n",
        names.join(", ")
    );
    for (number, name) in names.iter().enumerate() {
        let capacity = if number < LARGE_BUSY { "{ desired: 1, min: 1, max: 2 }" } else { "{ desired: 0 }" };
        writeln!(text, "      {name}: {capacity}").unwrap();
    }
    text
}

/// One environment on the field, on a day of its own.
pub(crate) struct Plot {
    pub(crate) stack: &'static DeployedStack,
    pub(crate) environment: &'static Environment,
    pub(crate) scope: Scope,
    pub(crate) day: Date,
}

impl Plot {
    /// The environment as its document declares it, awake, nothing remembered of it, at noon of a new day.
    pub(crate) async fn fresh(harness: &'static SandboxHarness, estate: &str, environment: &str) -> Self {
        let (estate, environment) = harness.estates().environment(estate, environment).unwrap();
        let region = &environment.document().regions.primary;
        let stack = harness.stack(region.as_str()).unwrap();
        let scope = scope(estate, environment, region);
        let plot = Self { stack, environment, scope, day: next_day(harness).await };
        stack.forget(&plot.scope).await.unwrap();
        stack.at(plot.time("12:00")).await.unwrap();
        stack.site().build(environment).await.unwrap();
        plot
    }

    /// The instant at which clocks of the environment's zone show `time` on its day; `+` means the next day.
    pub(crate) fn time(&self, time: &str) -> Timestamp {
        let (day, time) = match time.strip_prefix('+') {
            Some(time) => (self.day.checked_add(1.day()).unwrap(), time),
            None => (self.day, time),
        };
        let zone = self.environment.zone().rules().clone();
        day.to_datetime(time.parse().unwrap()).to_zoned(zone).unwrap().timestamp()
    }

    pub(crate) async fn capacity(&self) -> Capacity {
        self.stack.capacity(self.environment).await.unwrap()
    }

    pub(crate) async fn mark(&self) -> u64 {
        self.stack.control().mark().await.unwrap()
    }
}

/// Play a scenario of a runbook in a scope, and hold it to all that it checks.
pub(crate) async fn played(
    runbook: &'static str,
    scenario: &str,
    harness: &'static SandboxHarness,
    scope: &Scope,
    told: impl AsyncFnOnce(&mut SandboxScene<'static>) -> Played,
) {
    static SHOW: LazyLock<DrillOutput> = LazyLock::new(DrillOutput::new);
    let mut scene = SandboxScene::of(runbook, harness, scope, &SHOW).unwrap();
    let played = scene.play(scenario, told).await;
    scene.ended(played).assert_passed();
}

/// The next day on which all calendars of the documents have their usual hours, and the day after too.
async fn next_day(harness: &SandboxHarness) -> Date {
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let mut day = harness.sandbox().control().now().await.unwrap().to_zoned(zone).date();
    let usual = |day: Date| {
        let mut all = harness.at_home().filter_map(|(_, environment)| environment.calendar());
        all.all(|calendar| !calendar.hours_of(day).is_empty())
    };
    loop {
        day = day.tomorrow().unwrap();
        // Friday is a short day for some.
        if day.weekday().to_monday_zero_offset() <= 3 && usual(day) && usual(day.tomorrow().unwrap()) {
            return day;
        }
    }
}
