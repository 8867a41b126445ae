//! Every page and state, by the name of its kept copy.

use watchkeeper_domain::name::EstateName;
use watchkeeper_domain::wake_page::WakeState;
use watchkeeper_window::call::{Call, Verb};
use watchkeeper_window::facts::{
    ActionFacts, ActionOutcome, Frame, Reading, StackRows, Theme, WakeNotice, WakePageFacts, WindowFacts,
};
use watchkeeper_window::html::Html;
use watchkeeper_window::page::{
    Selection, action, backups, bad_request, emergency, failover, plan, question, report, run, wake,
    wake_not_understood, wake_pressed_elsewhere, wake_unread, window,
};

use crate::moment::parts::{count, environment, start};
use crate::moment::runs::{form, plan_page, scope, surge};
use crate::moment::wake as wake_moment;
use crate::moment::{copies, everything, frame, hundred, over, pairs, parts, quiet, runs, stack, troubles};

/// Every page and state.
pub(crate) fn all() -> Vec<(&'static str, Html)> {
    let frame = frame();
    let viewed = |theme, read_only| {
        let mut frame = frame.clone();
        (frame.viewer.theme, frame.viewer.read_only) = (theme, read_only);
        frame
    };
    let narrow = {
        let mut frame = viewed(Theme::Light, false);
        frame.viewer.width = Some(600);
        frame
    };
    let everywhere = Selection::default();
    let one = Selection { estate: Some(EstateName::new("clos-v2").unwrap()), ..Selection::default() };
    let mut unread_run = runs::run();
    unread_run.record = Reading::Unread { why: "the ledger did not answer within 5 s".to_owned() };
    let mut unknown_run = runs::run();
    unknown_run.record = Reading::Now(None);
    let mut over_question = runs::question();
    over_question.question = Reading::Now(None);
    vec![
        ("window", window(&frame, &over(everything()), &everywhere)),
        ("window-dark-read-only", window(&viewed(Theme::Dark, true), &over(everything()), &everywhere)),
        ("window-light-one-estate", window(&viewed(Theme::Light, false), &over(everything()), &one)),
        ("window-600", window(&narrow, &over(quiet()), &everywhere)),
        ("window-quiet", window(&frame, &over(quiet()), &everywhere)),
        ("window-100", window(&frame, &over(hundred()), &everywhere)),
        ("window-120-folded", window(&frame, &over(many()), &everywhere)),
        ("window-unread", window(&frame, &unread(), &everywhere)),
        ("window-troubles", window(&frame, &over(troubles::troubles()), &everywhere)),
        ("window-halted", window(&frame, &troubles::halted(), &everywhere)),
        ("window-empty", window(&frame, &over(Vec::new()), &everywhere)),
        ("run", run(&frame, &runs::run())),
        ("run-unread", run(&frame, &unread_run)),
        ("run-unknown", run(&frame, &unknown_run)),
        ("report", report(&frame, &runs::report())),
        ("report-unread", report(&frame, &runs::unread_report())),
        ("report-long", report(&frame, &runs::long_report())),
        ("question", question(&frame, &runs::question())),
        ("question-sent", question(&frame, &runs::sent())),
        ("question-read-only", question(&viewed(Theme::Light, true), &runs::question())),
        ("question-over", question(&frame, &over_question)),
        ("plan", plan(&frame, &plan_page(surge()))),
        ("plan-nothing", plan(&frame, &plan_page(parts::plan(Vec::new())))),
        ("emergency", emergency(&frame, &form())),
        ("backups-none", backups(&frame, &copies::none())),
        ("backups", backups(&frame, &copies::backups())),
        ("failover", failover(&frame, &pairs::away())),
        ("failover-moving", failover(&frame, &pairs::moving())),
        ("failover-unread", failover(&frame, &pairs::unread())),
        ("failover-asks", failover(&frame, &pairs::asks())),
        ("action-started", acted(&frame, started())),
        (
            "action-answered",
            acted(&frame, ActionOutcome::Answered { execution: "h2o-allegiant-prod-1".to_owned(), approved: true }),
        ),
        ("action-stale", acted(&frame, stale())),
        ("action-differs", acted(&frame, differs())),
        ("action-on-everything", action(&frame, &on_everything())),
        ("wake-asleep", wake(&wake_moment::asleep())),
        ("wake-asleep-token", wake(&WakePageFacts { asks_token: true, ..wake_moment::asleep() })),
        ("wake-failed", wake(&wake_moment::failed())),
        ("wake-halted", wake(&WakePageFacts { halted: true, ..wake_moment::asleep() })),
        ("wake-used-up", wake(&WakePageFacts { left: 0, ..wake_moment::asleep() })),
        ("wake-refused-halted", wake(&wake_moment::told(WakeNotice::Halted))),
        ("wake-refused-used-up", wake(&wake_moment::told(used_up()))),
        ("wake-refused-token", wake(&wake_moment::told(WakeNotice::WrongToken))),
        ("wake-not-started", wake(&wake_moment::told(WakeNotice::NotStarted))),
        ("wake-waking", wake(&wake_moment::waking())),
        ("wake-begins", wake(&WakePageFacts { progress: None, usual: None, ..wake_moment::waking() })),
        ("wake-awake", wake(&WakePageFacts { state: WakeState::Awake, ..wake_moment::asleep() })),
        ("wake-unread", wake_unread(&scope("clos-v2", "dev"), &wake_moment::asleep().zone, frame.now)),
        (
            "wake-not-understood",
            wake_not_understood("until", "a field of another form", "the fields of this page's form"),
        ),
        ("wake-pressed-elsewhere", wake_pressed_elsewhere()),
        ("bad-request", bad_request(&frame, "profle", "\"surge\"", "a field of the event: did you mean profile?")),
    ]
}

