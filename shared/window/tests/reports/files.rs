//! Files of reports: what verifying finds of each, and of their chain.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::Value;
use watchkeeper_window::report::{DueReport, Report, ReportFlaw, Verification, verify};

use crate::scene::{chain, evening, forged, moved, restored, run};

fn files() -> Vec<(String, String)> {
    let texts = chain("19:00 New York").into_iter().map(|report| report.to_json().unwrap());
    texts.enumerate().map(|(place, text)| (format!("{}.json", place + 1), text)).collect()
}

fn verified(files: &[(String, String)]) -> Verification {
    verify(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

fn wrong(files: &[(String, String)]) -> String {
    let verified = verified(files);
    assert!(!verified.is_good());
    let files = verified.files.iter().filter_map(|file| file.found.clone().err());
    let chains = verified.chains.iter().filter(|chain| !chain.broken.is_empty()).map(ToString::to_string);
    files.chain(chains).collect::<Vec<_>>().join("\n")
}

#[test]
fn reports_that_were_written_one_after_the_other_are_a_chain() {
    let verified = verified(&files());
    assert!(verified.is_good(), "{verified:?}");
    assert_eq!(verified.chains[0].to_string(), "clos-v2 in us-east-1: 4 reports in a chain");
    let of = |place: usize| verified.files[place].found.clone().unwrap();
    assert_eq!(of(0), "report 1 of clos-v2 dev in us-east-1: run night-1");
    assert_eq!(of(1), "report 2 of clos-v2 prod in us-east-1: move failover-1");
    assert_eq!(of(2), "report 3 of clos-v2 prod in us-east-1: restore drill-1");
    assert_eq!(of(3), "report 4 of clos-v2 prod in us-east-1: backup backup-1");
}

#[test]
fn the_order_of_the_files_does_not_matter_and_one_may_be_given_twice() {
    let mut files = files();
    files.reverse();
    files.push(files[1].clone());
    assert!(verified(&files).is_good());
}

#[test]
fn a_gap_is_named_and_is_no_fault() {
    let mut files = files();
    files.remove(1);
    let found = verified(&files);
    assert!(found.is_good());
    assert_eq!(found.chains[0].to_string(), "clos-v2 in us-east-1: 3 reports in a chain; number 2 was not given");
    let found = verified(&files[1..]);
    assert_eq!(
        found.chains[0].to_string(),
        "clos-v2 in us-east-1: 2 reports in a chain; numbers 1 to 2 were not given"
    );
}

/// Every byte of every kind of report, each alone: another bit, and a blank.
#[test]
fn a_byte_that_was_changed_is_found_wherever_it_is() {
    for (name, text) in files() {
        let bytes = text.into_bytes();
        for place in 0..bytes.len() {
            for other in [bytes[place] ^ 1, b' '] {
                let mut changed = bytes.clone();
                changed[place] = other;
                let same = changed == bytes;
                let Ok(text) = String::from_utf8(changed) else { continue };
                assert_eq!(Report::read(&text).is_ok(), same, "{name}: byte {place} as {other}");
            }
        }
    }
}

proptest! {
    /// Whatever is put anywhere, or taken out.
    #[test]
    fn what_was_put_in_or_taken_out_is_found(which in 0..3_usize, at in 0.0..1.0_f64, take in 0..9_usize, put in "[ -~\\n]{0,9}") {
        let (_, text) = &files()[which];
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
        let place = (text.len() as f64 * at) as usize;
        let end = (place + take).min(text.len());
        let changed = format!("{}{put}{}", &text[..place], &text[end..]);
        prop_assert_eq!(Report::read(&changed).is_ok(), changed == *text);
    }
}

#[test]
fn who_forges_a_report_and_its_digest_breaks_the_chain_after_it() {
    let mut files = files();
    files[0].1 = forged(&chain("19:00 New York")[0], |content| content["deployed"]["version"] = "9.9.9".into());
    let found = wrong(&files);
    assert!(found.contains("2.json: chain.previous: found ") && found.contains("the digest of number 1"), "{found}");
}

#[rstest]
#[case::count(0, "/evidence/record/plan/steps/0/actions/0/reason", "plan.steps[0].actions[0].reason: found \"forged\"")]
#[case::wave(1, "/evidence/record/waves/0/0", "waves[0][0]: found \"forged\", expected \"api\"")]
#[case::verdict(2, "/evidence/record/outcome/why", "outcome.why: found \"forged\", expected nothing")]
#[case::backup(3, "/evidence/record/lines/1/why", "lines[1].why: found \"forged\", expected \"19:00 New York\"")]
fn a_plan_that_its_facts_do_not_lead_to_is_named_with_the_place(
    #[case] which: usize,
    #[case] pointer: &str,
    #[case] expected: &str,
) {
    let report = &chain("19:00 New York")[which];
    let put = |content: &mut Value| {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = content.pointer_mut(parent).unwrap();
        match parent {
            Value::Array(items) => items[field.parse::<usize>().unwrap()] = "forged".into(),
            parent => parent[field] = "forged".into(),
        }
    };
    let found = wrong(&[("forged.json".to_owned(), forged(report, put))]);
    assert!(found.contains(expected), "{found}");
}

/// Order, waves, reasons, what decided and the verdict: whatever is another one than the facts lead to.
#[rstest]
#[case::order("plan.steps[0].wave", |record: &mut Value| record["plan"]["steps"].as_array_mut().unwrap().reverse())]
#[case::wave("plan.steps[0].wave", |record: &mut Value| record["plan"]["steps"][0]["wave"] = record["plan"]["steps"][1]["wave"].clone())]
#[case::waves("plan.steps[", |record: &mut Value| record["plan"]["steps"].as_array_mut().unwrap().truncate(1))]
#[case::write("plan.steps[1].actions[0].to: found 7, expected 0", |record: &mut Value| record["plan"]["steps"][1]["actions"][0]["to"] = 7.into())]
#[case::decided("deciding[0].reason", |record: &mut Value| record["deciding"][0]["reason"] = "forged".into())]
#[case::until("deciding[0].expires", |record: &mut Value| record["deciding"][0]["expires"] = "2030-01-01T00:00:00Z".into())]
#[case::verdict("verdict: found \"nothing\", expected \"apply\"", |record: &mut Value| record["verdict"] = "nothing".into())]
fn a_plan_is_decided_again_as_a_whole(#[case] expected: &str, #[case] change: fn(&mut Value)) {
    let text = forged(&chain("19:00 New York")[0], |content| change(&mut content["evidence"]["record"]));
    let found = wrong(&[("forged.json".to_owned(), text)]);
    assert!(found.contains(expected) && found.contains("what its facts lead to"), "{found}");
}

#[test]
fn a_verdict_that_was_left_out_is_named() {
    let text = forged(&chain("x")[0], |content| {
        content["evidence"]["record"]["facts"]["halt"] =
            serde_json::json!({ "by": "run", "reason": "maintenance", "since": evening() });
        // The digest and the form are in order: only deciding again tells.
        let facts = content["evidence"]["record"]["facts"].as_object_mut().unwrap();
        let approved = facts.shift_remove("approved");
        facts.extend(approved.map(|approved| ("approved".to_owned(), approved)));
    });
    let found = wrong(&[("forged.json".to_owned(), text)]);
    assert!(found.contains("violations: found nothing, expected halted"), "{found}");
}

#[test]
fn a_report_of_another_version_and_what_is_none_are_refused_by_what_was_found() {
    let text = files().remove(0).1.replace("\"schema\": 1", "\"schema\": 2");
    let flaw = Report::read(&text).unwrap_err();
    assert_eq!(flaw, ReportFlaw::Schema { found: 2 });
    assert_eq!(flaw.to_string(), "schema: found 2, expected 1, the version that this release reads");
    assert!(Report::read("{}").unwrap_err().to_string().starts_with("found missing field `schema`"));
    let blank = files().remove(0).1.replacen("  \"schema\"", "   \"schema\"", 1);
    let flaw = Report::read(&blank).unwrap_err().to_string();
    assert!(flaw.starts_with("line 2: found \"   \\\"schema"), "{flaw}");
}

#[test]
fn what_was_not_known_is_said() {
    let of = |due: DueReport| Report::of(due, watchkeeper_window::report::ChainLink::after(None)).unwrap();
    assert_eq!(of(run("x")).content.not_known, Vec::<String>::new());
    let silent = of(DueReport { sent: None, ..run("x") });
    assert_eq!(silent.content.not_known.len(), 1);
    assert!(silent.content.not_known[0].starts_with("Whether people and programs were told is not known"));
    assert!(Report::read(&silent.to_json().unwrap()).is_ok());
    assert_eq!(of(restored("few")).content.not_known, ["Not every check of what was restored was made: those say so."]);
    assert_eq!(of(moved("x")).content.not_known, Vec::<String>::new());
}

/// `jq -cj .content FILE | sha256sum`, as the documentation has it.
#[test]
fn the_digest_is_that_of_the_content_as_compact_json() {
    for (_, text) in files() {
        let value: Value = serde_json::from_str(&text).unwrap();
        let digest = watchkeeper_domain::value::Sha256::of(value["content"].to_string().as_bytes());
        assert_eq!(value["sha256"], digest.as_str());
    }
}
