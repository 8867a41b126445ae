//! The statements of our roles with everything resolved: ARNs as a stack has them, both branches of each condition. What a
//! parameter is given stays `<Parameter>`.

use crate::documents::walk;
use serde_json::Value;

/// A stack that might be: what the pseudo parameters are in it.
const PSEUDO: [(&str, &str); 4] = [
    ("AWS::Partition", "aws"),
    ("AWS::Region", "us-east-1"),
    ("AWS::AccountId", "123456789012"),
    ("AWS::StackName", "watchkeeper"),
];
/// One statement of a function or machine.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    /// The logical id of the function or machine whose role has it.
    pub owner: String,
    pub sid: String,
    pub allow: bool,
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    pub conditions: Vec<Condition>,
}

/// One key of a statement's conditions.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub operator: String,
    pub key: String,
    pub values: Vec<String>,
}

impl Statement {
    /// How findings and exceptions name it.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.owner, self.sid)
    }

    /// The values that a key is held to, if it is.
    pub(crate) fn held_to(&self, key: &str) -> Option<&[String]> {
        self.conditions.iter().find(|it| it.key == key).map(|it| it.values.as_slice())
    }
}

/// Every statement that the template gives to a function or a machine, and to the roles that it makes itself.
pub(crate) fn statements(template: &Value) -> Vec<Statement> {
    let all = template["Resources"].as_object().unwrap();
    let of = |(id, resource): (&String, &Value)| {
        let owner = match resource["Type"].as_str().unwrap() {
            "AWS::IAM::Role" => {
                id.strip_suffix("Role").unwrap_or_else(|| panic!("{id}: the name of a role ends with Role"))
            }
            kind if kind.starts_with("AWS::Serverless::") => id,
            _ => return Vec::new(),
        };
        let found = walk(&resource["Properties"]["Policies"]).into_iter().filter(|it| it["Effect"].is_string());
        found.map(|it| statement(template, owner, it)).collect::<Vec<_>>()
    };
    all.iter().flat_map(of).collect()
}

fn statement(template: &Value, owner: &str, found: &Value) -> Statement {
    let sid = found["Sid"].as_str().unwrap_or_else(|| panic!("{owner}: a statement without a Sid: {found}"));
    let texts = |value: &Value| texts(template, value);
    let mut conditions = Vec::new();
    for (operator, keys) in found["Condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().unwrap() {
            conditions.push(Condition { operator: operator.clone(), key: key.clone(), values: texts(values) });
        }
    }
    Statement {
        owner: owner.to_owned(),
        sid: sid.to_owned(),
        allow: found["Effect"] == "Allow",
        actions: texts(&found["Action"]),
        resources: texts(&found["Resource"]),
        conditions,
    }
}

/// The texts that a value may become: one, several, or none.
fn texts(template: &Value, value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Bool(flag) => vec![flag.to_string()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => items.iter().flat_map(|it| texts(template, it)).collect(),
        Value::Object(function) => {
            let (name, argument) = function.iter().next().expect("an intrinsic function");
            intrinsic(template, name, argument)
        }
        Value::Null => Vec::new(),
    }
}

fn intrinsic(template: &Value, name: &str, argument: &Value) -> Vec<String> {
    match name {
        "Ref" => reference(template, argument.as_str().unwrap()),
        "Fn::GetAtt" => vec![attribute(template, argument[0].as_str().unwrap(), argument[1].as_str().unwrap())],
        "Fn::If" => [&argument[1], &argument[2]].into_iter().flat_map(|it| texts(template, it)).collect(),
        "Fn::Sub" => substituted(template, argument),
        "Fn::Split" => {
            let separator = argument[0].as_str().unwrap();
            let whole = texts(template, &argument[1]);
            whole.iter().flat_map(|it| it.split(separator)).map(str::to_owned).collect()
        }
        "Fn::Join" => vec![texts(template, &argument[1]).join(argument[0].as_str().unwrap())],
        other => panic!("{other} is not resolved here yet: {argument}"),
    }
}

fn substituted(template: &Value, argument: &Value) -> Vec<String> {
    let (text, given) = match argument {
        Value::Array(pair) => (pair[0].as_str().unwrap(), pair[1].clone()),
        other => (other.as_str().unwrap(), Value::Null),
    };
    let mut made = vec![String::new()];
    for (at, part) in text.split("${").enumerate() {
        let (values, rest) = match part.split_once('}') {
            Some((name, rest)) if at > 0 => (named(template, &given, name), rest),
            _ => (vec![String::new()], part),
        };
        let longer = made.iter().flat_map(|before| values.iter().map(move |value| format!("{before}{value}{rest}")));
        made = longer.collect();
    }
    made
}

