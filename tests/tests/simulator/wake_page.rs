//! Nights with a page: it is there before anything goes down and until the application answers again, whatever fails at any call,
//! and the rule is what it was afterwards.

use std::sync::LazyLock;

use serde_json::json;
use watchkeeper_domain::capacity::{RuleActions, ServiceId};
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallEnding, CallTrouble, FaultPlan, SimRegion, group_arn, rds, rule, rule_arn, scope, service};

use crate::backup_faults::estates;
use crate::scene::{asleep, evening, minutes, morning};

pub(crate) const DOCUMENT: &str = "
estate: shop
environments:
  dev:
    kind: development
    regions: { primary: us-east-1 }
    clusters: { us-east-1: { shop: [api, web, worker] } }
    databases: [{ rds: shop-db }]
    awake: { zone: America/New_York, weekly: { mon-fri: \"08:00-19:00\" } }
    wake-page:
      listener-rule: arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/1
      target-group: arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/page/73e2d6bc24d8a067
";

pub(crate) static SHOP: LazyLock<EstateFolder> = LazyLock::new(|| estates(DOCUMENT));

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("shop/{name}")).unwrap()
}

/// A service that the rule forwards to, two that it does not, and a database.
pub(crate) fn afternoon() -> InMemoryHarness {
    let web = group_arn("web").to_string();
    let sim = SimRegion::builder()
        .at("2026-11-19T23:00:00Z")
        .with(service("shop/api").desired(2).scaling(2, 4))
        .with(service("shop/web").desired(2).scaling(1, 4).target_group(&web, "/health"))
        .with(service("shop/worker"))
        .with(rds("shop-db"))
        .with(rule("shop/1", "web"));
    InMemoryHarness::over(sim.build(), SHOP.clone(), "us-east-1")
}

fn shows_page(harness: &InMemoryHarness) -> bool {
    harness.sim.rule(&rule_arn("shop/1")).unwrap().actions.shows(&group_arn("page"))
}

fn told(harness: &InMemoryHarness) -> String {
    harness.sim.messages().last().unwrap().text.clone()
}

fn baseline_is_kept(harness: &InMemoryHarness) -> bool {
    harness.sim.remembered(&scope("shop", "dev", "us-east-1")).unwrap().baseline.is_some()
}

#[test]
fn a_night_shows_the_page_and_gives_the_rule_back_as_it_was() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    assert_eq!(harness.tick(evening()).remove(0).outcome(), "done");
    assert!(asleep(&harness.sim.capacity()) && shows_page(&harness));
    let kept = harness.sim.remembered(&scope("shop", "dev", "us-east-1")).unwrap().baseline.unwrap();
    assert_eq!(kept.capacity, original);
    // The application's targets stay in the rule, so that their health is known before the first request.
    let shown = harness.sim.rule(&rule_arn("shop/1")).unwrap().actions;
    assert!(serde_json::to_string(&shown).unwrap().contains(group_arn("web").as_str()));
    assert!(harness.tick(evening() + minutes(5)).is_empty(), "nothing is left to do");
    assert_eq!(harness.tick(morning()).remove(0).outcome(), "done");
    assert_eq!(harness.sim.capacity(), original);
    assert!(!baseline_is_kept(&harness));
    assert_eq!(harness.sim.unserved(), []);
}

#[test]
fn a_plan_says_when_the_page_comes_and_goes() {
    let mut harness = afternoon();
    let plan =
        |want: &str| json!({"estate": "shop", "environment": "dev", "want": want, "until": "2h", "mode": "plan"});
    let sleep = harness.execute("plan-sleep", &plan("asleep")).said().to_owned();
    let steps = [
        "show page (1 write)\n  rule:shop/1: page on (forward to page)",
        "lower counts (3 writes, once what it waits for",
    ];
    assert!(steps.iter().all(|step| sleep.contains(step)), "{sleep}");
    assert!(sleep.contains("waits for rule:shop/1: its page is shown first"), "{sleep}");
    harness.tick(evening());
    let wake = harness.execute("plan-wake", &plan("awake")).said().to_owned();
    assert!(wake.contains("hide page (1 write, once what it waits for"), "{wake}");
    assert!(wake.contains("waits for shop/web: it comes up first\n"), "{wake}");
    assert!(wake.contains("rule:shop/1: page off (forward to web)"), "{wake}");
}

#[test]
fn targets_that_are_not_healthy_keep_the_page_for_a_while() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.tick(evening());
    harness.sim.change_healthy(&id("web"), group_arn("web").as_str(), Some(1));
    let ended = harness.tick(morning()).remove(0);
    assert_eq!(ended.outcome(), "done", "{}", ended.said());
    assert!(told(&harness).contains("wave-late: shop/web: 1 of 2 targets"), "{}", told(&harness));
    assert_eq!(harness.sim.capacity(), original, "one target answers: its owner's rule is theirs again");
}

#[test]
fn the_page_stays_where_no_task_of_the_application_runs_and_goes_with_the_tick_that_finds_one() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.tick(evening());
    harness.sim.never_start(&id("web"), true);
    harness.tick(morning());
    assert!(shows_page(&harness) && baseline_is_kept(&harness));
    let said = told(&harness);
    assert!(
        said.contains("wake-page: rule:shop/1: no task of shop/web runs, to which its requests would go"),
        "{said}"
    );
    // A run that finds nothing else to do comes to another outcome, and only that is news.
    harness.tick(morning() + minutes(60));
    let many = harness.sim.messages().len();
    harness.tick(morning() + minutes(75));
    assert_eq!(harness.sim.messages().len(), many, "it is told once: {:?}", harness.sim.messages_after(many));
    assert!(shows_page(&harness));
    harness.sim.never_start(&id("web"), false);
    harness.sim.set_now(morning() + minutes(120));
    harness.tick(morning() + minutes(125));
    assert_eq!(harness.sim.capacity(), original);
    assert_eq!(harness.sim.unserved(), []);
}

