//! An environment that nobody uses: when it is asked, what figures mean, and how long it sleeps.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::{Environment, Estate, EstateDocument, SleepWhenIdle};
use watchkeeper_domain::intent::idle::{
    IdleStanding, USAGE_PERIOD, UsageFigures, UsagePoint, UsageSubject, UsageVerdict, UsageWindow, idle, scheduled,
    standing, usage,
};
use watchkeeper_domain::intent::{DesiredState, Due, Intent, Layer, due, wanted};

/// Tuesday, within the hours from 08:00 to 19:00 UTC.
const NOON: &str = "2026-12-01T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A time of that Tuesday.
fn tuesday(clock: &str) -> Timestamp {
    at(&format!("2026-12-01T{clock}:00Z"))
}

fn estate(environment: &Value) -> Result<Estate, Vec<String>> {
    let document: EstateDocument =
        serde_json::from_value(json!({ "estate": "shop", "environments": { "dev": environment } })).unwrap();
    Estate::new(document).map_err(|findings| findings.iter().map(ToString::to_string).collect())
}

fn document(by: &str, below: &str) -> Value {
    json!({
        "kind": "development",
        "regions": { "primary": "us-east-1" },
        "clusters": { "us-east-1": { "shop": ["api"] } },
        "awake": { "zone": "UTC", "weekly": { "mon-fri": "08:00-19:00" } },
        "wake-page": {
            "listener-rule": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/1",
            "target-group": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/page/73e2d6bc24d8a067",
        },
        "sleep-when-idle": { "after": "1h", "by": by, "below": below },
    })
}

fn dev(document: &Value) -> Environment {
    estate(document).unwrap().environments().next().unwrap().clone()
}

fn shop() -> Environment {
    dev(&document("request-count", "10 a minute"))
}

fn rule(environment: &Environment) -> SleepWhenIdle {
    environment.document().sleep_when_idle.unwrap()
}

fn intent(layer: Layer, want: DesiredState, declared: &str, expires: Option<&str>) -> Intent {
    Intent {
        layer,
        want,
        reason: "because".to_owned(),
        by: "tick".to_owned(),
        declared: tuesday(declared),
        expires: expires.map(tuesday),
        approved: [].into(),
        for_release: None,
    }
}

fn asleep_since(clock: &str) -> Intent {
    idle(&rule(&shop()), tuesday(clock))
}

fn window(environment: &Environment, instant: Timestamp) -> UsageWindow {
    match standing(environment, &[], instant) {
        IdleStanding::Ask(window) => window,
        other => panic!("it is not asked: {other:?}"),
    }
}

#[rstest]
#[case::nothing_was_ever_declared(vec![], "12:00", true)]
#[case::just_woken(vec![], "08:55", false)]
#[case::awake_for_as_long(vec![], "09:00", true)]
#[case::asleep_by_its_calendar(vec![], "19:00", false)]
#[case::woken_by_somebody_as_the_tick_saw(vec![intent(Layer::Schedule, DesiredState::Awake, "11:05", None)], "12:00", false)]
#[case::and_an_hour_later(vec![intent(Layer::Schedule, DesiredState::Awake, "11:00", None)], "12:00", true)]
#[case::a_person_keeps_it_awake(vec![intent(Layer::Override, DesiredState::Awake, "08:30", Some("12:05"))], "12:00", false)]
#[case::until_then(vec![intent(Layer::Override, DesiredState::Awake, "08:30", Some("12:00"))], "12:00", true)]
#[case::a_person_wants_it_asleep(vec![intent(Layer::Override, DesiredState::Asleep, "08:30", Some("12:05"))], "12:00", false)]
#[case::a_sleep_of_somebody_has_just_ended(vec![intent(Layer::Override, DesiredState::Asleep, "08:30", Some("11:30"))], "12:00", false)]
#[case::and_an_hour_after_that(vec![intent(Layer::Override, DesiredState::Asleep, "08:30", Some("11:00"))], "12:00", true)]
#[case::the_calendar_has_not_woken_it_yet(vec![intent(Layer::Schedule, DesiredState::Asleep, "07:00", None)], "12:00", false)]
fn it_is_asked_only_while_it_could_be_idle(#[case] intents: Vec<Intent>, #[case] clock: &str, #[case] asked: bool) {
    let found = standing(&shop(), &intents, tuesday(clock));
    assert_eq!(matches!(found, IdleStanding::Ask(_)), asked, "{found:?}");
    assert!(asked || found == IdleStanding::NotAsked);
}

#[test]
fn a_release_of_a_pipeline_keeps_it_awake_like_a_person() {
    let mut release = intent(Layer::Override, DesiredState::Awake, "11:00", Some("12:30"));
    release.for_release = Some("octo/shop-1".parse().unwrap());
    let kept = [asleep_since("10:00"), release];
    assert_eq!(standing(&shop(), &kept, tuesday("11:05")), IdleStanding::NotAsked);
    assert_eq!(scheduled(&shop(), &kept, tuesday("11:05")).want, DesiredState::Awake);
}

