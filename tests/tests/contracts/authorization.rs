//! What AWS's service authorization reference says of the actions that we grant: an extract that `tests/judge/extract.mjs`
//! makes, which the sandbox's tests compare with its source.

use crate::documents::read;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The extract.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    /// Keys that are known to every action.
    everywhere: Vec<String>,
    actions: BTreeMap<String, Action>,
    types: BTreeMap<String, Kind>,
}

/// An action, and the types of resources that it takes.
#[derive(Debug, Deserialize)]
pub(crate) struct Action {
    /// `Read`, `List`, `Write`, `Tagging`, or several of them.
    pub level: String,
    keys: Vec<String>,
    pub resources: BTreeMap<String, Taken>,
}

/// How an action takes a type of resource.
#[derive(Debug, Deserialize)]
pub(crate) struct Taken {
    pub required: bool,
    keys: Vec<String>,
}

/// A type of resource.
#[derive(Debug, Deserialize)]
struct Kind {
    arn: String,
    keys: Vec<String>,
}

/// Global keys that are known only where the action or the resource says so.
const OF_TAGS: [&str; 3] = ["aws:ResourceTag/", "aws:RequestTag/", "aws:TagKeys"];

impl Reference {
    pub(crate) fn load() -> Self {
        serde_json::from_str(&read("tests/data/authorization.json")).unwrap()
    }

    pub(crate) fn action(&self, name: &str) -> Option<&Action> {
        self.actions.get(name)
    }

    /// The types of an action's resources that a pattern may name.
    pub(crate) fn named<'r>(&'r self, action: &'r str, pattern: &str) -> Vec<(&'r str, &'r Taken)> {
        let Some(found) = self.action(action) else { return Vec::new() };
        let fits = |(kind, _): &(&String, &Taken)| overlap(pattern, &self.kind(action, kind).arn);
        found.resources.iter().filter(fits).map(|(kind, taken)| (kind.as_str(), taken)).collect()
    }

    /// Whether a key has a value in every request of an action, whatever the resource.
    pub(crate) fn always_has(&self, action: &str, key: &str) -> bool {
        let everywhere = self.everywhere.iter().any(|it| it.eq_ignore_ascii_case(key));
        let of_tags = OF_TAGS.iter().any(|it| key.starts_with(it));
        (everywhere && !of_tags) || self.action(action).is_some_and(|it| knows(&it.keys, key))
    }

    /// Whether a resource of this type brings a key along.
    pub(crate) fn brings(&self, action: &str, kind: &str, key: &str) -> bool {
        self.action(action).is_some_and(|it| knows(&it.resources[kind].keys, key))
            || knows(&self.kind(action, kind).keys, key)
    }

    fn kind(&self, action: &str, kind: &str) -> &Kind {
        let service = action.split(':').next().unwrap();
        &self.types[&format!("{service}:{kind}")]
    }
}

/// `aws:ResourceTag/${TagKey}` knows `aws:ResourceTag/owner`.
fn knows(keys: &[String], key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let knows = |known: &String| {
        let known = known.to_ascii_lowercase();
        let stem = known.find(['$', '<']).map(|at| &known[..at]);
        stem.map_or(known == lower, |stem| lower.starts_with(stem) && lower.len() > stem.len())
    };
    keys.iter().any(knows)
}

/// Whether one ARN may fit both patterns: `*`, `?`, and the `${...}` of the reference, part by part. An ARN that an operator
/// gives (`<Parameter>`) may be any.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    if [one, other].iter().any(|it| *it == "*" || it.starts_with('<')) {
        return true;
    }
    let parts = |arn: &str| arn.splitn(6, ':').map(globbed).collect::<Vec<_>>();
    let (one, other) = (parts(one), parts(other));
    one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| meet(a, b))
}

/// Stands for a variable of the reference: any text without a colon, which parts an ARN.
const VARIABLE: u8 = 1;

fn globbed(part: &str) -> Vec<u8> {
    let mut made = Vec::new();
    let mut rest = part;
    while let Some((before, after)) = rest.split_once("${") {
        made.extend(before.bytes());
        made.push(VARIABLE);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    made.extend(rest.bytes());
    made
}

fn meet(one: &[u8], other: &[u8]) -> bool {
    let stands_for_many = |it: &[u8]| it.first().is_some_and(|it| [b'*', VARIABLE].contains(it));
    match (one, other) {
        ([], []) => true,
        ([many, rest @ ..], _) if stands_for_many(one) => {
            let takes = other.first().is_some_and(|it| *many == b'*' || *it != b':');
            meet(rest, other) || (takes && meet(one, &other[1..]))
        }
        _ if stands_for_many(other) => meet(other, one),
        ([a, one @ ..], [b, other @ ..]) => (a == b || *a == b'?' || *b == b'?') && meet(one, other),
        _ => false,
    }
}

#[test]
fn patterns_meet_where_one_arn_fits_both() {
    let cluster = "arn:${Partition}:rds:${Region}:${Account}:cluster:${Name}";
    assert!(overlap("arn:aws:rds:us-east-1:1:cluster:*-drill", cluster));
    assert!(!overlap("arn:aws:rds:us-east-1:1:db:*", cluster));
    assert!(!overlap("arn:aws:rds::1:global-cluster:*", "arn:aws:rds:us-east-1:1:cluster:*"));
    assert!(overlap("arn:aws:dynamodb:*:1:table/*/backup/*", "arn:aws:dynamodb:r:1:table/a-*"));
    assert!(!overlap("arn:aws:rds:r:1:db:*-drill", "arn:aws:rds:r:1:db:*-restored"));
    assert!(!overlap("arn:aws:rds:r:1:*snapshot:wk-*", cluster));
}

#[test]
fn keys_of_tags_are_known_by_their_stem() {
    let keys = ["aws:ResourceTag/${TagKey}".to_owned(), "dynamodb:LeadingKeys".to_owned()];
    assert!(knows(&keys, "aws:ResourceTag/watchkeeper:managed") && knows(&keys, "dynamodb:leadingkeys"));
    assert!(!knows(&keys, "aws:RequestTag/watchkeeper:managed") && !knows(&keys, "aws:ResourceTag/"));
}