fn used_up() -> WakeNotice {
    WakeNotice::UsedUp { at_most: 3, again: "2026-12-24T05:00:00Z".parse().unwrap() }
}

fn acted(frame: &Frame, outcome: ActionOutcome) -> Html {
    action(
        frame,
        &ActionFacts { stack: stack(), scope: Some(scope("clos-v2", "dev")), what: "Wake for 2 h".to_owned(), outcome },
    )
}

fn on_everything() -> ActionFacts {
    ActionFacts { stack: stack(), scope: None, what: "Halt everything".to_owned(), outcome: started() }
}

fn started() -> ActionOutcome {
    let execution = "window-awake-clos-v2-dev-20261224T002007Z".to_owned();
    ActionOutcome::Started { machine: "watchkeeper-reconcile".to_owned(), execution, took_seconds: Some(480) }
}

fn stale() -> ActionOutcome {
    let (found, expected) = ("a page of 00:02 UTC, 18 min old".to_owned(), "a page of at most 15 min".to_owned());
    ActionOutcome::Refused { code: "stale-event".to_owned(), found, expected }
}

fn differs() -> ActionOutcome {
    let scope = scope("clos-v2", "dev");
    let call = Call {
        until: Some("2026-12-24T02:20:00Z".to_owned()),
        ..Call::of(Verb::Awake, &scope.estate, &scope.environment)
    };
    ActionOutcome::Differs {
        call,
        plan: parts::plan(vec![start("rds:dev-db"), count("dev/dev-api", 0, 3)]),
        took_seconds: Some(480),
    }
}

/// More than a hundred: what is calm folds to a line.
fn many() -> Vec<watchkeeper_window::facts::EnvironmentFacts> {
    let more = (1..=20).map(|n| {
        let kind = watchkeeper_domain::estate::EnvironmentKind::Production;
        environment(&format!("more-{n:02}"), "prod", kind, "us-east-1", "Asia/Seoul", 3)
    });
    hundred().into_iter().chain(more).collect()
}

/// A ledger, an ECS and a peer that did not answer, each in its own way, and one that is as of its last value.
pub(crate) fn unread() -> WindowFacts {
    let why = || "no answer within 3 s".to_owned();
    let mut all = quiet();
    let ledger = &mut all[0].regions.values_mut().next().unwrap().ledger;
    *ledger = Reading::Unread { why: why() };
    let seen = &mut all[1].regions.values_mut().next().unwrap().observed;
    *seen = Reading::Last {
        value: seen.known().unwrap().clone(),
        at: crate::moment::at("2026-12-24T00:09:00Z"),
        why: why(),
    };
    all[2].backups = Reading::Unread { why: why() };
    let mut facts = over(all);
    let peer = "arn:aws:lambda:eu-central-1:210987654321:function:watchkeeper-window".parse().unwrap();
    let there = "arn:aws:lambda:us-west-2:210987654321:function:watchkeeper-window".parse().unwrap();
    let mut rows = StackRows { stack: stack(), halt: Reading::Now(None), environments: everything() };
    rows.environments.truncate(2);
    facts.peers = [(peer, Reading::Unread { why: why() }), (there, Reading::Now(rows))].into();
    facts
}
