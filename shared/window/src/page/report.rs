//! The report of a run: a document for paper, the reading copy of the file that proves it; and the same on a page of the window. All
//! times are UTC.

use jiff::Timestamp;
use maud::{Markup, html};

use super::parts::{page, title, unread};
use super::report_record::{Told, told};
use super::window::BYTES_MAX;
use crate::facts::{Frame, ReportFacts};
use crate::html::{Html, name, whole};
use crate::report::Report;
use crate::shape::{Shape, Tone};
use crate::style::Styles;

/// The document of a report.
pub fn report_sheet(report: &Report) -> Html {
    let scope = &report.content.scope;
    let title = format!("Watchkeeper: {} {}, {}", scope.estate, scope.environment, day(report.content.ended));
    Html::document(&title, &[Styles::Page, Styles::Report], &sheet(report))
}

/// The page of a report. One that is longer than a page may be is named: paper has no limit, and a widget has.
pub fn report(frame: &Frame, facts: &ReportFacts) -> Html {
    let environment = format!("{} {}", facts.scope().estate, facts.scope().environment);
    let (label, path) = (format!("Report of {environment}"), [environment.as_str(), "report"]);
    let Some(report) = facts.report.known() else {
        return unread(frame, &label, &path, facts.report.why().unwrap_or_default());
    };
    let whole = page(frame, &[Styles::Report], &label, &path, &sheet(report));
    if whole.as_str().len() <= BYTES_MAX {
        return whole;
    }
    let content = html! {
        (title(Shape::Tick, Tone::Grey, &told(&report.content).headline, &html! { span class="mut" { (moment(report.content.ended)) } }))
        section {
            p { "The report is whole, and longer than a page of the window may be. In the stack's bucket its files, .html for reading and .json, are" }
            p class="cmd" { code { (facts.place.as_deref().unwrap_or_default()) } }
        }
    };
    page(frame, &[], &label, &path, &content)
}

fn sheet(report: &Report) -> Markup {
    let content = &report.content;
    let scope = &content.scope;
    let Told { headline, outcome, known, body } = told(content);
    html! {
        div class="sheet" {
            div class="head" {
                p class="mut" { "Watchkeeper · report of a finished " (content.evidence.kind()) }
                h1 { (whole(&headline)) }
                p { (moment(content.ended)) ". Outcome: " b { (outcome) } "." }
            }
            section {
                dl class="kv" {
                    dt { "where" } dd { (scope.estate) " " (scope.environment) " in " (scope.region) }
                    (known)
                }
            }
            (body)
            section { (evidence(report)) }
            @if !content.not_known.is_empty() {
                section {
                    h2 { "What is not known" }
                    ul { @for unknown in &content.not_known { li { (whole(unknown)) } } }
                }
            }
            section {
                p class="mut" {
                    "Written from the ledger; nothing in it was typed by hand. This page is for reading: the file beside it, of the \
                     same name with .json, is the evidence, and cargo estates verify-report computes its digest, its chain and its \
                     plan again."
                }
                div class="sig" { span { "seen by" } span { "date" } }
            }
        }
    }
}

/// By what it can be proved, and found elsewhere.
fn evidence(report: &Report) -> Markup {
    let content = &report.content;
    let (sent, deployed) = (&content.sent, &content.deployed);
    let document = deployed.document.as_ref().map(ToString::to_string);
    let previous = content.chain.previous.as_ref().map(ToString::to_string);
    html! {
        h2 { "Evidence" }
        table {
            tbody {
                (line("execution", "of Step Functions, by its name", Some(content.evidence.run())))
                (line("estate document", "as deployed, SHA-256", document.as_deref()))
                (line("code", "version of the functions", Some(&deployed.version)))
                (line("message", "SNS, MessageId", sent.message.as_deref()))
                (line("event", "EventBridge, EventId", sent.event.as_deref()))
                (line("this report", &format!("number {} of {} in {}, SHA-256 of its content", content.chain.number, content.scope.estate, content.scope.region), Some(report.sha256.as_str())))
                (line("the one before", "SHA-256 of its content", previous.as_deref()))
            }
        }
    }
}

fn line(what: &str, of: &str, id: Option<&str>) -> Markup {
    html! {
        tr {
            th scope="row" { (what) }
            td { (of) }
            td { @match id { Some(id) => code { (name(id)) }, None => span class="mut" { "none" } } }
        }
    }
}

/// An instant to the second, such as `Wed 23 Dec 2026, 23:42:35 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%a %-d %b %Y, %H:%M:%S UTC").to_string()
}

fn day(at: Timestamp) -> String {
    at.strftime("%-d %B %Y").to_string()
}
