//! What a pipeline calls the release that it makes.

use std::{fmt, str::FromStr};

use super::{BadValue, TextForm, text_value};

/// The name of one run of a pipeline, such as `shop/api-1234-1`: no other pipeline of the environment uses it at the same time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildId(String);

/// The longest that one may be, in characters: it is part of a key, and of every message about it.
const LONGEST: usize = 100;

impl BuildId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TextForm for BuildId {
    const FORMAT: &'static str = "build-id";
    const EXPECTED: &'static str = "the id of a build: 1 to 100 of letters, digits, '-', '_', '.', '/' or ':'";
    const PATTERN: &'static str = "^[A-Za-z0-9_./:-]{1,100}$";
    const EXAMPLES: &'static [&'static str] = &["shop/api-1234-1"];
}

impl FromStr for BuildId {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
        let right = (1..=LONGEST).contains(&text.len()) && text.chars().all(fits);
        if right { Ok(Self(text.to_owned())) } else { Err(BadValue::of::<Self>(text)) }
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_value!(BuildId);
