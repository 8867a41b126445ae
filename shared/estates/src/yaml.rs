//! From YAML text to a tree with lines. Keys that come twice are reported all at once, which a loader does not do.

use std::collections::HashMap;

use saphyr::{Scalar, ScanError};
use saphyr_parser::{Event, Parser, Span};
use serde_json::Value;
use watchkeeper_domain::finding::FieldPath;

use crate::{
    node::{NodeContent, YamlNode},
    problem::{FileMistake, quote},
};

/// Levels of nesting; a document of ours has about ten.
const MAX_DEPTH: usize = 64;
/// Values of a document, aliases written out: what keeps a few lines from becoming millions.
const MAX_NODES: usize = 100_000;

/// A tree and the keys that came twice; or why there is no tree.
pub(crate) fn read(text: &str) -> Result<(YamlNode, Vec<FileMistake>), FileMistake> {
    let mut builder = TreeBuilder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| not_yaml(&error))?;
        builder.take(event, span)?;
    }
    let mut root =
        builder.root.ok_or_else(|| FileMistake::of_document(1, "no document", "a map that begins with `estate`"))?;
    root.place(FieldPath::root());
    Ok((root, builder.doubles))
}

fn not_yaml(error: &ScanError) -> FileMistake {
    FileMistake::of_document(error.marker().line().max(1), format!("no YAML: {}", error.info()), "a YAML document")
}

/// A list or a map that is being read.
enum OpenNode {
    List { line: usize, anchor: usize, items: Vec<YamlNode> },
    Map { line: usize, anchor: usize, entries: Vec<(String, YamlNode)>, key: Option<(String, usize)> },
}

#[derive(Default)]
struct TreeBuilder {
    open: Vec<OpenNode>,
    anchors: HashMap<usize, (YamlNode, usize)>,
    root: Option<YamlNode>,
    nodes: usize,
    doubles: Vec<FileMistake>,
}

impl TreeBuilder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), FileMistake> {
        let line = span.start.line().max(1);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar::parse_from_cow_and_metadata(text.clone(), style, tag.as_ref());
                let value = scalar.map_or_else(|| Value::String(text.to_string()), |scalar| json(&scalar, &text));
                self.put(YamlNode::new(line, NodeContent::Scalar(value)), anchor, Some(text.as_ref()))
            }
            Event::SequenceStart(anchor, _) => self.begin(line, OpenNode::List { line, anchor, items: Vec::new() }),
            Event::MappingStart(anchor, _) => {
                self.begin(line, OpenNode::Map { line, anchor, entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => self.alias(id, line),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, line: usize, open: OpenNode) -> Result<(), FileMistake> {
        if self.open.len() >= MAX_DEPTH {
            return Err(FileMistake::of_document(line, "deeper nesting", format!("at most {MAX_DEPTH} levels")));
        }
        if let Some(OpenNode::Map { key: None, .. }) = self.open.last() {
            return Err(FileMistake::of_document(line, "a list or a map as a key", "a text as a key"));
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) -> Result<(), FileMistake> {
        match self.open.pop() {
            Some(OpenNode::List { line, anchor, items }) => {
                self.put(YamlNode::new(line, NodeContent::List(items)), anchor, None)
            }
            Some(OpenNode::Map { line, anchor, entries, .. }) => {
                self.put(YamlNode::new(line, NodeContent::Map(entries)), anchor, None)
            }
            None => Ok(()),
        }
    }

    fn alias(&mut self, id: usize, line: usize) -> Result<(), FileMistake> {
        let Some((node, size)) = self.anchors.get(&id).cloned() else {
            return Err(FileMistake::of_document(line, "an alias inside its own anchor", "an anchor that is complete"));
        };
        self.nodes += size;
        let text = match &node.content {
            NodeContent::Scalar(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        self.put(YamlNode { line, ..node }, 0, text.as_deref())
    }

    /// Puts a finished node where it belongs; `text` is what it says as a key.
    fn put(&mut self, mut node: YamlNode, anchor: usize, text: Option<&str>) -> Result<(), FileMistake> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(FileMistake::of_document(
                node.line,
                "a larger document",
                format!("at most {MAX_NODES} values"),
            ));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size(&node)));
        }
        match self.open.last_mut() {
            None if self.root.is_some() => {
                return Err(FileMistake::of_document(node.line, "a second document", "one document in a file"));
            }
            None => self.root = Some(node),
            Some(OpenNode::List { items, .. }) => items.push(node),
            Some(OpenNode::Map { entries, key, .. }) => match key.take() {
                None => {
                    let text =
                        text.ok_or_else(|| FileMistake::of_document(node.line, "no text as a key", "a text as a key"))?;
                    *key = Some((text.to_owned(), node.line));
                }
                Some((key, line)) => {
                    node.line = line;
                    if let Some((_, first)) = entries.iter().find(|(known, _)| *known == key) {
                        let found =
                            format!("the key {} a second time; it is on line {} already", quote(&key), first.line);
                        self.doubles.push(FileMistake::of_document(line, found, "each key once"));
                    } else {
                        entries.push((key, node));
                    }
                }
            },
        }
        Ok(())
    }
}

/// The values below a node, itself included.
fn size(node: &YamlNode) -> usize {
    1 + match &node.content {
        NodeContent::Scalar(_) => 0,
        NodeContent::List(items) => items.iter().map(size).sum(),
        NodeContent::Map(entries) => entries.iter().map(|(_, value)| size(value)).sum(),
    }
}

/// A scalar as JSON; numbers that JSON does not have stay text.
fn json(scalar: &Scalar<'_>, text: &str) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => Value::Bool(*flag),
        Scalar::Integer(number) => Value::from(*number),
        Scalar::FloatingPoint(number) => {
            serde_json::Number::from_f64(number.into_inner()).map_or_else(|| Value::from(text), Value::Number)
        }
        Scalar::String(text) => Value::from(text.as_ref()),
    }
}
