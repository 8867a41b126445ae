//! A move that somebody stops: at every state of it and of its children, on the way there, on the way back and on the way home, with
//! every order in which it and its child can end. The watch takes over what moves, nobody waits for the lease of a run that is over,
//! nothing is held, and the pair ends in one region, from which it goes home as it was.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_in_memory::{FailoverRun, FailoverRunState, InMemoryPair};
use watchkeeper_sim::RegionLoss;

use crate::pair_scene::{
    AUTOMATIC, capacities, ended, estates, home, in_one_region, never_double, say_yes, stacks, standby, story,
};

/// Which move is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Planned,
    Forced,
    /// A move that goes back, since the standby does not get healthy.
    Unhealthy,
    Home,
}

/// What is stopped, and what becomes of the child.
#[derive(Debug, Clone, Copy)]
enum Stopped {
    /// The child with its parent: what Step Functions tries to do, without a promise.
    Together,
    /// The parent alone: the child goes on to its end.
    ParentAlone,
    /// The child so many seconds after its parent.
    ChildLater(u64),
    /// The child first, and its parent before it has heard of it.
    ChildFirst,
    /// The child alone.
    ChildAlone,
}

/// Beside both together.
const ORDERS: [Stopped; 5] =
    [Stopped::ParentAlone, Stopped::ChildLater(3), Stopped::ChildLater(75), Stopped::ChildFirst, Stopped::ChildAlone];

/// A move takes no longer for being taken over than a margin of a lease, and a look or two.
const LONGER: SignedDuration = SignedDuration::from_secs(60);

fn begin(case: Case, stacks: &mut InMemoryPair) -> FailoverRun {
    let graceful = json!({ "mode": "graceful" });
    match case {
        Case::Planned => stacks.by_hand(&standby(), "stopped", &graceful),
        Case::Forced => {
            stacks.pair.lose(&home(), RegionLoss::failing().tasks_die());
            let approved = json!({ "approve": ["fence-unproved", "data-loss", "not-ready"] });
            stacks.by_hand(&standby(), "stopped", &approved)
        }
        Case::Unhealthy => {
            stacks.pair.block(&standby(), true);
            stacks.by_hand(&standby(), "stopped", &graceful)
        }
        Case::Home => {
            let mut there = stacks.by_hand(&standby(), "there", &graceful);
            stacks.fly(&mut there);
            stacks.minutes(4);
            stacks.go_home("stopped", &json!({})).unwrap()
        }
    }
}

/// Stops a move once it has taken so many states. Whether it had come so far.
fn play(case: Case, states: usize, order: Stopped, uninterrupted: SignedDuration) -> bool {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let before = capacities(&stacks);
    let mut stopped = begin(case, &mut stacks);
    for _ in 0..states {
        match &stopped.state {
            FailoverRunState::Running => stacks.take(&mut stopped),
            FailoverRunState::Asking(_) => stacks.answer(&mut stopped, json!({ "approved": true, "by": "Ada" })),
            _ => return false,
        }
    }
    let context = format!("{case:?}, {order:?} after {states} states: {}", stopped.said);
    let alone = matches!(order, Stopped::ChildAlone);
    if matches!(order, Stopped::ChildFirst | Stopped::ChildAlone) && !stacks.stop_child(&mut stopped) {
        return true;
    }
    if alone {
        say_yes(&mut stacks, &mut stopped);
        assert_ne!(ended(&stopped).0, "held", "{context}\n{}", story(&stacks, &stopped));
    } else if stacks.stop(&mut stopped) || matches!(order, Stopped::Together) {
        if let Stopped::ChildLater(seconds) = order {
            stacks.pass(Duration::from_secs(seconds));
        }
        if !matches!(order, Stopped::ParentAlone) {
            stacks.stop_left();
        }
    } else {
        // Without a child one order is like the other.
        return true;
    }
    taken_over(&mut stacks, uninterrupted, &context);
    stacks.pair.block(&standby(), false);
    in_one_region(&mut stacks, &before, case == Case::Forced, &context);
    if stacks.pointer(&standby()).active == standby() {
        let mut back = stacks.go_home("home-again", &json!({})).unwrap();
        say_yes(&mut stacks, &mut back);
        assert_eq!(ended(&back), ("done", None), "{context}\n{}", story(&stacks, &back));
        stacks.minutes(6);
        assert_eq!(capacities(&stacks), before, "{context}");
    }
    if case != Case::Forced {
        never_double(&stacks, &context);
    }
    true
}

