//! The number of an AWS account.

use std::{fmt, str::FromStr};

use super::{BadValue, TextForm, text_value};

/// The twelve digits of an AWS account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TextForm for AccountId {
    const FORMAT: &'static str = "aws-account";
    const EXPECTED: &'static str = "the 12 digits of an AWS account in quotes, such as \"123456789012\"";
    const PATTERN: &'static str = "^[0-9]{12}$";
    const EXAMPLES: &'static [&'static str] = &["123456789012"];
}

impl FromStr for AccountId {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadValue::of::<Self>(text))
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_value!(AccountId);
