//! A draft's questions can be answered by taking `# ` away: each section, as it stands, is one that the check accepts.

use rstest::rstest;
use watchkeeper_estates::parse;

use crate::states::{drafted, state};

/// Whether a comment holds a line of a section.
fn is_section(comment: &str) -> bool {
    let line = comment.trim_start();
    let key = line.split_once(':').map(|(key, _)| key.trim_matches('"'));
    let plain = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    line.starts_with("- {")
        || line.starts_with("- aurora-global:")
        || line.starts_with("- replica:")
        || key.is_some_and(plain)
}

/// The draft with its sections in force, but for those that begin with one of `without`.
fn answered(text: &str, without: &[&str]) -> String {
    let (head, environments) = text.split_once("\nenvironments:\n").unwrap();
    let mut lines = vec![head.to_owned(), "environments:".to_owned()];
    let mut skipped = false;
    for line in environments.lines() {
        let Some((indent, comment)) = line.split_once("# ").filter(|(indent, _)| indent.trim().is_empty()) else {
            lines.push(line.to_owned());
            continue;
        };
        if !comment.starts_with(' ') {
            skipped = without.iter().any(|section| comment.starts_with(&format!("{section}:")));
        }
        if is_section(comment) && !skipped {
            lines.push(format!("{indent}{comment}"));
        }
    }
    lines.join("\n") + "\n"
}

const FILES: [&str; 6] = [
    "dev=clos-v2.tfstate",
    "coldchain.json",
    "carcierge.tfstate",
    "h2o-allegiant-prod.json",
    "prod=fleet-orchestration.tfstate",
    "foreign.tfstate",
];

#[rstest]
fn every_section_but_the_calendar_is_accepted_as_it_stands(#[values(0, 1, 2, 3, 4, 5)] number: usize) {
    let draft = drafted(&[state(FILES[number])], "estate");
    let text = answered(draft.text(), &["awake"]);
    let estate = parse("answered.yaml", &text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
    let documents: Vec<_> = estate.environments().map(|environment| environment.document().clone()).collect();
    assert!(documents.iter().all(|document| document.emergency.is_some() && document.backups.is_some()));
    assert!(documents.iter().all(|document| !document.protected.is_empty() && document.awake.is_none()));
    assert_eq!(documents.iter().any(|document| document.failover.is_some()), number == 4);
    assert_eq!(documents.iter().any(|document| document.unblock.is_some()), number == 0);
}

#[rstest]
fn a_calendar_is_accepted_once_somebody_says_that_it_is_no_production(#[values(0, 2, 5)] number: usize) {
    let draft = drafted(&[state(FILES[number])], "estate");
    let text = answered(draft.text(), &[]);
    let problems = parse("answered.yaml", &text).unwrap_err();
    assert!(problems[0].to_string().contains("production is never put to sleep"), "{problems:?}");
    let text = text.replace("kind: production", "kind: staging");
    let estate = parse("answered.yaml", &text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
    let awake: Vec<_> =
        estate.environments().filter(|it| it.calendar().is_some()).map(|it| it.name().as_str()).collect();
    assert_eq!(
        awake,
        [["dev"], [""], ["staging"], [""], [""], ["kdev"]][number],
        "a name that suggests production is not asked"
    );
}
