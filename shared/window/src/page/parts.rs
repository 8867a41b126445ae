//! What the pages of one thing share: their head, the table of a plan, what guardrails say, and what happened when.

use maud::{Markup, html};
use watchkeeper_domain::guardrail::JUDGED;
use watchkeeper_domain::plan::{CapacityChange, Plan, Wave};
use watchkeeper_domain::run::TimelineEvent;
use watchkeeper_domain::violation::{Severity, Violation};

use super::frame::{Button, Look, instant};
use crate::call::Call;
use crate::facts::Frame;
use crate::html::{Html, name, text, whole};
use crate::shape::{Shape, Tone};
use crate::style::Styles;
use crate::words::counted;

/// The most changes, violations and moments that a page lists.
pub(super) const CHANGES: usize = 12;
const VIOLATIONS: usize = 12;
const MOMENTS: usize = 25;

/// How much of something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// As much as a page has room for.
    Page,
    /// All of it: paper has no `title` that holds the rest.
    Paper,
}

impl Extent {
    fn most(self, of_page: usize) -> usize {
        if self == Self::Page { of_page } else { usize::MAX }
    }

    /// Somebody else's text.
    fn text(self, words: &str) -> Markup {
        if self == Self::Page { text(words) } else { whole(words) }
    }
}

/// A page of one thing.
pub(super) fn page(frame: &Frame, styles: &[Styles], label: &str, path: &[&str], content: &Markup) -> Html {
    let home = Button::look(&frame.stack, Look::Link, "Watchkeeper", Call::default());
    let content = html! {
        div class="pg" {
            div class="crumb" {
                span { (home.drawn(frame)) @for step in path { " › " (name(step)) } }
                span { (instant(frame)) }
            }
            (content)
        }
    };
    let all: Vec<Styles> = std::iter::once(Styles::Page).chain(styles.iter().copied()).collect();
    Html::page(frame, &all, label, &content)
}

/// The title of a page.
pub(super) fn title(shape: Shape, tone: Tone, title: &str, beside: &Markup) -> Markup {
    html! { div class="ttl" { (shape.beside(tone)) h1 { (text(title)) } (beside) } }
}

/// The page of something that was not read.
pub(super) fn unread(frame: &Frame, label: &str, path: &[&str], why: &str) -> Html {
    let content = title(Shape::Dashed, Tone::Grey, "It cannot be read", &html! { span class="mut" { (text(why)) } });
    page(frame, &[], label, path, &content)
}

/// That what is shown is not of now.
pub(super) fn stale(why: Option<&str>, clock: &crate::words::Clock<'_>, at: Option<jiff::Timestamp>) -> Markup {
    html! {
        @if let (Some(why), Some(at)) = (why, at) {
            section { p class="t-bad" { "What is shown is as of " (clock.shown(at)) ": " (text(why)) } }
        }
    }
}

/// The writes of a plan, wave by wave, the first of them where there are many.
pub(super) fn plan(plan: &Plan, extent: Extent) -> Markup {
    let most = extent.most(CHANGES);
    let writes = plan.actions().count();
    let rows: Vec<(Wave, bool, &CapacityChange)> = plan
        .steps
        .iter()
        .flat_map(|step| step.actions.iter().enumerate().map(|(place, action)| (step.wave, place == 0, &action.change)))
        .collect();
    html! {
        table {
            caption { b { "Plan" } " " (counted(plan.steps.len(), "wave")) ", " (counted(writes, "write")) }
            @if rows.is_empty() {
                tbody { tr { td { "Nothing is to be written." } } }
            } @else {
                thead { tr { th scope="col" { "wave" } th scope="col" { "resource" } th scope="col" { "before " span class="arrow" { "→" } " after" } } }
                tbody {
                    @for (wave, first, change) in rows.iter().take(most) {
                        tr { th scope="row" { @if *first { (wave) } } td { code { (name(&change.resource().to_string())) } } td { (changed(change)) } }
                    }
                    @if rows.len() > most { tr { th scope="row" {} td { "and " (rows.len() - most) " more" } td {} } }
                }
            }
        }
    }
}

