//! Days of the week: `mon-fri`, `sat`, `mon,wed`.

use std::{fmt, str::FromStr};

use crate::value::{BadValue, TextForm, text_value};

/// The days as they are written, Monday first.
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Some days of the week: at least one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weekdays {
    text: String,
    days: [bool; 7],
}

impl Weekdays {
    /// The days, as places in a week that begins on Monday.
    pub fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.days.iter().enumerate().filter_map(|(slot, chosen)| chosen.then_some(slot))
    }

    /// Whether a day is one of them.
    pub fn contains(&self, day: jiff::civil::Weekday) -> bool {
        self.days[super::slot(day)]
    }
}

impl TextForm for Weekdays {
    const FORMAT: &'static str = "weekdays";
    const EXPECTED: &'static str = "days of the week, such as mon-fri, sat or mon,wed";
    const PATTERN: &'static str = "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?(, ?(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)*$";
    const EXAMPLES: &'static [&'static str] = &["mon-fri", "sat", "mon,wed"];
}

/// The slots from one day to another, over the end of the week if need be.
fn range(part: &str) -> Option<(usize, usize)> {
    let slot = |name: &str| NAMES.iter().position(|known| *known == name);
    let (from, to) = part.split_once('-').unwrap_or((part, part));
    Some((slot(from)?, slot(to)?))
}

impl FromStr for Weekdays {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let mut days = [false; 7];
        for part in text.split(',') {
            let part = part.strip_prefix(' ').unwrap_or(part);
            let (from, to) = range(part).ok_or_else(|| BadValue::of::<Self>(text))?;
            let length = (to + 7 - from) % 7;
            (0..=length).for_each(|step| days[(from + step) % 7] = true);
        }
        Ok(Self { text: text.to_owned(), days })
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

text_value!(Weekdays);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn slots(text: &str) -> Vec<usize> {
        text.parse::<Weekdays>().unwrap().slots().collect()
    }

    #[test]
    fn days_lists_and_ranges_over_the_weekend() {
        assert_eq!(slots("mon-fri"), [0, 1, 2, 3, 4]);
        assert_eq!(slots("mon,wed"), [0, 2]);
        assert_eq!(slots("sat-mon, wed"), [0, 2, 5, 6]);
        assert_eq!(slots("sun"), [6]);
    }

    #[test]
    fn anything_else_is_refused_with_what_was_found() {
        for bad in ["", "monday", "mon-", "mon,,tue", "Mon", "mon - fri", "mon-tue-wed"] {
            let error = bad.parse::<Weekdays>().unwrap_err();
            assert_eq!(error.found, bad);
        }
    }
}
