//! What people read of a move.

use watchkeeper_domain::failover::{Move, MoveEnding, MovePhase, report, waves};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Scope};

use crate::failover::scene::{at, failover, home, order, serving, standby};

fn scope() -> Scope {
    Scope {
        estate: EstateName::new("fleet-orchestration").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: standby(),
    }
}

fn record() -> Move {
    let mut record = Move::new(
        "fleet-orchestration-prod-failover-20261120T030300Z",
        &home(),
        &standby(),
        MovePhase::Confirm,
        at(180),
    );
    record.lost_since = Some(at(0));
    record.reason = String::from("us-west-2 is lost: the probe fails for all 3 paths; its ECS does not answer");
    record.serving = serving();
    record.waves = waves(&order(), &failover(None));
    record
}

#[test]
fn a_plan_shows_every_step_with_what_it_calls() {
    let mut record = record();
    record.asks.insert(GuardrailCode::DataLoss, "how far the tables lag is not known, and 1s is promised".to_owned());
    insta::assert_snapshot!(report::plan("fleet-orchestration prod", &failover(Some("dead-man")), &record));
}

#[test]
fn a_move_that_is_done_tells_its_times_and_whether_the_promises_were_kept() {
    let mut record = record();
    record.lag_ms = Some(400);
    record.enter(MovePhase::Scale, at(184));
    record.waited(55_000);
    record.header.note(at(185), "starting fleet-orchestration-fleet-service, fleet-orchestration-job-service");
    record.enter(MovePhase::Outside, at(250));
    record.waited(30_000);
    record.enter(MovePhase::Settle, at(281));
    record.header.note(at(281), "us-west-1 serves (epoch 1)");
    record.end(MoveEnding::Done, at(282));
    let message = report::message(&scope(), &failover(None), &record).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", message.subject, message.text));
}

#[test]
fn a_move_that_is_held_says_what_to_do_next() {
    let mut record = record();
    record.enter(MovePhase::Outside, at(250));
    record.switched = Some(at(250));
    record.failure = Some("people do not reach us-west-1: https://fleet.example.com/health answers 503".to_owned());
    record.end(MoveEnding::Held, at(900));
    let message = report::message(&scope(), &failover(None), &record).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", message.subject, message.text));
}

#[test]
fn a_false_alarm_says_that_nothing_was_changed() {
    let mut record = record();
    record.reason =
        "us-west-2 is not lost: the probe fails for all 3 paths; its ECS says that all 4 services run as wanted"
            .to_owned();
    record.end(MoveEnding::FalseAlarm, at(185));
    let message = report::message(&scope(), &failover(None), &record).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", message.subject, message.text));
}

#[test]
fn a_plan_and_nothing_to_do_are_no_news() {
    for ending in [MoveEnding::Planned, MoveEnding::Nothing] {
        let mut record = record();
        record.end(ending, at(185));
        assert_eq!(report::message(&scope(), &failover(None), &record), None);
    }
}
