//! How a page is looked at: when, by whom, and how wide.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::StackFacts;

/// The colours of the console, as `widgetContext.theme` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Nobody knows: the browser chooses.
    Unknown,
}

/// Who looks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The colours of their console.
    pub theme: Theme,
    /// The width of the widget in pixels, as `widgetContext.width` says; where nobody does, the page asks its container.
    pub width: Option<u32>,
    /// The clocks that they go by: those of `widgetContext.timezone`, which names an offset and no place.
    pub zone: TimeZone,
    /// What these clocks are called, such as `New York` or `UTC-05:00`.
    pub clock: String,
    /// What they typed as their name, as the console sent it along; empty before they typed any. Forms are filled in with it again.
    pub by: String,
    /// What they typed as their reason; empty likewise.
    pub reason: String,
    /// Whether the widget shows no button that changes anything (its parameter `read-only`).
    pub read_only: bool,
}

/// What every page has: its instant, its viewer, and the stack that made it.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The instant of the page. Its actions carry it, and are refused when it is too old.
    pub now: Timestamp,
    /// How long the reading took, in milliseconds.
    pub took_ms: u64,
    /// Who looks.
    pub viewer: Viewer,
    /// The stack that made the page.
    pub stack: StackFacts,
}
