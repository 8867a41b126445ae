//! Names that follow no rule of ours beyond being short and printable.

use std::{fmt, str::FromStr};

use super::{BadValue, TextForm, text_value};

/// A name of at most `max` characters that a terminal can print and nobody padded with blanks.
fn is_label(text: &str, max: usize) -> bool {
    let length = text.chars().count();
    (1..=max).contains(&length) && text.trim() == text && !text.chars().any(char::is_control)
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident, $format:literal, $max:literal, $expected:literal, $pattern:literal, $example:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TextForm for $name {
            const FORMAT: &'static str = $format;
            const EXPECTED: &'static str = $expected;
            const PATTERN: &'static str = $pattern;
            const EXAMPLES: &'static [&'static str] = &[$example];
        }

        impl FromStr for $name {
            type Err = BadValue;
            fn from_str(text: &str) -> Result<Self, BadValue> {
                if is_label(text, $max) { Ok(Self(text.to_owned())) } else { Err(BadValue::of::<Self>(text)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        text_value!($name);
    )*};
}

labels! {
    /// A CloudWatch alarm.
    AlarmName, "alarm-name", 255, "the name of a CloudWatch alarm, 1 to 255 characters", "^\\S(.{0,253}\\S)?$", "5xx-errors";
    /// An emergency profile of the document.
    ProfileName, "profile-name", 64, "the name of a profile, 1 to 64 characters", "^\\S(.{0,62}\\S)?$", "surge";
    /// A resource without a type of its own: a table, a stream, a queue, a bucket, an object key.
    ResourceName, "resource-name", 1024, "the name of a resource, 1 to 1024 characters", "^\\S(.{0,1022}\\S)?$", "a-name";
    /// A few words for a person.
    Label, "label", 500, "a text of 1 to 500 characters on one line", "^\\S(.{0,498}\\S)?$", "a reason";
}

impl ProfileName {
    /// What a rehearsal of a failover demands, by the name that messages give it.
    pub fn rehearsal() -> Self {
        Self("rehearsal".to_owned())
    }
}

impl ResourceName {
    /// Whether it is the name of a queue that keeps an order (Amazon SQS developer guide: it ends in `.fifo`).
    pub fn is_fifo(&self) -> bool {
        // As AWS compares it: with its case.
        self.0.rsplit_once('.').is_some_and(|(_, kind)| kind == "fifo")
    }
}