fn changed(change: &CapacityChange) -> Markup {
    use watchkeeper_domain::capacity::DatabasePower;
    let arrow = html! { " " span class="arrow" { "→" } " " };
    html! {
        @match change {
            CapacityChange::Count { from, to, .. } => { "tasks " (from) (arrow) b { (to) } }
            CapacityChange::Scaling { from, to, .. } => {
                "bounds " (from.min) ".." (from.max) (arrow) b { (to.min) ".." (to.max) }
                @if from.suspended != to.suspended { ", " (to.suspended) }
            }
            CapacityChange::Release { from, to, .. } => { "release " (name(&from.to_string())) (arrow) b { (name(&to.to_string())) } }
            CapacityChange::Database { to: DatabasePower::On, .. } => { "off" (arrow) b { "on" } }
            CapacityChange::Database { to: DatabasePower::Off, .. } => { "on" (arrow) b { "off" } }
            CapacityChange::Rule { from, to, .. } => { (name(&from.to_string())) (arrow) b { (name(&to.to_string())) } }
        }
    }
}

/// What the guardrails say: the worst first, then which of them were silent.
pub(super) fn guardrails(violations: &[Violation], extent: Extent) -> Markup {
    let most = extent.most(VIOLATIONS);
    let mut told: Vec<&Violation> = violations.iter().collect();
    told.sort_by_key(|violation| std::cmp::Reverse(violation.severity));
    let stopping = told.iter().filter(|violation| violation.severity > Severity::Warn).count();
    let silent: Vec<&str> =
        JUDGED.iter().filter(|code| violations.iter().all(|it| it.code != **code)).map(|code| code.name()).collect();
    html! {
        table class="nw" {
            caption {
                b { "Guardrails" } " " (JUDGED.len()) " judged, " (told.len()) " told, "
                @if stopping == 0 { "none stops it" } @else { (stopping) " " (if stopping == 1 { "stops" } else { "stop" }) " it" }
            }
            tbody {
                @for violation in told.iter().take(most) {
                    tr {
                        th scope="row" { (severity(violation.severity)) }
                        td {
                            b { (violation.code) } " "
                            @if let Some(resource) = &violation.resource { code { (name(&resource.to_string())) } ": " } @else { "" }
                            (extent.text(&violation.found)) ". " (extent.text(&violation.advice)) "."
                        }
                    }
                }
                @if told.len() > most { tr { th scope="row" {} td { "and " (told.len() - most) " more" } } }
                @if !silent.is_empty() {
                    tr { th scope="row" { (Shape::Tick.beside(Tone::Green)) " silent" } td class="mut" { (silent.join(", ")) } }
                }
            }
        }
    }
}

fn severity(severity: Severity) -> Markup {
    let (shape, tone, word) = match severity {
        Severity::Warn => (Shape::Warning, Tone::Amber, "told"),
        Severity::Ask => (Shape::Diamond, Tone::Red, "asks"),
        Severity::Refuse => (Shape::Bar, Tone::Red, "refuses"),
    };
    html! { (shape.beside(tone)) " " (word) }
}

/// What happened when, the newest moments where there are many.
pub(super) fn moments(timeline: &[TimelineEvent], extent: Extent) -> Markup {
    let more = timeline.len().saturating_sub(extent.most(MOMENTS));
    html! {
        h2 { "What happened" }
        ol class="mom" {
            @if more > 0 { li { span {} span class="mut" { (counted(more, "earlier moment")) " in the record" } } }
            @for moment in timeline.iter().skip(more) {
                li {
                    time class="mut" title=(crate::words::utc(moment.at)) { (moment.at.strftime("%H:%M:%S").to_string()) }
                    span { (extent.text(&moment.what)) }
                }
            }
        }
    }
}
