//! A document as a tree that still knows its lines.

use serde_json::Value;
use watchkeeper_domain::finding::{FieldPath, PathStep};

/// A value with the line it was read from and the field it was read as.
#[derive(Debug, Clone)]
pub(crate) struct YamlNode {
    /// The line of its key, or of itself in a list; from 1.
    pub(crate) line: usize,
    /// Where it stands in the document as written, whatever is taken out of the tree later.
    pub(crate) origin: FieldPath,
    pub(crate) content: NodeContent,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum NodeContent {
    Scalar(Value),
    List(Vec<YamlNode>),
    Map(Vec<(String, YamlNode)>),
}

impl NodeContent {
    /// A value that stands in for a missing one: a scalar, or an empty list or map.
    pub(crate) fn of_filler(value: &Value) -> Self {
        match value {
            Value::Array(_) => Self::List(Vec::new()),
            Value::Object(_) => Self::Map(Vec::new()),
            scalar => Self::Scalar(scalar.clone()),
        }
    }
}

impl YamlNode {
    pub(crate) fn new(line: usize, content: NodeContent) -> Self {
        Self { line, origin: FieldPath::root(), content }
    }

    /// Tells every node below where it stands.
    pub(crate) fn place(&mut self, origin: FieldPath) {
        match &mut self.content {
            NodeContent::Scalar(_) => {}
            NodeContent::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    item.place(origin.clone().index(index));
                }
            }
            NodeContent::Map(entries) => {
                for (key, value) in entries {
                    value.place(origin.clone().key(key));
                }
            }
        }
        self.origin = origin;
    }

    /// The tree as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match &self.content {
            NodeContent::Scalar(value) => value.clone(),
            NodeContent::List(items) => items.iter().map(Self::to_json).collect(),
            NodeContent::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect(),
        }
    }

    fn child(&self, step: &PathStep) -> Option<&Self> {
        match (&self.content, step) {
            (NodeContent::List(items), PathStep::Index(index)) => items.get(*index),
            (NodeContent::Map(entries), PathStep::Key(key)) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    fn child_mut(&mut self, step: &PathStep) -> Option<&mut Self> {
        match (&mut self.content, step) {
            (NodeContent::List(items), PathStep::Index(index)) => items.get_mut(*index),
            (NodeContent::Map(entries), PathStep::Key(key)) => {
                entries.iter_mut().find(|(k, _)| k == key).map(|(_, v)| v)
            }
            _ => None,
        }
    }

    /// The node at the end of a path, or the last one on the way there.
    pub(crate) fn nearest(&self, path: &[PathStep]) -> &Self {
        let Some((first, rest)) = path.split_first() else { return self };
        self.child(first).map_or(self, |child| child.nearest(rest))
    }

    /// The node at the end of a path.
    pub(crate) fn get_mut(&mut self, path: &[PathStep]) -> Option<&mut Self> {
        path.iter().try_fold(self, Self::child_mut)
    }

    /// Takes the node at the end of a path out of the tree; nothing for the root.
    pub(crate) fn take(&mut self, path: &[PathStep]) -> Option<Self> {
        let (last, above) = path.split_last()?;
        let parent = self.get_mut(above)?;
        match (&mut parent.content, last) {
            (NodeContent::List(items), PathStep::Index(index)) if *index < items.len() => Some(items.remove(*index)),
            (NodeContent::Map(entries), PathStep::Key(key)) => {
                let place = entries.iter().position(|(k, _)| k == key)?;
                Some(entries.remove(place).1)
            }
            _ => None,
        }
    }

    /// Every key and every text below, itself included.
    pub(crate) fn words(&self, words: &mut Vec<String>) {
        match &self.content {
            NodeContent::Scalar(Value::String(text)) => words.push(text.clone()),
            NodeContent::Scalar(_) => {}
            NodeContent::List(items) => items.iter().for_each(|item| item.words(words)),
            NodeContent::Map(entries) => {
                for (key, value) in entries {
                    words.push(key.clone());
                    value.words(words);
                }
            }
        }
    }
}
