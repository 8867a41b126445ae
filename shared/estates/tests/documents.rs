//! The five documents that come with the project, and the schema beside them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use jiff::Timestamp;
use rstest::rstest;
use watchkeeper_domain::{capacity::DatabaseId, estate::EnvironmentKind, name::Region};
use watchkeeper_estates::{COMPILED, EstateFolder, compile_dir, load_deployed, load_dir, schema_text, week_of};

fn shipped() -> EstateFolder {
    load_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_five_estates_are_in_order() {
    let estates = shipped();
    let names: Vec<&str> = estates.iter().map(|estate| estate.name().as_str()).collect();
    assert_eq!(names, ["carcierge", "clos-v2", "coldchain", "fleet-orchestration", "h2o-allegiant"]);
}

#[test]
fn the_schema_beside_the_documents_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("estate.schema.json");
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == schema_text(), "run `cargo estates schema > shared/estates/estate.schema.json`");
}

#[test]
fn what_was_compiled_beside_the_documents_is_of_these_very_documents() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = copied(own);
    let written = std::fs::read_to_string(own.join(COMPILED)).unwrap();
    let compiled = std::fs::read_to_string(compile_dir(folder.path()).unwrap()).unwrap();
    assert!(written == compiled, "run `cargo estates compile`");
    let (deployed, checked) = (load_deployed(folder.path()).unwrap(), load_dir(own).unwrap());
    assert_eq!(format!("{deployed:?}"), format!("{checked:?}"));
}

#[test]
fn what_was_compiled_from_other_documents_counts_for_nothing() {
    let folder = copied(Path::new(env!("CARGO_MANIFEST_DIR")));
    compile_dir(folder.path()).unwrap();
    let file = folder.path().join("clos-v2.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("estate: clos-v2", "estate: clos-v3")).unwrap();
    assert!(load_deployed(folder.path()).unwrap().estate("clos-v3").is_ok(), "a document that was changed");
    std::fs::write(&file, text.replace("estate: clos-v2", "estate: 7")).unwrap();
    let problems = load_deployed(folder.path()).unwrap_err();
    assert!(problems[0].to_string().contains("clos-v2.yaml:"), "a broken one is named with its line: {problems:?}");
    std::fs::remove_file(&file).unwrap();
    assert!(load_deployed(folder.path()).unwrap().estate("clos-v2").is_err(), "a document that is gone");
    let compiled = std::fs::read_to_string(folder.path().join(COMPILED)).unwrap();
    std::fs::write(&file, &text).unwrap();
    for broken in
        [compiled.replacen("{\"version\":\"", "{\"version\":\"9", 1), compiled[..compiled.len() / 2].to_owned()]
    {
        std::fs::write(folder.path().join(COMPILED), broken).unwrap();
        assert!(load_deployed(folder.path()).unwrap().estate("clos-v2").is_ok(), "another version, or half of it");
    }
}

fn copied(from: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|it| it == "yaml") {
            std::fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
        }
    }
    folder
}

#[rstest]
#[case("clos-v2", "dev", EnvironmentKind::Development, "us-east-1", 2, 1)]
#[case("clos-v2", "prod", EnvironmentKind::Production, "us-east-1", 2, 1)]
#[case("carcierge", "staging", EnvironmentKind::Staging, "us-west-1", 5, 1)]
#[case("carcierge", "qa", EnvironmentKind::Staging, "us-west-1", 5, 1)]
#[case("carcierge", "uat", EnvironmentKind::Staging, "us-west-1", 5, 1)]
#[case("carcierge", "prod", EnvironmentKind::Production, "us-west-1", 5, 1)]
#[case("fleet-orchestration", "prod", EnvironmentKind::Production, "us-west-2", 4, 0)]
#[case("fleet-orchestration", "prod", EnvironmentKind::Production, "us-west-1", 4, 0)]
#[case("coldchain", "production", EnvironmentKind::Production, "ap-northeast-2", 2, 1)]
#[case("h2o-allegiant", "prod", EnvironmentKind::Production, "us-east-1", 1, 1)]
fn each_environment_has_what_its_estate_says(
    #[case] estate: &str,
    #[case] environment: &str,
    #[case] kind: EnvironmentKind,
    #[case] region: &str,
    #[case] services: usize,
    #[case] databases: usize,
) {
    let estates = shipped();
    let (_, environment) = estates.environment(estate, environment).unwrap();
    let region = Region::new(region).unwrap();
    assert_eq!(environment.kind(), kind);
    assert_eq!(environment.services(&region).len(), services);
    assert_eq!(environment.databases(&region).len(), databases);
    assert_eq!(environment.calendar().is_none(), kind == EnvironmentKind::Production);
    assert_eq!(environment.limits().floor >= 1, kind == EnvironmentKind::Production);
    assert!(!environment.has_resources(&Region::new("eu-north-1").unwrap()));
}

