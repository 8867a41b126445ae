//! Mornings of `clos-v2` production: exactly what is left behind is freed, the rest is named, once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use watchkeeper_control::stuck::Question;
use watchkeeper_domain::capacity::Rollout;
use watchkeeper_domain::guardrail::Halt;
use watchkeeper_domain::intent::{Intent, Layer, Want};
use watchkeeper_domain::run::Outcome;
use watchkeeper_domain::unblock::{End, ExecutionStatus, Field, Source};
use watchkeeper_sim::{FaultPlan, Operation, Trouble, run_until_done_or_crash, service};
use watchkeeper_tests::rehearsal::{Rehearsal, Unblocked};

use crate::unblock_scene::{
    BUS, DEAD, DEAD_RUN, IDEAS, LOCKS, QUEUE, at, blocked, bodies, busy, events, is_released, letter, lock, monday,
    prod, quiet, record, text,
};

const MONDAY: &str = "unblock-20261123T140000Z";

/// Plays Monday's run, which comes to its end.
fn morning(rehearsal: &mut Rehearsal) -> String {
    let played = rehearsal.unblock_tick(monday());
    let of_prod: Vec<_> = played.iter().filter(|(name, _)| name.starts_with("clos-v2-prod-")).collect();
    let [(name, Unblocked::Done(summary))] = of_prod[..] else { panic!("{played:?}") };
    assert_eq!(name, "clos-v2-prod-unblock-20261123T140000Z");
    summary.clone()
}

fn message(rehearsal: &Rehearsal) -> String {
    let messages = rehearsal.world.messages();
    messages.iter().rfind(|message| message.subject.starts_with("clos-v2 prod")).unwrap().text.clone()
}

#[test]
fn exactly_what_is_left_behind_is_freed_and_the_rest_is_named() {
    let mut rehearsal = busy();
    let summary = morning(&mut rehearsal);
    assert!(summary.starts_with("clos-v2 prod: "), "{summary}");

    for (pod, item) in [("Ratio", "expired-1"), ("Nanda", "expired-2"), ("Nanda", "idea-done")] {
        assert!(is_released(&rehearsal, pod, item), "{pod}/{item}");
    }
    let kept = [("Ratio", "live", 100), ("Meta", "renewed", 123), ("Ratio", "busy-3", 113)];
    for (pod, item, hours) in kept {
        assert_eq!(rehearsal.world.lock_of(LOCKS, pod, item), Some(lock(pod, item, hours)), "{pod}/{item}");
    }
    assert!(!is_released(&rehearsal, "Meta", "malformed"));

    assert_eq!(bodies(&rehearsal, QUEUE), ["body of again", "body of first"]);
    let [parked] = &rehearsal.world.letters_of(DEAD)[..] else { panic!("{:?}", bodies(&rehearsal, DEAD)) };
    assert_eq!(parked.body, "body of poison");
    assert_eq!(parked.stamps.parked.as_deref(), Some("it came back 3 times, and 3 are allowed"));

    let record = record(&rehearsal, MONDAY).unwrap();
    let locks = &record.locks;
    assert_eq!((locks.read, locks.live, locks.released, locks.changed, locks.malformed), (11, 5, 3, 1, 1));
    assert_eq!((locks.expired, locks.finished, locks.released_before, locks.remaining), (3, 1, 1, 0));
    assert_eq!(record.violations.len(), 1, "{:?}", record.violations);
    assert_eq!((record.violations[0].held, record.violations[0].limit), (5, 3));
    assert!(record.findings.has(Source::Locks, "malformed"), "{:?}", record.findings);
    assert_eq!(record.end.map(|(end, _)| end), Some(End::Done));

    let remembered = rehearsal.world.remembered(&prod()).unwrap();
    let lease = remembered.lease.unwrap();
    assert_eq!((lease.generation, lease.expires), (1, lease.usable), "freed, and its generation stays");
    let runs = rehearsal.world.runs(&prod()).unwrap();
    assert_eq!(runs[0].outcome, Some(Outcome::Failed), "{:?}", runs[0]);
}

