//! What something costs an hour.

use std::{fmt, str::FromStr};

use super::{BadValue, TextForm, text_value};

/// An amount of US dollars an hour, to a hundredth of a cent: AWS states its prices in this currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HourlyCost {
    /// Hundredths of a cent.
    parts: u32,
}

/// Hundredths of a cent in a dollar.
const PARTS: u32 = 10_000;

/// The digits that a document may state behind the point.
const DECIMALS: usize = 4;

/// The most that a document may state, in dollars an hour: what is more was meant otherwise.
const MOST: u32 = 100_000;

impl HourlyCost {
    /// What some seconds cost, in cents, rounded down: what was saved is not overstated.
    pub fn cents_of(self, seconds: u64) -> u64 {
        u64::from(self.parts).saturating_mul(seconds) / (3600 * u64::from(PARTS / 100))
    }
}

impl TextForm for HourlyCost {
    const FORMAT: &'static str = "hourly-cost";
    const EXPECTED: &'static str =
        "US dollars an hour, more than 0 and at most 100000, with at most four decimals, such as 0.19 USD an hour";
    const PATTERN: &'static str = r"^[0-9]{1,6}(\.[0-9]{1,4})? USD an hour$";
    const EXAMPLES: &'static [&'static str] = &["0.19 USD an hour", "12 USD an hour"];
}

impl FromStr for HourlyCost {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::of::<Self>(text);
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
        let figure = text.strip_suffix(" USD an hour").ok_or_else(bad)?;
        let (whole, decimals) = figure.split_once('.').unwrap_or((figure, "0"));
        if !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
            return Err(bad());
        }
        let whole: u32 = whole.parse().ok().filter(|whole| *whole <= MOST).ok_or_else(bad)?;
        let decimals: u32 = format!("{decimals:0<DECIMALS$}").parse().map_err(|_| bad())?;
        let parts = whole * PARTS + decimals;
        if parts == 0 || parts > MOST * PARTS { Err(bad()) } else { Ok(Self { parts }) }
    }
}

impl fmt::Display for HourlyCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.parts / PARTS, self.parts % PARTS);
        let decimals = format!("{decimals:04}");
        // Cents are written with both digits, and what is finer where there is some.
        let decimals = decimals.strip_suffix("00").or_else(|| decimals.strip_suffix('0')).unwrap_or(&decimals);
        write!(f, "{whole}.{decimals} USD an hour")
    }
}

text_value!(HourlyCost);
