//! How a simulation behaves: time, autoscalers, databases, quotas, and the age of answers.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use watchkeeper_control::ports::ServiceWrites;
use watchkeeper_control::ports::{
    AwsError, Clock, Databases, Executions, Fault, Notifier, ScalableTargets, Services, StartOutcome,
};
use watchkeeper_domain::capacity::{DatabaseState, ObservedService, Rollout, ScalingState, ServiceId, Suspensions};
use watchkeeper_domain::message::Message;
use watchkeeper_sim::{
    BucketLimit, BucketLimits, CallEnding, Operation, SimApi, SimRegion, TimingSettings, aurora, rds,
    run_until_done_or_crash, service,
};

fn run<F: Future>(sim: &SimRegion, future: F) -> F::Output {
    run_until_done_or_crash(sim, future).unwrap()
}

fn described(sim: &SimRegion, id: &ServiceId) -> ObservedService {
    let mut found = run(sim, sim.describe_services(&id.cluster, std::slice::from_ref(&id.service))).unwrap();
    found.remove(id).unwrap()
}

fn desired(sim: &SimRegion, id: &ServiceId) -> u32 {
    sim.service(id).unwrap().capacity.desired
}

fn fault<T: std::fmt::Debug>(answer: Result<T, AwsError>) -> Fault {
    answer.unwrap_err().fault
}

const fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

#[test]
fn tasks_follow_a_count_in_their_time() {
    let id = service("c/s").id;
    let sim = SimRegion::builder().with(service("c/s").desired(1)).build();
    run(&sim, sim.set_count(&id, 3)).unwrap();
    let counts = |sim: &SimRegion| (described(sim, &id).running, described(sim, &id).pending);
    assert_eq!(counts(&sim), (1, 2));
    sim.advance(TimingSettings::default().task_start.saturating_sub(Duration::from_millis(1)));
    assert_eq!(counts(&sim), (1, 2));
    sim.advance(Duration::from_millis(1));
    assert_eq!(counts(&sim), (3, 0));
}

#[test]
fn a_count_that_changes_its_mind_ends_at_the_last_one() {
    let id = service("c/s").id;
    let sim = SimRegion::builder().with(service("c/s").desired(4)).build();
    run(&sim, sim.set_count(&id, 0)).unwrap();
    sim.advance(Duration::from_secs(10));
    run(&sim, sim.set_count(&id, 2)).unwrap();
    sim.advance(Duration::from_secs(25));
    assert_eq!(sim.service(&id).unwrap().running, 4);
    sim.advance(minutes(1));
    assert_eq!(sim.service(&id).unwrap().running, 2);
}

#[test]
fn a_sleeping_clock_moves_the_world() {
    let id = service("c/s").id;
    let sim = SimRegion::builder().with(service("c/s").desired(0)).build();
    run(&sim, async {
        sim.set_count(&id, 1).await.unwrap();
        let before = sim.now();
        sim.sleep(minutes(2)).await;
        assert_eq!(sim.now().duration_since(before).as_mins(), 2);
    });
    assert_eq!(sim.service(&id).unwrap().running, 1);
}

#[test]
fn registering_moves_a_count_into_the_bounds_although_all_is_suspended() {
    let held = |min, max| ScalingState { min, max, suspended: Suspensions::ALL };
    let id = service("c/s").id;
    for (registering_moves_suspended, expected) in [(true, (3, 1)), (false, (2, 2))] {
        let settings = TimingSettings { registering_moves_suspended, ..TimingSettings::default() };
        let sim = SimRegion::builder().settings(settings).with(service("c/s").desired(2).scaling(0, 4)).build();
        run(&sim, sim.set_scaling(&id, held(3, 4))).unwrap();
        sim.advance(minutes(1));
        let lifted = desired(&sim, &id);
        run(&sim, sim.set_scaling(&id, held(0, 1))).unwrap();
        sim.advance(minutes(1));
        assert_eq!((lifted, desired(&sim, &id)), expected);
    }
}

