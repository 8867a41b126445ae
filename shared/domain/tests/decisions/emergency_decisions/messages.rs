//! What a person reads.

use jiff::SignedDuration;
use watchkeeper_domain::emergency::{ask, not_done};
use watchkeeper_domain::run::RunRef;

use super::scene::{BUSY, T0, by_alarm, decided, scope};

fn run() -> RunRef {
    RunRef::new(scope(), "clos-v2-prod-minimum-20261120T180000Z")
}

#[test]
fn the_question_has_the_plan_and_the_exact_commands() {
    let until = T0 + SignedDuration::from_mins(20);
    let plan = "clos-v2 prod in us-east-1: 4 writes to make it at minimum\n";
    let question = ask(&run(), "minimum", "the document asks for it before minimum", plan, "AQCEAAAAKgAAAAM", until);
    insta::assert_snapshot!(format!("{}\n\n{}", question.subject, question.text));
}

#[test]
fn a_plan_that_is_too_long_for_a_question_is_cut() {
    let question = ask(&run(), "minimum", "why", &"a line of a plan\n".repeat(10_000), "token", T0);
    assert!(question.text.len() < 10_000 && question.text.contains("the plan goes on"));
}

#[test]
fn a_veto_is_told_with_what_was_not_done_why_and_what_to_do() {
    let decision = decided(by_alarm("5xx"), &BUSY, None).unwrap();
    let input = r#"{"estate": "clos-v2", "environment": "prod", "profile": "surge", "approve": ["dependency-veto"]}"#;
    let message = not_done(&scope(), "surge", "5xx is in ALARM", &decision.violations, Some(input));
    insta::assert_snapshot!(format!("{}\n\n{}", message.subject, message.text));
}
