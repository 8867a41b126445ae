//! Wakes and sleeps in three waves: each follows the one before it, a wave that never becomes healthy holds nothing up for ever, and
//! whatever fails at any call, the environment comes up as it was.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallEnding, CallTrouble, FaultPlan, Operation, SimRegion, rds, scope, service};

use crate::backup_faults::estates;
use crate::scene::{asleep, evening, minutes, morning};

const DOCUMENT: &str = "
estate: ladder
environments:
  dev:
    kind: development
    regions: { primary: us-east-1 }
    clusters: { us-east-1: { ladder: [proxy, api, worker, web, cron] } }
    databases: [{ rds: ladder-db }]
    awake: { zone: America/New_York, weekly: { mon-fri: \"08:00-19:00\" } }
    after: { web: [api, worker], api: [proxy], worker: [proxy] }
    wave-within: 4m
";

/// The waves of the document, and what it does not name.
const WAVES: [&[&str]; 4] = [&["proxy"], &["api", "worker"], &["web"], &["cron"]];

static LADDER: LazyLock<EstateFolder> = LazyLock::new(|| estates(DOCUMENT));

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("ladder/{name}")).unwrap()
}

fn afternoon() -> InMemoryHarness {
    let sim = SimRegion::builder()
        .at("2026-11-19T23:00:00Z")
        .with(service("ladder/proxy"))
        .with(service("ladder/api").desired(2).scaling(2, 4).target_group("api", "/health"))
        .with(service("ladder/worker").desired(3))
        .with(service("ladder/web").desired(2).scaling(1, 4))
        .with(service("ladder/cron"))
        .with(rds("ladder-db"));
    InMemoryHarness::over(sim.build(), LADDER.clone(), "us-east-1")
}

/// When the count of each service was set first.
fn counts_set(harness: &InMemoryHarness) -> BTreeMap<String, Timestamp> {
    let mut set = BTreeMap::new();
    for call in harness.sim.calls() {
        let answered = matches!(
            call.ending,
            CallEnding::Answered | CallEnding::Troubled(CallTrouble::TimeoutAfter | CallTrouble::CrashAfter)
        );
        if call.operation == Operation::UpdateService && answered {
            set.entry(call.subject.trim_start_matches("ladder/").to_owned()).or_insert(call.at);
        }
    }
    set
}

/// Each wave was written so long after the one before it, at the least.
fn in_order<'a>(
    harness: &InMemoryHarness,
    waves: impl IntoIterator<Item = &'a &'a [&'a str]>,
    apart: SignedDuration,
    context: &str,
) {
    let set = counts_set(harness);
    let mut before: Option<Timestamp> = None;
    for wave in waves {
        let times: Vec<Timestamp> = wave.iter().filter_map(|name| set.get(*name).copied()).collect();
        if let (Some(last), Some(first)) = (before, times.iter().min()) {
            assert!(
                first.duration_since(last) >= apart,
                "{context}: {wave:?} at {first}, the wave before it at {last}: {set:?}"
            );
        }
        before = times.into_iter().max().or(before);
    }
}

fn told(harness: &InMemoryHarness) -> String {
    harness.sim.messages().last().unwrap().text.clone()
}

#[test]
fn a_wake_raises_wave_after_wave_and_a_sleep_goes_the_other_way() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.sim.forget_calls();
    assert_eq!(harness.tick(evening()).remove(0).outcome(), "done");
    assert!(asleep(&harness.sim.capacity()));
    // A task takes 30 s to stop.
    in_order(&harness, WAVES.iter().rev(), SignedDuration::from_secs(30), "down");
    assert_eq!(counts_set(&harness).len(), 5);
    harness.sim.forget_calls();
    assert_eq!(harness.tick(morning()).remove(0).outcome(), "done");
    assert_eq!(harness.sim.capacity(), original);
    // And 40 s to start.
    in_order(&harness, WAVES.iter(), SignedDuration::from_secs(40), "up");
    assert_eq!(counts_set(&harness).len(), 5);
    assert!(!told(&harness).contains("wave-late"), "{}", told(&harness));
    // Two for each of the two services with bounds, one for the three others and the database.
    assert_eq!(harness.sim.writes(), 8);
}

#[test]
fn targets_that_are_not_healthy_hold_the_next_wave_up() {
    let mut harness = afternoon();
    harness.tick(evening());
    harness.sim.change_healthy(&id("api"), "api", Some(0));
    harness.sim.forget_calls();
    let ended = harness.tick(morning()).remove(0);
    let set = counts_set(&harness);
    assert!(set["web"].duration_since(set["api"]) >= minutes(4), "{set:?}");
    assert_eq!(ended.outcome(), "done", "{}", ended.said());
    let told = told(&harness);
    assert!(
        told.contains(
            "wave-late: ladder/api: 0 of 2 targets of api are healthy; after 4m the next wave went on without it"
        ),
        "{told}"
    );
    assert!(!told.contains("wave-late: ladder/worker"), "{told}");
}