#[test]
fn a_count_below_the_minimum_is_lifted_unless_scaling_out_is_held() {
    for (scale_out, expected) in [(false, 2), (true, 0)] {
        let suspended = Suspensions { scale_out, ..Suspensions::NONE };
        let spec = service("c/s").desired(2).scaling(2, 4).suspended(suspended);
        let sim = SimRegion::builder().with(spec.clone()).build();
        run(&sim, sim.set_count(&spec.id, 0)).unwrap();
        sim.advance(minutes(5));
        assert_eq!(desired(&sim, &spec.id), expected, "with scaling out held: {scale_out}");
    }
}

#[test]
fn a_count_above_the_maximum_is_lowered_unless_scaling_in_is_held() {
    for (scale_in, expected) in [(false, 4), (true, 9)] {
        let suspended = Suspensions { scale_in, ..Suspensions::NONE };
        let spec = service("c/s").desired(2).scaling(2, 4).suspended(suspended);
        let sim = SimRegion::builder().with(spec.clone()).build();
        run(&sim, sim.set_count(&spec.id, 9)).unwrap();
        sim.advance(minutes(5));
        assert_eq!(desired(&sim, &spec.id), expected, "with scaling in held: {scale_in}");
    }
}

#[test]
fn an_autoscaler_follows_the_load_inside_its_bounds() {
    let spec = service("c/s").desired(2).scaling(2, 6);
    let sim = SimRegion::builder().with(spec.clone()).build();
    for (load, expected) in [(5, 5), (9, 6), (0, 2)] {
        sim.change_load(&spec.id, Some(load));
        sim.advance(minutes(1));
        assert_eq!(desired(&sim, &spec.id), expected, "under a load of {load}");
    }
    sim.change_scaling(&spec.id, Some(ScalingState { min: 0, max: 6, suspended: Suspensions::ALL }));
    sim.change_load(&spec.id, Some(4));
    sim.advance(minutes(1));
    assert_eq!(desired(&sim, &spec.id), 2);
}

#[test]
fn a_deployment_completes_and_a_failed_one_stays() {
    let sim = SimRegion::builder().with(service("c/s")).with(service("c/broken")).build();
    let (id, broken) = (service("c/s").id, service("c/broken").id);
    sim.change_rollout(&id, Rollout::InProgress);
    sim.change_rollout(&broken, Rollout::Failed);
    let since = described(&sim, &id).rollout_since.unwrap();
    assert_eq!((described(&sim, &id).rollout, since), (Rollout::InProgress, sim.now()));
    sim.advance(minutes(3));
    assert_eq!(described(&sim, &id).rollout, Rollout::Completed);
    assert_eq!(described(&sim, &broken).rollout, Rollout::Failed);
}

#[test]
fn a_stopped_database_starts_by_itself_after_seven_days() {
    let sim = SimRegion::builder().with(rds("db")).build();
    let id = rds("db").id;
    run(&sim, sim.stop_database(&id)).unwrap();
    sim.advance(TimingSettings::default().database_stop);
    assert_eq!(sim.database(&id).unwrap().state, DatabaseState::Stopped);
    sim.advance(minutes(7 * 24 * 60 - 1));
    assert_eq!(sim.database(&id).unwrap().state, DatabaseState::Stopped);
    sim.advance(minutes(1));
    assert_eq!(sim.database(&id).unwrap().state, DatabaseState::Starting);
    sim.advance(minutes(10));
    assert_eq!(sim.database(&id).unwrap().state, DatabaseState::Available);
}

#[test]
fn a_database_that_was_started_in_time_does_not_start_again() {
    let sim = SimRegion::builder().with(aurora("db").stopped()).build();
    let id = aurora("db").id;
    sim.advance(Duration::from_hours(6 * 24));
    run(&sim, sim.start_database(&id)).unwrap();
    sim.advance(minutes(30));
    run(&sim, sim.stop_database(&id)).unwrap();
    sim.advance(Duration::from_hours(2 * 24));
    assert_eq!(sim.database(&id).unwrap().state, DatabaseState::Stopped);
}

