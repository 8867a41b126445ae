//! What each step may be answered, by the types of this release: one answer for each way on.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::{Value, json};
use watchkeeper_control::backup::{self, FinishedBackup, FinishedRestore};
use watchkeeper_control::emergency::{Decided, Looked, after_decision, after_look};
use watchkeeper_control::failover::{self, Advanced, readied};
use watchkeeper_control::reconcile::{self, BeginVerdict, BegunRun, FinishedRun};
use watchkeeper_control::runbook::{ChildRequest, NextStep, Question, StepOutcome};
use watchkeeper_control::unblock;
use watchkeeper_domain::backup::{BackupOutcome, RestoreEvidence};
use watchkeeper_domain::emergency::{EmergencyDecision, EmergencyStep, HoldAction};
use watchkeeper_domain::failover::{Move, MoveEnding, MovePhase};
use watchkeeper_domain::reconcile::run::{Back, RunOutcome, RunRef};
use watchkeeper_domain::request::RunRequest;

fn run() -> RunRef {
    serde_json::from_value(json!({"estate": "clos-v2", "environment": "dev", "region": "us-east-1", "id": "r-1"}))
        .unwrap()
}

fn request() -> RunRequest {
    serde_json::from_value(json!({"estate": "clos-v2", "environment": "dev"})).unwrap()
}

fn of<D: Serialize>(then: NextStep, details: D) -> Value {
    serde_json::to_value(StepOutcome::new(run(), then, "done", details)).unwrap()
}

fn reconciled(step: &str) -> Vec<Value> {
    use BeginVerdict::{Apply, Drift, Hindered, Nothing, Plan, Refused};
    let begun = |verdict: BeginVerdict| {
        let (asks, blocked) = (BTreeSet::new(), BTreeSet::new());
        of(verdict.then(), BegunRun { verdict, asks, blocked, writes: 0 })
    };
    let finished = |outcome: RunOutcome, then: NextStep| {
        let (back, writes) = (Back::GivenBack, 0);
        of(then, FinishedRun { outcome, back, writes, took_ms: 0, drift: 0, refusals: 0 })
    };
    match step {
        "begin" => [Apply, Plan, Nothing, Drift, Hindered, Refused].map(begun).to_vec(),
        "finish" => {
            let refused = NextStep::failed(&RunOutcome::Refused, "Guardrail.Refused");
            let well = [RunOutcome::Done, RunOutcome::PartlyDone, RunOutcome::Drift];
            let well = well.map(|outcome| finished(outcome, NextStep::done(&outcome)));
            well.into_iter().chain([finished(RunOutcome::Refused, refused)]).collect()
        }
        _ => {
            let slice = |step| serde_json::to_value(reconcile::slice(&run(), step, 3, "written".to_owned())).unwrap();
            ["apply", "verify", "finish"].map(slice).to_vec()
        }
    }
}

fn decided(step: EmergencyStep) -> Value {
    let decision = EmergencyDecision {
        step,
        wait: SignedDuration::from_secs(60),
        summary: "5xx".to_owned(),
        violations: Vec::new(),
        request: Some(request()),
        holds: true,
    };
    let (profile, what, asks) = ("surge".parse().ok(), "surge".to_owned(), BTreeSet::new());
    of(after_decision(&decision), Decided { next: step, holds: true, profile, what, asks })
}

fn emergency(step: &str) -> Vec<Value> {
    use EmergencyStep::{Apply, Ask, Declined, Nothing, Plan, Refused, Wait};
    let looked = |next: HoldAction| {
        let then = after_look(next, SignedDuration::from_secs(60), Some(request()));
        of(then, Looked { next, told: BTreeSet::new() })
    };
    match step {
        "decide" => [Wait, Ask, Plan, Apply, Nothing, Declined, Refused].map(decided).to_vec(),
        _ => [HoldAction::Hold, HoldAction::GiveBack, HoldAction::Over].map(looked).to_vec(),
    }
}

fn moved(step: &str) -> Vec<Value> {
    let (now, region) =
        ("2026-11-21T00:05:00Z".parse().unwrap(), |name: &str| serde_json::from_value(json!(name)).unwrap());
    let record = Move::new("r-1", &region("us-west-2"), &region("us-west-1"), MovePhase::Scale, now);
    let again = |step| NextStep::Again { step, wait_seconds: 15 };
    let child = || NextStep::Child { suffix: "-s-1".to_owned(), request: ChildRequest::from(request()) };
    if step == "ready" {
        let looked = [again("ready"), child(), NextStep::failed("refused", "Guardrail.Refused")];
        return looked.map(|then| serde_json::to_value(readied(run(), then, "ready".to_owned())).unwrap()).to_vec();
    }
    let (why, plan) = ("data loss".to_owned(), "the plan".to_owned());
    let ask = NextStep::Ask(Question { why, plan, answer_seconds: 3600, request: None });
    let ends = [MoveEnding::Done, MoveEnding::Declined, MoveEnding::Refused, MoveEnding::Compensated, MoveEnding::Held];
    let all = [again("advance"), child(), ask].into_iter().chain(ends.map(failover::end));
    all.map(|then| of(then.clone(), Advanced::of(&record, &then))).collect()
}

fn backed_up(step: &str) -> Vec<Value> {
    let headline = || "clos-v2 dev".to_owned();
    let finished =
        |outcome: BackupOutcome| of(NextStep::done(&outcome), FinishedBackup { outcome, headline: headline() });
    let evidence = json!({
        "at": "2026-11-21T00:05:00Z", "run": "r-1", "from": {"instant": "2026-11-21T00:00:00Z"}, "purpose": "drill",
        "target": "scratch", "ok": true, "rto-seconds": 60, "rpo-seconds": 300, "checks": [],
    });
    let restored = |passed: bool| {
        let evidence: Box<RestoreEvidence> = serde_json::from_value(evidence.clone()).unwrap();
        of(NextStep::done("passed"), FinishedRestore { passed, headline: headline(), evidence })
    };
    let worked = |then| serde_json::to_value(backup::worked(run(), then, "looked")).unwrap();
    match step {
        "begin" => vec![of(NextStep::at_once("job"), backup::Details::Begun { jobs: vec![0] })],
        "begin-restore" => {
            let source = "aurora:clos-v2-db-cluster".parse().unwrap();
            vec![of(NextStep::at_once("restore"), backup::Details::Restoring { source })]
        }
        "finish" => [BackupOutcome::Done, BackupOutcome::Waiting, BackupOutcome::Failed].map(finished).to_vec(),
        "finish-restore" => [true, false].map(restored).to_vec(),
        _ => [NextStep::at_once("job"), NextStep::done("done")].map(worked).to_vec(),
    }
}

/// What a step may be answered by the types of this release. A step that only tells is asked nothing.
pub(crate) fn answers(machine: &str, step: &str) -> Vec<Value> {
    match machine {
        "reconcile" => reconciled(step),
        "emergency-scale" => emergency(step),
        "failover" | "failback" => moved(step),
        "backup" | "restore-drill" => backed_up(step),
        _ => {
            let worked = |step| serde_json::to_value(unblock::worked(&run(), step, "read".to_owned())).unwrap();
            [Some("work"), Some("report"), None].map(worked).to_vec()
        }
    }
}
