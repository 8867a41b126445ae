//! A date and a time of day, in whatever zone stands beside them.

use std::{fmt, str::FromStr};

use jiff::civil;

use super::{BadValue, TextForm, text_value};

/// A date of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDay(civil::Date);

impl CalendarDay {
    /// The day of a date.
    pub const fn new(date: civil::Date) -> Self {
        Self(date)
    }

    /// The date.
    pub const fn date(self) -> civil::Date {
        self.0
    }
}

/// Anything beyond is a slip of the pen, and would make a calendar look for transitions through millennia.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;

impl TextForm for CalendarDay {
    const FORMAT: &'static str = "day";
    const EXPECTED: &'static str = "a date of the years 2000 to 2199, as year-month-day, such as 2026-12-25";
    const PATTERN: &'static str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
    const EXAMPLES: &'static [&'static str] = &["2026-12-25"];
}

impl FromStr for CalendarDay {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::of::<Self>(text);
        // jiff also takes dates without dashes and whole date-times: here one form only.
        if text.len() != 10 {
            return Err(bad());
        }
        match civil::Date::strptime("%Y-%m-%d", text) {
            Ok(date) if YEARS.contains(&date.year()) => Ok(Self(date)),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for CalendarDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

text_value!(CalendarDay);

/// A time of day, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime {
    minutes: u16,
}

/// Minutes in an hour.
const HOUR: u16 = 60;
/// Minutes in a nominal day.
const DAY: u16 = 24 * HOUR;

impl ClockTime {
    /// Midnight at the end of the day: only the end of a period may say `24:00`.
    pub(crate) fn parse_end(text: &str) -> Option<Self> {
        if text == "24:00" { Some(Self { minutes: DAY }) } else { text.parse().ok() }
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.minutes
    }
}

impl TextForm for ClockTime {
    const FORMAT: &'static str = "clock-time";
    const EXPECTED: &'static str = "a time of day in 24 hours, such as \"09:00\"";
    const PATTERN: &'static str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
    const EXAMPLES: &'static [&'static str] = &["09:00", "03:30"];
}

impl FromStr for ClockTime {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let [h1, h2, b':', m1, m2] = text.as_bytes() else { return Err(BadValue::of::<Self>(text)) };
        let digit = |b: &u8| b.is_ascii_digit().then(|| u16::from(b - b'0')).ok_or_else(|| BadValue::of::<Self>(text));
        let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
        if hours < 24 && minutes < HOUR {
            Ok(Self { minutes: hours * HOUR + minutes })
        } else {
            Err(BadValue::of::<Self>(text))
        }
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / HOUR, self.minutes % HOUR)
    }
}

text_value!(ClockTime);
