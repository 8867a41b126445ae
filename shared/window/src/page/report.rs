//! The report of a run as a document for paper: the reading copy of the file that proves it. All times are UTC.

use jiff::Timestamp;
use maud::{Markup, html};

use super::report_record::{Told, told};
use crate::html::{Html, name, whole};
use crate::report::Report;
use crate::style::Styles;

/// The document of a report.
pub fn report_sheet(report: &Report) -> Html {
    let content = &report.content;
    let scope = &content.scope;
    let Told { headline, outcome, known, body } = told(content);
    let title = format!("Watchkeeper: {} {}, {}", scope.estate, scope.environment, day(content.ended));
    let sheet = html! {
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
    };
    Html::document(&title, &[Styles::Page, Styles::Report], &sheet)
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