#[test]
fn the_report_goes_to_the_estates_bus_as_its_listeners_know_it_and_to_a_person() {
    let mut rehearsal = busy();
    morning(&mut rehearsal);
    let [report] = &events(&rehearsal, "Daily Unblock Report")[..] else { panic!("one report") };
    assert_eq!(report["type"], "daily_unblock");
    assert_eq!(report["summary"]["wip_violations_count"], 1);
    assert_eq!(report["summary"]["impediments_count"], 3);
    let violation = json!({"pod_id": "Ratio", "item_type": "projects", "current_count": 5, "limit": 3});
    assert_eq!(report["wip_violations"], json!([violation]));
    assert_eq!(report["action_required"], true);
    assert_eq!(report["watchkeeper"]["done"]["locks released"], 3);
    let [freed] = &events(&rehearsal, "WIP Capacity Released")[..] else { panic!("one announcement") };
    assert_eq!(freed["released"], 3);

    let escalated = events(&rehearsal, "Blocker Escalated");
    let told: Vec<_> = escalated.iter().map(|event| (event["item"].clone(), event["level"].clone())).collect();
    let expected = [("old", "owner"), ("old", "leadership"), ("day-old", "owner")].map(|(i, l)| (json!(i), json!(l)));
    assert_eq!(told, expected);
    assert_eq!(escalated[2]["to"], json!(["grace", "integrator pod"]));

    let text = message(&rehearsal);
    assert!(text.contains("- locks released: 3"), "{text}");
    assert!(text.find("old waits").unwrap() < text.find("day-old waits").unwrap(), "oldest first: {text}");
    assert!(!text.contains("young waits"), "{text}");
    assert!(text.contains(&format!("\"undo\":\"{MONDAY}\"")), "{text}");
}

#[test]
fn a_second_run_the_same_day_frees_nothing_and_escalates_nothing_again() {
    let mut rehearsal = busy();
    morning(&mut rehearsal);
    let (locks, letters) = (rehearsal.world.locks_of(LOCKS), bodies(&rehearsal, QUEUE));
    // The tick again, five minutes later, and then a person.
    assert_eq!(rehearsal.unblock_tick(monday()), []);
    assert_eq!(rehearsal.unblock_tick(monday() + SignedDuration::from_mins(5)), []);
    rehearsal.world.advance(Duration::from_mins(5));
    let end = rehearsal.unblock("by-hand", &json!({"estate": "clos-v2", "environment": "prod"}));
    assert!(matches!(&end, Unblocked::Done(_)), "{end:?}");
    let second = record(&rehearsal, "by-hand").unwrap();
    assert!(second.done().is_empty(), "{:?}", second.done());
    let news = second.news.clone().unwrap();
    assert!(news.escalated.is_empty() && news.withdrawn.is_empty() && news.new_patterns.is_empty(), "{news:?}");
    assert_eq!(rehearsal.world.locks_of(LOCKS), locks);
    assert_eq!(bodies(&rehearsal, QUEUE), letters);
    assert_eq!(second.queues[0].parked_before, 1);
    assert_eq!(second.before.as_ref().map(|before| before.left), Some(4), "the trend is against Monday's run");
    assert_eq!(events(&rehearsal, "Blocker Escalated").len(), 3);
}

#[test]
fn what_is_resolved_is_withdrawn_once_and_what_blocks_anew_begins_anew() {
    let mut rehearsal = busy();
    morning(&mut rehearsal);
    rehearsal.world.remove_item(IDEAS, "old");
    rehearsal.world.put_item(IDEAS, blocked("day-old", 2, "another reason"));
    let tuesday = monday() + SignedDuration::from_hours(24);
    rehearsal.unblock_tick(tuesday);
    let resolved: Vec<_> = events(&rehearsal, "Blocker Resolved").iter().map(|it| it["item"].clone()).collect();
    assert_eq!(resolved, [json!("old")]);
    let escalated = events(&rehearsal, "Blocker Escalated");
    let since: Vec<_> = escalated[3..].iter().map(|it| (it["item"].clone(), it["level"].clone())).collect();
    assert_eq!(since, [(json!("young"), json!("owner")), (json!("day-old"), json!("owner"))]);
    rehearsal.unblock_tick(tuesday + SignedDuration::from_hours(24));
    assert_eq!(events(&rehearsal, "Blocker Resolved").len(), 1);
}

