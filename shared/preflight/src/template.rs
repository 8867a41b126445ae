//! The template as CloudFormation would fill it in: the policies of its roles, and the definitions of its machines.

use std::collections::BTreeMap;
use std::path::Path;

use saphyr::{LoadableYamlNode as _, Scalar, Tag, Yaml};
use serde_json::{Map, Value, json};
use watchkeeper_domain::preflight::AccountRegion;

use crate::PreflightError;

mod resolve;

/// The template and its state machines, as they lie in the repository.
#[derive(Debug, Clone)]
pub struct StackTemplate {
    document: Value,
    /// By their path, as the template names them.
    machines: BTreeMap<String, String>,
}

impl StackTemplate {
    /// The template of this repository.
    ///
    /// # Errors
    /// [`PreflightError::Template`] says which file is not as it should be.
    pub fn load(root: &Path) -> Result<Self, PreflightError> {
        let read = |path: &str| {
            let path = root.join(path);
            let bad = |error: std::io::Error| PreflightError::Template(format!("{}: {error}", path.display()));
            std::fs::read_to_string(&path).map_err(bad)
        };
        let document = parse(&read("template.yaml")?)?;
        let mut machines = BTreeMap::new();
        for (_, resource) in resources(&document, "AWS::Serverless::StateMachine") {
            if let Some(path) = resource["Properties"]["DefinitionUri"].as_str() {
                machines.insert(path.to_owned(), read(path)?);
            }
        }
        Ok(Self { document, machines })
    }

    /// The repository that this command was built from.
    ///
    /// # Errors
    /// [`PreflightError`] says what failed.
    pub fn of_this_repository() -> Result<Self, PreflightError> {
        Self::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")))
    }
}

fn resources<'a>(document: &'a Value, kind: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let all = document["Resources"].as_object().into_iter().flatten();
    let kind = kind.to_owned();
    all.filter(move |(_, it)| it["Type"] == kind.as_str()).map(|(id, it)| (id.as_str(), it))
}

/// The template with values for a place, a stack and its parameters.
#[derive(Debug)]
pub struct TemplateResolver {
    template: StackTemplate,
    place: AccountRegion,
    stack: String,
    parameters: BTreeMap<String, String>,
}

impl TemplateResolver {
    /// The template for a stack of this place; parameters that are not given have their defaults.
    pub fn new(
        template: &StackTemplate,
        place: AccountRegion,
        stack: &str,
        parameters: BTreeMap<String, String>,
    ) -> Self {
        Self { template: template.clone(), place, stack: stack.to_owned(), parameters }
    }

    /// The policy documents of each function's and machine's role, and of the roles besides, by logical id.
    ///
    /// # Errors
    /// [`PreflightError::Template`] names what of the template could not be filled in. So below.
    pub fn policies(&self) -> Result<BTreeMap<String, Vec<String>>, PreflightError> {
        let mut all = BTreeMap::new();
        for kind in ["AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::IAM::Role"] {
            for (id, resource) in resources(&self.template.document, kind) {
                let policies = self.filled(&resource["Properties"]["Policies"], id)?;
                let documents = policies.as_array().into_iter().flatten();
                let documents: Vec<String> = documents.filter_map(|policy| self.document(policy)).collect();
                all.insert(id.to_owned(), documents);
            }
        }
        Ok(all)
    }

