//! The command itself, as a person calls it, over an account of the sandbox: with the SDKs that only it has, and the sandbox's
//! judge of permissions behind IAM's simulator.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "it is a test, and calls a process of its own")]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use watchkeeper_estates::load_dir;
use watchkeeper_tests::preflight::{DOCUMENT, EXPECTED, Plot, build};
use watchkeeper_tests::sandbox::{CheckoutLayout, Emulator, ProgressLines, PythonEnvironment, SandboxOptions};

/// The exit code, and what came on standard output.
async fn preflight(emulator: &Emulator, estates: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_preflight"));
    command.env_clear().envs(emulator.client_environment("us-east-1")).env("AWS_SDK_UA_APP_ID", "preflight");
    // Nothing of the user's own settings, and nobody to ask for others.
    command.env("HOME", estates).env("AWS_EC2_METADATA_DISABLED", "true");
    let output = command.arg("--estates").arg(estates).args(arguments).output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code().unwrap_or_else(|| panic!("{errors}"));
    assert!(code != 2, "{errors}");
    (code, String::from_utf8(output.stdout).unwrap())
}

fn rows<'r>(report: &'r Value, mark: &str) -> Vec<&'r Value> {
    let sections = report["sections"].as_array().unwrap().iter();
    let rows = sections.flat_map(|section| section["rows"].as_array().unwrap());
    rows.filter(|row| row["mark"] == mark).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_planted_faults_are_ten_findings_of_the_command_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.yaml"), DOCUMENT).unwrap();
    let estates = load_dir(folder.path()).unwrap();
    let layout = CheckoutLayout::find().unwrap();
    let venv = PythonEnvironment::ensure(&layout, &ProgressLines).await.unwrap();
    let emulator = Emulator::boot(&layout, &venv, &SandboxOptions::default(), &ProgressLines).await.unwrap();
    build(&emulator, &estates, "123456789012").await;

    let (code, json) = preflight(&emulator, folder.path(), &["--json", "-"]).await;
    let report: Value = serde_json::from_str(&json).unwrap();
    for mark in ["bad", "unread"] {
        assert_eq!(rows(&report, mark), Vec::<&Value>::new(), "{mark}");
    }
    assert_eq!(code, 0);
    let simulated = rows(&report, "good").iter().filter(|row| row["check"] == "allowed").count();
    assert!(simulated > 30, "{simulated} calls simulated");

    Plot::new(&emulator).plant().await;
    let since = emulator.control().mark().await.unwrap();
    let file = folder.path().join("report.json");
    let (code, table) = preflight(&emulator, folder.path(), &["--json", file.to_str().unwrap()]).await;
    assert_eq!(code, 1);
    let report: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let bad = rows(&report, "bad");
    let found: Vec<_> = bad.iter().map(|row| (text(row, "subject"), text(row, "check"))).collect();
    assert_eq!(found, EXPECTED.map(|(subject, check, _)| (subject.to_owned(), check.to_owned())), "{bad:#?}");
    for (row, (subject, _, command)) in bad.iter().zip(EXPECTED) {
        assert!(text(row, "command").starts_with(&format!("aws {command}")), "{row}");
        let line = table.lines().find(|line| line.contains('✗') && line.contains(subject));
        assert!(line.is_some() && table.contains(command), "{subject}: {table}");
    }

    let calls = emulator.control().calls(since).await.unwrap();
    let own: Vec<_> = calls.iter().filter(|call| call.caller.as_deref() == Some("preflight")).collect();
    let asked: BTreeSet<&str> = own.iter().map(|call| call.operation.as_str()).collect();
    assert!(asked.is_superset(&BTreeSet::from(["SimulateCustomPolicy", "ValidatePolicy"])), "{asked:?}");
    let writes: BTreeSet<_> = own.iter().filter(|call| call.write).map(|call| &call.operation).collect();
    assert_eq!(writes, BTreeSet::new());
    emulator.succeeded().unwrap();
}
