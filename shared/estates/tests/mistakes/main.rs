//! Every mistake of a document is reported at once, in words, with its line; and no text makes the reader panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod by_tag;
mod failover;
mod order;

use std::fmt::Write as _;

use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_estates::{load_dir, parse};

fn problems(text: &str) -> Vec<String> {
    parse("estate.yaml", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = include_str!("../documents/every-mistake.yaml");
    let mut lines = String::new();
    for problem in problems(text) {
        assert!(!problem.contains("schemas") && !problem.contains('\n'), "not for a person: {problem}");
        writeln!(lines, "{problem}").unwrap();
    }
    insta::assert_snapshot!(lines);
}

/// A document without mistakes; the tests below put one into it.
const GOOD: &str = r#"estate: clos-v2
environments:
  dev:
    kind: development
    regions: { primary: us-east-1 }
    clusters:
      us-east-1: { clos-v2-cluster: [clos-v2-core-api-service, clos-v2-workflow-engine-service] }
    databases: [{ aurora: clos-v2-db-cluster }]
    awake: { zone: America/New_York, weekly: { mon-fri: "08:00-19:00" }, holidays: [2026-12-25] }
    guardrails: { floor: 0, blast-radius: 50 %, freeze: [{ from: 2026-12-24, to: 2026-12-26, reason: Christmas }] }
    emergency:
      profiles:
        surge: { desired: 4, max: 10, for: 2h }
      responses:
        - { alarm: clos-v2-alb-5xx-errors, run: surge, veto: [clos-v2-rds-cpu-high] }
"#;

#[test]
fn a_good_document_has_no_problem() {
    let estate = parse("estate.yaml", GOOD).unwrap();
    assert_eq!(estate.name().as_str(), "clos-v2");
}

/// A drill with a check; each case puts a mistake into it.
const DRILL: &str = r#"estate: shop
environments:
  prod:
    kind: production
    regions: { primary: us-east-1 }
    backups:
      zone: Etc/UTC
      jobs:
        - aurora: shop-db
          schedule: { at: "03:00" }
          retention: { daily: 2 }
          drill: { every: 90d, instance-class: db.t4g.medium, check: { task-definition: check, cluster: shop, subnets: [subnet-1], security-groups: [sg-1], within: 30m } }
"#;

#[rstest]
#[case::of_another_place(
    "task-definition: check",
    "task-definition: 'arn:aws:ecs:us-east-1:1:task-definition/check'",
    "check.task-definition: found arn:aws:ecs:us-east-1:1:task-definition/check, expected family or family:revision"
)]
#[case::groups_alone(
    "subnets: [subnet-1], ",
    "",
    "check.subnets: found nothing beside security-groups, expected the subnets of the task"
)]
#[case::in_no_time("within: 30m", "within: 30s", "check.within: found 30s, expected 1m to 6h")]
#[case::for_ever("within: 30m", "within: 7h", "check.within: found 7h, expected 1m to 6h")]
#[case::instance_of_a_table(
    "aurora: shop-db",
    "dynamodb: shop-orders",
    "drill.instance-class: found db.t4g.medium for dynamodb:shop-orders, expected none, or a drill of aurora"
)]
fn a_check_that_cannot_be_run_is_refused_by_its_field(#[case] good: &str, #[case] bad: &str, #[case] expected: &str) {
    parse("estate.yaml", DRILL).unwrap();
    let found = problems(&DRILL.replace(good, bad));
    assert!(found.len() == 1 && found[0].ends_with(expected), "{found:?}");
}

