//! What pages share: their heads, and buttons that call a function.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::call::{Call, Verb};
use crate::facts::{Frame, StackFacts};
use crate::html::json;
use crate::words;

/// The most characters of a person's name ([`watchkeeper_domain::person::PersonName`]), and of a reason.
const NAME_MAX: usize = 64;
const TYPED_MAX: usize = 200;

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The one that is meant.
    Primary,
    /// Another one.
    Button,
    /// A word in a text.
    Link,
    /// A quiet word below.
    Quiet,
}

/// A button that calls a function of a stack.
#[derive(Debug, Clone)]
pub(super) struct Button<'a> {
    /// Whose.
    pub(super) stack: &'a StackFacts,
    /// How it looks.
    pub(super) look: Look,
    /// What is written on it.
    pub(super) label: String,
    /// What it is about, for whoever hears and does not see where it stands; empty where the label says it.
    pub(super) about: String,
    /// What it calls.
    pub(super) call: Call,
    /// What it asks first. What has one acts; what has none only looks.
    pub(super) confirmation: Option<String>,
}

impl<'a> Button<'a> {
    /// One that opens a page.
    pub(super) fn look(stack: &'a StackFacts, look: Look, label: impl Into<String>, call: Call) -> Self {
        Self { stack, look, label: label.into(), about: String::new(), call, confirmation: None }
    }

    /// One that acts.
    pub(super) fn act(
        stack: &'a StackFacts,
        look: Look,
        label: impl Into<String>,
        call: Call,
        confirmation: String,
    ) -> Self {
        Self { stack, look, label: label.into(), about: String::new(), call, confirmation: Some(confirmation) }
    }

    /// The same, about something.
    pub(super) fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }

    /// The button; nothing where it acts and the viewer may only look.
    pub(super) fn drawn(&self, frame: &Frame) -> Markup {
        let acts = self.confirmation.is_some();
        if acts && frame.viewer.read_only {
            return html! {};
        }
        let class = match self.look {
            Look::Primary => "btn btn-primary",
            Look::Button => "btn",
            Look::Link => "lk",
            Look::Quiet => "qt",
        };
        // A label that only repeats what is seen is left out.
        let named = (!self.about.is_empty()).then(|| format!("{}: {}", self.label, self.about));
        let endpoint = if acts { &self.stack.act } else { &self.stack.window };
        let call = Call { at: acts.then(|| frame.now.as_second()), ..self.call.clone() };
        html! {
            button class=(class) aria-label=[named] { (self.label) }
            cwdb-action action="call" display=(display(&call)) endpoint=(endpoint) confirmation=[self.confirmation.as_deref()] {
                (json(&call))
            }
        }
    }
}

/// Pages that take the place of the window; the others open over it.
fn display(call: &Call) -> &'static str {
    let page =
        matches!(call.verb, Verb::Window | Verb::Backups | Verb::Failover) && call.mode.is_none() && call.at.is_none();
    if page { "widget" } else { "popup" }
}

/// Who acts, and why: what goes with every button that acts. What was typed before is there again.
pub(super) fn acting(frame: &Frame) -> Markup {
    let typed = |text: &str| (!text.is_empty()).then(|| crate::html::shortened(text, TYPED_MAX));
    html! {
        @if !frame.viewer.read_only {
            form class="frm" {
                label { "Acting as " input name="by" autocomplete="name" maxlength=(NAME_MAX) placeholder="your name" value=[typed(&frame.viewer.by)]; }
                label { "because " input class="why" name="reason" maxlength=(TYPED_MAX) placeholder="a reason, for the record" value=[typed(&frame.viewer.reason)]; }
                span class="mut" { "goes with every button; a halt needs both" }
            }
        }
    }
}

/// The instant of the page: by the viewer's clocks, and in UTC.
pub(super) fn instant(frame: &Frame) -> Markup {
    let (here, zone) = (frame.now, &frame.viewer.zone);
    let local = here.to_zoned(zone.clone());
    html! {
        (local.strftime("%a %-d %b %Y, ").to_string()) b { (local.strftime("%H:%M ").to_string()) (frame.viewer.clock) }
        " · " (here.strftime("%a %-d %b, %H:%M UTC").to_string())
    }
}

/// When it was read, and how long that took.
pub(super) fn read(frame: &Frame) -> String {
    format!(
        "read {} in {} · refreshes with the dashboard",
        seconds(frame.now),
        words::took(i64::try_from(frame.took_ms).unwrap_or(i64::MAX))
    )
}

/// A time of day in UTC, to the second.
pub(super) fn seconds(at: Timestamp) -> String {
    at.strftime("%H:%M:%S UTC").to_string()
}