#[test]
fn a_service_that_never_starts_holds_each_wave_up_once_and_no_longer() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.tick(evening());
    harness.sim.never_start(&id("proxy"), true);
    harness.sim.forget_calls();
    harness.tick(morning());
    let set = counts_set(&harness);
    let held = set["api"].duration_since(set["proxy"]);
    assert!(minutes(4) <= held && held <= minutes(6), "{set:?}");
    let rest = set["cron"].duration_since(set["api"]);
    assert!(rest <= minutes(5), "the proxy is waited for once: {set:?}");
    let runs = harness.sim.runs(&scope("ladder", "dev", "us-east-1")).unwrap();
    let run = runs.last().unwrap();
    let noted =
        run.header.timeline.iter().filter(|moment| moment.what.contains("the next wave went on without it")).count();
    assert_eq!(noted, 1, "{:?}", run.header.timeline);
    assert!(told(&harness).contains("wave-late: ladder/proxy"), "{}", told(&harness));
    assert_eq!(harness.sim.capacity(), original);
    harness.sim.never_start(&id("proxy"), false);
    harness.tick(morning() + minutes(60));
    assert_eq!(harness.sim.remembered(&scope("ladder", "dev", "us-east-1")).unwrap().baseline, None);
}

#[test]
fn a_plan_shows_the_waves_and_what_each_waits_for() {
    let mut harness = afternoon();
    harness.tick(evening());
    let wish =
        serde_json::json!({"estate": "ladder", "environment": "dev", "want": "awake", "until": "2h", "mode": "plan"});
    let plan = harness.execute("plan", &wish).said().to_owned();
    let steps = [
        "raise counts (1 write, once what it waits for is there)\n  waits for rds:ladder-db: stopped\n  ladder/proxy: 0 -> 1 tasks\n",
        "raise counts (2 writes, once what it waits for is there)\n  waits for ladder/proxy: it comes up first\n",
        "  ladder/api: 0 -> 2 tasks\n  ladder/worker: 0 -> 3 tasks\n",
        "raise counts (1 write, once what it waits for is there)\n  waits for ladder/api: it comes up first\n  waits for ladder/worker: it comes up first\n",
        "  ladder/web: 0 -> 2 tasks\n",
        "raise counts (1 write, once what it waits for is there)\n  waits for ladder/web: it comes up first\n",
        "  ladder/cron: 0 -> 1 tasks\n",
    ];
    let mut rest = plan.as_str();
    for step in steps {
        let Some((_, after)) = rest.split_once(step) else { panic!("no {step:?} in\n{plan}") };
        rest = after;
    }
}

/// More calls than a run makes.
const MANY: u64 = 2_000;

/// Plays a morning with one fault at its `k`-th call. Tells whether there was such a call.
fn morning_with(k: u64, trouble: CallTrouble) -> bool {
    let (mut harness, context) = (afternoon(), format!("{trouble:?} at call {k}"));
    let original = harness.sim.capacity();
    harness.tick(evening());
    harness.sim.forget_calls();
    harness.sim.set_faults(FaultPlan::none().at(harness.sim.calls_made() + k, trouble));
    harness.tick(morning());
    harness.sim.set_faults(FaultPlan::none());
    let struck = harness.sim.calls().iter().any(|call| matches!(call.ending, CallEnding::Troubled(_)));
    harness.tick(morning() + minutes(15));
    harness.sim.set_now(morning() + minutes(45));
    assert_eq!(harness.sim.capacity(), original, "{context}");
    let kept = harness.sim.remembered(&scope("ladder", "dev", "us-east-1")).unwrap().baseline;
    assert_eq!(kept, None, "{context}");
    // What IAM forbids is left out, and not waited for.
    if trouble != CallTrouble::Denied {
        in_order(&harness, WAVES.iter(), SignedDuration::from_secs(40), &context);
    }
    struck
}

#[test]
fn a_fault_of_every_kind_at_every_call_of_a_wake_in_waves_ends_right_and_in_order() {
    for trouble in CallTrouble::ALL {
        let calls = (0..MANY).take_while(|k| morning_with(*k, trouble)).count();
        assert!((40..usize::try_from(MANY).unwrap()).contains(&calls), "{trouble:?}: {calls} calls were struck");
    }
}
