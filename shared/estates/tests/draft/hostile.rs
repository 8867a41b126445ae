//! Files that are broken, cut, of another kind, or made to confuse: each is told by file, line, column and place.

use rstest::rstest;
use serde_json::{Value, json};
use watchkeeper_estates::draft::StateFile;

use crate::states::{file, problems, resource, service, state, stored};

fn text(text: &str) -> Vec<String> {
    problems(&[StateFile { name: "shop.tfstate".to_owned(), bytes: text.as_bytes().to_vec(), environment: None }])
}

#[rstest]
#[case::empty("", "shop.tfstate:1:1: found no JSON: EOF while parsing a value, expected the JSON of a state")]
#[case::list("[]", "shop.tfstate:1:1: found a list, expected a map")]
#[case::other(
    "{}",
    "shop.tfstate:1:1: found neither `version` nor `format_version`, expected a state file of Terraform, or what `terraform show -json` prints"
)]
#[case::old(
    "{\n  \"version\": 3}",
    "shop.tfstate:2:14: version: found another version, expected 4, which Terraform writes since 0.12"
)]
#[case::odd(
    "{\"version\": \"4\"}",
    "shop.tfstate:1:13: version: found another version, expected 4, which Terraform writes since 0.12"
)]
#[case::no_resources(
    "{\"version\": 4}",
    "shop.tfstate:1:1: found no `resources`, expected `resources`: the list of resources"
)]
#[case::next_format(
    "{\"format_version\": \"2.0\"}",
    "shop.tfstate:1:20: format_version: found another version, expected 1 and any minor version, such as 1.0"
)]
#[case::plan(
    "{\"format_version\": \"1.2\", \"planned_values\": {}}",
    "shop.tfstate:1:1: found a plan, expected a state: what `terraform show -json` prints without the file of a plan"
)]
#[case::encrypted(
    "{\"serial\": 1, \"encryption_version\": \"v0\", \"encrypted_data\": \"x\"}",
    "shop.tfstate:1:1: found an encrypted state, expected one in the clear: what `tofu state pull` prints"
)]
#[case::trailing(
    "{\"version\": 4, \"resources\": []} x",
    "shop.tfstate:1:33: found no JSON: trailing characters, expected the JSON of a state"
)]
#[case::no_map(
    "{\"version\": 4, \"resources\": [\n7]}",
    "shop.tfstate:2:1: resources[0]: found another number, expected a map"
)]
#[case::no_attributes(
    "{\"version\": 4, \"resources\": [{\"mode\": \"managed\", \"type\": \"aws_ecs_service\", \"name\": \"a\",\n \"instances\": [{\"attributes_flat\": {}}]}]}",
    "shop.tfstate:2:16: resources[0].instances[0]: found no `attributes`, expected `attributes`: the attributes; those of Terraform 0.11 need a `terraform refresh`"
)]
fn a_file_that_is_no_state_says_so(#[case] content: &str, #[case] expected: &str) {
    assert_eq!(text(content), [expected]);
}

#[test]
fn an_empty_state_has_nothing_to_draft_from() {
    for empty in ["{\"format_version\": \"1.0\"}", "{\"version\": 4, \"resources\": []}"] {
        assert_eq!(
            text(empty),
            [
                "shop.tfstate: found 0 resources of other types, expected at least one ECS service or database with its ARN"
            ]
        );
    }
}

#[test]
fn a_cut_file_names_the_place_where_it_ends() {
    let whole = state("clos-v2.tfstate");
    let content = String::from_utf8(whole.bytes).unwrap();
    let end = content.find("\"backup_retention_period\"").unwrap();
    let found = text(&content[..end]);
    let line = content[..end].lines().count();
    let begin = format!("shop.tfstate:{line}:");
    assert!(found.len() == 1 && found[0].starts_with(&begin), "{found:?}");
    assert!(found[0].contains(": resources[6].instances[0].attributes: found no JSON: EOF while parsing"), "{found:?}");
    assert!(!found[0].contains("SECRET"), "{found:?}");
}

#[test]
fn utf_16_and_other_bytes_are_named_and_a_mark_of_utf_8_is_no_matter() {
    let of = |bytes: Vec<u8>| problems(&[StateFile { name: "s.json".to_owned(), bytes, environment: None }]);
    let utf_16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let expected = "s.json:1:1: found bytes that are no UTF-8, expected JSON in UTF-8; PowerShell 5 writes UTF-16 unless it is told";
    assert_eq!(of(utf_16), [expected]);
    assert_eq!(of(b"{\n\"a\": \"\xff\"}".to_vec()), [expected.replace(":1:1:", ":2:7:")]);
    let marked = "\u{feff}{\"version\": 4, \"resources\": []}".as_bytes().to_vec();
    assert!(of(marked)[0].starts_with("s.json: found 0 resources"));
}

#[test]
fn nesting_without_end_is_no_crash() {
    let found = text(&format!("{{\"version\": {}", "[".repeat(100_000)));
    assert!(found[0].contains("found no JSON: recursion limit exceeded"), "{found:?}");
    let mut module = json!({});
    for _ in 0..50 {
        module = json!({ "child_modules": [module] });
    }
    let found = problems(&[file("s", None, &json!({ "format_version": "1.0", "values": { "root_module": module } }))]);
    assert!(found[0].starts_with("s: found 0 resources"), "{found:?}");
}

#[test]
fn every_wrong_attribute_is_named_at_once_and_its_value_never() {
    let mut count = service("eu-central-1", "shop-prod", "api", 1);
    count["instances"][0]["attributes"]["desired_count"] = json!("SECRET");
    let mut name = service("eu-central-1", "shop-prod", "web", 1);
    name["instances"][0]["attributes"]["name"] = json!({ "SECRET": "SECRET" });
    let tags = resource("aws_ecs_cluster", &json!({ "tags_all": { "Environment": ["SECRET", 7] } }));
    let mut marks = service("eu-central-1", "shop-prod", "job", 1);
    marks["instances"][0]["sensitive_attributes"] = json!([[{ "type": "get_attr", "value": 7 }]]);
    let good = service("eu-central-1", "shop-prod", "good", 1);
    let content = serde_json::to_string_pretty(&stored(&[good, count, name, tags, marks])).unwrap();
    let found = text(&content);
    let paths: Vec<&str> = found.iter().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(
        paths,
        [
            "resources[1].instances[0].attributes.desired_count",
            "resources[2].instances[0].attributes.name",
            "resources[4].instances[0].sensitive_attributes[0][0].value",
        ]
    );
    let line = |path: &str| content.lines().position(|line| line.contains(path)).unwrap() + 1;
    assert!(found[0].starts_with(&format!("shop.tfstate:{}:", line("\"desired_count\": \"SECRET\""))), "{found:?}");
    assert!(found[0].ends_with("found a text, expected a whole number from 0 to 4294967295"));
    assert!(found.iter().all(|line| !line.contains("SECRET")), "{found:?}");
}

#[rstest]
#[case(json!(-1))]
#[case(json!(1.5))]
#[case(json!(4_294_967_296_u64))]
#[case(json!(true))]
#[case(json!({}))]
fn a_count_is_a_whole_number(#[case] count: Value) {
    let mut service = service("eu-central-1", "shop-prod", "api", 1);
    service["instances"][0]["attributes"]["desired_count"] = count;
    let found =
        problems(&[file("s", None, &stored(&[service, crate::states::service("eu-central-1", "shop-prod", "b", 1)]))]);
    assert!(found[0].contains("desired_count"), "{found:?}");
}