#[test]
fn three_alike_are_one_systemic_finding_that_is_told_once() {
    let mut rehearsal = quiet();
    for (n, hours) in [26, 27, 28].into_iter().enumerate() {
        rehearsal.world.put_item(IDEAS, blocked(&format!("idea-{n}"), hours, &format!("Review by legal (#{n})")));
    }
    morning(&mut rehearsal);
    let news = record(&rehearsal, MONDAY).unwrap().news.unwrap();
    assert_eq!((news.patterns.len(), news.patterns[0].items, news.new_patterns.len()), (1, 3, 1));
    assert!(message(&rehearsal).contains("3 items wait for the same: Review by legal (#2)"), "{}", message(&rehearsal));
    rehearsal.unblock_tick(monday() + SignedDuration::from_hours(24));
    assert!(!message(&rehearsal).contains("Systemic"), "{}", message(&rehearsal));
}

#[test]
fn a_plan_frees_nothing_writes_nothing_and_tells_what_it_would_do() {
    let rehearsal = busy();
    rehearsal.world.set_now(monday());
    let (locks, before) = (rehearsal.world.locks_of(LOCKS), rehearsal.world.remembered(&prod()).unwrap());
    let plan = json!({"estate": "clos-v2", "environment": "prod", "mode": "plan"});
    assert!(matches!(rehearsal.unblock("plan", &plan), Unblocked::Done(_)));
    assert_eq!(rehearsal.world.locks_of(LOCKS), locks);
    assert_eq!(bodies(&rehearsal, DEAD).len(), 3);
    assert_eq!(rehearsal.world.remembered(&prod()).unwrap(), before);
    for operation in
        [Operation::ReleaseLock, Operation::ReceiveMessage, Operation::SendMessage, Operation::StartExecution]
    {
        assert_eq!(rehearsal.world.count(operation), 0, "{operation}");
    }
    let record = record(&rehearsal, "plan").unwrap();
    assert_eq!((record.locks.released, record.queues[0].redriven, record.own.leases), (4, 3, 1));
    assert!(message(&rehearsal).contains("Would be freed"), "{}", message(&rehearsal));
    assert_eq!(events(&rehearsal, "Blocker Escalated"), Vec::<serde_json::Value>::new());
}

#[test]
fn under_a_halt_the_days_run_only_reports_and_nothing_is_undone() {
    let mut rehearsal = busy();
    let halt = Halt { by: "a person".to_owned(), reason: "migration".to_owned(), since: monday() };
    rehearsal.world.halt(&prod(), &halt);
    let locks = rehearsal.world.locks_of(LOCKS);
    let summary = morning(&mut rehearsal);
    assert!(summary.contains("would be freed"), "{summary}");
    assert_eq!(rehearsal.world.locks_of(LOCKS), locks);
    assert!(message(&rehearsal).contains("it is halted (migration)"), "{}", message(&rehearsal));
    let undo = json!({"estate": "clos-v2", "environment": "prod", "undo": MONDAY});
    let Unblocked::Failed(why) = rehearsal.unblock("undo", &undo) else { panic!("undone under a halt") };
    assert!(why.contains("halted"), "{why}");
}

#[test]
fn what_was_released_is_put_back_and_left_alone_until_it_changes() {
    let mut rehearsal = busy();
    morning(&mut rehearsal);
    // Somebody takes one of them again in between: that one stays as it is.
    rehearsal.world.put_lock(LOCKS, lock("Nanda", "expired-2", 30));
    let one = json!({"estate": "clos-v2", "environment": "prod", "undo": MONDAY, "lock": "Ratio/expired-1"});
    assert!(matches!(rehearsal.unblock("undo-one", &one), Unblocked::Done(_)));
    assert_eq!(rehearsal.world.lock_of(LOCKS, "Ratio", "expired-1"), Some(lock("Ratio", "expired-1", -2)));
    assert!(is_released(&rehearsal, "Nanda", "idea-done"));

    let rest = json!({"estate": "clos-v2", "environment": "prod", "undo": MONDAY});
    assert!(matches!(rehearsal.unblock("undo-rest", &rest), Unblocked::Done(_)));
    assert!(!is_released(&rehearsal, "Nanda", "idea-done"));
    assert_eq!(rehearsal.world.lock_of(LOCKS, "Nanda", "expired-2"), Some(lock("Nanda", "expired-2", 30)));
    let undone = record(&rehearsal, "undo-rest").unwrap();
    assert_eq!((undone.locks.restored, undone.locks.changed), (1, 1));

    rehearsal.unblock_tick(monday() + SignedDuration::from_hours(24));
    assert!(!is_released(&rehearsal, "Ratio", "expired-1"), "a person took it back");
    let tuesday = record(&rehearsal, "unblock-20261124T140000Z").unwrap();
    assert_eq!(tuesday.locks.kept, 2);

    let unknown = json!({"estate": "clos-v2", "environment": "prod", "undo": "no-such-run"});
    let Unblocked::Failed(why) = rehearsal.unblock("undo-unknown", &unknown) else { panic!("it is unknown") };
    assert!(why.contains("not in the ledger"), "{why}");
}

