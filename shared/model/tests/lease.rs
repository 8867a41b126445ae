//! Leases with their real terms, explored second by second; and each of their rules, broken once.

mod explore;

use explore::{finds, holds};
use watchkeeper_model::lease::{IN_ORDER, LeaseModel, LeaseRule};

fn broken(rule: LeaseRule) -> LeaseModel {
    LeaseModel { claims: 3, slices: 0, slow: 1, broken: Some(rule) }
}

#[test]
fn no_write_lands_after_one_of_a_later_generation() {
    holds(LeaseModel { claims: 3, slices: 0, slow: 1, broken: None }, 500_000);
}

#[test]
fn a_successor_that_does_not_wait_is_overtaken() {
    finds(broken(LeaseRule::SuccessorWaits), IN_ORDER);
}

#[test]
fn a_holder_that_begins_a_slice_at_the_very_end_of_its_lease_writes_after_its_successor() {
    finds(LeaseModel { claims: 2, slices: 0, slow: 1, broken: Some(LeaseRule::HolderStops) }, IN_ORDER);
}

#[test]
fn a_look_that_is_not_fresh_is_none() {
    finds(LeaseModel { claims: 2, slices: 0, slow: 1, broken: Some(LeaseRule::Fresh) }, IN_ORDER);
}

#[test]
fn a_look_that_counts_from_its_answer_is_too_old() {
    finds(LeaseModel { claims: 2, slices: 0, slow: 1, broken: Some(LeaseRule::FromTheQuestion) }, IN_ORDER);
}

#[test]
fn a_lease_that_is_given_back_before_it_was_usable_lets_the_next_one_in_too_early() {
    finds(broken(LeaseRule::ReleasedWhenUsable), IN_ORDER);
}

/// The slices of one run: the next begins although the one before may still be at work.
fn sliced(broken: Option<LeaseRule>) -> LeaseModel {
    LeaseModel { claims: 2, slices: 1, slow: 1, broken }
}

#[test]
fn no_write_of_a_slice_that_was_overtaken_lands_after_one_of_whoever_comes_after_it() {
    holds(sliced(None), 10_000);
}

/// It shows that one slow look and one slow write are enough: with two of each, nothing else is found.
#[test]
#[ignore = "wider bounds than `cargo test` takes the time for"]
fn two_slow_looks_and_two_slow_writes_show_nothing_more() {
    holds(LeaseModel { slow: 2, ..sliced(None) }, 10_000);
    holds(LeaseModel { claims: 3, slices: 0, slow: 2, broken: None }, 500_000);
}

#[test]
fn a_slice_that_overtakes_without_waiting_is_overtaken_itself() {
    finds(sliced(Some(LeaseRule::SliceWaits)), IN_ORDER);
}
