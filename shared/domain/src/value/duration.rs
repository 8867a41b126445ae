//! A length of time with its unit.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, SpanRelativeTo, SpanRound, Unit, fmt::friendly::SpanParser};

use super::{BadValue, TextForm, text_value};

/// A length of time above zero; a day is 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(SignedDuration);

impl Duration {
    /// So many minutes; for defaults.
    pub const fn minutes(minutes: u32) -> Self {
        Self(SignedDuration::from_secs(minutes as i64 * 60))
    }

    /// The length, for arithmetic with instants.
    pub const fn signed(self) -> SignedDuration {
        self.0
    }

    /// Whole seconds.
    pub const fn seconds(self) -> u64 {
        self.0.as_secs().unsigned_abs()
    }
}

impl TextForm for Duration {
    const FORMAT: &'static str = "duration-with-unit";
    const EXPECTED: &'static str = "a duration above zero with its unit, such as 2h, 30m or 14d";
    const PATTERN: &'static str = "^[0-9].*[a-z]$";
    const EXAMPLES: &'static [&'static str] = &["2h", "30m", "14d", "1h 30m"];
}

impl FromStr for Duration {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::of::<Self>(text);
        if !text.ends_with(|c: char| c.is_ascii_lowercase()) {
            return Err(bad());
        }
        let span = SpanParser::new().parse_span(text).map_err(|_| bad())?;
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| bad())?;
        if length.is_positive() { Ok(Self(length)) } else { Err(bad()) }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

text_value!(Duration);

/// A duration to the second, in words.
pub fn rounded(duration: SignedDuration) -> String {
    let seconds = SignedDuration::from_secs(duration.as_secs());
    jiff::Span::try_from(seconds)
        .and_then(|span| span.round(SpanRound::new().largest(Unit::Hour)))
        .map_or_else(|_| format!("{} s", duration.as_secs()), |span| format!("{span:#}"))
}
