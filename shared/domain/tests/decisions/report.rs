//! What people read, word by word.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{
    DatabaseId, DatabaseState, ObservedDatabase, ObservedScope, ObservedService, ReachedTargets, ResourceId, Rollout,
    ScalingState, ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::guardrail::{Allowance, CapacityQuotas, GuardrailCode, Severity, Violation};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::plan::{AwaitedChange, Obstacle, Releases};
use watchkeeper_domain::reconcile::assess::{Assessment, ScopeSituation, Verdict, assess};
use watchkeeper_domain::reconcile::report;
use watchkeeper_domain::reconcile::run::{RunError, RunHeader, RunOutcome, RunProgress, RunRecord};
use watchkeeper_domain::request::RunTrigger;

fn scope() -> Scope {
    Scope {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new("dev").unwrap(),
        region: Region::new("us-east-1").unwrap(),
    }
}

fn evening() -> Timestamp {
    "2026-11-20T00:05:00Z".parse().unwrap()
}

fn observed(services: usize) -> ObservedScope {
    let scaling = Some(ScalingState { min: 1, max: 3, suspended: Suspensions { scale_in: true, ..Suspensions::NONE } });
    let service = |n: usize| {
        let id = ServiceId::try_from(format!("clos-v2-cluster/service-{n:02}")).unwrap();
        let capacity = ServiceCapacity { desired: 2, scaling: scaling.filter(|_| n == 0) };
        let service = ObservedService {
            capacity,
            running: 2,
            pending: 0,
            managed: true,
            rollout: Rollout::Completed,
            rollout_since: None,
            deployed: None,
            task_definition: None,
            daemon: false,
            target_groups: Vec::new(),
            scheduler: None,
        };
        (id, service)
    };
    let aurora =
        ObservedDatabase { state: DatabaseState::Available, managed: true, cannot_stop: None, scheduler: None };
    ObservedScope {
        services: (0..services).map(service).collect(),
        databases: [(DatabaseId::try_from("aurora:clos-v2-db-cluster".to_owned()).unwrap(), aurora)].into(),
        ..ObservedScope::default()
    }
}

#[test]
fn a_plan_of_a_thousand_services_and_violations_fits_a_state_and_hides_no_refusal() {
    let mut assessment = decided(true, 1000);
    let refusal = assessment.violations[0].clone();
    let warning = Violation {
        severity: Severity::Warn,
        code: GuardrailCode::NotManaged,
        found: "it lacks \"x\"".repeat(40),
        ..refusal
    };
    assessment.violations = std::iter::repeat_n(warning, 1000).chain(assessment.violations).collect();
    let text = report::plan(&scope(), &assessment);
    assert!(serde_json::to_string(&text).unwrap().len() <= report::TEXT_MAX, "{}", text.len());
    assert!(text.contains("[refused] production-never-sleeps"), "{text}");
    assert!(text.contains("and 900 more of not-managed"), "{}", &text[text.len() - 300..]);
}

fn night() -> Intent {
    Intent {
        layer: Layer::Schedule,
        want: DesiredState::Asleep,
        reason: "outside the hours of Thu 2026-11-19, America/New_York".to_owned(),
        by: "auto-shutdown".to_owned(),
        declared: evening(),
        expires: None,
        approved: [].into(),
        for_release: None,
    }
}

fn decided(production: bool, services: usize) -> Assessment {
    let allowance = Allowance {
        production,
        floor: 0,
        ceiling: None,
        blast_radius_percent: 100,
        protected: BTreeSet::new(),
        frozen: None,
        at_home: [].into(),
        order: watchkeeper_domain::order::StartOrder::default(),
        page: None,
    };
    assess(&ScopeSituation {
        baseline: None,
        intents: &[night()],
        observed: &observed(services),
        reached: &ReachedTargets::default(),
        left: None,
        declares: false,
        releases: &Releases::new(),
        quotas: &CapacityQuotas::default(),
        allowance: &allowance,
        instant: evening(),
        now: evening(),
        halt: None,
        approved: &BTreeSet::new(),
    })
}

fn run(assessment: &Assessment, outcome: RunOutcome) -> RunRecord {
    let written = assessment.plan.actions().count();
    let mut run = RunRecord {
        header: RunHeader::new("clos-v2-dev-20261120T000500Z", RunTrigger::Schedule, evening()),
        layer: Layer::Schedule,
        instant: evening(),
        deciding: assessment.deciding.clone(),
        releases: Releases::new(),
        cause: None,
        wanted: None,
        verdict: assessment.verdict,
        plan: assessment.plan.clone(),
        facts: None,
        violations: assessment.violations.clone(),
        slices: 1,
        writes: if outcome == RunOutcome::Refused { 0 } else { written.try_into().unwrap() },
        waited_seconds: 0,
        rounds: 0,
        applied: true,
        progress: RunProgress::default(),
        awaited: Vec::new(),
        outcome: Some(outcome),
        error: None,
        tell: true,
    };
    run.header.note(evening() + jiff::SignedDuration::from_secs(83), "finished");
    run
}

fn text(run: &RunRecord) -> String {
    let message = report::message(&scope(), run);
    format!("{}\n----\n{}", message.subject, message.text)
}