#[test]
fn a_database_says_why_it_cannot_be_stopped() {
    let sim = SimRegion::builder().with(rds("db").cannot_stop("it is a read replica")).build();
    let id = rds("db").id;
    let found = run(&sim, sim.describe_database(&id)).unwrap().unwrap();
    assert_eq!(found.cannot_stop.as_deref(), Some("it is a read replica"));
    assert_eq!(fault(run(&sim, sim.stop_database(&id))), Fault::Conflict);
    sim.change_cannot_stop(&id, None);
    sim.change_database(&id, DatabaseState::of("backing-up"));
    assert_eq!(fault(run(&sim, sim.stop_database(&id))), Fault::Conflict);
}

#[test]
fn what_does_not_carry_the_tag_is_not_ours_to_write() {
    let (s, d) = (service("c/s").scaling(1, 2).unmanaged(), rds("db").unmanaged());
    let sim = SimRegion::builder().with(s.clone()).with(d.clone()).build();
    let before = sim.observed();
    assert_eq!(fault(run(&sim, sim.set_count(&s.id, 0))), Fault::Denied);
    assert_eq!(fault(run(&sim, sim.set_scaling(&s.id, s.scaling.unwrap()))), Fault::Denied);
    assert_eq!(fault(run(&sim, sim.stop_database(&d.id))), Fault::Denied);
    assert_eq!(sim.observed(), before);
}

#[test]
fn what_was_removed_is_gone() {
    let sim = SimRegion::builder().with(service("c/s").scaling(1, 2)).with(rds("db")).build();
    let (s, d) = (service("c/s").id, rds("db").id);
    sim.remove_service(&s);
    sim.remove_database(&d);
    assert!(run(&sim, sim.describe_services(&s.cluster, std::slice::from_ref(&s.service))).unwrap().is_empty());
    assert!(run(&sim, sim.describe_targets(std::slice::from_ref(&s))).unwrap().is_empty());
    assert_eq!(run(&sim, sim.describe_database(&d)).unwrap(), None);
    assert_eq!(fault(run(&sim, sim.set_count(&s, 1))), Fault::NotFound);
    assert_eq!(sim.capacity(), SimRegion::builder().build().capacity());
}

#[test]
fn a_batch_that_is_empty_or_too_large_is_invalid() {
    let sim = SimRegion::builder().build();
    let ids: Vec<ServiceId> = (0..51).map(|n| service(&format!("c/s{n}")).id).collect();
    let names: Vec<_> = ids.iter().map(|id| id.service.clone()).collect();
    let cluster = &ids[0].cluster;
    assert_eq!(fault(run(&sim, sim.describe_services(cluster, &names[..11]))), Fault::Invalid);
    assert_eq!(fault(run(&sim, sim.describe_services(cluster, &[]))), Fault::Invalid);
    assert_eq!(fault(run(&sim, sim.describe_targets(&ids))), Fault::Invalid);
    assert_eq!(fault(run(&sim, sim.describe_targets(&[]))), Fault::Invalid);
    assert!(run(&sim, sim.describe_targets(&ids[..50])).unwrap().is_empty());
}

#[test]
fn writes_past_the_burst_are_throttled_until_time_has_passed() {
    let spec = service("c/s");
    let sim = SimRegion::builder().with(spec.clone()).build();
    let write = |count| run(&sim, sim.set_count(&spec.id, count));
    (0..50).for_each(|count| write(count).unwrap());
    assert_eq!(fault(write(99)), Fault::Throttled);
    assert_eq!(desired(&sim, &spec.id), 49);
    sim.advance(Duration::from_millis(200));
    write(99).unwrap();
    assert_eq!(sim.calls().iter().filter(|call| call.ending == CallEnding::OverQuota).count(), 1);
    assert_eq!((sim.writes(), sim.count(Operation::UpdateService)), (52, 52));
}