    /// A policy as a document: a role's has a name beside it, and SAM's own templates for policies are written out.
    fn document(&self, policy: &Value) -> Option<String> {
        let document = if policy["PolicyDocument"].is_object() { &policy["PolicyDocument"] } else { policy };
        if document["Statement"].is_array() {
            return Some(document.to_string());
        }
        let function = policy["LambdaInvokePolicy"]["FunctionName"].as_str()?;
        let arn = self.place.arn("lambda", &format!("function:{function}*"));
        let statement = json!({ "Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": arn });
        Some(json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
    }

    /// How many resources of a type the stack has.
    ///
    /// # Errors
    /// [`PreflightError`] says which condition does not read.
    pub fn count(&self, kind: &str) -> Result<u32, PreflightError> {
        let mut count = 0;
        for (id, resource) in resources(&self.template.document, kind) {
            count += u32::from(self.is_there(resource, id)?);
        }
        Ok(count)
    }

    /// How often its schedules fire in a month of 730 hours: those that are turned on.
    ///
    /// # Errors
    /// [`PreflightError`] says what does not read.
    pub fn firings_a_month(&self) -> Result<u32, PreflightError> {
        let mut firings = 0;
        for (id, function) in resources(&self.template.document, "AWS::Serverless::Function") {
            let events = function["Properties"]["Events"].as_object().into_iter().flat_map(Map::values);
            for event in events.filter(|event| event["Type"] == "ScheduleV2") {
                let schedule = &event["Properties"];
                let rate = schedule["ScheduleExpression"].as_str().unwrap_or_default();
                let minutes = rate.strip_prefix("rate(").and_then(|rate| rate.split(' ').next()?.parse::<u32>().ok());
                let bad = || PreflightError::Template(format!("template.yaml: {id}: found {rate}, expected minutes"));
                let minutes = minutes.filter(|minutes| *minutes > 0).ok_or_else(bad)?;
                let on = self.filled(&schedule["State"], id)? != json!("DISABLED");
                firings += if on { 730 * 60 / minutes } else { 0 };
            }
        }
        Ok(firings)
    }

    /// The definitions of the machines, by their names without the stack's.
    ///
    /// # Errors
    /// [`PreflightError`] says what failed.
    pub fn machines(&self) -> Result<BTreeMap<String, String>, PreflightError> {
        let mut all = BTreeMap::new();
        for (id, resource) in resources(&self.template.document, "AWS::Serverless::StateMachine") {
            let properties = &resource["Properties"];
            let Some(path) = properties["DefinitionUri"].as_str() else { continue };
            let mut text = self.template.machines.get(path).cloned().unwrap_or_default();
            let values = self.filled(&properties["DefinitionSubstitutions"], id)?;
            for (name, value) in values.as_object().into_iter().flatten() {
                text = text.replace(&format!("${{{name}}}"), value.as_str().unwrap_or_default());
            }
            let name = path.rsplit('/').next().unwrap_or(path);
            all.insert(name.trim_end_matches(".json").trim_end_matches(".asl").to_owned(), text);
        }
        Ok(all)
    }

    /// Writes policies and machines where a command of the table finds them.
    ///
    /// # Errors
    /// [`PreflightError`]: `Write` where the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), PreflightError> {
        let put = |path: &Path, text: &str| {
            let bad = |source| PreflightError::Write { path: path.display().to_string(), source };
            std::fs::write(path, text).map_err(bad)
        };
        let bad = |source| PreflightError::Write { path: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(bad)?;
        for (owner, documents) in self.policies()? {
            for (number, document) in documents.iter().enumerate() {
                let more = if number == 0 { String::new() } else { format!("-{}", number + 1) };
                put(&folder.join(format!("{owner}{more}.json")), document)?;
            }
        }
        for (name, text) in self.machines()? {
            put(&folder.join(format!("{name}.json")), &text)?;
        }
        Ok(())
    }
}

/// YAML with CloudFormation's tags, as CloudFormation writes them in JSON.
fn parse(text: &str) -> Result<Value, PreflightError> {
    let bad = |why: String| PreflightError::Template(format!("template.yaml: {why}"));
    let documents = Yaml::load_from_str(text).map_err(|error| bad(error.to_string()))?;
    let document = documents.first().ok_or_else(|| bad("found nothing, expected a template".to_owned()))?;
    json_of(document).map_err(bad)
}

fn json_of(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => Value::Array(items.iter().map(json_of).collect::<Result<_, _>>()?),
        Yaml::Mapping(fields) => {
            let mut named = Map::new();
            for (key, value) in fields {
                let key = key.as_str().ok_or_else(|| format!("found the key {key:?}, expected a text"))?;
                named.insert(key.to_owned(), json_of(value)?);
            }
            Value::Object(named)
        }
        Yaml::Tagged(tag, inner) => intrinsic(tag, &json_of(inner)?),
        Yaml::Representation(text, _, Some(tag)) => intrinsic(tag, &json!(text)),
        other => return Err(format!("found {other:?}, expected a value")),
    })
}

fn intrinsic(tag: &Tag, argument: &Value) -> Value {
    match (tag.suffix.as_str(), argument) {
        ("Ref" | "Condition", _) => json!({ tag.suffix.as_str(): argument }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((path, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        _ => json!({ format!("Fn::{}", tag.suffix): argument }),
    }
}

#[cfg(test)]
#[path = "template/tests.rs"]
mod tests;