fn named(template: &Value, given: &Value, name: &str) -> Vec<String> {
    match (&given[name], name.split_once('.')) {
        (Value::Null, Some((id, of))) if !id.contains("::") => vec![attribute(template, id, of)],
        (Value::Null, _) => reference(template, name),
        (value, _) => texts(template, value),
    }
}

fn reference(template: &Value, name: &str) -> Vec<String> {
    if name == "AWS::NoValue" {
        return Vec::new();
    }
    if let Some((_, value)) = PSEUDO.iter().find(|(pseudo, _)| *pseudo == name) {
        return vec![(*value).to_owned()];
    }
    if let Some(parameter) = template["Parameters"].get(name) {
        let default = texts(template, &parameter["Default"]);
        // What an operator gives is not known here.
        let given = default.iter().all(String::is_empty);
        return if given { vec![format!("<{name}>")] } else { default };
    }
    let named = match template["Resources"][name]["Type"].as_str() {
        // These are referred to by their ARN.
        Some("AWS::Serverless::StateMachine" | "AWS::SNS::Topic") => attribute(template, name, "Arn"),
        _ => physical(template, name),
    };
    vec![named]
}

/// The name that a resource has, or would have.
fn physical(template: &Value, id: &str) -> String {
    let properties = &template["Resources"][id]["Properties"];
    let given = ["Name", "TableName", "QueueName", "FunctionName", "RoleName", "TopicName"].iter();
    let given = given.flat_map(|it| texts(template, &properties[*it])).next();
    given.unwrap_or_else(|| format!("watchkeeper-{id}-0123"))
}

fn attribute(template: &Value, id: &str, of: &str) -> String {
    let (name, place) = (physical(template, id), "us-east-1:123456789012");
    let kind = template["Resources"][id]["Type"].as_str().unwrap_or_else(|| panic!("no resource {id}"));
    match (kind, of) {
        ("AWS::Serverless::Function", "Arn") => format!("arn:aws:lambda:{place}:function:{name}"),
        ("AWS::Serverless::StateMachine", "Arn") => format!("arn:aws:states:{place}:stateMachine:{name}"),
        ("AWS::SNS::Topic", "Arn" | "TopicArn") => format!("arn:aws:sns:{place}:{name}"),
        ("AWS::SQS::Queue", "Arn") => format!("arn:aws:sqs:{place}:{name}"),
        ("AWS::KMS::Key", "Arn") => format!("arn:aws:kms:{place}:key/01234567-89ab-cdef-0123-456789abcdef"),
        ("AWS::Events::EventBus", "Arn") => format!("arn:aws:events:{place}:event-bus/{name}"),
        ("AWS::DynamoDB::GlobalTable" | "AWS::DynamoDB::Table", "Arn") => {
            format!("arn:aws:dynamodb:{place}:table/{name}")
        }
        ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{}", name.to_lowercase()),
        ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::123456789012:role/{name}"),
        _ => panic!("{id}: the {of} of {kind} is not resolved here yet"),
    }
}

#[test]
fn statements_are_resolved_in_both_branches() {
    let template = crate::documents::parse(
        "Parameters: {PeerRegion: {Default: ''}}\nResources:\n  Topic: {Type: AWS::SNS::Topic, Properties: {}}\n  One:\n    Type: AWS::Serverless::Function\n    \
         Properties:\n      Policies:\n        - Statement:\n            - Sid: Tell\n              Effect: Allow\n              \
         Action: sns:Publish\n              Resource: [!Ref Topic, !If [There, !Sub 'arn:${AWS::Partition}:sns:${PeerRegion}:x', !Ref AWS::NoValue]]\n              \
         Condition: {StringEquals: {aws:RequestedRegion: [!Ref AWS::Region]}}\n",
    );
    let [tell] = &statements(&template)[..] else { panic!("one statement") };
    assert_eq!((tell.name().as_str(), tell.allow), ("One.Tell", true));
    assert_eq!(
        tell.resources,
        ["arn:aws:sns:us-east-1:123456789012:watchkeeper-Topic-0123", "arn:aws:sns:<PeerRegion>:x"]
    );
    assert_eq!(tell.held_to("aws:RequestedRegion"), Some(&["us-east-1".to_owned()][..]));
}
