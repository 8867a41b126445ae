//! Which environment a thing belongs to, and where it is.

use std::slice::from_ref;

use rstest::rstest;
use serde_json::Value;
use watchkeeper_domain::name::Region;
use watchkeeper_estates::draft::{Draft, StateFile, draft};

use crate::states::{drafted, file, instance, loaded, names, problems, resource, service, service_of, stored, tagged};

const HERE: &str = "eu-central-1";

fn one(resources: &[Value]) -> StateFile {
    file("shop.tfstate", None, &stored(resources))
}

/// Each environment with its services and databases.
fn places(draft: &Draft) -> Vec<String> {
    let estate = loaded(draft);
    let place = |environment: &watchkeeper_domain::estate::Environment| {
        let regions = environment.regions();
        let services =
            regions.iter().flat_map(|region| environment.services(region)).map(|(_, service)| service.to_string());
        let databases = regions.iter().flat_map(|region| environment.databases(region)).map(|id| id.name().to_string());
        format!("{}: {}", environment.name(), services.chain(databases).collect::<Vec<_>>().join(" "))
    };
    estate.environments().map(place).collect()
}

#[test]
fn a_name_a_tag_and_what_was_said_tell_each_stronger_than_the_one_before() {
    let by_name = service(HERE, "shop-qa", "api", 1);
    assert_eq!(places(&drafted(&[one(from_ref(&by_name))], "shop")), ["qa: api"]);
    let by_tag = tagged(by_name, "Environment", "UAT");
    assert_eq!(places(&drafted(&[one(from_ref(&by_tag))], "shop")), ["uat: api"]);
    let said = draft(&[one(from_ref(&by_tag))], &names(Some("shop"), Some("canary"))).unwrap();
    assert_eq!(places(&said), ["canary: api"]);
    let of_file = file("a", Some("blue"), &stored(&[by_tag]));
    assert_eq!(places(&draft(&[of_file], &names(Some("shop"), Some("canary"))).unwrap()), ["blue: api"]);
}

#[rstest]
#[case("Environment")]
#[case("environment")]
#[case("Env")]
#[case("env")]
#[case("Stage")]
#[case("stage")]
fn the_tag_of_a_cluster_tells_for_its_services(#[case] key: &str) {
    let arn = format!("arn:aws:ecs:{HERE}:111111111111:cluster/shop");
    let cluster = tagged(resource("aws_ecs_cluster", &serde_json::json!({ "arn": arn, "name": "shop" })), key, "demo");
    assert_eq!(places(&drafted(&[one(&[cluster, service(HERE, "shop", "api", 1)])], "shop")), ["demo: api"]);
}

#[test]
fn what_is_no_service_belongs_by_its_tag_its_name_its_file_or_because_there_is_only_one() {
    let services = [service(HERE, "shop-dev", "api", 1), service(HERE, "shop-prod", "api", 1)];
    let databases = [tagged(instance(HERE, "one"), "Env", "dev"), instance(HERE, "shop-prod-db")];
    let draft = drafted(&[one(&[services.as_slice(), databases.as_slice()].concat())], "shop");
    assert_eq!(places(&draft), ["dev: api one", "prod: api shop-prod-db"]);
    let files = [
        file("a", None, &stored(&[services[0].clone(), instance(HERE, "orders")])),
        file("b", None, &stored(&[services[1].clone()])),
    ];
    assert_eq!(places(&drafted(&files, "shop")), ["dev: api orders", "prod: api"]);
    let files =
        [file("a", None, &stored(&[services[0].clone()])), file("b", None, &stored(&[instance(HERE, "orders")]))];
    assert_eq!(places(&drafted(&files, "shop")), ["dev: api orders"]);
}

#[test]
fn what_cannot_be_told_is_left_out_by_name() {
    let resources = [
        service(HERE, "shop-dev", "api", 1),
        service(HERE, "shop-prod", "api", 1),
        service(HERE, "tools", "wiki", 1),
        instance(HERE, "orders"),
        tagged(instance(HERE, "ledger"), "Environment", "shared"),
    ];
    let draft = drafted(&[one(&resources)], "shop");
    assert_eq!(places(&draft), ["dev: api", "prod: api"]);
    for line in [
        "# - service wiki of cluster tools in eu-central-1: its environment cannot be told: neither it nor its cluster has a tag \
         `Environment`, and the name does not say",
        "# - database orders in eu-central-1: its environment cannot be told: it has no tag `Environment`, and its name does not say",
        "# - database ledger in eu-central-1: its tag names an environment that has no service here",
    ] {
        assert!(draft.text().lines().any(|own| own == line), "{line}\n{}", draft.text());
    }
}

#[test]
fn nobody_guesses_where_nothing_tells() {
    let found = problems(&[one(&[service(HERE, "tools", "wiki", 1), service(HERE, "shop", "api", 1)])]);
    assert_eq!(
        found,
        [
            "--environment: found none for cluster shop, cluster tools, which have neither a tag `Environment` nor a name that tells; \
          expected --environment NAME, or --terraform NAME=FILE for each file"
        ]
    );
    let unnamed = draft(&[one(&[service(HERE, "prod", "api", 1)])], &names(None, None)).unwrap_err();
    assert_eq!(
        unnamed[0].to_string(),
        "--estate: found none, and no name that the clusters share; expected --estate NAME"
    );
    let nothing = problems(&[one(&[resource("aws_vpc", &serde_json::json!({}))])]);
    assert_eq!(
        nothing,
        ["shop.tfstate: found 1 resource of other types, expected at least one ECS service or database with its ARN"]
    );
}

