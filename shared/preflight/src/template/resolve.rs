//! CloudFormation's intrinsic functions, and what resources that are not there yet will be called.

use serde_json::{Map, Value, json};

use super::TemplateResolver;
use crate::PreflightError;

/// An id of a key that will be made.
const KEY: &str = "00000000-0000-0000-0000-000000000000";

impl TemplateResolver {
    /// A value of a resource with all its functions carried out.
    pub(super) fn filled(&self, value: &Value, owner: &str) -> Result<Value, PreflightError> {
        let bad = |why: String| PreflightError::Template(format!("template.yaml: {owner}: {why}"));
        Ok(self.value(value).map_err(bad)?.unwrap_or(Value::Null))
    }

    /// Whether the stack has a resource.
    pub(super) fn is_there(&self, resource: &Value, id: &str) -> Result<bool, PreflightError> {
        let bad = |why: String| PreflightError::Template(format!("template.yaml: {id}: {why}"));
        resource["Condition"].as_str().map_or(Ok(true), |name| self.condition(name)).map_err(bad)
    }

    /// `None` is `AWS::NoValue`: whoever holds it drops it.
    fn value(&self, value: &Value) -> Result<Option<Value>, String> {
        Ok(Some(match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?;
                Value::Array(items.into_iter().flatten().collect())
            }
            Value::Object(fields) => match fields.iter().next() {
                Some((name, argument)) if fields.len() == 1 && is_function(name) => return self.call(name, argument),
                _ => {
                    let mut filled = Map::new();
                    for (name, field) in fields {
                        filled.extend(self.value(field)?.map(|field| (name.clone(), field)));
                    }
                    Value::Object(filled)
                }
            },
            plain => plain.clone(),
        }))
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Option<Value>, String> {
        let value = match (name, argument) {
            ("Ref", Value::String(name)) if name == "AWS::NoValue" => return Ok(None),
            ("Ref", Value::String(name)) => self.reference(name)?,
            ("Fn::GetAtt", Value::Array(path)) => match path.as_slice() {
                [Value::String(resource), Value::String(attribute)] => json!(self.attribute(resource, attribute)?),
                _ => return Err(format!("Fn::GetAtt: found {argument}, expected [resource, attribute]")),
            },
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(name), yes, no] => return self.value(if self.condition(name)? { yes } else { no }),
                _ => return Err(format!("Fn::If: found {argument}, expected [condition, value, value]")),
            },
            ("Fn::Sub", Value::String(text)) => json!(self.substituted(text, &Map::new())?),
            ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(text), Value::Object(names)] => json!(self.substituted(text, names)?),
                _ => return Err(format!("Fn::Sub: found {argument}, expected [text, names]")),
            },
            ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(between), list] => json!(self.list(list)?.join(between)),
                _ => return Err(format!("Fn::Join: found {argument}, expected [text, list]")),
            },
            ("Fn::Split", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(between), text] => {
                    json!(self.text(text)?.split(between.as_str()).collect::<Vec<_>>())
                }
                _ => return Err(format!("Fn::Split: found {argument}, expected [text, text]")),
            },
            ("Fn::Select", Value::Array(parts)) => match parts.as_slice() {
                [index, list] => {
                    let index = self.text(index)?.parse::<usize>().map_err(|error| format!("Fn::Select: {error}"))?;
                    json!(self.list(list)?.get(index).cloned().unwrap_or_default())
                }
                _ => return Err(format!("Fn::Select: found {argument}, expected [index, list]")),
            },
            _ => return Err(format!("found {name}, which this command cannot carry out")),
        };
        Ok(Some(value))
    }

    /// A condition of the template.
    fn condition(&self, name: &str) -> Result<bool, String> {
        let condition = &self.template.document["Conditions"][name];
        self.holds(condition).map_err(|why| format!("condition {name}: {why}"))
    }

    fn holds(&self, condition: &Value) -> Result<bool, String> {
        let (name, argument) = condition
            .as_object()
            .and_then(|fields| fields.iter().next())
            .ok_or_else(|| format!("found {condition}, expected a condition"))?;
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name.as_str(), parts) {
            ("Condition", _) => self.condition(argument.as_str().unwrap_or_default()),
            ("Fn::Equals", [one, other]) => Ok(self.text(one)? == self.text(other)?),
            ("Fn::Not", [one]) => Ok(!self.holds(one)?),
            ("Fn::And", all) => all.iter().try_fold(true, |so_far, it| Ok(so_far && self.holds(it)?)),
            ("Fn::Or", all) => all.iter().try_fold(false, |so_far, it| Ok(so_far || self.holds(it)?)),
            _ => Err(format!("found {name}, which this command cannot carry out")),
        }
    }

    fn text(&self, value: &Value) -> Result<String, String> {
        Ok(match self.value(value)? {
            Some(Value::String(text)) => text,
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            Some(other) => other.to_string(),
            None => String::new(),
        })
    }

    fn list(&self, value: &Value) -> Result<Vec<String>, String> {
        match self.value(value)? {
            Some(Value::Array(items)) => items.iter().map(|item| self.text(item)).collect(),
            other => Err(format!("found {other:?}, expected a list")),
        }
    }

    fn substituted(&self, text: &str, names: &Map<String, Value>) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}').ok_or_else(|| format!("found no end of ${{ in {text:?}"))?;
            filled += before;
            // `${!x}` is `${x}`, and nothing is filled in.
            let part = match (name.strip_prefix('!'), names.get(name), name.split_once('.')) {
                (Some(literal), ..) => format!("${{{literal}}}"),
                (_, Some(value), _) => self.text(value)?,
                (_, _, Some((resource, attribute))) => self.attribute(resource, attribute)?,
                _ => self.text(&self.reference(name)?)?,
            };
            filled += &part;
            rest = behind;
        }
        Ok(filled + rest)
    }

    /// What `Ref` gives: a parameter, a fact about the stack, or the name of a resource.
    fn reference(&self, name: &str) -> Result<Value, String> {
        let place = &self.place;
        let pseudo = match name {
            "AWS::AccountId" => Some(place.account.as_str()),
            "AWS::Partition" => Some(place.partition.as_str()),
            "AWS::Region" => Some(place.region.as_str()),
            "AWS::StackName" => Some(self.stack.as_str()),
            "AWS::URLSuffix" if place.partition == "aws-cn" => Some("amazonaws.com.cn"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            _ => None,
        };
        if let Some(value) = pseudo {
            return Ok(json!(value));
        }
        let parameter = &self.template.document["Parameters"][name];
        if parameter.is_null() {
            return self.named(name).map(|name| json!(name));
        }
        let given = self.parameters.get(name).map(|given| json!(given));
        let value = given.unwrap_or_else(|| parameter["Default"].clone());
        if value.is_null() {
            return Err(format!("parameter {name}: found no value, expected --parameter {name}=..."));
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Ok(if parameter["Type"] == "CommaDelimitedList" {
            json!(text.split(',').map(str::trim).collect::<Vec<_>>())
        } else {
            json!(text)
        })
    }

    /// What `Ref` of a resource gives, once it is there.
    fn named(&self, id: &str) -> Result<String, String> {
        let resource = &self.template.document["Resources"][id];
        let kind = resource["Type"].as_str().ok_or_else(|| format!("found {id}, which the template does not have"))?;
        Ok(match kind {
            "AWS::Serverless::StateMachine" | "AWS::SNS::Topic" => self.attribute(id, "Arn")?,
            "AWS::KMS::Key" => KEY.to_owned(),
            _ => self.name_of(id)?,
        })
    }

    /// Its own name where the template gives one, else one that CloudFormation would begin in the same way.
    fn name_of(&self, id: &str) -> Result<String, String> {
        let properties = &self.template.document["Resources"][id]["Properties"];
        match &properties["Name"] {
            Value::Null => Ok(format!("{}-{id}", self.stack)),
            name => self.text(name),
        }
    }

    /// What `Fn::GetAtt` gives.
    fn attribute(&self, id: &str, attribute: &str) -> Result<String, String> {
        let kind = self.template.document["Resources"][id]["Type"].as_str();
        let kind = kind.ok_or_else(|| format!("found {id}, which the template does not have"))?;
        if attribute != "Arn" {
            return self.name_of(id);
        }
        let name = self.name_of(id)?;
        let (service, resource) = match kind {
            "AWS::Serverless::Function" => ("lambda", format!("function:{name}")),
            "AWS::Serverless::StateMachine" => ("states", format!("stateMachine:{name}")),
            "AWS::SNS::Topic" => ("sns", name),
            "AWS::SQS::Queue" => ("sqs", name),
            "AWS::KMS::Key" => ("kms", format!("key/{KEY}")),
            "AWS::Events::EventBus" => ("events", format!("event-bus/{name}")),
            "AWS::DynamoDB::GlobalTable" | "AWS::DynamoDB::Table" => ("dynamodb", format!("table/{name}")),
            "AWS::Logs::LogGroup" => ("logs", format!("log-group:{name}:*")),
            "AWS::IAM::Role" => {
                return Ok(format!("arn:{}:iam::{}:role/{name}", self.place.partition, self.place.account));
            }
            _ => return Err(format!("{id}: found {kind}, whose ARN this command does not know")),
        };
        Ok(self.place.arn(service, &resource))
    }
}

fn is_function(name: &str) -> bool {
    name == "Ref" || name.starts_with("Fn::")
}