#[rstest]
#[case::bare_number(
    "for: 2h",
    "for: 120",
    "estate.yaml:13: environments.dev.emergency.profiles.surge.for: found the number 120, expected a duration above zero with its unit, such as 2h, 30m or 14d"
)]
#[case::bare_percentage(
    "50 %",
    "50",
    "estate.yaml:10: environments.dev.guardrails.blast-radius: found the number 50, expected a whole percentage from 0 to 1000 with its sign, such as 50 %"
)]
#[case::unknown_zone(
    "America/New_York",
    "America/Nowhere",
    "estate.yaml:9: environments.dev.awake.zone: found \"America/Nowhere\", expected an IANA time zone, such as America/New_York"
)]
#[case::unknown_key(
    "    kind:",
    "    knid: x\n    kind:",
    "estate.yaml:4: environments.dev.knid: found the unknown key \"knid\", expected a known key; did you mean kind?"
)]
#[case::unknown_profile(
    "run: surge",
    "run: splurge",
    "estate.yaml:15: environments.dev.emergency.responses[0].run: found the unknown profile splurge, expected one of surge"
)]
#[case::overlap(
    "\"08:00-19:00\"",
    "[\"08:00-19:00\", \"18:00-20:00\"]",
    "estate.yaml:9: environments.dev.awake.weekly.mon-fri[1]: found 18:00-20:00, which overlaps 08:00-19:00 of weekly.mon-fri[0], expected periods that do not overlap; they may touch"
)]
#[case::floor(
    "floor: 0",
    "floor: 1",
    "estate.yaml:10: environments.dev.guardrails.floor: found 1, expected 0, or no `awake`: a floor above 0 refuses every sleep"
)]
#[case::freeze(
    "to: 2026-12-26",
    "to: 2026-12-01",
    "estate.yaml:10: environments.dev.guardrails.freeze[0]: found a freeze from 2026-12-24 to 2026-12-01, expected `from` before `to`"
)]
#[case::missing_kind(
    "    kind: development\n",
    "",
    "estate.yaml:3: environments.dev: found no `kind`, expected `kind`: one of development, staging, production"
)]
#[case::null(
    "kind: development",
    "kind:",
    "estate.yaml:4: environments.dev.kind: found nothing, expected one of development, staging, production"
)]
#[case::twice(
    "estate: clos-v2\n",
    "estate: clos-v2\nestate: clos-v3\n",
    "estate.yaml:2: found the key \"estate\" a second time; it is on line 1 already, expected each key once"
)]
#[case::tab(
    "  dev:",
    "\tdev:",
    "estate.yaml:3: found no YAML: tabs disallowed within this context (block indentation), expected a YAML document"
)]
fn one_mistake_is_one_problem(#[case] good: &str, #[case] bad: &str, #[case] expected: &str) {
    assert!(GOOD.contains(good), "the good document has no {good:?}");
    assert_eq!(problems(&GOOD.replacen(good, bad, 1)), [expected]);
}

#[test]
fn production_never_sleeps_and_keeps_a_task() {
    let found = problems(&GOOD.replace("kind: development", "kind: production"));
    assert_eq!(
        found,
        [
            "estate.yaml:9: environments.dev.awake: found a calendar for production, expected none: production is never \
             put to sleep",
            "estate.yaml:10: environments.dev.guardrails.floor: found 0, expected at least 1 for production",
        ]
    );
}

#[rstest]
#[case::empty("", "found no document, expected a map that begins with `estate`")]
#[case::scalar("hello", "found \"hello\", expected a map with estate, environments")]
#[case::two("estate: a\n---\nestate: b\n", "found a second document, expected one document in a file")]
#[case::list_as_key("? [a]\n: b\n", "found a list or a map as a key, expected a text as a key")]
fn what_is_no_document_says_so(#[case] text: &str, #[case] expected: &str) {
    let problems = problems(text);
    assert!(problems.len() == 1 && problems[0].ends_with(expected), "{problems:?}");
}

#[test]
fn a_few_lines_cannot_become_millions_of_values() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let above = level - 1;
        writeln!(text, "a{level}: &a{level} [{}]", vec![format!("*a{above}"); 10].join(", ")).unwrap();
    }
    assert!(problems(&text)[0].ends_with("found a larger document, expected at most 100000 values"));
    let deep = format!("estate: {}", "[".repeat(10_000));
    assert!(!problems(&deep).is_empty());
}

