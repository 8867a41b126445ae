//! The command, run as its user runs it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_watchkeeper-estates")).args(arguments).output().unwrap()
}

#[test]
fn check_prints_the_week_and_succeeds() {
    let output = run(&["check", env!("CARGO_MANIFEST_DIR"), "--at", "2026-11-19T17:00:00Z"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.contains("sleep ┆ Thu 2026-11-19 19:00 EST      ┆ 2026-11-20 00:00Z"), "{text}");
    assert!(text.ends_with("5 estates are in order\n"), "{text}");
}

/// A shop whose year ends with a freeze.
fn frozen(calendar: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let document = format!(
        "estate: shop\nenvironments:\n  dev:\n    kind: development\n    regions: {{ primary: eu-central-1 }}\n    \
         clusters: {{ eu-central-1: {{ shop: [api] }} }}\n    \
         awake: {{ zone: UTC, weekly: {{ mon-sun: \"08:00-19:00\" }} }}\n    \
         guardrails: {{ freeze: [{{ from: 2026-12-20, to: 2026-12-21, reason: year's end{calendar} }}] }}\n"
    );
    std::fs::write(folder.path().join("shop.yaml"), document).unwrap();
    let output = run(&["check", folder.path().to_str().unwrap(), "--at", "2026-12-19T12:00:00Z"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let days = text.lines().filter(|line| line.starts_with('│') || line.starts_with("frozen"));
    days.skip(1)
        .take(6)
        .chain(text.lines().filter(|line| line.starts_with("frozen")))
        .fold(String::new(), |all, line| all + &line.split('┆').map(str::trim).collect::<Vec<_>>().join(" | ") + "\n")
}

#[test]
fn check_prints_the_days_as_they_will_be_in_a_freeze() {
    let has = |text: &str, parts: &[&str]| parts.iter().for_each(|part| assert!(text.contains(part), "{part}: {text}"));
    let open = "frozen from Sun 2026-12-20 00:00 UTC to Tue 2026-12-22 00:00 UTC (year's end): lets nothing new in and everything out";
    has(
        &frozen(""),
        &[
            "sleep | Sun 2026-12-20 19:00 UTC | 2026-12-20 19:00Z | outside the hours of Sun 2026-12-20; goes on in the freeze: year's end",
            &format!("{open}; the calendar goes on"),
        ],
    );
    has(
        &frozen(", calendar: stops"),
        &[
            "sleep | Sat 2026-12-19 19:00 UTC",
            "wake | Sun 2026-12-20 08:00 UTC",
            "stay awake | Sun 2026-12-20 19:00 UTC | 2026-12-20 19:00Z | frozen: year's end",
            "stay awake | Mon 2026-12-21 19:00 UTC",
            "sleep | Tue 2026-12-22 00:00 UTC | 2026-12-22 00:00Z | outside the hours of Tue 2026-12-22",
            &format!("{open}, and puts nothing to sleep"),
        ],
    );
}

#[test]
fn check_prints_every_problem_and_fails_with_1() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents");
    let output = run(&["check", folder]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("every-mistake.yaml:2: estate: found \"wrong estate\""), "{text}");
    assert!(output.stdout.is_empty());
}

#[test]
fn schema_prints_what_stands_beside_the_documents() {
    let output = run(&["schema"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), watchkeeper_estates::schema_text());
}

/// A report as it was kept beside the pages of reports.
fn kept(name: &str) -> String {
    format!("{}/../window/tests/reports/kept/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn verify_report_says_what_each_file_is_and_names_the_gap() {
    let (first, third) = (kept("run"), kept("restore"));
    let output = run(&["verify-report", &first, &third]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let of = "report 1 of clos-v2 dev in us-east-1: run night-1: as it was written, and its facts lead to its plan";
    assert!(text.contains(&format!("{first}: {of}\n")), "{text}");
    assert!(text.ends_with("clos-v2 in us-east-1: 2 reports in a chain; number 2 was not given\n"), "{text}");
}

#[test]
fn verify_report_fails_with_the_place_of_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, missing) = (folder.path().join("run.json"), folder.path().join("missing.json"));
    let text = std::fs::read_to_string(kept("run")).unwrap();
    std::fs::write(&path, text.replace("\"desired\": 2", "\"desired\": 3")).unwrap();
    let output = run(&["verify-report", path.to_str().unwrap(), missing.to_str().unwrap()]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(text.contains("run.json: sha256: found ") && text.contains("the digest of the content"), "{text}");
    assert!(text.contains("missing.json: found ") && text.ends_with("2 problems\n"), "{text}");
}