#[test]
fn without_a_rule_nothing_is_asked_and_what_slept_for_one_is_woken() {
    let mut plain = document("cpu", "5 %");
    plain.as_object_mut().unwrap().remove("sleep-when-idle");
    let plain = dev(&plain);
    assert_eq!(standing(&plain, &[], at(NOON)), IdleStanding::NotAsked);
    let word = scheduled(&plain, &[asleep_since("11:00")], at(NOON));
    assert_eq!(word.want, DesiredState::Awake);
    assert_eq!(due(&word, &[asleep_since("11:00")], true), Due::Compare { changed: true });
}

#[rstest]
#[case::the_next_tick("12:05", vec![], true)]
#[case::the_end_of_the_hours("18:55", vec![], true)]
#[case::a_person_wakes_it("14:00", vec![intent(Layer::Override, DesiredState::Awake, "13:58", Some("15:00"))], false)]
#[case::an_expired_wake_is_none("15:00", vec![intent(Layer::Override, DesiredState::Awake, "13:58", Some("15:00"))], true)]
#[case::a_person_wants_it_asleep("14:00", vec![intent(Layer::Override, DesiredState::Asleep, "13:58", Some("15:00"))], true)]
fn once_idle_it_sleeps_until_somebody_wakes_it(
    #[case] clock: &str,
    #[case] mut intents: Vec<Intent>,
    #[case] sleeps: bool,
) {
    intents.push(asleep_since("12:00"));
    let word = scheduled(&shop(), &intents, tuesday(clock));
    assert_eq!((word.is_idle(), word.want == DesiredState::Asleep), (sleeps, sleeps));
    assert_eq!(due(&word, &intents, true), Due::Compare { changed: !sleeps });
    assert_eq!(word.reason.starts_with("idle, fewer requests than 10 a minute for 1h"), sleeps, "{}", word.reason);
}

#[test]
fn the_calendar_takes_over_at_the_end_of_the_hours_and_wakes_it_in_the_morning() {
    let (idle, evening, morning) = (asleep_since("12:00"), tuesday("19:00"), at("2026-12-02T08:00:00Z"));
    let night = scheduled(&shop(), std::slice::from_ref(&idle), evening);
    assert_eq!((night.want.clone(), night.is_idle()), (DesiredState::Asleep, false));
    assert_eq!(due(&night, std::slice::from_ref(&idle), true), Due::Compare { changed: true }, "it says why");
    for kept in [idle, night] {
        assert_eq!(
            scheduled(&shop(), &[kept], morning).want,
            DesiredState::Awake,
            "also where the evening's tick was lost"
        );
    }
}

#[test]
fn without_a_calendar_it_sleeps_until_somebody_wakes_it() {
    let mut always = document("request-count", "10 a minute");
    always.as_object_mut().unwrap().remove("awake");
    let always = dev(&always);
    assert!(matches!(standing(&always, &[], at(NOON)), IdleStanding::Ask(_)));
    let kept = [asleep_since("12:00")];
    assert!(scheduled(&always, &kept, at("2026-12-09T12:00:00Z")).is_idle());
}

#[test]
fn figures_are_read_of_whole_periods_and_the_last_of_them_may_be_missing() {
    let asked = window(&shop(), tuesday("12:03"));
    let expected = UsageWindow { from: tuesday("10:55"), settled: tuesday("11:55"), to: tuesday("12:00") };
    assert_eq!(asked, expected);
}

fn group(name: &str) -> UsageSubject {
    UsageSubject::Requests { balancer: "app/shop/1".to_owned(), group: format!("targetgroup/{name}/2") }
}

fn cpu(name: &str) -> UsageSubject {
    UsageSubject::Cpu(ServiceId::try_from(format!("shop/{name}")).unwrap())
}

/// The same point in every period of the hour up to 11:55, and in the one after it.
fn all(subject: UsageSubject, point: UsagePoint) -> UsageFigures {
    let periods = (0..13).map(|n| tuesday("10:55") + USAGE_PERIOD * n);
    BTreeMap::from([(subject, periods.map(|at| (at, point)).collect())])
}

fn requests(figure: Option<u64>) -> UsagePoint {
    UsagePoint { figure, healthy: true }
}

fn load(figure: u64) -> UsagePoint {
    UsagePoint { figure: Some(figure), healthy: false }
}

fn put(mut figures: UsageFigures, subject: &UsageSubject, clock: &str, point: Option<UsagePoint>) -> UsageFigures {
    let points = figures.get_mut(subject).unwrap();
    match point {
        Some(point) => points.insert(tuesday(clock), point),
        None => points.remove(&tuesday(clock)),
    };
    figures
}

fn both(one: UsageFigures, other: UsageFigures) -> UsageFigures {
    one.into_iter().chain(other).collect()
}

