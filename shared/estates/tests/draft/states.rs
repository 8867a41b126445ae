//! States to draft from: those of `tests/states`, and a builder of small ones.

use std::path::Path;

use serde_json::{Value, json};
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::name::{EnvironmentName, EstateName};
use watchkeeper_estates::draft::{Draft, DraftNames, DraftProblem, StateFile, draft};
use watchkeeper_estates::parse;

pub(crate) const ACCOUNT: &str = "111111111111";

/// A file of `tests/states`, as it is given to the command: `FILE` or `NAME=FILE`.
pub(crate) fn state(given: &str) -> StateFile {
    let (environment, name) = given.split_once('=').map_or((None, given), |(name, file)| (Some(name), file));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states").join(name);
    StateFile { bytes: std::fs::read(path).unwrap(), ..file(name, environment, &Value::Null) }
}

/// A file with this content.
pub(crate) fn file(name: &str, environment: Option<&str>, content: &Value) -> StateFile {
    let environment = environment.map(|name| EnvironmentName::new(name).unwrap());
    StateFile { name: name.to_owned(), bytes: content.to_string().into_bytes(), environment }
}

/// Names as the command is given them.
pub(crate) fn names(estate: Option<&str>, environment: Option<&str>) -> DraftNames {
    DraftNames {
        estate: estate.map(|name| EstateName::new(name).unwrap()),
        environment: environment.map(|name| EnvironmentName::new(name).unwrap()),
    }
}

pub(crate) fn drafted(files: &[StateFile], estate: &str) -> Draft {
    draft(files, &names(Some(estate), None)).unwrap()
}

pub(crate) fn problems(files: &[StateFile]) -> Vec<String> {
    let problems: Vec<DraftProblem> = draft(files, &names(Some("shop"), None)).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

/// The estate of a draft, as `cargo estates check` loads it.
pub(crate) fn loaded(draft: &Draft) -> Estate {
    parse("draft.yaml", draft.text()).unwrap_or_else(|problems| panic!("{problems:?}\n{}", draft.text()))
}

/// A state file with these resources.
pub(crate) fn stored(resources: &[Value]) -> Value {
    json!({ "version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "outputs": {}, "resources": resources })
}

/// A managed resource with one instance.
pub(crate) fn resource(kind: &str, attributes: &Value) -> Value {
    json!({
        "mode": "managed", "type": kind, "name": "it", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances": [{ "schema_version": 0, "attributes": attributes }],
    })
}

/// A service.
pub(crate) fn service(region: &str, cluster: &str, name: &str, desired: u32) -> Value {
    service_of(ACCOUNT, region, cluster, name, desired)
}

/// A service of an account.
pub(crate) fn service_of(account: &str, region: &str, cluster: &str, name: &str, desired: u32) -> Value {
    let id = format!("arn:aws:ecs:{region}:{account}:service/{cluster}/{name}");
    resource("aws_ecs_service", &json!({ "id": id, "name": name, "cluster": cluster, "desired_count": desired }))
}

/// An RDS instance.
pub(crate) fn instance(region: &str, name: &str) -> Value {
    let arn = format!("arn:aws:rds:{region}:{ACCOUNT}:db:{name}");
    resource("aws_db_instance", &json!({ "arn": arn, "identifier": name, "engine": "postgres" }))
}

/// The same resource with a tag.
pub(crate) fn tagged(mut resource: Value, key: &str, tag: &str) -> Value {
    resource["instances"][0]["attributes"]["tags_all"] = json!({ key: tag });
    resource
}
