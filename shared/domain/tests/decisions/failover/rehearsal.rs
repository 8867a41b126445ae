//! Rehearsals: what they ask, when they are due, what they make way for, and what their certificates are worth.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::json;
use watchkeeper_domain::capacity::TaskDefinition;
use watchkeeper_domain::estate::{Failover, FreezeWindow, RehearsalPolicy};
use watchkeeper_domain::failover::rehearsal::{
    CapacityCertificate, CertifiedFacts, PlacedTasks, Rehearsal, RehearsalDue, RehearsalMemory, RehearsalSituation,
    StandingVerdict, TaskStart, WaveTiming, refusal, rehearsed_serving, standing,
};
use watchkeeper_domain::failover::{FailoverRequest, Move, MoveEnding, MovePhase, MoveStage, Pointer, report};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile, resolve};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Scope, ServiceName};
use watchkeeper_domain::request::{RehearsalDemand, RunRequest};
use watchkeeper_domain::value::Percent;

use super::scene::{
    DASHBOARD, FLEET, JOB, SIMULATOR, at, away, failover, home, moving_away, order, service, serving, standby,
};

#[rstest]
#[case::time_of_a_move(json!({ "for": "15m" }), "for")]
#[case::share_of_a_move(json!({ "share": "50 %" }), "share")]
#[case::too_short(json!({ "mode": "rehearse", "for": "20s" }), "for")]
#[case::too_long(json!({ "mode": "rehearse", "for": "5h" }), "for")]
#[case::nothing(json!({ "mode": "rehearse", "share": "0 %" }), "share")]
#[case::more_than_all(json!({ "mode": "rehearse", "share": "150 %" }), "share")]
#[case::taking_over(json!({ "mode": "rehearse", "take-over": true }), "take-over")]
#[case::of_a_loss(json!({ "mode": "rehearse", "detected": "2026-11-20T03:00:00Z" }), "detected")]
#[case::with_approvals(json!({ "mode": "rehearse", "approve": ["data-loss"] }), "approve")]
fn a_request_that_cannot_be_meant_names_its_field(#[case] more: serde_json::Value, #[case] field: &str) {
    let mut request = json!({ "estate": "fleet-orchestration", "environment": "prod" });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request: FailoverRequest = serde_json::from_value(request).unwrap();
    assert_eq!(request.check().unwrap_err().field, field);
}

#[test]
fn a_demand_of_the_own_hand_is_of_the_failover_machine_alone() {
    let scope = scope();
    let hold = RehearsalDemand::Hold { services: [(service(FLEET), 2)].into(), until: at(900), by: "run".to_owned() };
    let request = RunRequest::of_rehearsal(&scope, hold.clone(), "a rehearsal".to_owned());
    request.check().unwrap();
    let by_hand = RunRequest { rehearsal: Some(hold), ..RunRequest::of_person(&scope) };
    assert_eq!(by_hand.check().unwrap_err().field, "rehearsal");
    let nothing = RehearsalDemand::Hold { services: [].into(), until: at(900), by: "run".to_owned() };
    let request = RunRequest::of_rehearsal(&scope, nothing, "a rehearsal".to_owned());
    assert_eq!(request.check().unwrap_err().field, "rehearsal.hold.services");
}

fn scope() -> Scope {
    Scope {
        estate: EstateName::new("fleet-orchestration").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: standby(),
    }
}

#[test]
fn a_share_is_rounded_up_and_no_singleton_is_in_it() {
    let started = rehearsed_serving(&serving(), Percent::new(50), &failover(None));
    let figures: Vec<(&str, u32)> = started.iter().map(|(name, of)| (name.as_str(), of.desired)).collect();
    assert_eq!(figures, [(DASHBOARD, 1), (FLEET, 1), (JOB, 1)]);
}

