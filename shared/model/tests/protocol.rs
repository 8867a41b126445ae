//! The protocol, explored whole within the bounds of each test; and each of its rules, broken once.

mod explore;

use explore::{finds, holds};
use watchkeeper_model::pair::{ModelPair, PairSide};
use watchkeeper_model::protocol::{ONE_ACTS, ProtocolModel, ProtocolRule, SINGLE, TRAFFIC};

const AWAY: PairSide = PairSide::Standby;
const HOME: PairSide = PairSide::Home;

fn model(movers: &[PairSide], crashes: u8, stalls: u8) -> ProtocolModel {
    let Ok(pair) = ModelPair::new(None) else { panic!("its names are good") };
    ProtocolModel { pair, movers: movers.to_vec(), asks: false, crashes, stalls, rehearsals: 0, broken: None }
}

fn broken(movers: &[PairSide], stalls: u8, rule: ProtocolRule) -> ProtocolModel {
    ProtocolModel { broken: Some(rule), ..model(movers, 0, stalls) }
}

fn asking(model: ProtocolModel) -> ProtocolModel {
    ProtocolModel { asks: true, ..model }
}

#[test]
fn a_failover_with_a_crash_a_late_write_and_a_person_keeps_every_promise() {
    holds(asking(model(&[AWAY], 1, 1)), 100_000);
}

#[test]
fn rehearsals_that_come_and_go_during_a_failover_and_the_way_home_keep_every_promise() {
    holds(ProtocolModel { rehearsals: 2, ..model(&[AWAY, HOME], 0, 0) }, 80_000);
}

#[test]
fn a_rehearsal_during_a_failover_with_a_crash_and_a_late_write_keeps_every_promise() {
    holds(ProtocolModel { rehearsals: 1, ..model(&[AWAY], 1, 1) }, 50_000);
}

#[test]
fn two_failovers_at_once_keep_every_promise() {
    holds(asking(model(&[AWAY, AWAY], 0, 0)), 350_000);
}

#[test]
fn two_failovers_at_once_with_a_crash_at_any_step_keep_every_promise() {
    holds(model(&[AWAY, AWAY], 1, 0), 800_000);
}

#[test]
fn two_failovers_at_once_with_a_late_write_keep_every_promise() {
    holds(model(&[AWAY, AWAY], 0, 1), 200_000);
}

#[test]
fn a_failover_and_the_way_home_with_a_crash_and_a_late_write_keep_every_promise() {
    holds(model(&[AWAY, HOME], 1, 1), 200_000);
}

#[test]
fn a_failover_the_way_home_and_another_failover_keep_every_promise() {
    holds(model(&[AWAY, HOME, AWAY], 0, 0), 500_000);
}

#[test]
#[ignore = "four minutes"]
fn two_failovers_at_once_that_ask_with_a_crash_and_a_late_write_keep_every_promise() {
    holds(asking(model(&[AWAY, AWAY], 1, 1)), 1_000_000);
}

#[test]
#[ignore = "several minutes"]
fn three_moves_with_a_crash_and_a_late_write_keep_every_promise() {
    holds(model(&[AWAY, HOME, AWAY], 1, 1), 1_000_000);
}

#[test]
fn without_compare_and_set_two_executions_act_on_one_revision() {
    finds(broken(&[AWAY, AWAY], 0, ProtocolRule::CompareAndSet), ONE_ACTS);
}

#[test]
fn a_proof_without_the_old_hands_word_lets_a_hand_that_paused_start_a_second_task() {
    finds(broken(&[AWAY, AWAY], 0, ProtocolRule::SettledBeforeProved), SINGLE);
}

#[test]
fn without_the_margin_a_late_write_starts_a_second_task() {
    finds(broken(&[AWAY], 1, ProtocolRule::Margin), SINGLE);
}

#[test]
fn a_singleton_that_opens_before_its_fence_runs_twice() {
    finds(broken(&[AWAY], 0, ProtocolRule::FenceBeforeOpen), SINGLE);
}

#[test]
fn a_commit_before_verification_sends_traffic_to_a_region_that_is_not_ready() {
    finds(broken(&[AWAY], 0, ProtocolRule::VerifyBeforeTraffic), TRAFFIC);
}

#[test]
fn an_execution_that_was_taken_for_dead_may_not_switch_the_traffic_later() {
    finds(broken(&[AWAY, HOME, AWAY], 0, ProtocolRule::OwnBeforeTraffic), TRAFFIC);
}

#[test]
fn a_pointer_that_is_restored_before_the_new_region_is_closed_runs_two_singletons() {
    finds(broken(&[AWAY], 0, ProtocolRule::ClosedBeforeRestore), SINGLE);
}

#[test]
fn a_proof_of_closing_from_before_the_turn_is_none() {
    finds(broken(&[AWAY], 0, ProtocolRule::ClosedAfterTurn), SINGLE);
}

#[test]
fn a_rehearsal_that_starts_a_singleton_runs_two() {
    finds(ProtocolModel { rehearsals: 1, ..broken(&[], 0, ProtocolRule::RehearsedFigures) }, SINGLE);
}

#[test]
fn a_person_who_says_yes_too_early_runs_two_singletons() {
    finds(asking(broken(&[AWAY], 0, ProtocolRule::Honesty)), SINGLE);
}
