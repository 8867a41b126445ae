//! The page of a question: what a yes leads to, until when it stands, and the two answers.

use maud::{Markup, html};
use watchkeeper_domain::person::PLACEHOLDER;

use super::frame::{Button, Look, acting};
use super::parts::{Extent, page, plan, stale, title, unread};
use crate::call::{Call, Verb};
use crate::confirm;
use crate::facts::{Frame, OpenQuestion, PlanFacts, QuestionFacts, Reading};
use crate::html::{Html, quoted, text};
use crate::shape::{Shape, Tone};
use crate::words::{Clock, length, sentence, utc_hour};

/// The page of a question.
pub fn question(frame: &Frame, facts: &QuestionFacts) -> Html {
    let environment = format!("{} {}", facts.scope.estate, facts.scope.environment);
    let (label, path) = (format!("Question about {environment}"), [environment.as_str(), "question"]);
    let clock = Clock::new(&facts.zone, frame.now);
    let open = match &facts.question {
        Reading::Unread { why } => return unread(frame, &label, &path, why),
        Reading::Now(open) | Reading::Last { value: open, .. } => open.as_ref(),
    };
    let content = match open.filter(|it| frame.now < it.until) {
        None => over(&clock, open),
        Some(open) => asked(frame, facts, open, &environment, &clock),
    };
    page(frame, &[], &label, &path, &content)
}

/// It is answered, or its time is over.
fn over(clock: &Clock<'_>, question: Option<&OpenQuestion>) -> Markup {
    html! {
        (title(Shape::Tick, Tone::Grey, "This question is not open any more", &html! {}))
        section {
            p {
                @if let Some(question) = question { "Its time was over at " (clock.shown(question.until)) ", which counts as a no: nothing is changed." }
                @else { "Somebody has answered it, or its time is over, which counts as a no." }
            }
        }
    }
}

fn asked(frame: &Frame, facts: &QuestionFacts, open: &OpenQuestion, environment: &str, clock: &Clock<'_>) -> Markup {
    let left = length(open.until.duration_since(frame.now));
    let beside = html! {
        span class="t-bad" { b { (left) " left" } }
        span class="mut" {
            "asked " (clock.time(open.asked)) "; without an answer by " (clock.hour(open.until)) " (" (utc_hour(open.until))
            ") it is refused, and nothing is changed"
        }
    };
    html! {
        (title(Shape::Diamond, Tone::Red, &format!("{}?", sentence(&open.what)), &beside))
        (stale(facts.question.why(), clock, facts.question.as_of()))
        section class="cols" {
            div {
                dl class="kv" {
                    dt { "why" } dd { (text(&open.why)) }
                    @for (code, found) in &open.asks { dt { (code) } dd { (text(found)) } }
                    @for (label, known) in &facts.known { dt { (text(label)) } dd { (text(known)) } }
                }
            }
            div {
                @match &facts.plan {
                    Reading::Now(it) | Reading::Last { value: it, .. } => (plan(&it.plan, Extent::Page)),
                    Reading::Unread { why } => p class="mut" { "It is not judged anew: " (text(why)) },
                }
            }
        }
        section {
            (acting(frame))
            div class="acts" { (answers(frame, facts, open, environment)) }
            @if frame.viewer.read_only { p class="mut" { "This widget only shows: an answer is given by hand." } }
        }
        section {
            h2 { "By hand" }
            p class="cmd" { code {
                "aws stepfunctions send-task-success --region " (facts.scope.region) " --task-token '…' --task-output '"
                "{\"approved\":true,\"by\":\"" (PLACEHOLDER) "\"}'"
            } }
            p class="mut" { "The token is in the message; this page never shows it." }
        }
    }
}

/// The two answers. A yes cannot be given where no plan is on the page: nobody says yes to what they cannot see. What cannot be
/// judged anew is approved as it was sent.
fn answers(frame: &Frame, facts: &QuestionFacts, open: &OpenQuestion, environment: &str) -> Markup {
    let scope = &facts.scope;
    let call = |approved| Call {
        id: Some(open.id.clone()),
        approved: Some(approved),
        question: Some(open.mark.clone()),
        plan: facts.plan.known().filter(|_| approved).map(PlanFacts::mark),
        ..Call::of(Verb::Answer, &scope.estate, &scope.environment)
    };
    let sent =
        || (!facts.known.is_empty()).then(|| "What is done is what was sent, as it stands on the page".to_owned());
    let writes = facts.plan.known().map(|plan| confirm::writes(&plan.plan)).or_else(sent);
    let yes = writes.map(|writes| {
        let codes: Vec<String> = open.asks.keys().map(ToString::to_string).collect();
        let codes =
            if codes.is_empty() { String::new() } else { format!(" This approves {}.", crate::words::listed(&codes)) };
        let confirmation =
            format!("Approve for {environment}: {}? {writes}.{codes} Your name is in the record.", quoted(&open.what));
        Button::act(&facts.stack, Look::Primary, "Approve", call(true), confirmation)
    });
    let no = format!(
        "Refuse for {environment}: {}? Nothing is changed, and the same trouble does not ask again until it has been over. Your \
         name is in the record.",
        quoted(&open.what)
    );
    html! {
        @if let Some(yes) = yes { (yes.drawn(frame)) }
        (Button::act(&facts.stack, Look::Button, "Refuse", call(false), no).drawn(frame))
    }
}
