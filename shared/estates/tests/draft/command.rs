//! `cargo estates draft`, run as its user runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let states = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states");
    Command::new(env!("CARGO_BIN_EXE_watchkeeper-estates"))
        .current_dir(states)
        .arg("draft")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_draft_goes_to_the_standard_output_and_its_summary_to_the_other_one() {
    let output = run(&["--terraform", "h2o-allegiant-dev.tfstate", "--terraform", "h2o-allegiant-prod.json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("\nestate: h2o # ? "), "{}", text(&output.stdout));
    assert_eq!(
        text(&output.stderr),
        "drafted 2 environments, 2 services, 2 databases; 0 left out, 11 questions to answer\n"
    );
}

#[test]
fn a_document_is_written_once_and_then_only_compared() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("h2o-allegiant.yaml");
    let path = out.to_str().unwrap();
    let of = |files: &[&str]| {
        let files = files.iter().flat_map(|file| ["--terraform", file]);
        run(&files.chain(["--out", path]).collect::<Vec<_>>())
    };
    let output = of(&["h2o-allegiant-prod.json"]);
    assert!(
        output.status.success() && text(&output.stdout).starts_with(&format!("wrote {path}: 1 environment")),
        "{output:?}"
    );
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.contains("\nestate: h2o-allegiant\n"), "the name of the document is that of the estate");
    let check =
        Command::new(env!("CARGO_BIN_EXE_watchkeeper-estates")).arg("check").arg(folder.path()).output().unwrap();
    assert!(check.status.success(), "{check:?}");

    let output = of(&["h2o-allegiant-prod.json"]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), format!("{path} has what was found; nothing was written\n"));

    let edited = written.replace("desired: 1, min: 1, max: 3", "desired: 2, min: 1, max: 3");
    fs::write(&out, &edited).unwrap();
    let output = of(&["h2o-allegiant-prod.json", "h2o-allegiant-dev.tfstate"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        format!(
            "+ environments: dev\n~ environments.prod.capacity.h2o-backend: desired 2, min 1, max 3, and the draft has desired 1, min \
             1, max 3\n{path} differs in 2 places; nothing was written\n"
        )
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), edited, "nothing is ever written over");

    fs::write(&out, "estate: [").unwrap();
    let output = of(&["h2o-allegiant-prod.json"]);
    assert_eq!(
        (output.status.code(), text(&output.stderr).contains("h2o-allegiant.yaml:2: found no YAML")),
        (Some(1), true)
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "estate: [");
}

#[test]
fn every_file_that_cannot_be_read_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("shop.yaml");
    let output = run(&[
        "--terraform",
        "missing-1",
        "--terraform",
        "dev=missing-2",
        "--terraform",
        "=",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    for file in ["missing-1", "missing-2"] {
        assert!(errors.contains(&format!("{file}: found No such file or directory")), "{errors}");
    }
    assert!(errors.ends_with("3 problems; nothing was written\n") && !out.exists(), "{errors}");
}

#[test]
fn a_folder_that_does_not_exist_is_named_as_the_place_to_write_to() {
    let output = run(&["--terraform", "coldchain.json", "--out", "nowhere/coldchain.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nowhere/coldchain.yaml: found No such file or directory"), "{output:?}");
}

#[test]
fn a_name_that_is_none_is_refused_with_its_option() {
    for (option, what) in [("--estate", "estate"), ("--environment", "environment")] {
        let output = run(&["--terraform", "coldchain.json", option, "my shop"]);
        let expected = format!("{what}: found \"my shop\", expected 1 to 255 of letters");
        assert!(output.status.code() == Some(2) && text(&output.stderr).contains(&expected), "{output:?}");
    }
}
