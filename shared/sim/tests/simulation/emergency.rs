//! How a simulation behaves in an emergency: releases, the account's quotas, alarms, and what is remembered of them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::Duration;

use watchkeeper_control::ledger::{Ledger, LedgerError};
use watchkeeper_control::ports::ServiceWrites;
use watchkeeper_control::ports::{
    AccountQuotas, Alarms, AwsError, Clock, Fault, RELEASES_MAX, ScalableTargets, ServiceReleases,
};
use watchkeeper_domain::capacity::{Rollout, ServiceId, ServiceRelease};
use watchkeeper_domain::emergency::alarm::{AlarmMemory, AlarmState};
use watchkeeper_domain::guardrail;
use watchkeeper_domain::value::AlarmName;
use watchkeeper_sim::{
    CallTrouble, FaultPlan, Operation, SimRegion, TimingSettings, run_until_done_or_crash, scope, service,
    task_definition,
};

fn run<F: Future>(sim: &SimRegion, future: F) -> F::Output {
    run_until_done_or_crash(sim, future).unwrap()
}

fn fault<T: std::fmt::Debug>(answer: Result<T, AwsError>) -> Fault {
    answer.unwrap_err().fault
}

fn releases(sim: &SimRegion, id: &ServiceId) -> Vec<ServiceRelease> {
    run(sim, sim.releases(id)).unwrap()
}

fn history(sim: &SimRegion, id: &ServiceId) -> Vec<(String, Rollout)> {
    releases(sim, id).iter().map(|release| (release.task_definition.to_string(), release.rollout)).collect()
}

fn backend() -> (SimRegion, ServiceId) {
    let spec = service("h2o/backend").released("h2o-backend:122").released("h2o-backend:123");
    (SimRegion::builder().with(spec.clone()).build(), spec.id)
}

fn alarm(name: &str) -> AlarmName {
    name.parse().unwrap()
}

#[test]
fn a_service_has_the_releases_that_it_was_built_with() {
    let (sim, id) = backend();
    let completed = |name: &str| (name.to_owned(), Rollout::Completed);
    assert_eq!(history(&sim, &id), [completed("h2o-backend:123"), completed("h2o-backend:122")]);
    assert_eq!(releases(&sim, &id)[0].started, sim.now());
    assert_eq!(sim.service(&id).unwrap().task_definition, Some(task_definition("h2o-backend:123")));
}

#[test]
fn a_release_completes_by_itself_and_a_failed_one_stays() {
    let (sim, id) = backend();
    sim.release(&id, "h2o-backend:124", Rollout::InProgress);
    assert_eq!(history(&sim, &id)[0], ("h2o-backend:124".to_owned(), Rollout::InProgress));
    sim.advance(TimingSettings::default().deployment);
    assert_eq!(history(&sim, &id)[0], ("h2o-backend:124".to_owned(), Rollout::Completed));
    sim.release(&id, "h2o-backend:125", Rollout::Failed);
    sim.advance(Duration::from_hours(1));
    assert_eq!(history(&sim, &id)[0], ("h2o-backend:125".to_owned(), Rollout::Failed));
    assert_eq!(sim.service(&id).unwrap().rollout, Rollout::Failed);
    sim.release(&id, "h2o-backend:126", Rollout::Completed);
    assert_eq!(sim.service(&id).unwrap().rollout, Rollout::Completed);
    assert_eq!(releases(&sim, &id)[0].started, sim.now());
}

#[test]
fn a_release_that_is_overtaken_did_not_complete() {
    let (sim, id) = backend();
    sim.release(&id, "h2o-backend:124", Rollout::InProgress);
    sim.advance(Duration::from_secs(10));
    run(&sim, sim.set_release(&id, &task_definition("h2o-backend:123"))).unwrap();
    sim.advance(Duration::from_hours(1));
    let expected =
        [("h2o-backend:123", Rollout::Completed), ("h2o-backend:124", Rollout::Failed)].map(|(n, r)| (n.to_owned(), r));
    assert_eq!(history(&sim, &id)[..2], expected);
}

