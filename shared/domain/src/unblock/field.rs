//! An attribute as it was read, of whatever type it is: a condition on exactly what was read needs no more, and no less.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An attribute of somebody else's item.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemAttribute {
    /// It is not there.
    #[default]
    Absent,
    /// A text.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// Anything else, by the name of its type: no condition can be made of it, so nothing is done on its ground.
    Other(String),
}

impl ItemAttribute {
    /// A text that is there and not empty.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text.as_str()).filter(|text| !text.is_empty()) } else { None }
    }

    /// A key: a text or a number.
    pub fn key(&self) -> Option<&str> {
        if let Self::Number(number) = self { Some(number) } else { self.text() }
    }
}

impl fmt::Display for ItemAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => f.write_str(number),
            Self::Other(kind) => write!(f, "a value of type {kind}"),
        }
    }
}