fn policy(every: &str) -> RehearsalPolicy {
    serde_json::from_value(json!({ "every": every, "at": "03:30", "zone": "Europe/Berlin" })).unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn what_is_due_is_found_again_without_a_memory_and_at_local_time() {
    // 2026-11-16 is day 20773 since 1970, which 7 leaves 4 of: weeks begin on Thursdays.
    let weekly = policy("7d");
    assert_eq!(weekly.last(instant("2026-11-20T00:00:00Z")), Some(instant("2026-11-19T02:30:00Z")));
    assert_eq!(weekly.last(instant("2026-11-19T02:29:59Z")), Some(instant("2026-11-12T02:30:00Z")));
    // Before the clocks went back.
    assert_eq!(weekly.last(instant("2026-10-23T00:00:00Z")), Some(instant("2026-10-22T01:30:00Z")));
}

#[test]
fn one_that_was_missed_is_caught_up_once_and_one_that_was_refused_is_tried_once_more() {
    let daily = policy("1d");
    let now = instant("2026-11-20T12:00:00Z");
    let due = instant("2026-11-20T02:30:00Z");
    let RehearsalDue::Remember(first) = daily.due(None, None, now) else {
        panic!("what was due before is not started")
    };
    assert_eq!(daily.due(Some(&first), None, now), RehearsalDue::Nothing);
    let much_later = now + SignedDuration::from_hours(11);
    assert_eq!(
        daily.due(Some(&first), Some(MoveEnding::Refused), much_later),
        RehearsalDue::Nothing,
        "nothing was refused"
    );
    let days_ago = RehearsalMemory { due: instant("2026-11-16T02:30:00Z"), ..first.clone() };
    let RehearsalDue::Start(started, memory) = daily.due(Some(&days_ago), None, now) else { panic!("it was missed") };
    assert_eq!((started, memory.due), (due, due), "once, however many were missed");
    let monthly = policy("30d");
    let last = monthly.last(now).unwrap();
    let refused = RehearsalMemory { due: last, execution: Some("run".to_owned()), again: false };
    let later = last + SignedDuration::from_hours(25);
    assert_eq!(monthly.due(Some(&refused), Some(MoveEnding::Done), later), RehearsalDue::Nothing);
    let sooner = last + SignedDuration::from_hours(23);
    assert_eq!(monthly.due(Some(&refused), Some(MoveEnding::Refused), sooner), RehearsalDue::Nothing);
    let RehearsalDue::Start(_, again) = monthly.due(Some(&refused), Some(MoveEnding::Refused), later) else { panic!() };
    assert_eq!(monthly.due(Some(&again), Some(MoveEnding::Refused), later), RehearsalDue::Nothing, "once");
}

fn intent(layer: Layer, by: &str) -> Intent {
    Intent {
        layer,
        want: DesiredState::Scaled(RequestedProfile::rehearsed(&[(service(FLEET), 2)].into())),
        reason: "5xx".to_owned(),
        by: by.to_owned(),
        declared: at(0),
        expires: Some(at(3600)),
        approved: [].into(),
        for_release: None,
    }
}

#[test]
fn what_it_makes_way_for_is_named_and_what_is_over_is_not() {
    let (at_home, region) = (Pointer::at_home(&home()), standby());
    let calm = RehearsalSituation {
        pointer: &at_home,
        region: &region,
        standby: &region,
        halt: None,
        freeze: None,
        own: &[],
        theirs: &[],
        by: "run",
        now: at(60),
    };
    assert_eq!(refusal(&calm), None);
    let halt = HaltSwitch { by: "ada".to_owned(), reason: "migration".to_owned(), since: at(0) };
    let freeze = FreezeWindow { from: at(0), to: at(600), reason: "sales".to_owned(), calendar: false };
    let (moving, gone) = (moving_away(MoveStage::Opening, &[]), away());
    let (emergency, person) = ([intent(Layer::Emergency, "surge")], [intent(Layer::Override, "ada")]);
    let (other, own) = ([intent(Layer::Rehearsal, "other")], [intent(Layer::Rehearsal, "run")]);
    let home = home();
    let cases = [
        (RehearsalSituation { pointer: &moving, ..calm }, "a move to us-west-1 is under way, by run"),
        (RehearsalSituation { pointer: &gone, ..calm }, "us-west-1 serves"),
        (RehearsalSituation { pointer: &gone, region: &home, ..calm }, "away from home"),
        (RehearsalSituation { halt: Some(&halt), ..calm }, "by ada: migration"),
        (RehearsalSituation { freeze: Some(&freeze), ..calm }, "sales"),
        (RehearsalSituation { own: &emergency, ..calm }, "an emergency holds"),
        (RehearsalSituation { theirs: &emergency, ..calm }, "an emergency holds"),
        (RehearsalSituation { own: &person, ..calm }, "somebody else decides"),
        (RehearsalSituation { own: &other, ..calm }, "another rehearsal is up, by other"),
    ];
    for (case, expected) in cases {
        let found = refusal(&case).unwrap_or_default();
        assert!(found.contains(expected), "{expected}: {found}");
        assert_eq!(refusal(&RehearsalSituation { now: at(7200), own: &[], theirs: &[], ..case }).is_some(), {
            // What holds by an intent is over with it.
            case.own.is_empty() && case.theirs.is_empty()
        });
    }
    assert_eq!(refusal(&RehearsalSituation { own: &own, ..calm }), None, "its own is none");
}

#[test]
fn an_emergency_is_stronger_than_a_rehearsal_and_a_rehearsal_only_ever_raises() {
    use watchkeeper_domain::capacity::{Capacity, ServiceCapacity, ServiceId};
    let id = |name: &str| ServiceId::try_from(format!("fleet/{name}")).unwrap();
    let baseline = Capacity {
        services: [(FLEET, 0), (JOB, 5), (SIMULATOR, 0)]
            .map(|(name, desired)| (id(name), ServiceCapacity { desired, scaling: None }))
            .into(),
        ..Capacity::default()
    };
    let rehearsal = Intent {
        want: DesiredState::Scaled(RequestedProfile::rehearsed(&[(service(FLEET), 2), (service(JOB), 2)].into())),
        ..intent(Layer::Rehearsal, "run")
    };
    let counts = |intents: &[Intent], now: Timestamp| -> BTreeMap<ServiceName, u32> {
        let target = resolve(&baseline, intents, now);
        target.services.into_iter().map(|(id, of)| (id.service, of.desired)).collect()
    };
    let up = counts(std::slice::from_ref(&rehearsal), at(0));
    assert_eq!(up, [(service(FLEET), 2), (service(JOB), 5), (service(SIMULATOR), 0)].into());
    let both = [rehearsal.clone(), Intent { want: DesiredState::Awake, ..intent(Layer::Emergency, "surge") }];
    assert_eq!(counts(&both, at(0))[&service(FLEET)], 0, "the emergency decides alone");
    assert_eq!(counts(&[rehearsal], at(3600))[&service(FLEET)], 0, "it expires by itself");
}

fn definitions(revision: u32) -> BTreeMap<ServiceName, TaskDefinition> {
    let of = |name: &str| TaskDefinition::new(format!("arn:aws:ecs:us-west-1:1:task-definition/{name}:{revision}"));
    [FLEET, JOB, DASHBOARD, SIMULATOR].map(|name| (service(name), of(name))).into()
}

/// The record of a rehearsal that has gone through its phases.
fn rehearsed(share: u16, findings: &[&str]) -> Move {
    let failover = failover(None);
    let mut record = Move::new("rehearse-1", &home(), &standby(), MovePhase::Assess, at(0));
    let mut rehearsal = Rehearsal::asked(None, Some(Percent::new(share)), &failover, at(0));
    rehearsal.findings = findings.iter().map(ToString::to_string).collect();
    record.rehearsal = Some(Box::new(rehearsal));
    record.serving = rehearsed_serving(&serving(), Percent::new(share), &failover);
    record.waves = vec![vec![service(FLEET), service(JOB)], vec![service(DASHBOARD)]];
    record.enter(MovePhase::Scale, at(4));
    for (began, ended) in [(4, 50), (50, 80)] {
        record.begin_wave(at(began));
        record.begin_wave(at(began + 1));
        record.end_wave(at(ended));
    }
    record.enter(MovePhase::Verify, at(80));
    let start = |ms, pull| Some(TaskStart { took_ms: ms, pull_ms: Some(pull) });
    let placed = definitions(7).into_iter().map(|(name, definition)| {
        let start = if name.as_str() == JOB { start(41_000, 30_000) } else { start(20_000, 4_000) };
        let running = record.serving.get(&name).map_or(0, |of| of.desired);
        (name, PlacedTasks { running, definition: Some(definition), start: start.filter(|_| running > 0) })
    });
    record.placed = placed.collect();
    record.enter(MovePhase::Hold, at(90));
    record.enter(MovePhase::Back, at(990));
    record.end(if findings.is_empty() { MoveEnding::Done } else { MoveEnding::Compensated }, at(1020));
    record
}

fn certificate(share: u16, findings: &[&str]) -> CapacityCertificate {
    CapacityCertificate::of(&rehearsed(share, findings), &failover(None), &standby(), at(1020)).unwrap()
}

#[test]
fn a_certificate_has_what_was_placed_how_fast_and_what_follows() {
    let green = certificate(100, &[]);
    assert!(green.is_green());
    // 80 s until a loss is known, 4 s, 76 s and 10 s of its own phases, and the time that traffic takes.
    let traffic = watchkeeper_domain::failover::expected(&failover(None).traffic).as_millis();
    assert_eq!(green.rto_ms, Some(170_000 + i64::try_from(traffic).unwrap()));
    assert_eq!(green.waves.iter().filter_map(WaveTiming::took_ms).collect::<Vec<_>>(), [46_000, 30_000]);
    let slowest = green.slowest.as_ref().unwrap();
    assert_eq!((slowest.service.as_str(), slowest.took_ms), (JOB, 41_000));
    assert!(slowest.why.contains("images took 30 s"), "{}", slowest.why);
    assert_eq!((green.services[&service(SIMULATOR)].wanted, green.services[&service(SIMULATOR)].placed), (0, 0));
    let red = certificate(100, &["dashboard: 1 of 2 tasks run"]);
    assert_eq!((red.is_green(), red.rto_ms), (false, None));
}

#[test]
fn of_what_was_refused_or_handed_over_there_is_no_certificate() {
    let of = |record: &Move| CapacityCertificate::of(record, &failover(None), &standby(), at(1020));
    let mut refused = rehearsed(100, &[]);
    refused.ending = Some(MoveEnding::Refused);
    assert_eq!(of(&refused), None);
    let mut over = rehearsed(100, &[]);
    over.rehearsal.as_mut().unwrap().handed_over = Some("failover-1".to_owned());
    assert_eq!(of(&over), None);
    let mut open = rehearsed(100, &[]);
    open.ending = None;
    assert_eq!(of(&open), None);
    let mut homewards = rehearsed(100, &[]);
    (homewards.rehearsal, homewards.to) = (None, home());
    assert_eq!(of(&homewards), None, "of the way home nothing is certified");
    let mut moved = rehearsed(100, &[]);
    moved.rehearsal = None;
    assert!(of(&moved).is_some_and(|it| it.is_green()), "a real move proves it as well");
}

#[rstest]
#[case::new(3600, 7, 2, 100, StandingVerdict::Proved, "was seen to start all of it")]
#[case::part(3600, 7, 2, 50, StandingVerdict::Aging, "50 % of the capacity")]
#[case::old(31 * 86_400, 7, 2, 100, StandingVerdict::Aging, "old, and counts for")]
#[case::too_old(46 * 86_400, 7, 2, 100, StandingVerdict::Stale, "ago, and counts for")]
#[case::released(3600, 8, 2, 100, StandingVerdict::Aging, "runs fleet-orchestration-dashboard:8 now")]
#[case::counted(3600, 7, 3, 100, StandingVerdict::Stale, "is to have 3 tasks, and had 2 then")]
fn a_certificate_is_worth_what_has_not_changed_since(
    #[case] age: i64,
    #[case] revision: u32,
    #[case] fleet: u32,
    #[case] share: u16,
    #[case] verdict: StandingVerdict,
    #[case] reason: &str,
) {
    let mut failover: Failover = failover(None);
    failover.capacity.insert(service(FLEET), fleet);
    let definitions = definitions(revision);
    let facts = CertifiedFacts { failover: &failover, definitions: &definitions };
    let found = standing(Some(&certificate(share, &[])), at(1020 + age), facts);
    assert_eq!(found.verdict, verdict, "{}", found.reason);
    assert!(found.reason.contains(reason), "{}", found.reason);
}

#[test]
fn another_family_and_another_service_are_something_else_and_a_failed_proof_is_none() {
    let mut other = failover(None);
    let mut definitions = definitions(7);
    let verdict = |failover: &Failover, definitions: &BTreeMap<_, _>, of: Option<&CapacityCertificate>| {
        standing(of, at(2000), CertifiedFacts { failover, definitions }).verdict
    };
    let green = certificate(100, &[]);
    assert_eq!(verdict(&other, &definitions, None), StandingVerdict::Unproved);
    assert_eq!(verdict(&other, &definitions, Some(&certificate(100, &["red"]))), StandingVerdict::Unproved);
    definitions.insert(service(FLEET), TaskDefinition::new("arn:aws:ecs:us-west-1:1:task-definition/fleet-arm:1"));
    assert_eq!(verdict(&other, &definitions, Some(&green)), StandingVerdict::Stale);
    definitions.remove(&service(FLEET));
    assert_eq!(verdict(&other, &definitions, Some(&green)), StandingVerdict::Proved, "not known is not changed");
    other.capacity.insert(service("fleet-orchestration-billing"), 1);
    assert_eq!(verdict(&other, &definitions, Some(&green)), StandingVerdict::Stale);
}

#[test]
fn a_plan_takes_its_times_from_the_last_certificate_and_says_of_which() {
    let mut record = Move::new("plan", &home(), &standby(), MovePhase::Assess, at(0));
    (record.serving, record.waves) = (serving(), order().waves);
    let plain = report::plan("fleet-orchestration prod", &failover(None), &record);
    assert!(plain.contains("about the time a task takes to start"), "{plain}");
    record.proved = Some(Box::new(certificate(100, &[])));
    let proved = report::plan("fleet-orchestration prod", &failover(None), &record);
    for expected in ["UpdateService, 46.0 s the last time", "10.0 s the last time", "Times are those of rehearse-1 at"]
    {
        assert!(proved.contains(expected), "{expected}\n{proved}");
    }
}

#[test]
fn a_rehearsal_tells_what_it_has_proved_and_what_it_has_not() {
    let told = |record: &mut Move| {
        record.certificate = CapacityCertificate::of(record, &failover(None), &standby(), at(1020)).map(Box::new);
        report::message(&scope(), &failover(None), record).unwrap()
    };
    let green = told(&mut rehearsed(100, &[]));
    assert_eq!(green.subject, "fleet-orchestration prod: rehearsal in us-west-1: proved");
    assert!(green.text.contains("RTO that follows"), "{}", green.text);
    let red = told(&mut rehearsed(100, &["dashboard: 1 of 2 tasks run"]));
    assert_eq!(red.subject, "fleet-orchestration prod: rehearsal in us-west-1: not proved");
    assert!(red.text.contains("found: dashboard: 1 of 2 tasks run"), "{}", red.text);
    assert!(!red.text.contains("take-over"), "there is no move to go on with: {}", red.text);
}
