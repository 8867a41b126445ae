//! From a JSON text to values, and from a place in it back to line and column.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_path_to_error::Segment;
use watchkeeper_domain::finding::{FieldPath, PathStep};

/// Where a text stops being JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonMistake {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) path: FieldPath,
    pub(super) found: String,
}

/// The values of a JSON text.
pub(super) fn parse(text: &str) -> Result<Value, JsonMistake> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let parsed = Value::deserialize(tracked);
    let parsed = parsed.and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = error.to_string();
        let path = track.path().iter().map_while(step).collect();
        let found = format!("no JSON: {}", message.strip_suffix(&place).unwrap_or(&message));
        JsonMistake { line: error.line().max(1), column: error.column().max(1), path, found }
    })
}

/// Keys that every state has. Others, of attributes and outputs, may be anybody's.
const STRUCTURE: [&str; 8] = [
    "resources",
    "instances",
    "attributes",
    "sensitive_attributes",
    "values",
    "sensitive_values",
    "root_module",
    "child_modules",
];

/// A step of the place where the text broke, as long as it is one that every state has.
fn step(segment: &Segment) -> Option<PathStep> {
    match segment {
        Segment::Seq { index } => Some(PathStep::Index(*index)),
        Segment::Map { key } if STRUCTURE.contains(&key.as_str()) => Some(PathStep::Key(key.clone())),
        _ => None,
    }
}

/// Line and column that come after some bytes.
pub(super) fn at(before: &[u8]) -> (usize, usize) {
    let lines = before.split(|byte| *byte == b'\n');
    let (line, last) = lines.enumerate().last().unwrap_or_default();
    (line + 1, last.len() + 1)
}

/// Line and column at which a value of a JSON text begins.
pub(super) fn of(text: &str, path: &[PathStep]) -> (usize, usize) {
    let Err(error) = PathSeeker(path).deserialize(&mut serde_json::Deserializer::from_str(text)) else { return (1, 1) };
    let lines: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let read = lines + error.column();
    let blank = text.as_bytes().iter().skip(read).take_while(|byte| byte.is_ascii_whitespace()).count();
    at(text.as_bytes().get(..read + blank).unwrap_or_default())
}

/// Goes down a path and fails where its end begins: `serde_json` tells how far it has read.
struct PathSeeker<'a>(&'a [PathStep]);

impl<'de> DeserializeSeed<'de> for PathSeeker<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.is_empty() { Err(D::Error::custom("here")) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for PathSeeker<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value that is looked for")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((PathStep::Key(wanted), rest)) = self.0.split_first() else { return Ok(()) };
        while let Some(key) = map.next_key::<String>()? {
            if key == *wanted {
                map.next_value_seed(PathSeeker(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((PathStep::Index(wanted), rest)) = self.0.split_first() else { return Ok(()) };
        for _ in 0..*wanted {
            list.next_element::<IgnoredAny>()?;
        }
        list.next_element_seed(PathSeeker(rest))?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TEXT: &str =
        "{\n  \"resources\": [\n    {\"name\": \"a\"},\n    {\"name\": 7, \"on\": [true,\n      false]}\n  ]\n}\n";

    fn path(steps: &[&str]) -> Vec<PathStep> {
        let step = |step: &&str| step.parse().map_or_else(|_| PathStep::Key((*step).to_owned()), PathStep::Index);
        steps.iter().map(step).collect()
    }

    #[test]
    fn a_place_in_the_json_has_its_line_and_column() {
        assert_eq!(of(TEXT, &path(&["resources", "0", "name"])), (3, 14));
        assert_eq!(of(TEXT, &path(&["resources", "1", "name"])), (4, 14));
        assert_eq!(of(TEXT, &path(&["resources", "1", "on", "1"])), (5, 7));
        assert_eq!(of(TEXT, &path(&["resources"])), (2, 16));
        assert_eq!(of(TEXT, &path(&["resources", "1"])), (4, 5));
        assert_eq!(of(TEXT, &[]), (1, 1));
    }

    #[test]
    fn a_text_that_breaks_off_tells_where_and_in_what() {
        let found = parse(&TEXT[..TEXT.find("false").unwrap()]).unwrap_err();
        assert_eq!((found.line, found.path.to_string().as_str()), (5, "resources[1]"));
        assert_eq!(found.found, "no JSON: EOF while parsing a value");
        assert_eq!(parse("").unwrap_err().line, 1);
        assert_eq!(parse("{} {}").unwrap_err().found, "no JSON: trailing characters");
    }

    #[test]
    fn bytes_before_a_place_tell_line_and_column() {
        assert_eq!((at(b""), at(b"ab"), at(b"ab\nc")), ((1, 1), (1, 3), (2, 2)));
    }
}
