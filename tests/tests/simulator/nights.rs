//! Nights in the simulator: what the schedule, people and AWS itself do to a sleeping environment.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::capacity::{Capacity, Rollout, ScalingState, ServiceId, Suspensions};
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness, documents};
use watchkeeper_sim::{
    CallEnding, CallTrouble, FaultPlan, Operation, SimRegion, SimRegionBuilder, TimingSettings, scope, service,
};

use crate::scene::{API, ENGINE, afternoon, asleep, at, evening, minutes, morning, sim};

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(name.to_owned()).unwrap()
}

/// The night of 19 November, asleep and settled, with the calls up to here forgotten.
fn night() -> (InMemoryHarness, Capacity) {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.tick(evening());
    harness.sim.forget_calls();
    (harness, original)
}

fn subjects(harness: &InMemoryHarness) -> Vec<String> {
    harness.sim.messages().into_iter().map(|message| message.subject).collect()
}

#[test]
fn a_tick_that_comes_after_a_later_one_is_ignored() {
    let mut harness = afternoon();
    harness.tick(evening());
    let before = harness.sim.executions().len();
    harness.sim.advance(Duration::from_mins(1));
    assert!(harness.tick(evening() - minutes(10)).is_empty());
    assert_eq!(harness.sim.executions().len(), before);
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn news_that_the_topic_refuses_fails_no_run_and_what_stays_bad_is_told_once_it_takes_it() {
    let mut harness = afternoon();
    let refusing = FaultPlan::none().always(Operation::Publish, CallTrouble::Denied);
    harness.sim.set_faults(refusing.clone());
    let ended = harness.tick(evening()).remove(0);
    assert_eq!(ended.outcome(), "done");
    assert!(ended.said().contains("nobody was told of it: Publish"), "{}", ended.said());
    assert!(asleep(&harness.sim.capacity()));
    harness.sim.change_count(&id(ENGINE), 3);
    assert_eq!(harness.tick(evening() + minutes(5)).remove(0).outcome(), "drift");
    assert_eq!(harness.sim.messages().len(), 0);
    harness.sim.set_faults(FaultPlan::none());
    for n in 2..5 {
        harness.tick(evening() + minutes(5 * n));
    }
    assert_eq!(subjects(&harness), ["clos-v2 dev: somebody else changed it"], "told once, and not lost");
}

#[test]
fn the_morning_names_what_somebody_else_had_set_in_the_night_and_it_overwrites() {
    let (mut harness, original) = night();
    let told = |harness: &InMemoryHarness| harness.sim.messages().last().unwrap().text.clone();
    harness.tick(morning());
    assert!(!told(&harness).contains("overwritten"), "{}", told(&harness));
    harness.tick(evening() + minutes(24 * 60));
    // A pipeline at night, which has the bounds in its code.
    let bounds = ScalingState { min: 3, max: 8, suspended: Suspensions::NONE };
    harness.sim.change_scaling(&id(API), Some(bounds));
    harness.tick(evening() + minutes(24 * 60 + 5));
    assert_eq!(subjects(&harness).iter().filter(|subject| subject.contains("somebody else changed it")).count(), 1);
    harness.tick(at("2026-11-23T13:00:00Z"));
    assert_eq!(harness.sim.capacity(), original);
    let told = told(&harness);
    let named = format!("overwritten: {API}: somebody else had set it to 3 tasks in bounds 3..8, nothing suspended");
    assert!(told.contains(&named), "{told}");
    assert!(!told.contains("overwritten: clos-v2-cluster/clos-v2-workflow"), "{told}");
    assert!(told.contains("What to do: see what was overwritten"), "{told}");
}

#[test]
fn a_database_that_aws_starts_after_seven_days_goes_back_to_sleep() {
    let (mut harness, _) = night();
    // Thanksgiving week off, as one long override.
    let wish = json!({"estate": "clos-v2", "environment": "dev", "want": "asleep", "until": "14d"});
    assert_eq!(harness.execute("holiday", &wish).outcome(), "done");
    let mut instant = evening();
    while instant < evening() + SignedDuration::from_hours(24 * 8) {
        instant += minutes(60);
        harness.tick(instant);
    }
    let restarted = harness.sim.calls().iter().filter(|call| call.operation == Operation::StopDBCluster).count();
    assert_eq!(restarted, 1);
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn what_a_person_changed_while_it_was_kept_awake_is_the_new_baseline() {
    let (mut harness, _) = night();
    harness.sim.set_now(evening() + minutes(30));
    let wish = json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": "3h"});
    assert_eq!(harness.execute("by-hand", &wish).outcome(), "done");
    harness.sim.change_count(&id(ENGINE), 3);
    harness.tick(evening() + minutes(240));
    assert!(asleep(&harness.sim.capacity()));
    harness.tick(morning());
    assert_eq!(harness.sim.service(&id(ENGINE)).unwrap().capacity.desired, 3);
}

#[test]
fn a_request_that_is_refused_leaves_nothing_behind() {
    let sim = SimRegion::builder()
        .at("2026-11-20T02:00:00Z")
        .with(service("prod-carcierge-ecs-cluster/prod-carcierge-api").desired(2).scaling(1, 6));
    let harness = InMemoryHarness::new(sim.build(), "us-west-1");
    let request = json!({"estate": "carcierge", "environment": "prod", "want": "asleep", "until": "2h"});
    assert_eq!(harness.execute("by-hand", &request).outcome(), "Guardrail.Refused");
    let prod = harness.sim.remembered(&scope("carcierge", "prod", "us-west-1")).unwrap();
    assert!(prod.intents.is_empty() && prod.baseline.is_none(), "{prod:?}");
}

#[test]
fn an_environment_of_another_account_is_not_ours() {
    let harness = afternoon();
    let wish = json!({"estate": "clos-v2", "environment": "prod", "mode": "plan"});
    let refused = harness.execute("prod", &wish);
    let error = refused.said();
    assert!(error.contains("lives in account 210987654321"), "{error}");
}

#[test]
fn a_deployment_in_progress_holds_the_night_up_and_not_for_ever() {
    let mut harness = afternoon();
    harness.sim.set_settings(TimingSettings { deployment: Duration::from_hours(5), ..TimingSettings::default() });
    harness.sim.set_now(evening() - minutes(1));
    harness.sim.change_rollout(&id(ENGINE), Rollout::InProgress);
    assert_eq!(harness.tick(evening())[0].outcome(), "Guardrail.Refused");
    assert_eq!(harness.sim.writes(), 0);
    harness.tick(evening() + minutes(35));
    assert!(asleep(&harness.sim.capacity()));
}

#[test]
fn a_service_that_never_starts_is_told_and_what_could_be_given_back_is() {
    let (mut harness, original) = night();
    harness.sim.set_settings(TimingSettings { task_start: Duration::from_hours(100), ..TimingSettings::default() });
    assert_eq!(harness.tick(morning())[0].outcome(), "Run.Unverified");
    assert_eq!(harness.sim.capacity(), original);
    assert!(subjects(&harness).iter().any(|subject| subject.contains("not all is awake yet")));
}

#[test]
fn a_stronger_run_preempts_and_the_preempted_one_writes_no_more() {
    let (mut harness, original) = night();
    // The morning's run dies in the middle; a person does not want to wait for its lease.
    let index = harness.sim.calls_made() + 14;
    harness.sim.set_faults(FaultPlan::none().at(index, CallTrouble::CrashAfter));
    assert!(matches!(harness.tick(morning())[..], [ExecutionEnd::Died]));
    harness.sim.set_faults(FaultPlan::none());
    let wish = json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": "5h"});
    assert_eq!(harness.execute("by-hand", &wish).outcome(), "done");
    assert_eq!(harness.sim.capacity(), original);
}

/// A folder with one document of one environment of `n` services.
fn large(n: usize) -> (tempfile::TempDir, SimRegionBuilder) {
    let folder = tempfile::tempdir().unwrap();
    let mut names = String::new();
    let mut sim = SimRegion::builder().at("2026-11-19T23:00:00Z");
    for i in 0..n {
        _ = write!(names, "{}service-{i:03}", if i == 0 { "" } else { ", " });
        sim = sim.with(service(&format!("large/service-{i:03}")).desired(1).scaling(1, 2));
    }
    let document = format!(
        "estate: large\nenvironments:\n  dev:\n    kind: development\n    regions: {{ primary: us-east-1 }}\n    \
         clusters: {{ us-east-1: {{ large: [{names}] }} }}\n    \
         awake: {{ zone: America/New_York, weekly: {{ mon-fri: \"08:00-19:00\" }} }}\n"
    );
    std::fs::write(folder.path().join("large.yaml"), document).unwrap();
    (folder, sim)
}

#[test]
fn five_hundred_services_sleep_within_the_budgets_and_a_second_tick_writes_nothing() {
    let (folder, sim) = large(500);
    let mut harness = InMemoryHarness::over(sim.build(), documents(folder.path()), "us-east-1");
    let original = harness.sim.capacity();
    assert_eq!(harness.tick(evening())[0].outcome(), "done");
    assert!(asleep(&harness.sim.capacity()));
    assert_eq!(harness.sim.writes(), 1_000);
    let throttled = harness.sim.calls().iter().filter(|call| call.ending == CallEnding::OverQuota).count();
    assert_eq!(throttled, 0, "pacing stays below the published quotas");
    harness.sim.forget_calls();
    harness.tick(evening() + minutes(60));
    assert_eq!((harness.sim.writes(), harness.sim.ledger_writes()), (0, 0));
    assert_eq!(harness.sim.count(Operation::DescribeServices), 50);
    harness.tick(morning());
    assert_eq!(harness.sim.capacity(), original);
}

#[test]
fn under_random_faults_and_old_answers_every_night_ends_asleep_and_every_morning_as_before() {
    for seed in 0..40 {
        let settings = TimingSettings { staleness: Duration::from_secs(4), ..TimingSettings::default() };
        let sim = sim().seed(seed).settings(settings).build();
        let mut harness = InMemoryHarness::new(sim, "us-east-1");
        let original = harness.sim.capacity();
        for (begin, awake) in [(evening(), false), (morning(), true)] {
            let mut faults = FaultPlan::none();
            for trouble in
                [CallTrouble::Throttle, CallTrouble::Error, CallTrouble::TimeoutAfter, CallTrouble::CrashAfter]
            {
                faults = faults.sometimes(0.02, trouble);
            }
            harness.sim.set_faults(faults);
            for n in 0..6 {
                harness.tick(begin + minutes(5 * n));
            }
            harness.sim.set_faults(FaultPlan::none());
            for n in 6..10 {
                harness.tick(begin + minutes(5 * n));
            }
            let capacity = harness.sim.capacity();
            let right = if awake { capacity == original } else { asleep(&capacity) };
            assert!(right, "seed {seed}, awake {awake}: {capacity:?}");
        }
    }
}

/// An environment of one service, with this line as its calendar or nothing.
fn small(awake: &str) -> watchkeeper_estates::EstateFolder {
    let folder = tempfile::tempdir().unwrap();
    let document = format!(
        "estate: small\nenvironments:\n  dev:\n    kind: development\n    regions: {{ primary: us-east-1 }}\n    \
         clusters: {{ us-east-1: {{ small: [api] }} }}\n{awake}"
    );
    std::fs::write(folder.path().join("small.yaml"), document).unwrap();
    documents(folder.path())
}

#[test]
fn an_override_ends_by_itself_where_there_is_no_calendar() {
    let sim = SimRegion::builder().at("2026-11-20T12:00:00Z").with(service("small/api").desired(2)).build();
    let mut harness = InMemoryHarness::over(sim, small(""), "us-east-1");
    let original = harness.sim.capacity();
    let wish = json!({"estate": "small", "environment": "dev", "want": "asleep", "until": "2h"});
    assert_eq!(harness.execute("by-hand", &wish).outcome(), "done");
    harness.tick(at("2026-11-20T13:00:00Z"));
    assert!(asleep(&harness.sim.capacity()));
    harness.tick(at("2026-11-20T14:05:00Z"));
    assert_eq!(harness.sim.capacity(), original);
}

#[test]
fn an_environment_whose_calendar_is_taken_away_while_it_sleeps_is_woken() {
    let sim = SimRegion::builder().at("2026-11-19T23:00:00Z").with(service("small/api").desired(2)).build();
    let original = sim.capacity();
    let nightly = "    awake: { zone: America/New_York, weekly: { mon-fri: \"08:00-19:00\" } }\n";
    InMemoryHarness::over(sim.clone(), small(nightly), "us-east-1").tick(evening());
    assert!(asleep(&sim.capacity()));
    InMemoryHarness::over(sim.clone(), small(""), "us-east-1").tick(evening() + minutes(5));
    assert_eq!(sim.capacity(), original);
}