#[test]
fn an_account_that_does_not_read_is_the_only_mistake_about_it() {
    let dev = |name: &str, account: &str| {
        format!(
            "  {name}:\n    kind: development\n    account: {account}\n    regions: {{ primary: eu-central-1 }}\n    \
             clusters: {{ eu-central-1: {{ shop: [api] }} }}\n"
        )
    };
    let text = format!(
        "estate: shop\nenvironments:\n{}{}{}",
        dev("dev", "0123"),
        dev("qa", "777"),
        dev("uat", "\"123456789012\"")
    );
    let found = problems(&text);
    let of_accounts = found.iter().filter(|problem| problem.contains("account: found"));
    assert_eq!((of_accounts.count(), found.len()), (2, 2), "{found:#?}");
}

#[test]
fn several_queues_may_share_their_dead_letters_and_a_report_may_go_to_no_bus() {
    let unblock = "    unblock:\n      at: \"09:00\"\n      days: mon-fri\n      zone: Etc/UTC\n      queues:\n        \
                   - { queue: orders, dead-letters: dlq, redrive: true }\n        - { queue: returns, dead-letters: dlq, redrive: false }\n";
    let estate = parse("estate.yaml", &format!("{GOOD}{unblock}")).unwrap();
    let section = estate.environments().next().unwrap().document().unblock.clone().unwrap();
    assert_eq!((section.queues.len(), section.report), (2, None));
}

#[test]
fn code_may_declare_fewer_tasks_than_its_autoscaler_keeps() {
    let capacity = "    capacity: { clos-v2-core-api-service: { desired: 1, min: 2, max: 4 } }\n";
    let estate = parse("estate.yaml", &format!("{GOOD}{capacity}")).unwrap();
    let declared = estate.environments().next().unwrap().document().capacity.values().next().unwrap().tasks();
    assert_eq!(declared, 2);
}

#[test]
fn a_folder_reports_the_problems_of_all_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let none = load_dir(folder.path()).unwrap_err();
    assert!(none[0].to_string().ends_with("found no document, expected at least one *.yaml file"));

    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.yaml", GOOD);
    write("b.yaml", &GOOD.replace("America/New_York", "Nowhere"));
    write("c.yml", &GOOD.replace("estate: clos-v2", "estate: other").replace("for: 2h", "for: 2"));
    write("d.yaml", "\u{0}\u{1}: [");
    write("ignored.txt", "not a document");
    let lines: Vec<String> = load_dir(folder.path()).unwrap_err().iter().map(ToString::to_string).collect();
    let has = |file: &str, text: &str| lines.iter().any(|line| line.contains(file) && line.contains(text));
    assert!(has("b.yaml:1:", "estate: found clos-v2, which"), "{lines:#?}");
    assert!(has("b.yaml:9:", "found \"Nowhere\""), "{lines:#?}");
    assert!(has("c.yml:3:", "which clos-v2 dev names too"), "{lines:#?}");
    assert!(has("c.yml:13:", "found the number 2"), "{lines:#?}");
    assert!(has("d.yaml:1:", "no YAML"), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("a.yaml:")), "{lines:#?}");
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), GOOD).unwrap();
    let estates = load_dir(folder.path()).unwrap();
    assert!(estates.environment("clos-v2", "dev").is_ok());
    let message = |estate, environment| estates.environment(estate, environment).unwrap_err().to_string();
    assert_eq!(message("clos", "dev"), "estate: found \"clos\", expected one of clos-v2");
    assert_eq!(message("clos-v2", "prod"), "environment: found \"prod\", expected one of clos-v2's: dev");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A piece of the document is replaced by another piece of it, or by something strange.
    #[test]
    fn no_text_makes_it_panic(cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30, any::<prop::sample::Index>(), 0_usize..30, "[\\PC\n\t]{0,6}"), 1..6)) {
        let mut text: Vec<char> = GOOD.chars().collect();
        for (at, length, from, taken, strange) in cuts {
            let piece: Vec<char> = text.iter().copied().skip(from.index(text.len())).take(taken).chain(strange.chars()).collect();
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, piece);
            if text.is_empty() {
                text.push('x');
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(problems) = parse("estate.yaml", &text) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|p| p.line >= 1 && p.line <= text.lines().count() + 1));
            prop_assert!(problems.iter().all(|p| p.expected != "a document that its types accept"), "{:?}", problems);
        }
    }
}