#[test]
fn a_run_releases_no_more_than_it_may_and_the_next_one_goes_on() {
    let mut rehearsal = quiet();
    for n in 0..130 {
        rehearsal.world.put_lock(LOCKS, lock("Ratio", &format!("left-{n:03}"), -3));
    }
    morning(&mut rehearsal);
    let released = |rehearsal: &Rehearsal| {
        rehearsal.world.locks_of(LOCKS).iter().filter(|lock| lock.released_at != Field::Absent).count()
    };
    assert_eq!(released(&rehearsal), 100);
    let monday_run = record(&rehearsal, MONDAY).unwrap();
    assert_eq!((monday_run.locks.released, monday_run.locks.remaining), (100, 30));
    assert!(monday_run.findings.has(Source::Locks, "limit"), "{:?}", monday_run.findings);
    rehearsal.unblock_tick(monday() + SignedDuration::from_hours(24));
    assert_eq!(released(&rehearsal), 130);
}

#[test]
fn a_source_that_cannot_be_read_frees_nothing_is_named_and_stops_no_other() {
    for (operation, source) in [
        (Operation::ScanLocks, Source::Locks),
        (Operation::ScanItems, Source::Blockers),
        (Operation::ReceiveMessage, Source::Queues),
        (Operation::DescribeExecution, Source::Own),
        (Operation::DescribeServices, Source::Deployments),
    ] {
        for trouble in [Trouble::Denied, Trouble::Error] {
            let rehearsal = busy();
            rehearsal.world.set_now(monday());
            rehearsal.unblock_ticked(monday());
            rehearsal.world.set_faults(FaultPlan::none().always(operation, trouble));
            let request =
                json!({"estate": "clos-v2", "environment": "prod", "trigger": "schedule", "instant": monday()});
            let end = rehearsal.unblock("clos-v2-prod-unblock-20261123T140000Z", &request);
            assert!(matches!(&end, Unblocked::Done(_)), "{operation} {trouble:?}: {end:?}");
            let record = record(&rehearsal, MONDAY).unwrap();
            assert!(record.findings.has(source, "unreadable"), "{operation} {trouble:?}: {:?}", record.findings);
            assert_eq!(record.end.map(|(end, _)| end), Some(End::Partly), "{operation} {trouble:?}");
            assert_eq!(record.locks.released > 0, source != Source::Locks, "{operation} {trouble:?}");
            assert_eq!(record.queues[0].redriven > 0, source != Source::Queues, "{operation} {trouble:?}");
            assert_eq!(record.own.leases > 0, source != Source::Own, "{operation} {trouble:?}");
        }
    }
}

#[test]
fn what_cannot_be_written_stops_after_a_few_tries() {
    let mut rehearsal = quiet();
    for n in 0..20 {
        rehearsal.world.put_lock(LOCKS, lock("Ratio", &format!("left-{n}"), -3));
    }
    rehearsal.world.put_letter(DEAD, letter("letter", None));
    rehearsal.world.set_faults(FaultPlan::none().always(Operation::ReleaseLock, Trouble::Denied));
    morning(&mut rehearsal);
    assert_eq!(rehearsal.world.count(Operation::ReleaseLock), 3);
    let record = record(&rehearsal, MONDAY).unwrap();
    assert_eq!((record.locks.released, record.locks.remaining), (0, 20));
    // What fails for locks says nothing about letters.
    assert_eq!(bodies(&rehearsal, QUEUE), ["body of letter"]);
}

#[test]
fn a_message_that_comes_back_as_often_as_is_allowed_is_parked_and_never_looped() {
    let mut rehearsal = quiet();
    rehearsal.world.put_letter(DEAD, letter("poison", None));
    let mut day = monday();
    let mut sent = Vec::new();
    for _ in 0..6 {
        rehearsal.unblock_tick(day);
        sent.push(bodies(&rehearsal, QUEUE).len());
        rehearsal.world.fail_all(QUEUE, DEAD);
        day += SignedDuration::from_hours(24);
        if day.to_zoned(jiff::tz::TimeZone::UTC).weekday() == jiff::civil::Weekday::Saturday {
            day += SignedDuration::from_hours(48);
        }
    }
    assert_eq!(sent, [1, 1, 1, 0, 0, 0]);
    let [parked] = &rehearsal.world.letters_of(DEAD)[..] else { panic!("one letter") };
    assert!(parked.stamps.parked.is_some() && parked.stamps.returns.as_deref() == Some("3"), "{parked:?}");
}