/// What the watch takes over, as often as it does, goes on to an end of its own.
fn taken_over(stacks: &mut InMemoryPair, uninterrupted: SignedDuration, context: &str) {
    for _ in 0..4 {
        stacks.minutes(1);
        let mut heirs = std::mem::take(&mut stacks.failover_runs).into_iter();
        let Some(mut heir) = heirs.next() else { continue };
        let began = stacks.pair.now();
        say_yes(stacks, &mut heir);
        let took = stacks.pair.now().duration_since(began);
        let story = story(stacks, &heir);
        let FailoverRunState::Ended(ending, _) = &heir.state else { panic!("{context}: {:?}\n{story}", heir.state) };
        assert_ne!(ending, "held", "{context}\n{story}");
        assert!(took <= uninterrupted + LONGER, "{context}: {took:#} in place of {uninterrupted:#}\n{story}");
        // Of two ticks that came before it had begun, the second started one in vain.
        for mut late in heirs {
            stacks.fly(&mut late);
            let FailoverRunState::Failed(why) = &late.state else { panic!("{context}: {:?}", late.state) };
            assert!(why.contains("take-over: found"), "{context}: {why}");
        }
    }
}

/// How long a move takes that nobody stops.
fn uninterrupted(case: Case) -> SignedDuration {
    let mut stacks = stacks(&estates(&[AUTOMATIC]));
    let mut whole = begin(case, &mut stacks);
    let began = stacks.pair.now();
    say_yes(&mut stacks, &mut whole);
    stacks.pair.now().duration_since(began)
}

/// More states than a move takes.
const MANY: usize = 2_000;

/// At every sixth state both together, and one of the other orders; with `whole`, at every state all of them.
fn every_state(case: Case, whole: bool) {
    let uninterrupted = uninterrupted(case);
    let (step, orders) = if whole { (1, ORDERS.len()) } else { (6, 1) };
    let others = |states: usize| ORDERS.into_iter().cycle().skip(states).take(orders);
    let all = |states: &usize| {
        let mut orders = std::iter::once(Stopped::Together).chain(others(*states));
        orders.all(|order| play(case, *states, order, uninterrupted))
    };
    let states = (0..MANY).step_by(step).take_while(all).count() * step;
    assert!((60..MANY).contains(&states), "{case:?}: stopped at {states} states");
}

/// The same for long: `cargo test --test simulator -- --ignored in_every_order`.
#[test]
#[ignore = "takes minutes"]
fn a_move_that_is_stopped_anywhere_in_every_order_is_taken_over_and_ends_in_one_region() {
    for case in [Case::Planned, Case::Forced, Case::Unhealthy, Case::Home] {
        every_state(case, true);
    }
}

#[test]
fn a_planned_move_that_is_stopped_anywhere_is_taken_over_and_ends_in_one_region() {
    every_state(Case::Planned, false);
}

#[test]
fn a_failover_that_is_stopped_anywhere_is_taken_over_and_ends_in_one_region() {
    every_state(Case::Forced, false);
}

#[test]
fn a_move_on_its_way_back_that_is_stopped_anywhere_is_taken_over_and_ends_in_one_region() {
    every_state(Case::Unhealthy, false);
}

#[test]
fn a_way_home_that_is_stopped_anywhere_is_taken_over_and_ends_in_one_region() {
    every_state(Case::Home, false);
}
