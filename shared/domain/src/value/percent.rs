//! A percentage.

use std::{fmt, str::FromStr};

use super::{BadValue, TextForm, text_value};

/// A whole percentage from 0 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u16);

/// Ten times as much is the most that a document may ask for.
const MOST: u16 = 1000;

impl Percent {
    /// A percentage that the code itself states; more than 1000 counts as 1000.
    pub const fn new(percent: u16) -> Self {
        if percent > MOST { Self(MOST) } else { Self(percent) }
    }

    /// The figure before the sign.
    pub const fn value(self) -> u16 {
        self.0
    }

    /// This share of `total`, rounded up, so that a share above nothing of something is at least one.
    pub fn of_rounded_up(self, total: u32) -> u32 {
        let share = (u64::from(total) * u64::from(self.0)).div_ceil(100);
        u32::try_from(share).unwrap_or(u32::MAX)
    }

    /// Whether `part` of `total` is more than this share.
    pub fn is_exceeded_by(self, part: u32, total: u32) -> bool {
        u64::from(part) * 100 > u64::from(total) * u64::from(self.0)
    }
}

impl TextForm for Percent {
    const FORMAT: &'static str = "percent";
    const EXPECTED: &'static str = "a whole percentage from 0 to 1000 with its sign, such as 50 %";
    const PATTERN: &'static str = "^[0-9]{1,4} ?%$";
    const EXAMPLES: &'static [&'static str] = &["50 %", "150 %"];
}

impl FromStr for Percent {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let figure = text.strip_suffix('%').map(|rest| rest.strip_suffix(' ').unwrap_or(rest));
        match figure.filter(|f| f.bytes().all(|b| b.is_ascii_digit())).and_then(|f| f.parse().ok()) {
            Some(percent) if percent <= MOST => Ok(Self(percent)),
            _ => Err(BadValue::of::<Self>(text)),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

text_value!(Percent);
