#![allow(clippy::unwrap_used)]
#![allow(clippy::redundant_closure_for_method_calls, reason = "the method is not general enough")]

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::capacity::{Capacity, RuleActions};
use crate::estate::Estate;
use crate::intent::{DesiredState, Layer};
use crate::reconcile::history::{RunEnding, TargetState};
use crate::reconcile::run::RunOutcome;

const WORD: &str = "moonrise";

fn estate(token: bool) -> Estate {
    let arn = |named: &str| format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:{named}");
    let mut page =
        json!({"listener-rule": arn("listener-rule/app/shop/1/2/3"), "target-group": arn("targetgroup/page/1")});
    if token {
        page["token-sha256"] = json!(Sha256::of(WORD.as_bytes()));
    }
    serde_json::from_value(json!({"estate": "shop", "environments": {"dev": {
        "kind": "development", "regions": {"primary": "us-east-1"}, "clusters": {"us-east-1": {"shop": ["web"]}},
        "awake": {"zone": "America/New_York", "weekly": {"mon-fri": "08:00-19:00"}}, "wake-page": page,
    }}}))
    .unwrap()
}

/// Thursday 21:00 in New York.
fn night() -> Timestamp {
    "2026-11-20T02:00:00Z".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

fn intent(layer: Layer, want: DesiredState, expires: Option<Timestamp>) -> Intent {
    let (reason, by, declared) = ("why".to_owned(), "run".to_owned(), at("2026-11-20T00:05:00Z"));
    Intent { layer, want, reason, by, declared, expires, approved: BTreeSet::new(), for_release: None }
}

fn ending(run: &str, target: TargetState, outcome: RunOutcome, began: Timestamp, took: i64) -> RunEnding {
    RunEnding {
        began,
        at: began + minutes(took),
        again: None,
        target,
        layer: Layer::Schedule,
        reason: String::new(),
        outcome,
        writes: 3,
        code: None,
        run: run.to_owned(),
        mark: None,
    }
}

/// An environment, and what is remembered of it.
struct Scene {
    estate: Estate,
    scope: Scope,
    intents: Vec<Intent>,
    kept: bool,
    halted: bool,
    history: ScopeHistory,
    memory: WakeMemory,
    now: Timestamp,
}

impl Scene {
    fn asleep() -> Self {
        let estate = estate(false);
        let [estate_name, environment, region] = ["shop", "dev", "us-east-1"];
        let scope = Scope {
            estate: crate::name::EstateName::new(estate_name).unwrap(),
            environment: crate::name::EnvironmentName::new(environment).unwrap(),
            region: crate::name::Region::new(region).unwrap(),
        };
        let history = ScopeHistory {
            endings: vec![ending("evening", TargetState::Asleep, RunOutcome::Done, at("2026-11-20T00:05:00Z"), 4)],
            ..ScopeHistory::default()
        };
        let intents = vec![intent(Layer::Schedule, DesiredState::Asleep, None)];
        let memory = WakeMemory::default();
        Self { estate, scope, intents, kept: true, halted: false, history, memory, now: night() }
    }

    fn with<T>(&self, look: impl FnOnce(&WakeSituation<'_>) -> T) -> T {
        let environment = self.estate.environment(&self.scope.environment).unwrap();
        let policy = WakePolicy::of(environment).unwrap();
        let mut capacity = Capacity::default();
        let application = policy.place.target_group.clone();
        capacity.rules.insert(policy.place.rule.clone(), RuleActions::forward_to(&application));
        let baseline = Baseline { taken: at("2026-11-20T00:05:00Z"), capacity };
        look(&WakeSituation {
            scope: &self.scope,
            policy: &policy,
            calendar: environment.calendar(),
            intents: &self.intents,
            baseline: self.kept.then_some(&baseline),
            history: Some(&self.history),
            running: None,
            halted: self.halted,
            memory: &self.memory,
            now: self.now,
        })
    }

    fn state(&self) -> WakeState {
        self.with(|it| it.state())
    }

    fn press(&self) -> Result<WakePress, WakeRefusal> {
        self.with(|situation| situation.press(""))
    }

    /// Somebody presses, and what it starts is started.
    fn pressed(&mut self) -> String {
        let press = self.press().unwrap();
        self.memory = press.memory.started();
        press.execution
    }

    /// The run of a press has ended, and it sleeps again later.
    fn ended(&mut self, run: &str, outcome: RunOutcome) {
        self.history.endings.push(ending(run, TargetState::Awake, outcome, self.now, 5));
        self.history.endings.push(ending("again", TargetState::Asleep, RunOutcome::Done, self.now + minutes(120), 5));
        self.now += minutes(130);
    }
}

fn wakes_with_the_calendar() -> Timestamp {
    at("2026-11-20T13:00:00Z")
}

#[test]
fn what_sleeps_is_told_since_when_and_until_when() {
    let expected = WakeState::Asleep {
        since: Some(at("2026-11-20T00:09:00Z")),
        until: Some(wakes_with_the_calendar()),
        failed: None,
    };
    assert_eq!(Scene::asleep().state(), expected);
}

#[rstest]
#[case::a_person_until_later_at_night("2026-11-20T09:00:00Z", wakes_with_the_calendar())]
#[case::a_person_until_after_the_morning("2026-11-20T15:00:00Z", at("2026-11-20T15:00:00Z"))]
fn what_a_person_puts_to_sleep_wakes_when_both_let_it(#[case] expires: &str, #[case] expected: Timestamp) {
    let mut scene = Scene::asleep();
    scene.intents.push(intent(Layer::Override, DesiredState::Asleep, Some(at(expires))));
    let WakeState::Asleep { until, .. } = scene.state() else { panic!("{:?}", scene.state()) };
    assert_eq!(until, Some(expected));
}

#[test]
fn a_press_asks_for_two_hours_beside_what_people_want() {
    let WakePress { memory, execution, request } = Scene::asleep().press().unwrap();
    assert_eq!(execution, "wake-page-shop-dev-1-20261119T050000Z");
    assert_eq!((memory.count, memory.last.unwrap().started), (1, false));
    let expected = json!({
        "estate": "shop", "environment": "dev", "trigger": "human", "mode": "apply", "want": "awake", "until": "2h",
        "for-release": "wake-page", "reason": "by its wake page",
    });
    assert_eq!(serde_json::to_value(&request).unwrap(), expected);
    request.check().unwrap();
    assert!(is_of_page(&for_page().unwrap()));
}

#[rstest]
#[case::the_word(WORD, Ok(()))]
#[case::another("sunrise", Err(WakeRefusal::WrongToken))]
#[case::nothing("", Err(WakeRefusal::WrongToken))]
#[case::with_a_blank(" moonrise", Err(WakeRefusal::WrongToken))]
fn a_word_that_has_to_be_typed_has_to_be_right(#[case] typed: &str, #[case] expected: Result<(), WakeRefusal>) {
    let scene = Scene { estate: estate(true), ..Scene::asleep() };
    assert_eq!(scene.with(|situation| situation.press(typed)).map(drop), expected);
    let halted = Scene { halted: true, ..scene };
    assert_eq!(halted.with(|situation| situation.press("sunrise")).map(drop), Err(WakeRefusal::WrongToken));
}

#[test]
fn what_is_halted_is_not_woken() {
    assert_eq!(Scene { halted: true, ..Scene::asleep() }.press().map(drop), Err(WakeRefusal::Halted));
}

#[test]
fn a_second_press_finds_the_first_under_way_until_its_run_has_ended() {
    let mut scene = Scene::asleep();
    let execution = scene.pressed();
    assert_eq!(scene.state(), WakeState::Waking { since: night() });
    assert_eq!(scene.press().map(drop), Err(WakeRefusal::UnderWay));
    // Its run begins: it is wanted awake.
    let mut awake = intent(Layer::Override, DesiredState::Awake, Some(night() + minutes(120)));
    (awake.for_release, awake.declared) = (for_page(), night());
    scene.intents.push(awake);
    assert_eq!(scene.state(), WakeState::Waking { since: night() });
    scene.kept = false;
    assert_eq!(scene.state(), WakeState::Awake);
    assert_eq!(scene.press().map(drop), Err(WakeRefusal::Awake));
    (scene.intents, scene.kept) = (Scene::asleep().intents, true);
    scene.ended(&execution, RunOutcome::Done);
    assert_eq!(scene.press().unwrap().execution, "wake-page-shop-dev-2-20261119T050000Z");
}

#[test]
fn a_run_that_has_not_woken_it_is_told_and_another_press_is_another_run() {
    let mut scene = Scene::asleep();
    let execution = scene.pressed();
    scene.history.endings.push(ending(&execution, TargetState::Awake, RunOutcome::Failed, scene.now, 1));
    let WakeState::Asleep { failed, .. } = scene.state() else { panic!("{:?}", scene.state()) };
    assert_eq!(failed, Some(RunOutcome::Failed));
    assert_eq!(scene.press().unwrap().memory.count, 2);
}

#[test]
fn a_run_of_which_nothing_is_heard_is_waited_for_no_longer_than_runs_try_to_begin() {
    let mut scene = Scene::asleep();
    scene.pressed();
    scene.now = night() + minutes(9);
    assert_eq!(scene.press().map(drop), Err(WakeRefusal::UnderWay));
    scene.now = night() + minutes(10);
    assert_eq!(scene.press().unwrap().memory.count, 2);
}

#[test]
fn so_many_a_day_and_a_new_day_begins_by_the_clocks_of_the_zone() {
    let mut scene = Scene::asleep();
    scene.now = at("2026-11-19T22:00:00Z");
    for _ in 0..3 {
        let execution = scene.pressed();
        scene.history.endings.push(ending(&execution, TargetState::Awake, RunOutcome::Failed, scene.now, 1));
        scene.now += minutes(2);
    }
    let again = at("2026-11-20T05:00:00Z");
    assert_eq!(scene.press().map(drop), Err(WakeRefusal::UsedUp { at_most: 3, again }));
    scene.now = again - minutes(1);
    assert_eq!((scene.press().is_err(), scene.with(|it| it.left())), (true, 0));
    scene.now = again;
    assert_eq!(scene.with(|it| it.left()), 3);
    assert_eq!(scene.press().unwrap().execution, "wake-page-shop-dev-1-20261120T050000Z");
}

#[test]
fn a_press_that_could_start_nothing_does_not_count() {
    let mut scene = Scene::asleep();
    let press = scene.press().unwrap();
    scene.memory = press.memory.taken_back();
    assert_eq!(scene.with(|it| it.left()), 3);
    assert_eq!(scene.press().unwrap().execution, press.execution);
}

#[test]
fn a_press_that_died_before_it_knew_is_made_again_after_half_a_minute_and_counts_once() {
    let mut scene = Scene::asleep();
    let press = scene.press().unwrap();
    scene.memory = press.memory.clone();
    scene.now += SignedDuration::from_secs(29);
    assert_eq!(scene.press().map(drop), Err(WakeRefusal::UnderWay));
    scene.now += SignedDuration::from_secs(1);
    let again = scene.press().unwrap();
    assert_eq!((again.execution.as_str(), again.memory.count), (press.execution.as_str(), 1));
}

#[test]
fn a_press_that_was_taken_back_and_ran_after_all_was_one() {
    let mut scene = Scene::asleep();
    let press = scene.press().unwrap();
    scene.memory = press.memory.taken_back();
    scene.ended(&press.execution, RunOutcome::Done);
    let next = scene.press().unwrap();
    assert_eq!((next.execution.as_str(), next.memory.count), ("wake-page-shop-dev-2-20261119T050000Z", 2));
}

#[test]
fn a_wake_usually_takes_what_half_of_the_last_ones_took() {
    let mut history = ScopeHistory::default();
    assert_eq!(usual_wake(&history), None);
    for (n, took) in [30, 8, 6, 40, 7].into_iter().enumerate() {
        history.endings.push(ending(&n.to_string(), TargetState::Awake, RunOutcome::Done, night(), took));
    }
    history.endings.push(ending("bad", TargetState::Awake, RunOutcome::Failed, night(), 1));
    history.endings.push(ending("sleep", TargetState::Asleep, RunOutcome::Done, night(), 1));
    history.endings.push(RunEnding { writes: 0, ..ending("no", TargetState::Awake, RunOutcome::Done, night(), 0) });
    assert_eq!(usual_wake(&history), Some(minutes(8)));
}