#[test]
fn what_a_person_makes_of_the_rule_in_the_night_is_drift_until_the_morning() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.tick(evening());
    let theirs = RuleActions::forward_to(&group_arn("maintenance"));
    harness.sim.change_rule(&rule_arn("shop/1"), &theirs);
    harness.tick(evening() + minutes(5));
    assert!(told(&harness).contains("drift: rule:shop/1: somebody else changed it"), "{}", told(&harness));
    assert_eq!(harness.sim.rule(&rule_arn("shop/1")).unwrap().actions, theirs);
    harness.tick(morning());
    assert!(told(&harness).contains("somebody else had set it to forward to maintenance"), "{}", told(&harness));
    assert_eq!(harness.sim.capacity(), original);
}

/// What somebody does to a rule before the evening.
type Trouble<'a> = &'a dyn Fn(&SimRegion);

#[test]
fn what_cannot_take_a_page_is_named_and_everything_else_sleeps_and_wakes() {
    let rule = || rule_arn("shop/1");
    let page = RuleActions::forward_to(&group_arn("page"));
    let redirect =
        serde_json::from_value(json!([{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}])).unwrap();
    let cases: [(Trouble<'_>, &str); 5] = [
        (&|sim| sim.remove_rule(&rule()), "not-found: rule:shop/1: AWS does not know it"),
        (&|sim| sim.change_rule_tag(&rule(), false), "not-managed: rule:shop/1: it lacks the tag"),
        (&|sim| sim.deny_rule(&rule(), true), "write-refused: rule:shop/1: AWS refused to change it"),
        (&|sim| sim.change_rule(&rule(), &page), "wake-page: rule:shop/1: it forwards to page already"),
        (&|sim| sim.change_rule(&rule(), &redirect), "wake-page: rule:shop/1: it answers by redirect"),
    ];
    for (change, expected) in cases {
        let mut harness = afternoon();
        change(&harness.sim);
        let original = harness.sim.capacity();
        let ended = harness.tick(evening()).remove(0);
        assert!(asleep(&harness.sim.capacity()), "{expected}: {}", ended.said());
        assert_eq!(ended.outcome(), "partly-done", "{expected}");
        assert!(told(&harness).contains(expected), "{expected}: {}", told(&harness));
        assert_eq!(harness.sim.capacity().rules, original.rules, "{expected}");
        harness.tick(morning());
        assert_eq!(harness.sim.capacity(), original, "{expected}");
        assert!(!baseline_is_kept(&harness), "{expected}");
    }
}

#[test]
fn a_page_that_the_document_has_no_more_is_taken_away_by_the_next_tick() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.tick(evening());
    let without = DOCUMENT.split("    wake-page:").next().unwrap();
    harness.redocument(estates(without));
    harness.tick(evening() + minutes(5));
    assert_eq!(harness.sim.capacity().rules, original.rules);
    assert!(asleep(&harness.sim.capacity()));
    harness.tick(morning());
    assert_eq!(harness.sim.capacity(), original);
}

/// More calls than a run makes.
const MANY: u64 = 2_000;

/// Plays a night with one fault at the `k`-th call of its evening or its morning. Tells whether there was such a call.
fn night_with(k: u64, trouble: CallTrouble, in_the_morning: bool) -> bool {
    let (mut harness, context) = (afternoon(), format!("{trouble:?} at call {k}, morning {in_the_morning}"));
    let original = harness.sim.capacity();
    let mut struck = false;
    for (begin, faulty) in [(evening(), !in_the_morning), (morning(), in_the_morning)] {
        harness.sim.forget_calls();
        if faulty {
            harness.sim.set_faults(FaultPlan::none().at(harness.sim.calls_made() + k, trouble));
        }
        harness.tick(begin);
        harness.sim.set_faults(FaultPlan::none());
        struck |= harness.sim.calls().iter().any(|call| matches!(call.ending, CallEnding::Troubled(_)));
        if faulty {
            harness.tick(begin + minutes(5));
        }
        harness.sim.set_now(begin + minutes(60));
        if begin == evening() {
            assert!(asleep(&harness.sim.capacity()) && shows_page(&harness), "{context}: asleep");
        }
    }
    assert_eq!(harness.sim.capacity(), original, "{context}");
    assert!(!baseline_is_kept(&harness), "{context}");
    // Where IAM forbids the page itself, services sleep without it until the next tick, and that is told.
    let forbidden = trouble == CallTrouble::Denied && !in_the_morning;
    assert!(forbidden || harness.sim.unserved().is_empty(), "{context}: {:?}", harness.sim.unserved());
    struck
}

#[test]
fn a_fault_of_every_kind_at_every_call_leaves_the_page_or_the_application_and_never_neither() {
    for trouble in CallTrouble::ALL {
        for morning in [false, true] {
            let calls = (0..MANY).take_while(|k| night_with(*k, trouble, morning)).count();
            assert!((30..usize::try_from(MANY).unwrap()).contains(&calls), "{trouble:?}: {calls} calls were struck");
        }
    }
}