#[test]
fn a_plan_shows_every_wave() {
    insta::assert_snapshot!(report::plan(&scope(), &decided(false, 2)));
}

#[test]
fn a_plan_that_is_refused_says_by_what() {
    insta::assert_snapshot!(report::plan(&scope(), &decided(true, 2)));
}

#[test]
fn a_message_says_what_where_why_what_changed_and_what_to_do() {
    insta::assert_snapshot!(text(&run(&decided(false, 2), RunOutcome::Done)));
}

#[test]
fn a_refusal_says_which_guardrail_and_that_nothing_changed() {
    let assessment = decided(true, 2);
    assert_eq!(assessment.verdict, Verdict::Refused);
    insta::assert_snapshot!(text(&run(&assessment, RunOutcome::Refused)));
}

#[test]
fn the_cause_of_an_execution_says_why_in_words() {
    let refused = run(&decided(true, 2), RunOutcome::Refused);
    let told = report::summary(&scope(), &refused);
    assert!(told.starts_with("clos-v2 dev was not changed: production-never-sleeps: "), "{told}");
    assert!(told.ends_with("A production environment cannot be put to sleep; nothing was changed"), "{told}");
    let mut failed = run(&decided(false, 2), RunOutcome::Failed);
    failed.error = Some(RunError { name: "Aws.Denied".to_owned(), message: "c/s: denied. ".repeat(1000) });
    let told = report::summary(&scope(), &failed);
    assert!(told.starts_with("clos-v2 dev: the run failed with Aws.Denied: c/s: denied."), "{told}");
    assert!(told.chars().count() < 4000, "{}", told.len());
    let mut late = run(&decided(false, 2), RunOutcome::Unverified);
    let resource = |n: usize| ResourceId::Service(ServiceId::try_from(format!("c/service-{n}")).unwrap());
    let awaited = |n: usize| AwaitedChange { resource: resource(n), what: "0 of 2 tasks running".to_owned() };
    late.awaited = (0..9).map(awaited).collect();
    assert!(report::summary(&scope(), &late).ends_with("; and 6 more"), "{}", report::summary(&scope(), &late));
    let done = run(&decided(false, 2), RunOutcome::Done);
    assert_eq!(report::summary(&scope(), &done), report::headline(&scope(), &done));
}

#[test]
fn a_message_about_five_hundred_services_fits_on_a_phone() {
    insta::assert_snapshot!(text(&run(&decided(false, 500), RunOutcome::Done)));
}

#[test]
fn an_unverified_run_names_what_is_not_there_yet() {
    let mut run = run(&decided(false, 2), RunOutcome::Unverified);
    let resource = ResourceId::Service(ServiceId::try_from("clos-v2-cluster/service-00".to_owned()).unwrap());
    run.awaited = vec![AwaitedChange { resource, what: "1 of 2 tasks running, 0 pending".to_owned() }];
    insta::assert_snapshot!(text(&run));
}

#[test]
fn a_run_that_is_partly_done_says_what_was_left_out_and_why() {
    let mut run = run(&decided(false, 3), RunOutcome::PartlyDone);
    let id = |n| ResourceId::Service(ServiceId::try_from(format!("clos-v2-cluster/service-0{n}")).unwrap());
    run.plan.obstacles =
        vec![(id(1), Obstacle::Untagged), (id(2), Obstacle::Refused("UpdateService: denied".to_owned()))];
    run.violations.extend(run.plan.obstacles.iter().map(|(resource, obstacle)| obstacle.violation(resource)));
    let text = text(&run);
    for part in [
        "clos-v2 dev is asleep, but for 2 resources\n",
        "not-managed: clos-v2-cluster/service-01: it lacks the tag watchkeeper:managed = true. It is left alone",
        "write-refused: clos-v2-cluster/service-02: AWS refused to change it: UpdateService: denied. The rest goes on",
        "What to do: see what is said of each resource that was left out",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_is_partly_done_is_the_same_news_until_something_else_is_left_out() {
    let partly = |n: usize, warning: bool| {
        let mut run = run(&decided(false, 3), RunOutcome::PartlyDone);
        let resource = ResourceId::Service(ServiceId::try_from(format!("clos-v2-cluster/service-0{n}")).unwrap());
        run.violations = vec![Obstacle::Untagged.violation(&resource)];
        if warning {
            run.violations.push(Violation::new(
                GuardrailCode::DeploymentInProgress,
                Severity::Warn,
                "for a moment",
                "",
            ));
        }
        run.mark()
    };
    assert_eq!(partly(1, false), partly(1, true));
    assert_ne!(partly(1, false), partly(2, false));
}

#[test]
fn a_failed_run_names_its_error() {
    let mut run = run(&decided(false, 2), RunOutcome::Failed);
    (run.applied, run.writes) = (false, 1);
    run.error = Some(RunError {
        name: "Aws.Denied".to_owned(),
        message: "UpdateService of clos-v2-cluster/x: denied".to_owned(),
    });
    insta::assert_snapshot!(text(&run));
}

#[test]
fn the_event_has_figures_and_no_list_that_grows() {
    let event = report::event(&scope(), &run(&decided(false, 500), RunOutcome::Done));
    assert!(event.to_string().len() < 1_000);
    insta::assert_snapshot!(serde_json::to_string_pretty(&event).unwrap());
}
