//! The dead man's switch with its real bounds, explored whole; and each of its rules, broken once.

mod explore;

use explore::{finds, holds, keeps};
use watchkeeper_model::deadman::{DeadMan, DeadManRule, SINGLE};
use watchkeeper_model::pair::ModelPair;

fn model(skews: &[i8], delay: u8, broken: Option<DeadManRule>) -> DeadMan {
    // A silence of a minute: three steps.
    let Ok(pair) = ModelPair::new(Some(1)) else { panic!("its names are good") };
    DeadMan { pair, moves: 1, delay, armed: false, hindered: false, halts: false, skews: skews.to_vec(), broken }
}

fn broken(rule: DeadManRule) -> DeadMan {
    model(&[-1], 0, Some(rule))
}

#[test]
fn the_switch_has_stopped_the_task_before_the_standby_starts_one() {
    holds(model(&[-1, 0, 1], 0, None), 1_500_000);
}

#[test]
fn so_it_has_with_heartbeats_that_are_written_late_and_a_second_move() {
    holds(model(&[-1, 0, 1], 3, None), 1_500_000);
    holds(DeadMan { moves: 2, ..model(&[-1, 0, 1], 0, None) }, 1_500_000);
}

#[test]
fn a_switch_whose_stop_would_be_held_up_is_not_counted_on_and_a_halt_holds_up_none() {
    keeps(DeadMan { hindered: true, ..model(&[-1, 0, 1], 0, None) }, SINGLE);
    holds(DeadMan { halts: true, ..model(&[-1], 0, None) }, 500_000);
}

#[test]
fn a_switch_that_is_armed_although_its_stop_would_be_refused_runs_two_singletons() {
    finds(DeadMan { hindered: true, ..broken(DeadManRule::ArmedIfItCould) }, SINGLE);
}

#[test]
fn a_halt_that_holds_up_a_promised_stop_runs_two_singletons() {
    finds(DeadMan { halts: true, ..broken(DeadManRule::StopsDespiteHalt) }, SINGLE);
}

#[test]
fn a_step_less_of_waiting_is_too_little() {
    finds(broken(DeadManRule::Waits(1)), SINGLE);
}

#[test]
fn a_switch_that_was_never_armed_does_not_fire() {
    finds(broken(DeadManRule::Armed), SINGLE);
}

#[test]
fn a_switch_that_was_armed_during_the_move_fires_later() {
    finds(broken(DeadManRule::ArmedBefore), SINGLE);
}

#[test]
fn a_heartbeat_from_long_before_the_move_says_nothing_of_when_the_switch_fires() {
    finds(broken(DeadManRule::FromTheBegin), SINGLE);
}

#[test]
fn heartbeats_that_go_on_during_the_move_keep_the_home_running() {
    finds(DeadMan { armed: true, ..broken(DeadManRule::SilentWhileMoving) }, SINGLE);
}

#[test]
fn heartbeats_while_the_standby_serves_start_the_home_again() {
    finds(broken(DeadManRule::SilentWhileServing), SINGLE);
}

#[test]
fn a_heartbeat_that_says_when_it_was_written_is_newer_than_the_look_that_it_rests_on() {
    finds(model(&[-1], 16, Some(DeadManRule::StampedWhenDecided)), SINGLE);
}

#[test]
fn a_pointer_that_is_restored_before_the_standby_is_closed_runs_two_singletons() {
    finds(broken(DeadManRule::ClosedBeforeRestore), SINGLE);
}

#[test]
fn a_home_whose_stack_is_dead_never_stops_its_task() {
    finds(broken(DeadManRule::HomeAlive), SINGLE);
}