#[test]
fn a_deployment_of_what_runs_already_is_remembered_too() {
    let (sim, id) = backend();
    sim.change_rollout(&id, Rollout::InProgress);
    sim.change_rollout(&id, Rollout::Failed);
    let expected = [("h2o-backend:123", Rollout::Failed), ("h2o-backend:123", Rollout::Completed)];
    assert_eq!(history(&sim, &id)[..2], expected.map(|(name, rollout)| (name.to_owned(), rollout)));
}

#[test]
fn aws_remembers_so_many_releases_and_not_more() {
    let (sim, id) = backend();
    for revision in 200..230 {
        sim.release(&id, &format!("h2o-backend:{revision}"), Rollout::Completed);
    }
    let found = history(&sim, &id);
    assert_eq!((found.len(), found[0].0.as_str()), (RELEASES_MAX, "h2o-backend:229"));
}

#[test]
fn what_is_deployed_elsewhere_has_no_history_and_cannot_be_taken_back() {
    let spec = service("c/s").released("s:1").released("s:2").deployed_elsewhere();
    let sim = SimRegion::builder().with(spec.clone()).build();
    assert_eq!(releases(&sim, &spec.id), []);
    assert_eq!(fault(run(&sim, sim.set_release(&spec.id, &task_definition("s:1")))), Fault::Invalid);
    assert_eq!(sim.service(&spec.id).unwrap().task_definition, Some(task_definition("s:2")));
}

#[test]
fn a_release_without_the_tag_is_not_ours_to_set() {
    let spec = service("c/s").released("s:1").released("s:2").unmanaged();
    let sim = SimRegion::builder().with(spec.clone()).build();
    assert_eq!(fault(run(&sim, sim.set_release(&spec.id, &task_definition("s:1")))), Fault::Denied);
}

#[test]
fn counts_and_releases_share_one_bucket() {
    let (sim, id) = backend();
    (0..50).for_each(|count| run(&sim, sim.set_count(&id, count)).unwrap());
    assert_eq!(fault(run(&sim, sim.set_release(&id, &task_definition("h2o-backend:122")))), Fault::Throttled);
    assert_eq!(sim.count(Operation::UpdateService), 51);
}

#[test]
fn releases_are_as_old_as_every_other_answer() {
    let settings = TimingSettings { staleness: Duration::from_mins(10), ..TimingSettings::default() };
    let spec = service("c/s").released("s:1");
    let sim = SimRegion::builder().settings(settings).seed(3).with(spec.clone()).build();
    sim.release(&spec.id, "s:2", Rollout::Completed);
    assert_eq!(history(&sim, &spec.id).len(), 1, "an answer from before");
    sim.advance(Duration::from_mins(10));
    assert_eq!(history(&sim, &spec.id).len(), 2);
}

#[test]
fn each_trouble_of_a_release_does_what_it_does() {
    for trouble in CallTrouble::ALL {
        let (sim, id) = backend();
        sim.set_faults(FaultPlan::none().at(0, trouble));
        let answer = run_until_done_or_crash(&sim, sim.set_release(&id, &task_definition("h2o-backend:122")));
        assert_eq!(answer.map(|answer| answer.unwrap_err().fault), trouble.seen(), "{trouble:?}");
        let changed = sim.service(&id).unwrap().task_definition == Some(task_definition("h2o-backend:122"));
        assert_eq!(changed, trouble.has_effect(), "{trouble:?}");
    }
}