#[test]
fn databases_tell_where_there_are_no_services() {
    assert_eq!(places(&drafted(&[one(&[instance(HERE, "shop-dev-db")])], "shop")), ["dev: shop-dev-db"]);
}

#[test]
fn a_region_at_zero_beside_one_that_runs_is_its_standby() {
    let draft =
        drafted(&[one(&[service("eu-west-1", "shop-prod", "api", 0), service(HERE, "shop-prod", "api", 3)])], "shop");
    let estate = loaded(&draft);
    let environment = estate.environments().next().unwrap();
    assert_eq!(environment.regions(), [Region::new(HERE).unwrap(), Region::new("eu-west-1").unwrap()]);
    assert!(draft.text().contains("# ? a pair, because every service of eu-west-1 stands at 0"));
}

#[test]
fn regions_that_run_at_once_and_accounts_are_environments_of_their_own() {
    let both = [service("eu-west-1", "shop-prod", "api", 1), service(HERE, "shop-prod", "api", 3)];
    assert_eq!(places(&drafted(&[one(&both)], "shop")), ["prod-eu-central-1: api", "prod-eu-west-1: api"]);
    let idle = [service("eu-west-1", "shop-prod", "api", 0), service(HERE, "shop-prod", "api", 0)];
    assert_eq!(places(&drafted(&[one(&idle)], "shop")), ["prod-eu-central-1: api", "prod-eu-west-1: api"]);
    let accounts = [service(HERE, "shop-prod", "api", 1), service_of("222222222222", HERE, "shop-prod", "api", 1)];
    assert_eq!(places(&drafted(&[one(&accounts)], "shop")), ["prod-111111111111: api", "prod-222222222222: api"]);
}

#[test]
fn what_two_files_have_is_there_once() {
    let twice = || stored(&[service(HERE, "shop-prod", "api", 1), instance(HERE, "orders")]);
    assert_eq!(places(&drafted(&[file("a", None, &twice()), file("b", None, &twice())], "shop")), ["prod: api orders"]);
    let draft = drafted(&[file("a", Some("blue"), &twice()), file("b", Some("green"), &twice())], "shop");
    assert_eq!(places(&draft), ["blue: api orders"]);
    assert!(
        draft
            .text()
            .contains("# - service api of cluster shop-prod in eu-central-1: another environment has it already")
    );
    let clusters = [service(HERE, "shop-prod", "api", 1), service(HERE, "shop-prod-2", "api", 1)];
    let draft = drafted(&[one(&clusters)], "shop");
    assert_eq!(places(&draft), ["prod: api"]);
    assert!(draft.text().contains("a document has each name once"));
}

#[test]
fn an_estate_without_a_name_gets_that_of_its_clusters_with_a_question() {
    let draft = draft(&[one(&[service(HERE, "prod-big-shop-cluster", "api", 1)])], &names(None, None)).unwrap();
    assert_eq!(loaded(&draft).name().as_str(), "big-shop");
    assert!(draft.text().contains("estate: big-shop # ? taken from the names of the clusters"));
}

fn table(account: &str, region: &str, name: &str) -> Value {
    let arn = format!("arn:aws:dynamodb:{region}:{account}:table/{name}");
    resource("aws_dynamodb_table", &serde_json::json!({ "arn": arn, "name": name, "hash_key": "id" }))
}

#[test]
fn nothing_is_lost_that_no_environment_can_have() {
    let own = |name| table("111111111111", HERE, name);
    let prod = || service(HERE, "shop-prod", "api", 1);
    let left_out = |files: &[StateFile], line: &str| {
        let draft = drafted(files, "shop");
        assert!(draft.text().lines().any(|own| own == line), "{line}\n{}", draft.text());
    };
    let shared = [file("a", None, &stored(&[prod()])), file("b", Some("shared"), &stored(&[own("orders")]))];
    left_out(&shared, "# - table orders in eu-central-1: its environment has neither a service nor a database");
    let twice =
        [file("a", Some("blue"), &stored(&[prod()])), file("b", Some("green"), &stored(&[prod(), own("orders")]))];
    left_out(&twice, "# - table orders in eu-central-1: its environment has neither a service nor a database");
    let other = [one(&[prod(), table("222222222222", HERE, "orders")])];
    left_out(&other, "# - table orders in eu-central-1: its environment runs nothing in this account");
    let elsewhere = [one(&[prod(), table("111111111111", "eu-west-1", "orders")])];
    left_out(&elsewhere, "# - table orders in eu-west-1: its environment runs nothing there");
    let standby =
        [one(&[prod(), service("eu-west-1", "shop-prod", "api", 0), table("111111111111", "eu-west-1", "orders")])];
    left_out(
        &standby,
        "# - table orders in eu-west-1: it is in the standby region, and backups and unblock look at the primary one",
    );
}
