//! Runs, questions and plans of the moment.

use watchkeeper_domain::capacity::{ResourceId, ScalingState, Suspensions, TaskDefinition};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::plan::{CapacityChange, Wave};
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_domain::reconcile::facts::DecisionFacts;
use watchkeeper_domain::reconcile::run::{IntentOutcome, RunHeader, RunOutcome, RunProgress, RunRecord};
use watchkeeper_domain::request::RunTrigger;
use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};
use watchkeeper_window::facts::{
    EmergencyFacts, PlanFacts, PlanPageFacts, QuestionFacts, Reading, ReportFacts, RunFacts, RunSpell, ScopeFacts,
    SpellKind,
};
use watchkeeper_window::report::{Evidence, Report};

use super::estates::{everything, rollback};
use super::parts::{baseline, count, plan, service};
use super::{at, over, stack};

pub(crate) fn scope(estate: &str, environment: &str) -> Scope {
    Scope {
        estate: EstateName::new(estate).unwrap(),
        environment: EnvironmentName::new(environment).unwrap(),
        region: Region::new("us-east-1").unwrap(),
    }
}

/// The emergency that decides in `clos-v2 prod`.
fn emergency() -> ScopeFacts {
    let of = everything()
        .into_iter()
        .find(|it| it.estate.as_str() == "clos-v2" && it.environment.as_str() == "prod")
        .unwrap();
    of.regions.into_values().next().unwrap().ledger.known().unwrap().clone()
}

/// The plan that brought it about.
pub(crate) fn surge() -> PlanFacts {
    let bounds = |name: &str| {
        let state = |min, max| ScalingState { min, max, suspended: Suspensions::NONE };
        (Wave::OpenScaling, CapacityChange::Scaling { service: service(name), from: state(3, 6), to: state(4, 10) })
    };
    let (api, worker) = ("clos-v2/clos-v2-core-api-service", "clos-v2/clos-v2-workflow-engine-service");
    let deploys = Violation::new(
        GuardrailCode::DeploymentInProgress,
        Severity::Warn,
        "a deployment is in progress for 6 min",
        "A deployment older than half an hour holds nothing up",
    );
    let planned = plan(vec![bounds(api), bounds(worker), count(api, 3, 4), count(worker, 3, 4)]);
    PlanFacts {
        deciding: emergency().intents,
        violations: vec![deploys.of(ResourceId::Service(service(worker)))],
        ..planned
    }
}

/// The run that did it.
pub(crate) fn run() -> RunFacts {
    let planned = surge();
    let mut header = RunHeader::new(
        "clos-v2-prod-surge-20261223T234102Z-apply-1",
        RunTrigger::Emergency,
        at("2026-12-23T23:41:07Z"),
    );
    for (time, what) in [
        ("2026-12-23T23:41:09Z", "4 writes to make it at surge"),
        ("2026-12-23T23:41:11Z", "4 writes; every wave is written"),
        ("2026-12-23T23:42:34Z", "nothing left to write, nothing on the way"),
        ("2026-12-23T23:42:35Z", "finished"),
    ] {
        header.note(at(time), what);
    }
    let record = RunRecord {
        header,
        layer: Layer::Emergency,
        instant: at("2026-12-23T23:41:07Z"),
        wanted: Some(IntentOutcome::Declared(Box::new(planned.deciding[0].clone()))),
        deciding: planned.deciding,
        releases: [].into(),
        cause: None,
        verdict: Verdict::Apply,
        plan: planned.plan,
        facts: asked(),
        violations: planned.violations,
        slices: 2,
        writes: 4,
        waited_seconds: 80,
        rounds: 0,
        applied: true,
        progress: RunProgress::default(),
        awaited: Vec::new(),
        outcome: Some(RunOutcome::Done),
        error: None,
        tell: true,
    };
    let spell = |name: &str, began: &str, ended: &str, kind, what: &str| RunSpell {
        name: name.to_owned(),
        began: at(began),
        ended: Some(at(ended)),
        kind,
        what: what.to_owned(),
    };
    RunFacts {
        stack: stack(),
        scope: scope("clos-v2", "prod"),
        zone: "America/New_York".parse().unwrap(),
        id: record.header.id.clone(),
        record: Reading::Now(Some(record)),
        generation: Some(412),
        spells: vec![
            spell(
                "begin",
                "2026-12-23T23:41:07Z",
                "2026-12-23T23:41:09.1Z",
                SpellKind::Work,
                "the baseline is durable",
            ),
            spell("open scaling", "2026-12-23T23:41:09.1Z", "2026-12-23T23:41:09.9Z", SpellKind::Work, "2 writes"),
            spell("raise counts", "2026-12-23T23:41:09.9Z", "2026-12-23T23:41:10.8Z", SpellKind::Work, "2 writes"),
            spell(
                "wait",
                "2026-12-23T23:41:10.8Z",
                "2026-12-23T23:42:31.2Z",
                SpellKind::Wait,
                "2 of 2 services at 4 running",
            ),
            spell(
                "verify",
                "2026-12-23T23:42:31.2Z",
                "2026-12-23T23:42:33.9Z",
                SpellKind::Work,
                "the difference is empty",
            ),
        ],
        baseline: Reading::Now(Some(baseline("prod", 6))),
        kept_until: Some(at("2027-03-23T23:42:35Z")),
        row: Some(
            over(
                everything()
                    .into_iter()
                    .filter(|it| it.estate.as_str() == "clos-v2" && it.environment.as_str() == "prod")
                    .collect(),
            )
            .own,
        ),
        vetoes: Reading::Now(
            ["clos-v2-rds-cpu-high", "clos-v2-rds-connections-high"]
                .map(|it| (it.parse().unwrap(), "OK".to_owned()))
                .into(),
        ),
    }
}