#[test]
fn the_account_has_the_quotas_that_a_test_gives_it() {
    let account =
        guardrail::CapacityQuotas { vcpu: Some(64), vcpu_used: Some(60), ..guardrail::CapacityQuotas::default() };
    let sim = SimRegion::builder().account(account.clone()).build();
    assert_eq!(run(&sim, sim.quotas(sim.now())).unwrap(), account);
    sim.set_account(guardrail::CapacityQuotas::default());
    assert_eq!(run(&sim, sim.quotas(sim.now())).unwrap(), guardrail::CapacityQuotas::default());
    assert_eq!(sim.count(Operation::GetServiceQuota), 2);
}

#[test]
fn a_task_takes_what_was_registered() {
    let spec = service("c/s").released("s:1").cpu_units(Some(1024));
    let sim = SimRegion::builder().with(spec.clone()).build();
    sim.release(&spec.id, "s:2", Rollout::Completed);
    let units = |name: &str| run(&sim, sim.cpu_units(&task_definition(name)));
    assert_eq!((units("s:1").unwrap(), units("s:2").unwrap()), (Some(1024), Some(1024)));
    sim.register("s:3", None);
    assert_eq!(units("s:3").unwrap(), None);
    assert_eq!(fault(units("s:4")), Fault::Invalid);
}

#[test]
fn an_alarm_stands_since_its_last_change() {
    let sim = SimRegion::builder().alarm("5xx", AlarmState::Ok).build();
    let names = BTreeSet::from([alarm("5xx"), alarm("unknown")]);
    let state = || {
        let found = run(&sim, sim.alarm_states(&names)).unwrap();
        assert!(!found.contains_key(&alarm("unknown")));
        found.get(&alarm("5xx")).copied()
    };
    sim.advance(Duration::from_mins(5));
    sim.set_alarm("5xx", AlarmState::Alarm);
    let changed = sim.now();
    sim.advance(Duration::from_mins(5));
    sim.set_alarm("5xx", AlarmState::Alarm);
    let found = state().unwrap();
    assert_eq!((found.state, found.since), (AlarmState::Alarm, Some(changed)));
    sim.remove_alarm("5xx");
    assert_eq!(state(), None);
}

#[test]
fn reading_fails_like_everything_else() {
    let (sim, id) = backend();
    sim.set_faults(
        FaultPlan::none()
            .always(Operation::ListServiceDeployments, CallTrouble::Throttle)
            .always(Operation::GetServiceQuota, CallTrouble::Denied)
            .always(Operation::DescribeTaskDefinition, CallTrouble::Error)
            .always(Operation::DescribeAlarms, CallTrouble::TimeoutBefore),
    );
    assert_eq!(fault(run(&sim, sim.releases(&id))), Fault::Throttled);
    assert_eq!(fault(run(&sim, sim.quotas(sim.now()))), Fault::Denied);
    assert_eq!(fault(run(&sim, sim.cpu_units(&task_definition("h2o-backend:123")))), Fault::Unavailable);
    assert_eq!(fault(run(&sim, sim.alarm_states(&BTreeSet::new()))), Fault::Unavailable);
    assert!(run(&sim, sim.describe_targets(&[id])).is_ok());
}

#[test]
fn a_memory_that_was_put_without_an_answer_is_there() {
    let (scope, alarm) = (scope("clos-v2", "prod", "us-east-1"), alarm("clos-v2-alb-5xx-errors"));
    let sim = SimRegion::builder().faults(FaultPlan::none().at(0, CallTrouble::TimeoutAfter)).build();
    let memory = AlarmMemory { changes: vec![sim.now()], ..AlarmMemory::default() };
    let first = run(&sim, sim.remember(&scope, &alarm, &memory, 0));
    assert!(matches!(first, Err(LedgerError::Aws(error)) if error.fault == Fault::Unavailable));
    let second = run(&sim, sim.remember(&scope, &alarm, &memory, 0));
    assert!(matches!(second, Err(LedgerError::Conflict { .. })));
    assert_eq!(run(&sim, sim.recall(&scope, &alarm)).unwrap(), (memory, 1));
    assert_eq!((sim.ledger_writes(), sim.count(Operation::LedgerRecall)), (2, 1));
}