#[test]
fn a_living_lease_stays_and_one_without_proof_is_named() {
    for (status, code) in [
        (ExecutionStatus::Running, Some("lingers")),
        (ExecutionStatus::Unknown, Some("unproved")),
        (ExecutionStatus::Dead("ABORTED".to_owned()), Some("lease-freed")),
    ] {
        let mut rehearsal = busy();
        rehearsal.world.set_status(DEAD_RUN, status.clone());
        let before = rehearsal.world.remembered(&prod()).unwrap().lease;
        morning(&mut rehearsal);
        let after = rehearsal.world.remembered(&prod()).unwrap().lease;
        assert_eq!(after == before, code != Some("lease-freed"), "{status:?}");
        let findings = record(&rehearsal, MONDAY).unwrap().findings;
        assert!(code.is_none_or(|code| findings.has(Source::Own, code)), "{status:?}: {findings:?}");
        let run = &rehearsal.world.runs(&prod()).unwrap()[0];
        assert_eq!(run.outcome.is_some(), code == Some("lease-freed"), "{status:?}");
        // Whoever died has not reached its target: reconcile compares again.
        let again = rehearsal.world.executions().keys().any(|name| name.contains("prod-again"));
        assert_eq!(again, code == Some("lease-freed"), "{status:?}");
    }
}

#[test]
fn intents_past_their_expiry_and_forgotten_questions_go_and_the_others_stay() {
    let mut rehearsal = quiet();
    let intent = |layer, hours: i64| Intent {
        layer,
        want: Want::Awake,
        reason: "release night".to_owned(),
        by: "run".to_owned(),
        declared: monday() - SignedDuration::from_hours(90),
        expires: Some(monday() + SignedDuration::from_hours(hours)),
        approved: [].into(),
    };
    rehearsal.world.put_intent(&prod(), &intent(Layer::Override, -3));
    rehearsal.world.put_intent(&prod(), &intent(Layer::Failover, 3));
    for (name, hours, estate) in
        [("forgotten", 30, "clos-v2"), ("late", 9, "clos-v2"), ("new", 1, "clos-v2"), ("other", 30, "x")]
    {
        rehearsal.world.ask_question(Question {
            arn: format!("arn:{name}"),
            name: name.to_owned(),
            input: json!({"estate": estate, "environment": "prod", "profile": "minimum"}).to_string(),
            since: monday() - SignedDuration::from_hours(hours),
        });
    }
    morning(&mut rehearsal);
    let layers: Vec<Layer> =
        rehearsal.world.remembered(&prod()).unwrap().intents.iter().map(|intent| intent.layer).collect();
    assert_eq!(layers, [Layer::Failover]);
    let record = record(&rehearsal, MONDAY).unwrap();
    assert_eq!((record.own.intents, record.own.questions), (1, 1));
    let named: Vec<_> =
        record.findings.all.iter().map(|finding| (finding.code.as_str(), finding.subject.as_str())).collect();
    assert!(named.contains(&("question-ended", "forgotten")) && named.contains(&("unanswered", "late")), "{named:?}");
    assert!(!named.iter().any(|(_, subject)| ["new", "other"].contains(subject)), "{named:?}");
}

#[test]
fn a_deployment_that_does_not_end_is_reported_in_the_words_of_ecs() {
    let mut rehearsal = quiet();
    let api = service("clos-v2-cluster/clos-v2-core-api-service").id;
    let never = watchkeeper_sim::Settings { deployment: Duration::from_hours(1000), ..Default::default() };
    rehearsal.world.set_settings(never);
    rehearsal.world.change_rollout(&api, Rollout::InProgress);
    rehearsal.world.set_words(&api, &["unable to place a task", "has started 1 tasks"]);
    morning(&mut rehearsal);
    let record = record(&rehearsal, MONDAY).unwrap();
    let finding = record.findings.all.iter().find(|finding| finding.code == "deployment-stuck").unwrap();
    assert!(finding.detail.contains("unable to place a task; has started 1 tasks"), "{finding}");
    assert_eq!(finding.subject, "clos-v2-cluster/clos-v2-core-api-service");
}

