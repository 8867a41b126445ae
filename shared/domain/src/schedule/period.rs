//! Hours of a day: `08:00-19:00`, `20:00-02:00`, `00:00-24:00`.

use std::{fmt, str::FromStr};

use crate::value::{BadValue, ClockTime, TextForm, text_value};

/// Minutes in a nominal day.
pub(super) const DAY: u16 = 24 * 60;

/// From a time of day to a later one, at most 24 hours on; past midnight it runs into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayPeriod {
    start: ClockTime,
    end: ClockTime,
}

impl DayPeriod {
    /// Minutes from the start of its day to its start, below 1440.
    pub const fn start(self) -> u16 {
        self.start.minutes()
    }

    /// Minutes from the start of its day to its end, above its start; above 1440 when it ends on the next day.
    pub const fn end(self) -> u16 {
        if self.end.minutes() > self.start.minutes() { self.end.minutes() } else { self.end.minutes() + DAY }
    }
}

impl TextForm for DayPeriod {
    const FORMAT: &'static str = "hours";
    const EXPECTED: &'static str =
        "hours such as \"08:00-19:00\", \"20:00-02:00\" (into the next day) or \"00:00-24:00\"";
    const PATTERN: &'static str = "^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";
    const EXAMPLES: &'static [&'static str] = &["08:00-19:00", "20:00-02:00", "00:00-24:00"];
}

impl FromStr for DayPeriod {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::of::<Self>(text);
        let (start, end) = text.split_once('-').ok_or_else(bad)?;
        let start: ClockTime = start.parse().map_err(|_| bad())?;
        let end = ClockTime::parse_end(end).ok_or_else(bad)?;
        // From a time to itself could be nothing or a whole day: the whole day has its own form.
        if start == end { Err(bad()) } else { Ok(Self { start, end }) }
    }
}

impl fmt::Display for DayPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

text_value!(DayPeriod);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hours_past_midnight_end_on_the_next_day() {
        let bounds = |text: &str| text.parse::<DayPeriod>().map(|p| (p.start(), p.end())).unwrap();
        assert_eq!(bounds("08:00-19:00"), (480, 1140));
        assert_eq!(bounds("20:00-02:00"), (1200, 1560));
        assert_eq!(bounds("20:00-00:00"), (1200, 1440));
        assert_eq!(bounds("00:00-24:00"), (0, 1440));
    }

    #[test]
    fn no_length_no_minutes_no_range_is_refused() {
        for bad in ["08:00-08:00", "8-19", "08:00", "24:00-08:00", "08:00-24:01", "08:00–19:00", "25:00-26:00", ""] {
            assert_eq!(bad.parse::<DayPeriod>().unwrap_err().found, bad);
        }
    }

    #[test]
    fn it_prints_as_it_is_written() {
        for text in ["08:00-19:00", "20:00-02:00", "00:00-24:00"] {
            assert_eq!(text.parse::<DayPeriod>().unwrap().to_string(), text);
        }
    }
}
