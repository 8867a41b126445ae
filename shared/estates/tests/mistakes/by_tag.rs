//! What is found by its tags.

use rstest::rstest;
use watchkeeper_domain::name::Region;
use watchkeeper_estates::parse;

use crate::problems;

/// An environment with these clusters, and what follows.
fn with_clusters(clusters: &str) -> String {
    format!(
        "estate: shop\nenvironments:\n  dev:\n    kind: development\n    regions: {{ primary: us-east-1 }}\n    clusters: {{ us-east-1: \
         {clusters}"
    )
}

#[rstest]
#[case::another_word(
    "{ shop: manged } }\n",
    "estate.yaml:6: environments.dev.clusters.us-east-1.shop: found \"manged\", expected managed, or the names of services"
)]
#[case::an_exclusion_of_nothing(
    "{ shop: [api, cron] } }\n    exclude: [cron]\n",
    "estate.yaml:7: environments.dev.exclude[0]: found cron, expected none where neither a cluster nor `databases` is `managed`: leave it out of the names"
)]
#[case::named_and_excluded(
    "{ shop: managed, jobs: [cron] } }\n    exclude: [cron]\n",
    "estate.yaml:7: environments.dev.exclude[0]: found cron, which a cluster names, expected a service that is found by its tag"
)]
fn a_cluster_by_tag_that_cannot_be_meant_is_named_with_its_line(#[case] clusters: &str, #[case] expected: &str) {
    assert_eq!(problems(&with_clusters(clusters)), [expected]);
}

#[test]
fn a_cluster_by_tag_is_one_environments_alone_and_no_pairs() {
    let two = with_clusters(
        "{ shop: managed } }\n  qa:\n    kind: staging\n    regions: { primary: us-east-1 }\n    clusters: { us-east-1: { shop: [api] } }\n",
    );
    let found = problems(&two);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("environments.qa: found the cluster shop in us-east-1, which dev names too"),
        "{found:?}"
    );
    let pair = with_clusters("{ shop: managed } }\n")
        .replace("primary: us-east-1 }", "primary: us-east-1, standby: us-west-2 }");
    let expected = "environments.dev.clusters.us-east-1.shop: found services by their tag, in a pair, expected its services by name: both regions \
                    of a pair have to know them";
    assert!(problems(&pair)[0].ends_with(expected), "{:?}", problems(&pair));
}

#[test]
fn names_are_not_refused_where_any_may_be_found_by_its_tag() {
    let sections = "    exclude: [cron]\n    order: [[proxy], [api]]\n    protected: [api]\n    capacity: { api: { desired: 2 } }\n    emergency: { \
                    profiles: { surge: { desired: 4, for: 2h, only: [api] } }, responses: [] }\n";
    let text = with_clusters("{ shop: managed } }\n") + sections;
    assert!(parse("estate.yaml", &text).is_ok(), "{:?}", problems(&text));
}

/// An environment with these databases, and what follows.
fn with_databases(databases: &str) -> String {
    format!(
        "estate: shop\nenvironments:\n  dev:\n    kind: development\n    regions: {{ primary: us-east-1 }}\n    databases: {databases}"
    )
}

#[rstest]
#[case::another_word(
    "manged\n",
    "estate.yaml:6: environments.dev.databases: found \"manged\", expected managed, or a list of databases"
)]
#[case::one_that_is_none(
    "[{ rdss: orders }]\n",
    "estate.yaml:6: environments.dev.databases[0].rdss: found the unknown key \"rdss\", expected a known key; did you mean rds?"
)]
#[case::named_and_excluded(
    "[{ rds: orders }]\n    clusters: { us-east-1: { shop: managed } }\n    exclude: [Orders]\n",
    "estate.yaml:8: environments.dev.exclude[0]: found Orders, which `databases` names, expected a database that is found by its tags"
)]
fn databases_by_tag_that_cannot_be_meant_are_named_with_their_line(#[case] databases: &str, #[case] expected: &str) {
    let found = problems(&with_databases(databases));
    assert!(found.contains(&expected.to_owned()), "{found:?}");
}

#[test]
fn a_pair_names_its_databases() {
    let pair = with_databases("managed\n").replace("us-east-1 }", "us-east-1, standby: us-west-2 }");
    let expected = "estate.yaml:6: environments.dev.databases: found databases by their tag, in a pair, expected its databases by name: both \
                    regions of a pair have to know them";
    assert!(problems(&pair).contains(&expected.to_owned()), "{:?}", problems(&pair));
}

#[test]
fn databases_by_tag_are_enough_to_look_after_and_any_name_may_be_one_of_them() {
    let sections = "    exclude: [reports]\n    protected: [orders]\n    awake: { zone: UTC, weekly: { mon-fri: \"08:00-19:00\" } }\n";
    let text = with_databases("managed\n") + sections;
    let estate = parse("estate.yaml", &text).unwrap();
    let (region, other) = (Region::new("us-east-1").unwrap(), Region::new("us-west-2").unwrap());
    let dev = estate.environments().next().unwrap();
    let tag = |region| dev.databases_by_tag(estate.name(), region).map(|tag| tag.to_string());
    assert_eq!((tag(&region).as_deref(), tag(&other)), (Some("shop/dev"), None));
    assert!(dev.has_resources(&region) && !dev.has_resources(&other) && dev.databases(&region).is_empty());
    assert!(serde_json::to_string(dev.document()).unwrap().contains("\"databases\":\"managed\""));
}
