//! How little is asked of an environment that counts as idle.

use std::{fmt, str::FromStr};

use super::{BadValue, Percent, TextForm, text_value};

/// A figure of usage, with its unit: what lies below it is as good as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsageLimit {
    /// So many requests a minute.
    Requests(u32),
    /// Such a share of the CPU that a service reserves.
    Cpu(Percent),
}

/// The most requests a minute that a document may call idle: what is more was meant otherwise.
const MOST_REQUESTS: u32 = 100_000;

impl TextForm for UsageLimit {
    const FORMAT: &'static str = "usage-limit";
    const EXPECTED: &'static str =
        "requests a minute, 1 to 100000, such as 10 a minute, or a whole percentage of CPU, 1 to 100, such as 5 %";
    const PATTERN: &'static str = "^([0-9]{1,6} a minute|[0-9]{1,3} ?%)$";
    const EXAMPLES: &'static [&'static str] = &["10 a minute", "5 %"];
}

impl FromStr for UsageLimit {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::of::<Self>(text);
        if let Some(figure) = text.strip_suffix(" a minute") {
            let digits = figure.bytes().all(|byte| byte.is_ascii_digit());
            let requests = figure.parse().ok().filter(|found| digits && (1..=MOST_REQUESTS).contains(found));
            return requests.map(Self::Requests).ok_or_else(bad);
        }
        let percent = text.parse().ok().filter(|found: &Percent| (1..=100).contains(&found.value()));
        percent.map(Self::Cpu).ok_or_else(bad)
    }
}

impl fmt::Display for UsageLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(requests) => write!(f, "{requests} a minute"),
            Self::Cpu(percent) => percent.fmt(f),
        }
    }
}

text_value!(UsageLimit);
