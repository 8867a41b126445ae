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