#[rstest]
#[case::no_request_at_all(all(group("web"), requests(None)), "idle")]
#[case::a_few(all(group("web"), requests(Some(49))), "idle")]
#[case::as_many_as_the_limit(all(group("web"), requests(Some(50))), "used")]
#[case::a_single_period_of_use(put(all(group("web"), requests(None)), &group("web"), "10:55", Some(requests(Some(50)))), "used")]
#[case::use_that_has_just_begun(put(all(group("web"), requests(None)), &group("web"), "11:55", Some(requests(Some(50)))), "used")]
#[case::the_newest_period_may_be_missing(put(all(group("web"), requests(None)), &group("web"), "11:55", None), "idle")]
#[case::another_one_may_not(put(all(group("web"), requests(None)), &group("web"), "11:50", None), "not known")]
#[case::no_healthy_target_is_known_of(
    put(all(group("web"), requests(None)), &group("web"), "11:00", Some(UsagePoint::default())), "not known")]
#[case::a_use_counts_though_another_figure_is_missing(
    put(put(all(group("web"), requests(None)), &group("web"), "11:00", None), &group("web"), "11:30", Some(requests(Some(900)))), "used")]
#[case::groups_count_together(
    both(all(group("web"), requests(Some(25))), all(group("api"), requests(Some(25)))),
    "used"
)]
#[case::a_group_of_which_nothing_is_known(both(all(group("web"), requests(None)), BTreeMap::from([(group("api"), BTreeMap::new())])), "not known")]
#[case::nothing_to_look_at(BTreeMap::new(), "not known")]
fn requests_that_were_not_counted_are_none_only_where_a_target_was_healthy(
    #[case] figures: UsageFigures,
    #[case] expected: &str,
) {
    let shop = shop();
    assert_eq!(word(&usage(&rule(&shop), &window(&shop, at(NOON)), &figures)), expected);
}

#[rstest]
#[case::little(all(cpu("api"), load(499)), "idle")]
#[case::as_much_as_the_limit(all(cpu("api"), load(500)), "used")]
#[case::the_busiest_counts(both(all(cpu("api"), load(0)), all(cpu("web"), load(900))), "used")]
#[case::a_figure_is_missing(put(all(cpu("api"), load(0)), &cpu("api"), "11:00", None), "not known")]
#[case::a_service_without_figures(both(all(cpu("api"), load(0)), BTreeMap::from([(cpu("web"), BTreeMap::new())])), "not known")]
#[case::nothing_runs(BTreeMap::new(), "not known")]
fn a_cpu_that_is_not_there_is_never_nothing(#[case] figures: UsageFigures, #[case] expected: &str) {
    let shop = dev(&document("cpu", "5 %"));
    assert_eq!(word(&usage(&rule(&shop), &window(&shop, at(NOON)), &figures)), expected);
}

fn word(verdict: &UsageVerdict) -> &'static str {
    match verdict {
        UsageVerdict::Idle => "idle",
        UsageVerdict::Used => "used",
        UsageVerdict::NotKnown(_) => "not known",
    }
}

#[rstest]
#[case::production(|d: &mut Value| { d["kind"] = json!("production"); d.as_object_mut().unwrap().remove("awake"); }, "sleep-when-idle: found sleeping when idle, for production")]
#[case::a_pair(|d: &mut Value| d["regions"]["standby"] = json!("us-west-2"), "sleep-when-idle: found sleeping when idle, for a pair")]
#[case::no_page(|d: &mut Value| { d.as_object_mut().unwrap().remove("wake-page"); }, "sleep-when-idle: found sleeping when idle, without a page, expected `wake-page`")]
#[case::too_short(|d: &mut Value| d["sleep-when-idle"]["after"] = json!("10m"), "sleep-when-idle.after: found 10m, expected 15m to 24h")]
#[case::too_long(|d: &mut Value| d["sleep-when-idle"]["after"] = json!("25h"), "sleep-when-idle.after: found 25h, expected 15m to 24h")]
#[case::a_share_of_requests(|d: &mut Value| d["sleep-when-idle"]["below"] = json!("5 %"), "sleep-when-idle.below: found 5 %, expected requests")]
#[case::requests_of_a_cpu(|d: &mut Value| d["sleep-when-idle"]["by"] = json!("cpu"), "sleep-when-idle.below: found 10 a minute, expected a share")]
fn a_rule_that_cannot_be_meant_is_named(#[case] change: fn(&mut Value), #[case] expected: &str) {
    let mut changed = document("request-count", "10 a minute");
    change(&mut changed);
    let findings = estate(&changed).unwrap_err();
    assert!(findings.iter().any(|finding| finding.contains(expected)), "{findings:?}");
}

#[test]
fn the_word_without_idleness_is_the_calendars() {
    for clock in ["07:55", "08:00", "12:00", "19:00"] {
        assert_eq!(scheduled(&shop(), &[], tuesday(clock)), wanted(&shop(), tuesday(clock)));
    }
    assert_eq!(tuesday("08:00") + SignedDuration::from_hours(11), tuesday("19:00"));
}
