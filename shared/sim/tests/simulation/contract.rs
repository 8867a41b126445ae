//! Every case of the contract, against the simulation in memory.

use watchkeeper_sim::contract::{
    CaseFailure, SimBench, alarms, checks, cloud, databases, event_sources, ledger, releases, replicas, rules, unblock,
};
use watchkeeper_sim::{
    CallTrouble, FaultPlan, SimPair, SimRegion, TimingSettings, alarm_cases, check_cases, cloud_cases, database_cases,
    ledger_cases, release_cases, replica_cases, rule_cases, run_until_done_or_crash, source_cases, unblock_cases,
};

#[test]
fn a_world_that_is_not_like_aws_does_not_pass() {
    let never = std::time::Duration::from_hours(1000);
    let slow =
        TimingSettings { autoscaler: never, database_stop: never, staleness: never, ..TimingSettings::default() };
    let sim = SimRegion::builder().settings(slow).build();
    let bench = SimBench::new(sim.clone());
    let failures = run_until_done_or_crash(&sim, async {
        [
            cloud::a_minimum_above_desired_lifts_desired(&bench).await,
            cloud::a_count_is_read_back_and_tasks_follow(&bench).await,
            databases::stopping_a_stopped_database_conflicts(&bench).await,
        ]
        .map(|passed| matches!(passed, Err(CaseFailure::Differs { .. })))
    });
    assert_eq!(failures, Some([true; 3]));
}

#[test]
fn a_call_that_fails_fails_its_case() {
    let sim = SimRegion::builder().faults(FaultPlan::none().at(1, CallTrouble::Throttle)).build();
    let bench = SimBench::new(sim.clone());
    let passed = run_until_done_or_crash(&sim, ledger::a_baseline_comes_back_exactly_and_goes(&bench));
    assert!(matches!(passed, Some(Err(CaseFailure::Ledger(_)))), "{passed:?}");
}

fn pass<F: Future<Output = Result<(), CaseFailure>>>(case: impl FnOnce(&'static SimBench) -> F) {
    let sim = SimPair::builder("us-east-1", "us-west-2").build().home();
    let bench: &'static SimBench = Box::leak(Box::new(SimBench::new(sim.clone())));
    match run_until_done_or_crash(&sim, case(bench)) {
        Some(Ok(())) => {}
        Some(Err(failure)) => panic!("{failure}"),
        None => panic!("crashed without a fault"),
    }
}

macro_rules! alarm_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| alarms::$case(bench)); })*};
}

macro_rules! check_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| checks::$case(bench)); })*};
}

macro_rules! cloud_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| cloud::$case(bench)); })*};
}

macro_rules! database_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| databases::$case(bench)); })*};
}

macro_rules! release_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| releases::$case(bench)); })*};
}

macro_rules! replica_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| replicas::$case(bench)); })*};
}

macro_rules! rule_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| rules::$case(bench)); })*};
}

macro_rules! source_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| event_sources::$case(bench)); })*};
}

macro_rules! ledger_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| ledger::$case(bench)); })*};
}

macro_rules! stuck_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(|bench| unblock::$case(bench)); })*};
}

alarm_cases!(alarm_tests);
check_cases!(check_tests);
cloud_cases!(cloud_tests);
database_cases!(database_tests);
release_cases!(release_tests);
replica_cases!(replica_tests);
rule_cases!(rule_tests);
source_cases!(source_tests);
ledger_cases!(ledger_tests);
unblock_cases!(stuck_tests);