/// Ticks every five minutes from one instant to another, and tells when a run of production began.
fn runs_between(rehearsal: &mut Rehearsal, from: &str, to: &str, out: &[(&str, &str)]) -> Vec<Timestamp> {
    let mut began = Vec::new();
    let mut instant = at(from);
    while instant < at(to) {
        let lost = out.iter().any(|(from, to)| (at(from)..at(to)).contains(&instant));
        if !lost {
            let played = rehearsal.unblock_tick(instant);
            began.extend(played.iter().filter(|(name, _)| name.starts_with("clos-v2-prod")).map(|_| instant));
        }
        instant = instant.checked_add(5.minutes()).unwrap();
    }
    began
}

#[test]
fn it_runs_at_nine_on_both_sides_of_both_clock_changes_once() {
    // Clocks go forward on Sunday 14 March 2027, and back on Sunday 7 November.
    for (from, to, expected) in [
        (
            "2027-03-12T00:00:00Z",
            "2027-03-17T00:00:00Z",
            ["2027-03-12T14:00:00Z", "2027-03-15T13:00:00Z", "2027-03-16T13:00:00Z"],
        ),
        (
            "2027-11-05T00:00:00Z",
            "2027-11-10T00:00:00Z",
            ["2027-11-05T13:00:00Z", "2027-11-08T14:00:00Z", "2027-11-09T14:00:00Z"],
        ),
    ] {
        let mut rehearsal = quiet();
        rehearsal.world.set_now(at(from));
        let began = runs_between(&mut rehearsal, from, to, &[]);
        // The Thursday before is made up for at the first tick, because its run is less than a day ago.
        assert_eq!(began[1..], expected.map(at));
        let nine = |instant: &Timestamp| instant.in_tz("America/New_York").unwrap().hour() == 9;
        assert!(began[1..].iter().all(nine), "{began:?}");
    }
}

#[test]
fn after_an_outage_it_is_caught_up_once_and_not_after_a_day() {
    let mut rehearsal = quiet();
    let out = [("2026-11-23T13:00:00Z", "2026-11-23T19:22:00Z"), ("2026-11-26T12:00:00Z", "2026-11-28T15:00:00Z")];
    let began = runs_between(&mut rehearsal, "2026-11-23T12:00:00Z", "2026-11-30T12:00:00Z", &out);
    let expected = ["2026-11-23T19:25:00Z", "2026-11-24T14:00:00Z", "2026-11-25T14:00:00Z"].map(at);
    // Thursday's and Friday's were missed; on Saturday afternoon both are more than a day ago.
    assert_eq!(began, expected);
}

#[test]
fn an_environment_without_a_section_is_looked_after_too_and_quietly() {
    let mut rehearsal = quiet().in_account("123456789012");
    let played = rehearsal.unblock_tick(monday());
    let names: Vec<&str> = played.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.iter().any(|name| name.starts_with("clos-v2-dev-unblock")), "{names:?}");
    assert!(played.iter().all(|(_, end)| matches!(end, Unblocked::Done(_))), "{played:?}");
    let about = |rehearsal: &Rehearsal| {
        rehearsal.world.messages().iter().filter(|message| message.subject.starts_with("clos-v2 dev")).count()
    };
    assert_eq!(about(&rehearsal), 0, "{:?}", rehearsal.world.messages());
    assert_eq!(rehearsal.world.bus_events(BUS), []);
}

#[test]
fn a_bus_that_is_not_there_keeps_nobody_from_hearing() {
    let mut rehearsal = busy();
    rehearsal.world.remove_bus(BUS);
    morning(&mut rehearsal);
    assert!(message(&rehearsal).contains("the report is not on the bus"), "{}", message(&rehearsal));
    assert!(is_released(&rehearsal, "Ratio", "expired-1"));
}