#[test]
fn names_are_the_estates_own() {
    let estates = shipped();
    let (_, dev) = estates.environment("clos-v2", "dev").unwrap();
    let region = dev.regions().remove(0);
    let services: Vec<String> = dev.services(&region).iter().map(|(cluster, s)| format!("{cluster}/{s}")).collect();
    let expected = ["clos-v2-cluster/clos-v2-core-api-service", "clos-v2-cluster/clos-v2-workflow-engine-service"];
    assert_eq!(services, expected);
    let databases = dev.databases(&region);
    let [DatabaseId::Aurora(name)] = databases.as_slice() else { panic!("no Aurora cluster") };
    assert_eq!(name.as_str(), "clos-v2-db-cluster");
    for environment in ["staging", "qa", "uat", "prod"] {
        let (_, environment) = estates.environment("carcierge", environment).unwrap();
        let databases = environment.databases(&environment.regions()[0]);
        assert_eq!(databases[0].name().as_str(), format!("{}-carcierge-rds", environment.name()));
        let protected = environment.document().protected.iter().any(|name| databases[0].is_called(name.as_str()));
        assert_eq!(protected, environment.kind() == EnvironmentKind::Production);
    }
}

#[test]
fn a_stack_looks_only_after_its_own_account() {
    let estates = shipped();
    let of = |environment: &str, account: &str| {
        let (_, environment) = estates.environment("clos-v2", environment).unwrap();
        environment.is_of_account(&account.parse().unwrap())
    };
    assert!(of("dev", "123456789012") && !of("prod", "123456789012"));
    assert!(!of("dev", "210987654321") && of("prod", "210987654321"));
    let (_, qa) = estates.environment("carcierge", "qa").unwrap();
    assert!(qa.is_of_account(&"123456789012".parse().unwrap()));
}

/// Thursday noon in New York: the week holds a weekend and Thanksgiving.
const THURSDAY: &str = "2026-11-19T17:00:00Z";

#[rstest]
#[case("clos-v2", "dev")]
#[case("clos-v2", "prod")]
#[case("carcierge", "qa")]
#[case("carcierge", "uat")]
fn a_week_is_shown_in_local_time_and_utc(#[case] estate: &str, #[case] environment: &str) {
    let estates = shipped();
    let (found, of) = estates.environment(estate, environment).unwrap();
    let instant: Timestamp = THURSDAY.parse().unwrap();
    insta::assert_snapshot!(format!("week_{estate}_{environment}"), week_of(found, of, instant));
}

#[test]
fn the_calendars_of_carcierge_differ() {
    let estates = shipped();
    let start: Timestamp = THURSDAY.parse().unwrap();
    let week = |environment: &str| {
        let (_, environment) = estates.environment("carcierge", environment).unwrap();
        let end = start + jiff::SignedDuration::from_hours(7 * 24);
        environment.calendar().unwrap().transitions(start, end)
    };
    assert_ne!(week("staging"), week("qa"));
    assert_ne!(week("staging"), week("uat"));
    assert_ne!(week("qa"), week("uat"));
}
