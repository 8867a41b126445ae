//! Any state: the draft is clean, says what the state says, is the same each time, and holds no secret.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use watchkeeper_estates::draft::{Draft, DraftProblem, StateFile, draft};

use crate::pieces::{Piece, REGIONS, piece, state};
use crate::states::{ACCOUNT, drafted, file, instance, loaded, names, service, stored};

/// Each service and database of a draft, as `environment/region/cluster/service` or `environment/region/database`.
fn contents(draft: &Draft) -> BTreeSet<String> {
    let estate = loaded(draft);
    let mut all = BTreeSet::new();
    for environment in estate.environments() {
        for region in environment.regions() {
            let name = environment.name();
            all.extend(
                environment
                    .services(&region)
                    .iter()
                    .map(|(cluster, service)| format!("{name}/{region}/{cluster}/{service}")),
            );
            all.extend(environment.databases(&region).iter().map(|id| format!("{name}/{region}/{}", id.name())));
        }
    }
    all
}

#[test]
fn five_environments_of_five_services_are_clean_at_once() {
    let (mut resources, mut expected) = (Vec::new(), BTreeSet::new());
    for environment in ["dev", "qa", "uat", "staging", "prod"] {
        for service_name in ["api", "web", "worker", "scheduler", "mailer"] {
            resources.push(service(REGIONS[0], &format!("{environment}-shop"), service_name, 2));
            expected.insert(format!("{environment}/{}/{environment}-shop/{service_name}", REGIONS[0]));
        }
        resources.push(instance(REGIONS[0], &format!("{environment}-shop-db")));
        expected.insert(format!("{environment}/{}/{environment}-shop-db", REGIONS[0]));
    }
    assert_eq!(contents(&drafted(&[file("s", None, &stored(&resources))], "shop")), expected);
}

#[test]
fn a_thousand_services_are_clean_at_once() {
    let name = |number: usize| (format!("shop-prod-{}", number / 50), format!("service-{number}"));
    let alarm = |number: usize| {
        let (cluster, service) = name(number);
        crate::states::resource(
            "aws_cloudwatch_metric_alarm",
            &json!({
                "arn": format!("arn:aws:cloudwatch:{}:{ACCOUNT}:alarm:cpu-{number}", REGIONS[0]), "alarm_name": format!("cpu-{number}"),
                "namespace": "AWS/ECS", "metric_name": "CPUUtilization", "threshold": 80,
                "dimensions": { "ClusterName": cluster, "ServiceName": service },
            }),
        )
    };
    let services = (0..1000).map(|number| service(REGIONS[0], &name(number).0, &name(number).1, 2));
    let resources: Vec<Value> = services.chain((0..1000).map(alarm)).collect();
    let draft = drafted(&[file("s", None, &stored(&resources))], "shop");
    let expected: BTreeSet<String> =
        (0..1000).map(name).map(|(cluster, service)| format!("prod/{}/{cluster}/{service}", REGIONS[0])).collect();
    assert_eq!(contents(&draft), expected);
    assert!(draft.text().contains("- cpu-999 # AWS/ECS CPUUtilization; of service-999\n"));
}

/// The draft, or everything that is said instead.
fn drafting(files: &[StateFile]) -> Result<Draft, String> {
    let problems =
        |problems: Vec<DraftProblem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    draft(files, &names(Some("shop"), None)).map_err(problems)
}

/// Everything that is said of files.
fn said(drafting: &Result<Draft, String>) -> String {
    drafting.as_ref().map_or_else(Clone::clone, |draft| draft.text().to_owned() + draft.summary())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_of_any_state_is_told_and_every_draft_is_clean(pieces in prop::collection::vec(piece(), 1..9), shown: bool) {
        let files = [state(&pieces, shown)];
        let drafted = drafting(&files);
        let text = said(&drafted);
        prop_assert!(!text.contains("SECRET"), "{text}");
        // A draft that is not in order would be a problem of this text.
        prop_assert!(!text.contains("mistake of this command"), "{text}");
        prop_assert_eq!(&said(&drafting(&files)), &text);
        if let Ok(draft) = drafted && pieces.iter().all(|piece| piece.wrong.is_none()) {
            let found = contents(&draft);
            let known: BTreeSet<String> = found.iter().map(|place| place.split_once('/').unwrap().1.to_owned()).collect();
            let places: BTreeSet<String> = pieces.iter().filter_map(Piece::place).collect();
            prop_assert!(known.is_subset(&places), "{known:?} {places:?}");
            // What is marked as sensitive may be what a document needs.
            let open = pieces.iter().filter(|piece| piece.secret.is_none());
            let places: BTreeSet<String> = open.filter_map(Piece::place).collect();
            for piece in pieces.iter().filter(|piece| piece.has_to_be_told()) {
                let mut words = draft.text().split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                prop_assert!(words.any(|word| word == piece.name), "{} is lost: {}", piece.name, draft.text());
            }
            for place in places.difference(&known) {
                let name = place.rsplit('/').next().unwrap();
                let named = [format!(" {name} "), format!(" {name}:")].iter().any(|named| draft.text().contains(named));
                prop_assert!(named, "{place} is neither there nor left out: {}", draft.text());
            }
        }
    }

    #[test]
    fn a_state_that_is_cut_or_damaged_is_told_without_a_secret(pieces in prop::collection::vec(piece(), 1..4), cut: prop::sample::Index, shown: bool, byte: u8) {
        // Damage may hit the very mark that says what is sensitive.
        let pieces: Vec<Piece> = pieces.into_iter().map(Piece::without_marks).collect();
        let mut file = state(&pieces, shown);
        let place = cut.index(file.bytes.len());
        let mut damaged = file.clone();
        damaged.bytes[place] = byte;
        file.bytes.truncate(place);
        let cut = drafting(&[file]).unwrap_err();
        prop_assert!(cut.starts_with("state:1:") && !cut.contains("SECRET"), "{cut}");
        let text = said(&drafting(&[damaged]));
        prop_assert!(!text.contains("SECRET") && !text.contains("mistake of this command"), "{text}");
    }
}

#[test]
fn regions_are_told_apart_in_what_these_tests_look_at() {
    let both = [service(REGIONS[0], "shop-dev", "api", 1), service(REGIONS[1], "shop-dev", "api", 0)];
    let found = contents(&drafted(&[file("s", None, &stored(&both))], "shop"));
    assert_eq!(found, ["dev/eu-central-1/shop-dev/api", "dev/eu-west-1/shop-dev/api"].map(str::to_owned).into());
}
