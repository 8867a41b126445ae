//! Words of names that tell environments apart, and what a name may suggest.

use watchkeeper_domain::estate::EnvironmentKind;

use EnvironmentKind::{Development, Production, Staging};

/// Words that are an environment's name wherever they stand as a part of a cluster's name. Others (`test-runner`, `live-chat`)
/// would too often be something else; whoever uses them says so.
const WORDS: [(&str, EnvironmentKind); 14] = [
    ("dev", Development),
    ("develop", Development),
    ("development", Development),
    ("sandbox", Development),
    ("test", Staging),
    ("qa", Staging),
    ("uat", Staging),
    ("stg", Staging),
    ("stage", Staging),
    ("staging", Staging),
    ("preprod", Staging),
    ("prd", Production),
    ("prod", Production),
    ("production", Production),
];

/// Words of a cluster's name that say nothing of the system.
const GENERIC: [&str; 4] = ["cluster", "ecs", "fargate", "main"];

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_', '.']).filter(|part| !part.is_empty())
}

fn kind_of(part: &str) -> Option<EnvironmentKind> {
    WORDS.iter().find(|(word, _)| part.eq_ignore_ascii_case(word)).map(|(_, kind)| *kind)
}

/// The environment that a name tells: the first of its parts that is such a word, in lower case.
pub(crate) fn environment(name: &str) -> Option<String> {
    parts(name).find(|part| kind_of(part).is_some()).map(str::to_ascii_lowercase)
}

/// Whether a name has this environment as one of its parts.
pub(crate) fn names(name: &str, environment: &str) -> bool {
    parts(name).any(|part| part.eq_ignore_ascii_case(environment))
}

/// The kind that the name of an environment suggests; it decides nothing.
pub(crate) fn suggested(environment: &str) -> Option<EnvironmentKind> {
    parts(environment).find_map(kind_of)
}

/// What the names of clusters have in common at their beginning, once the words for environments and clusters are gone.
pub(crate) fn estate<'a>(clusters: impl Iterator<Item = &'a str>, environments: &[&str]) -> Option<String> {
    let own = |part: &&str| {
        let generic = GENERIC.iter().any(|word| part.eq_ignore_ascii_case(word));
        !generic && kind_of(part).is_none() && !environments.iter().any(|name| part.eq_ignore_ascii_case(name))
    };
    let common = |one: Vec<&'a str>, other: Vec<&'a str>| -> Vec<&'a str> {
        one.into_iter().zip(other).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    };
    let shared = clusters.map(|name| parts(name).filter(own).collect::<Vec<_>>()).reduce(common)?;
    (!shared.is_empty()).then(|| shared.join("-"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("staging-carcierge-ecs-cluster", Some("staging"))]
    #[case("h2o-prod", Some("prod"))]
    #[case("Shop_QA", Some("qa"))]
    #[case("production-of-films-dev", Some("production"))]
    #[case("clos-v2-cluster", None)]
    #[case("devices", None)]
    fn an_environment_is_told_by_a_whole_part_of_a_name(#[case] name: &str, #[case] expected: Option<&str>) {
        assert_eq!(environment(name).as_deref(), expected);
    }

    #[rstest]
    #[case(&["staging-carcierge-ecs-cluster", "prod-carcierge-ecs-cluster"], Some("carcierge"))]
    #[case(&["fleet-orchestration-cluster", "fleet-orchestration-cluster-west1"], Some("fleet-orchestration"))]
    #[case(&["clos-v2-cluster"], Some("clos-v2"))]
    #[case(&["nia-kdev-base-ecs_cluster"], Some("nia-base"))]
    #[case(&["shop-prod", "blog-prod"], None)]
    #[case(&["prod"], None)]
    #[case(&[], None)]
    fn an_estate_is_what_its_clusters_have_in_common(#[case] clusters: &[&str], #[case] expected: Option<&str>) {
        assert_eq!(estate(clusters.iter().copied(), &["kdev"]).as_deref(), expected);
    }

    #[test]
    fn a_kind_is_suggested_by_the_name_of_the_environment() {
        assert_eq!(suggested("dev-us-east-1"), Some(EnvironmentKind::Development));
        assert_eq!((suggested("prod"), suggested("kdev")), (Some(EnvironmentKind::Production), None));
    }
}
