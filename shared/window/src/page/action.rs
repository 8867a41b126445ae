//! What came of a button, and of a request that cannot be meant.

use maud::{Markup, html};

use super::frame::{Button, Look, acting};
use super::parts::{page, title};
use super::plan::judged;
use crate::call::{Call, Verb};
use crate::confirm;
use crate::facts::{ActionFacts, ActionOutcome, Frame, StackFacts};
use crate::html::{Html, name, quoted, text};
use crate::shape::{Shape, Tone};

/// The page of what came of an action.
pub fn action(frame: &Frame, facts: &ActionFacts) -> Html {
    let about =
        facts.scope.as_ref().map_or_else(|| "everything".to_owned(), |it| format!("{} {}", it.estate, it.environment));
    let (label, path) = (format!("{}: {about}", facts.what), [about.as_str(), facts.what.as_str()]);
    let content = match &facts.outcome {
        ActionOutcome::Started { machine, execution, took_seconds } => {
            started(frame, facts, machine, execution, *took_seconds)
        }
        ActionOutcome::Answered { execution, approved } => answered(frame, facts, execution, *approved),
        ActionOutcome::Refused { code, found, expected } => refused(frame, code, found, expected),
        ActionOutcome::Differs { call, plan, took_seconds } => {
            let took = took_seconds.map(|s| format!(", about {} min", (s + 30) / 60)).unwrap_or_default();
            let confirmation = format!(
                "{} for {about}, as it is now? {}{took}. Guardrails are asked first.",
                quoted(&facts.what),
                confirm::writes(&plan.plan)
            );
            let again = Call { plan: Some(plan.mark()), ..call.clone() };
            html! {
                (title(Shape::Warning, Tone::Amber, "It would be something else by now", &html! { span class="mut" { "nothing was started" } }))
                section {
                    (acting(frame))
                    p { "What the confirmation promised is not what would be done now. Look at the plan, and say so again if you still want it." }
                    div class="acts" { (Button::act(&facts.stack, Look::Primary, facts.what.clone(), again, confirmation).drawn(frame)) }
                }
                (judged(plan))
            }
        }
    };
    page(frame, &[], &label, &path, &content)
}

fn started(frame: &Frame, facts: &ActionFacts, machine: &str, execution: &str, took_seconds: Option<u32>) -> Markup {
    let took = took_seconds.map(|s| format!("about {} min", (s + 30) / 60)).unwrap_or_default();
    let look = facts.scope.as_ref().map(|scope| {
        let call = Call { id: Some(execution.to_owned()), ..Call::of(Verb::Run, &scope.estate, &scope.environment) };
        Button::look(&facts.stack, Look::Primary, "Look again", call).drawn(frame)
    });
    html! {
        (title(Shape::Tick, Tone::Green, &format!("Started: {}", facts.what), &html! { span class="mut" { (took) } }))
        section {
            dl class="kv" {
                dt { "machine" } dd { code { (name(machine)) } }
                dt { "execution" } dd { code { (name(execution)) } }
            }
            p class="mut" { "The same button of the same page is the same execution, however often it was pressed. What comes of it is told in a message, too." }
            div class="acts" {
                @if let Some(look) = look { (look) }
                @if let Some(link) = console(&facts.stack, machine, execution) { a class="btn" href=(link) target="_blank" rel="noopener" { "Open the execution" } }
            }
        }
    }
}

/// The execution in the console of Step Functions, made of checked names; none where a name could not be part of a link, or the
/// partition has another console.
fn console(stack: &StackFacts, machine: &str, execution: &str) -> Option<String> {
    let is_name =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let (region, account, partition) = (stack.window.region(), stack.window.account(), stack.window.partition());
    // Service endpoints of the management consoles: aws, aws-cn and aws-us-gov (AWS General Reference).
    let host = match partition {
        "aws" => "console.aws.amazon.com",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        "aws-cn" => "console.amazonaws.cn",
        _ => return None,
    };
    (is_name(machine) && is_name(execution)).then(|| {
        format!("https://{host}/states/home?region={region}#/executions/details/arn:{partition}:states:{region}:{account}:execution:{machine}:{execution}")
    })
}

fn answered(frame: &Frame, facts: &ActionFacts, execution: &str, approved: bool) -> Markup {
    let look = facts.scope.as_ref().map(|scope| {
        let call = Call { id: Some(execution.to_owned()), ..Call::of(Verb::Run, &scope.estate, &scope.environment) };
        Button::look(&facts.stack, Look::Primary, "Look again", call).drawn(frame)
    });
    html! {
        (title(Shape::Tick, Tone::Green, if approved { "Approved" } else { "Refused, as you said" }, &html! {}))
        section {
            p { @if approved { "The execution goes on." } @else { "Nothing is changed." } " Your name is in the record of " code { (name(execution)) } "." }
            div class="acts" { @if let Some(look) = look { (look) } }
        }
    }
}

fn refused(frame: &Frame, code: &str, found: &str, expected: &str) -> Markup {
    html! {
        (title(Shape::Bar, Tone::Red, "Nothing was started", &html! { span class="t-bad" { b { (name(code)) } } }))
        section {
            dl class="kv" { dt { "found" } dd { (text(found)) } dt { "expected" } dd { (text(expected)) } }
            div class="acts" { (Button::look(&frame.stack, Look::Button, "A fresh page", Call::default()).drawn(frame)) }
        }
    }
}

/// The page of a request that cannot be meant: the field, what was found, and what was expected.
pub fn bad_request(frame: &Frame, field: &str, found: &str, expected: &str) -> Html {
    let content = html! {
        (title(Shape::Bar, Tone::Red, "This request is not understood", &html! { span class="t-bad" { b { "Request.Invalid" } } }))
        section {
            dl class="kv" {
                dt { "field" } dd { code { (name(field)) } }
                dt { "found" } dd { (text(found)) }
                dt { "expected" } dd { (text(expected)) }
            }
            div class="acts" { (Button::look(&frame.stack, Look::Button, "All environments", Call::default()).drawn(frame)) }
        }
    };
    page(frame, &[], "Bad request", &["bad request"], &content)
}
