//! What a source said, or that it said nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was read of a source. "There is none" is a value, such as `Now(None)`; "nobody knows" is never one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading<T> {
    /// The source answered: at most a minute before the page, where observations are shared.
    Now(T),
    /// The source did not answer in time; this is the last that it said.
    Last {
        /// What it said then.
        value: T,
        /// When it said so.
        at: Timestamp,
        /// Why there is nothing newer, such as `ECS did not answer within 3 s`.
        why: String,
    },
    /// The source did not answer, and nothing older is kept.
    Unread {
        /// Why.
        why: String,
    },
}

impl<T> Reading<T> {
    /// What is known, however old.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Now(value) | Self::Last { value, .. } => Some(value),
            Self::Unread { .. } => None,
        }
    }

    /// What the source says now; `None` where it did not answer.
    pub fn now(&self) -> Option<&T> {
        if let Self::Now(value) = self { Some(value) } else { None }
    }

    /// Why the source is not as of now, where it is not.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Now(_) => None,
            Self::Last { why, .. } | Self::Unread { why } => Some(why),
        }
    }

    /// When what is known was said, where that was not now.
    pub fn as_of(&self) -> Option<Timestamp> {
        if let Self::Last { at, .. } = self { Some(*at) } else { None }
    }

    /// The same source, of which only a part is looked at.
    pub fn map<U>(self, part: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Now(value) => Reading::Now(part(value)),
            Self::Last { value, at, why } => Reading::Last { value: part(value), at, why },
            Self::Unread { why } => Reading::Unread { why },
        }
    }
}