#[test]
fn a_quota_of_ones_own_choice_counts() {
    let quotas = BucketLimits::none().with(SimApi::Rds, BucketLimit { burst: 1.0, rate: 1.0 });
    let sim = SimRegion::builder().quotas(quotas).with(rds("db")).build();
    let id = rds("db").id;
    run(&sim, sim.describe_database(&id)).unwrap();
    assert_eq!(fault(run(&sim, sim.stop_database(&id))), Fault::Throttled);
    assert_eq!(sim.database(&id).unwrap().state, DatabaseState::Available);
}

#[test]
fn an_execution_of_one_name_starts_once() {
    let sim = SimRegion::builder().build();
    assert_eq!(run(&sim, sim.start("a", "{}")).unwrap(), StartOutcome::New);
    assert_eq!(run(&sim, sim.start("a", r#"{"other":1}"#)).unwrap(), StartOutcome::AlreadyThere);
    assert_eq!(sim.executions().into_iter().collect::<Vec<_>>(), [("a".to_owned(), "{}".to_owned())]);
    assert_eq!(fault(run(&sim, sim.start(&"x".repeat(81), "{}"))), Fault::Invalid);
    assert_eq!(fault(run(&sim, sim.start("b", "{"))), Fault::Invalid);
}

#[test]
fn messages_and_events_are_kept_as_they_were_sent() {
    let sim = SimRegion::builder().build();
    run(&sim, sim.notify(&Message::new("clos-v2 dev sleeps", "Good night."))).unwrap();
    run(&sim, sim.publish("Run Finished", r#"{"outcome":"done"}"#)).unwrap();
    assert_eq!((sim.messages()[0].subject.as_str(), sim.messages()[0].at), ("clos-v2 dev sleeps", sim.now()));
    assert_eq!(sim.events()[0].detail["outcome"], "done");
    let long = Message { subject: "x".repeat(101), ..Message::new("", "text") };
    assert_eq!(fault(run(&sim, sim.notify(&long))), Fault::Invalid);
    assert_eq!(fault(run(&sim, sim.notify(&Message::new("two\nlines", "text")))), Fault::Invalid);
    assert_eq!(fault(run(&sim, sim.publish("Run Finished", "{"))), Fault::Invalid);
}

proptest! {
    /// Old answers are possible, older ones than the last are not, and after the staleness the truth is there.
    #[test]
    fn answers_are_stale_but_never_run_backwards(seed in any::<u64>(), gaps in prop::collection::vec(0_u64..9, 1..30)) {
        let settings = TimingSettings { staleness: Duration::from_secs(10), ..TimingSettings::default() };
        let spec = service("c/s").desired(0);
        let quotas = BucketLimits::none();
        let sim = SimRegion::builder().seed(seed).settings(settings).quotas(quotas).with(spec.clone()).build();
        let mut last = 0;
        for (count, gap) in (1..).zip(gaps) {
            run(&sim, sim.set_count(&spec.id, count)).unwrap();
            sim.advance(Duration::from_secs(gap));
            let seen = described(&sim, &spec.id).capacity.desired;
            prop_assert!((last..=count).contains(&seen), "saw {seen} after {last} of {count}");
            last = seen;
        }
        sim.advance(Duration::from_secs(10));
        prop_assert_eq!(described(&sim, &spec.id).capacity.desired, desired(&sim, &spec.id));
    }

    /// Two worlds of one seed tell the same story.
    #[test]
    fn a_seed_decides_everything(seed in any::<u64>()) {
        let story = || {
            let settings = TimingSettings { staleness: minutes(1), ..TimingSettings::default() };
            let spec = service("c/s").desired(0);
            let sim = SimRegion::builder().seed(seed).settings(settings).with(spec.clone()).build();
            (1..20).map(|count| {
                run(&sim, sim.set_count(&spec.id, count)).unwrap();
                sim.advance(Duration::from_secs(7));
                described(&sim, &spec.id)
            }).collect::<Vec<_>>()
        };
        prop_assert_eq!(story(), story());
    }
}
