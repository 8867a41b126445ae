//! States in the shapes of the five estates and of two foreign ones: drafted, read, and without a secret.

use rstest::rstest;
use watchkeeper_domain::estate::EnvironmentKind;

use crate::states::{drafted, loaded, state};

#[rstest]
#[case("clos-v2", &["dev=clos-v2.tfstate"])]
#[case("coldchain", &["coldchain.json"])]
#[case("carcierge", &["carcierge.tfstate"])]
#[case("h2o-allegiant", &["h2o-allegiant-dev.tfstate", "h2o-allegiant-prod.json"])]
#[case("fleet-orchestration", &["prod=fleet-orchestration.tfstate"])]
#[case("foreign", &["foreign.tfstate"])]
fn a_state_becomes_a_document(#[case] estate: &str, #[case] files: &[&str]) {
    let files: Vec<_> = files.iter().map(|file| state(file)).collect();
    assert!(
        files.iter().any(|file| String::from_utf8_lossy(&file.bytes).contains("SECRET"))
            || estate == "fleet-orchestration"
    );
    let draft = drafted(&files, estate);
    assert!(!draft.text().contains("SECRET"), "{}", draft.text());
    assert!(loaded(&draft).environments().all(|environment| environment.kind() == EnvironmentKind::Production));
    assert_eq!(draft.text(), drafted(&files, estate).text());
    insta::assert_snapshot!(format!("draft_{estate}"), draft.text());
}

#[test]
fn the_files_may_come_in_any_order() {
    let (dev, prod) = (state("h2o-allegiant-dev.tfstate"), state("h2o-allegiant-prod.json"));
    let (one, other) = (drafted(&[dev.clone(), prod.clone()], "h2o"), drafted(&[prod, dev], "h2o"));
    let below = |text: &str| text.split_once("environments:").unwrap().1.to_owned();
    assert_eq!(below(one.text()), below(other.text()));
}

#[test]
fn what_was_left_out_is_named_with_the_reason() {
    let draft = drafted(&[state("foreign.tfstate")], "press");
    for line in [
        "# - service press_kdev-agent of cluster press_kdev-ecs_cluster in eu-west-2: a daemon has no count",
        "# - database press-kdev-docdb: it is DocumentDB, which is not stopped",
        "# - database press-kdev-graph: it is Neptune, which is not stopped",
        "# - database press-kdev-multi-az: it is a Multi-AZ DB cluster, which RDS cannot stop",
        "# - aws_ecs_service.service[\"hidden\"]: the state has no name of it, marks the name as sensitive, or has one that AWS does not take",
    ] {
        assert!(draft.text().lines().any(|own| own == line), "{line}\n{}", draft.text());
    }
    let scheduled = "- press_kdev-OneOneOne_ecs-service # a scheduled action moves it: end that first";
    assert!(draft.text().contains(scheduled));
    assert!(draft.text().contains("- press_kdev-web # CODE_DEPLOY: everything but emergency.rollback"));
    assert!(
        draft
            .text()
            .contains("- rds: press-kdev-psdb-reader # postgres; cannot be stopped: a read replica of press-kdev-psdb")
    );
    assert!(
        draft.text().contains("- rds: press-kdev-psdb # postgres; cannot be stopped: an instance with read replicas")
    );
}