#[test]
fn a_request_that_cannot_be_followed_names_its_field() {
    let rehearsal = quiet();
    for (more, field) in [
        (json!({"lock": "Ratio/x"}), "lock"),
        (json!({"instant": monday()}), "instant"),
        (json!({"trigger": "schedule"}), "instant"),
        (json!({"trigger": "schedule", "instant": monday(), "undo": "x"}), "undo"),
        (json!({"mode": "aply"}), "mode"),
    ] {
        let mut request = json!({"estate": "clos-v2", "environment": "prod"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let Unblocked::Failed(why) = rehearsal.unblock("odd", &request) else { panic!("{request} was followed") };
        assert!(why.contains(field), "{request}: {why}");
    }
}

#[test]
fn ten_thousand_locks_are_one_pass_and_a_crash_in_the_middle_is_gone_on_from() {
    let mut rehearsal = quiet();
    for n in 0..10_000 {
        let hours = if n % 200 == 0 { -5 } else { 5 };
        rehearsal.world.put_lock(LOCKS, lock("Ratio", &format!("lock-{n:05}"), hours));
    }
    // It dies at the twentieth page, and the next tick goes on.
    rehearsal.world.set_faults(FaultPlan::none().on(Operation::ScanLocks, 20, Trouble::CrashBefore));
    let first = rehearsal.unblock_tick(monday());
    assert!(first.iter().any(|(_, end)| *end == Unblocked::Crashed), "{first:?}");
    let half = record(&rehearsal, MONDAY).unwrap();
    assert_eq!(half.locks.read, 19 * 250);
    let second = rehearsal.unblock_tick(monday() + SignedDuration::from_mins(5));
    let names: Vec<&str> = second.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["clos-v2-prod-unblock-again1-20261123T140000Z"]);
    let whole = record(&rehearsal, MONDAY).unwrap();
    assert_eq!((whole.locks.read, whole.locks.expired, whole.locks.released), (10_000, 50, 50));
    // Forty pages, and the one that was lost: nothing was read twice.
    assert_eq!(rehearsal.world.count(Operation::ScanLocks), 41);
    let bytes = serde_json::to_string(&whole).unwrap().len();
    assert!(bytes < 20_000, "the record has {bytes} bytes");
}

#[test]
fn a_renewal_before_or_after_the_release_is_never_lost() {
    let mut rehearsal = quiet();
    rehearsal.world.put_lock(LOCKS, lock("Meta", "before", -1));
    rehearsal.world.put_lock(LOCKS, lock("Meta", "after", -1));
    rehearsal.world.renew_before_release(LOCKS, lock("Meta", "before", 23));
    morning(&mut rehearsal);
    assert_eq!(rehearsal.world.lock_of(LOCKS, "Meta", "before"), Some(lock("Meta", "before", 23)));
    assert!(is_released(&rehearsal, "Meta", "after"));
    // Its owner takes it again, as a new lock: the undo of the release leaves that alone.
    rehearsal.world.put_lock(LOCKS, lock("Meta", "after", 24));
    let undo = json!({"estate": "clos-v2", "environment": "prod", "undo": MONDAY});
    rehearsal.unblock("undo", &undo);
    assert_eq!(rehearsal.world.lock_of(LOCKS, "Meta", "after"), Some(lock("Meta", "after", 24)));
}

#[test]
fn a_lock_of_a_finished_item_stays_when_the_item_is_opened_again() {
    let mut rehearsal = quiet();
    rehearsal.world.put_lock(LOCKS, lock("Nanda", "idea-done", 12));
    rehearsal.world.set_now(monday());
    let opened = watchkeeper_domain::unblock::BlockerItem {
        status: text("open"),
        reason: Field::Absent,
        ..blocked("idea-done", 1, "")
    };
    rehearsal.world.put_item(IDEAS, opened);
    morning(&mut rehearsal);
    assert!(!is_released(&rehearsal, "Nanda", "idea-done"));
}

#[test]
fn a_run_that_dies_again_and_again_is_given_up_and_said_so() {
    let mut rehearsal = quiet();
    rehearsal.world.set_faults(FaultPlan::none().always(Operation::NotebookWrite, Trouble::Denied));
    let mut tries = 0;
    for tick in 0..6 {
        let played = rehearsal.unblock_tick(monday() + SignedDuration::from_mins(5 * tick));
        tries += played.iter().filter(|(name, _)| name.starts_with("clos-v2-prod")).count();
    }
    assert_eq!(tries, 3);
    let ticked = rehearsal.unblock_ticked(monday() + SignedDuration::from_mins(30)).unwrap();
    let prod = ticked.environments.iter().find(|line| line.scope == crate::unblock_scene::prod()).unwrap();
    assert_eq!(prod.did, daily_unblock::tick::Did::GaveUp);
    let world = &rehearsal.world;
    assert!(run_until_done_or_crash(world, async {}).is_some());
}
