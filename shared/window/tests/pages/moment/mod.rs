//! A made-up moment for all pages: Wednesday, 23 December 2026, 19:20 in New York, with a holiday ahead for some.

pub(crate) mod copies;
mod estates;
pub(crate) mod pairs;
pub(crate) mod parts;
pub(crate) mod runs;
pub(crate) mod troubles;
pub(crate) mod wake;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use watchkeeper_window::facts::{Frame, Reading, StackFacts, StackRows, Theme, Viewer, WindowFacts};

pub(crate) use estates::{everything, hundred, quiet};

/// An instant.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The instant of the pages.
pub(crate) fn now() -> Timestamp {
    at("2026-12-24T00:20:07Z")
}

/// The stack of most of them.
pub(crate) fn stack() -> StackFacts {
    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}").parse().unwrap();
    StackFacts { window: arn("watchkeeper-window"), act: arn("watchkeeper-window-act"), name: "watchkeeper".to_owned() }
}

/// Somebody in New York.
pub(crate) fn frame() -> Frame {
    let zone = TimeZone::get("America/New_York").unwrap();
    let viewer = Viewer {
        theme: Theme::Unknown,
        width: None,
        zone,
        clock: "New York".to_owned(),
        by: String::new(),
        reason: String::new(),
        read_only: false,
    };
    Frame { now: now(), took_ms: 800, viewer, stack: stack() }
}

/// The window over some environments.
pub(crate) fn over(environments: Vec<watchkeeper_window::facts::EnvironmentFacts>) -> WindowFacts {
    let own = StackRows { stack: stack(), halt: Reading::Now(None), environments };
    WindowFacts { own, peers: BTreeMap::new() }
}
