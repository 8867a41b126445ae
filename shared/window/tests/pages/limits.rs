//! Pages stay small, however much there is to tell.

use std::collections::BTreeMap;

use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};
use watchkeeper_window::facts::{BackupJob, CopyTarget, Reading, StackFacts, StackRows};
use watchkeeper_window::html::Html;
use watchkeeper_window::page::{BYTES_MAX, Selection, backups, run, window};

use crate::moment::{copies, everything, frame, hundred, over, parts, runs, stack};

fn fits(html: &Html) {
    assert!(html.as_str().len() <= BYTES_MAX, "{} bytes", html.as_str().len());
}

#[test]
fn a_window_of_ten_and_one_of_a_hundred_fit() {
    let ten = window(&frame(), &over(everything()), &Selection::default());
    fits(&ten);
    assert_eq!(ten.as_str().matches("<article").count(), 10, "each in full");
    let hundred = window(&frame(), &over(hundred()), &Selection::default());
    fits(&hundred);
    assert_eq!(hundred.as_str().matches("class=\"ln ").count(), 100, "each in a line");
}

#[test]
fn rows_with_too_much_to_tell_are_told_in_lines() {
    let mut all = everything();
    for of in &mut all {
        of.protected = vec!["a protected resource".repeat(20)];
        parts::ledger(of).running = Some(("a run with a long name".repeat(20), crate::moment::now()));
    }
    let page = window(&frame(), &over(all), &Selection::default());
    fits(&page);
    assert_eq!((page.as_str().matches("<article").count(), page.as_str().matches("class=\"ln ").count()), (0, 10));
}

#[test]
fn a_run_with_a_thousand_violations_and_moments_fits() {
    let mut facts = runs::run();
    let Reading::Now(Some(record)) = &mut facts.record else { panic!("it was read") };
    let violation =
        Violation::new(GuardrailCode::NotManaged, Severity::Warn, "found ".repeat(100), "advice ".repeat(100));
    record.violations = vec![violation; 1000];
    for _ in 0..1000 {
        record.header.note(crate::moment::now(), "a moment ".repeat(100));
    }
    let page = run(&frame(), &facts);
    fits(&page);
    assert!(page.as_str().contains("and 988 more"), "what is not listed is counted");
}

#[test]
fn sixty_resources_with_copies_elsewhere_fit_and_what_is_too_old_is_among_those_shown() {
    let mut facts = copies::backups();
    let (fresh, stale) = (facts.jobs[0].clone(), facts.jobs[1].clone());
    let copy = Some(CopyTarget { region: "us-west-2".to_owned().try_into().unwrap(), kept: "14 d".to_owned() });
    let named = |n: usize| format!("dynamodb:table-{n}").try_into().unwrap();
    facts.jobs = (0..59).map(|n| BackupJob { resource: named(n), copy: copy.clone(), ..fresh.clone() }).collect();
    facts.jobs.push(stale);
    let page = backups(&frame(), &facts);
    fits(&page);
    let (_, table) = page.as_str().split_once("<table class=\"cal\">").unwrap();
    assert!(table.contains("<code>dynamodb:clos-v2-wip-locks</code>"));
    assert!(table.contains("more resources"));
}

#[test]
fn the_estate_of_a_peer_is_opened_by_the_window_that_knows_it() {
    let peer = "arn:aws:lambda:eu-central-1:210987654321:function:watchkeeper-window";
    let (window_arn, mut there) = (peer.parse().unwrap(), hundred());
    for row in &mut there {
        row.stack = StackFacts { window: peer.parse().unwrap(), ..stack() };
    }
    let mut facts = over(everything());
    let rows = StackRows { stack: stack(), halt: Reading::Now(None), environments: there };
    facts.peers = BTreeMap::from([(window_arn, Reading::Now(rows))]);
    let page = window(&frame(), &facts, &Selection::default());
    let opens = |estate: &str| {
        let before = page.as_str().split(&format!(r#"{{"estate":"{estate}","do":"window"}}"#)).next().unwrap();
        let (_, endpoint) = before.rsplit_once("endpoint=\"").unwrap();
        endpoint.split('"').next().unwrap().to_owned()
    };
    assert_eq!(opens("estate-07"), peer);
    assert_eq!(opens("clos-v2"), stack().window.to_string());
}