/// What a run was decided by that was asked for a report.
fn asked() -> Option<Box<DecisionFacts>> {
    let Evidence::Run(record) = kept().content.evidence else { panic!("it is of a run") };
    record.facts
}

fn kept() -> Report {
    Report::read(include_str!("../../reports/kept/run.json")).unwrap()
}

/// The report of a run, on a page of its own.
pub(crate) fn report() -> ReportFacts {
    let report = kept();
    let name = report.content.name();
    ReportFacts { place: Some(name.file()), name, report: Reading::Now(report) }
}

/// One that the bucket does not give.
pub(crate) fn unread_report() -> ReportFacts {
    let why = "GetObject of reports/clos-v2/dev/run-night-1.json: unavailable".to_owned();
    ReportFacts { report: Reading::Unread { why }, ..report() }
}

/// One of more text than a page may have.
pub(crate) fn long_report() -> ReportFacts {
    let mut report = kept();
    report.content.not_known = vec!["This is not known, and takes a line to say.".to_owned(); 2000];
    ReportFacts { report: Reading::Now(report), ..self::report() }
}

/// The question whether to go back to the release before.
pub(crate) fn question() -> QuestionFacts {
    let release =
        |n: u32| TaskDefinition::new(format!("arn:aws:ecs:us-east-1:123456789012:task-definition/h2o-backend:{n}"));
    let back = CapacityChange::Release { service: service("h2o/h2o-backend"), from: release(42), to: release(41) };
    QuestionFacts {
        stack: stack(),
        scope: scope("h2o-allegiant", "prod"),
        zone: "America/New_York".parse().unwrap(),
        question: Reading::Now(Some(rollback())),
        plan: Reading::Now(plan(vec![(Wave::RollBack, back)])),
        known: vec![("before".to_owned(), "h2o-backend:41 reached COMPLETED on 17 Dec and ran for 6 d 8 h".to_owned())],
    }
}

/// A question whose plan is the text that people were sent.
pub(crate) fn sent() -> QuestionFacts {
    let text = "h2o-allegiant prod (us-east-1): go back\n  1. roll back  h2o/h2o-backend from h2o-backend:42 to h2o-backend:41";
    QuestionFacts {
        plan: Reading::Unread { why: "the plan of this question is the text that people were sent".to_owned() },
        known: vec![("Plan, as it was sent".to_owned(), text.to_owned())],
        ..question()
    }
}

/// The form for more capacity where a guardrail refuses it.
pub(crate) fn form() -> EmergencyFacts {
    let of = everything().into_iter().find(|it| it.estate.as_str() == "coldchain").unwrap();
    let veto = of.regions.values().next().unwrap().ledger.known().unwrap().trouble.clone().unwrap().violations;
    let more =
        PlanFacts { verdict: Verdict::Refused, violations: veto, ..plan(vec![count("coldchain/dispatch-api", 4, 8)]) };
    EmergencyFacts {
        stack: stack(),
        scope: scope("coldchain", "production"),
        zone: of.zone,
        profiles: vec![(of.profiles[0].clone(), Reading::Now(more))],
    }
}

/// A plan of what the ledger wants now.
pub(crate) fn plan_page(plan: PlanFacts) -> PlanPageFacts {
    PlanPageFacts {
        stack: stack(),
        scope: scope("clos-v2", "prod"),
        zone: "America/New_York".parse().unwrap(),
        plan: Reading::Now(plan),
    }
}
