//! The page of a pair: who serves, how both regions stand, whether the other one could take over, and where the time of the last
//! move went.

use maud::{Markup, html};
use watchkeeper_domain::failover::{Move, MoveEnding, Pointer};
use watchkeeper_domain::name::Region;

use super::cells::ready;
use super::certificate;
use super::frame::{Button, Look, acting};
use super::moved::moved;
use super::pair;
use super::parts::{page, title};
use crate::call::{Call, CallMode, Verb};
use crate::confirm;
use crate::facts::{FailoverFacts, Frame, OpenQuestion};
use crate::html::{Html, name, quoted, text};
use crate::report::EvidenceKind;
use crate::shape::{Shape, Tone};
use crate::style::Styles;
use crate::words::{Clock, length, listed, roughly, sentence, utc_hour};

/// The page of a pair.
pub fn failover(frame: &Frame, facts: &FailoverFacts) -> Html {
    let environment = format!("{} {}", facts.estate, facts.environment);
    let clock = Clock::new(&facts.zone, frame.now);
    let open: Vec<&OpenQuestion> = facts.questions.iter().filter(|it| frame.now < it.until).collect();
    let content = html! {
        (heading(facts, &open, &clock))
        @if !open.is_empty() { section { (asks(frame, facts, &open, &environment)) } }
        section { (acting(frame)) }
        section class="pair" { (pair::drawn(facts, &clock)) }
        @if open.is_empty() { section { (readiness(frame, facts, &environment, &clock)) } }
        @match facts.last.known() {
            None => section { p class="mut" { "The last move cannot be read: " (text(facts.last.why().unwrap_or_default())) } },
            Some(None) => section { p class="mut" { "It has never moved." } },
            Some(Some(last)) => section { (moved(frame, facts, last, &clock)) (report(frame, facts, last)) },
        }
        section { (proved(facts, &clock)) }
        section class="cols" { div { (fences(facts)) } div { (by_hand(facts)) } }
    };
    page(frame, &[Styles::Failover], &format!("Failover of {environment}"), &[&environment, "failover"], &content)
}

/// What the standby was seen to start, and whether that still counts.
fn proved(facts: &FailoverFacts, clock: &Clock<'_>) -> Markup {
    html! {
        h2 { "Proved in " (facts.standby) }
        @match facts.certificate.known() {
            None => p class="mut" { "The certificate cannot be read: " (text(facts.certificate.why().unwrap_or_default())) },
            Some(None) => p class="mut" { "What a failover starts was never seen to start here." },
            Some(Some(found)) => {
                @if let Some(standing) = &found.standing {
                    @let (shape, tone) = certificate::shape(standing.verdict);
                    p { (shape.beside(tone)) " " b { (standing.verdict) } ": " (text(&standing.reason)) ". " span class="mut" { "Given " (clock.both(found.certificate.at)) "." } }
                }
                (certificate::certified(&found.certificate))
            }
        }
    }
}

/// The report of the last move: of one that is over, and of none that only planned, or found nothing to do.
fn report(frame: &Frame, facts: &FailoverFacts, last: &Move) -> Markup {
    let over = last.ending.is_some_and(|it| !matches!(it, MoveEnding::Planned | MoveEnding::Nothing));
    let Some(there) = facts.regions.get(&last.to).filter(|_| over && facts.reports) else { return html! {} };
    let (id, kind) = (Some(last.header.id.clone()), Some(EvidenceKind::Move));
    let call = Call { id, kind, ..Call::of(Verb::Report, &facts.estate, &facts.environment) };
    html! { div class="acts" { (Button::look(&there.stack, Look::Button, "Report for the record", call).drawn(frame)) } }
}

fn heading(facts: &FailoverFacts, open: &[&OpenQuestion], clock: &Clock<'_>) -> Markup {
    let since = |pointer: &Pointer| {
        html! {
            span class="mut" {
                "since " (clock.both(pointer.since)) ", for " (roughly(clock.now().duration_since(pointer.since))) "; home is " (facts.home)
            }
        }
    };
    if let Some(question) = open.first() {
        let beside = html! {
            span class="t-bad" { b { (length(question.until.duration_since(clock.now()))) " left" } }
            span class="mut" {
                "asked " (clock.both(question.asked)) "; without an answer by " (clock.hour(question.until)) " (" (utc_hour(question.until))
                ") it is declined, and nothing is changed"
            }
        };
        return title(Shape::Diamond, Tone::Red, &format!("{}?", sentence(&question.what)), &beside);
    }
    match facts.pointer.known() {
        None => {
            let why = facts.pointer.why().unwrap_or_default();
            title(Shape::Dashed, Tone::Grey, "Who serves cannot be read", &html! { span class="mut" { (text(why)) } })
        }
        Some(pointer) => match &pointer.moving {
            Some(moving) => {
                let held = facts.last.known().and_then(Option::as_ref).and_then(|last| last.failure.as_deref());
                let beside = html! { span class="mut" { (moving.stage) ", since " (clock.both(pointer.since)) @if let Some(why) = held { "; " (text(why)) } } };
                title(Shape::Arrows, Tone::Violet, &format!("Moving from {} to {}", pointer.active, moving.to), &beside)
            }
            None if pointer.active == facts.home && pointer.revision == 0 => title(
                Shape::Disc,
                Tone::Awake,
                &format!("{} serves", pointer.active),
                &html! { span class="mut" { "at home, and has never moved" } },
            ),
            None if pointer.active == facts.home => {
                title(Shape::Disc, Tone::Awake, &format!("{} serves", pointer.active), &since(pointer))
            }
            None => title(Shape::Bars, Tone::Violet, &format!("{} serves", pointer.active), &since(pointer)),
        },
    }
}

/// The questions of a move: what asks, and why, with the answers.
fn asks(frame: &Frame, facts: &FailoverFacts, open: &[&OpenQuestion], environment: &str) -> Markup {
    let to = other(facts);
    let stack = facts.regions.get(&to).map_or(&frame.stack, |it| &it.stack);
    let plan = Call { mode: Some(CallMode::Plan), ..Call::of(Verb::Failover, &facts.estate, &facts.environment) };
    html! {
        @for question in open {
            table class="find" {
                thead { tr { th scope="col" { "asks" } th scope="col" { "because" } } }
                tbody {
                    @for (code, found) in &question.asks { tr { td { (Shape::Diamond.beside(Tone::Red)) " " b { (code) } } td { (text(found)) } } }
                    @if question.asks.is_empty() { tr { td { (Shape::Diamond.beside(Tone::Red)) } td { (text(&question.why)) } } }
                }
            }
            div class="acts" {
                @for button in answers(facts, question, environment, stack) { (button.drawn(frame)) }
                (Button::look(stack, Look::Button, "Show the plan", plan.clone()).drawn(frame))
            }
        }
    }
}

fn answers<'a>(
    facts: &FailoverFacts,
    question: &OpenQuestion,
    environment: &str,
    stack: &'a crate::facts::StackFacts,
) -> [Button<'a>; 2] {
    let call = |approved| Call {
        id: Some(question.id.clone()),
        approved: Some(approved),
        question: Some(question.mark.clone()),
        ..Call::of(Verb::Answer, &facts.estate, &facts.environment)
    };
    let codes: Vec<String> = question.asks.keys().map(ToString::to_string).collect();
    let codes = if codes.is_empty() { String::new() } else { format!(" This approves {}.", listed(&codes)) };
    let yes = format!(
        "Approve for {environment}: {}? {}{codes} Your name is in the record.",
        quoted(&question.what),
        what_moves(facts)
    );
    let no = format!(
        "Refuse for {environment}: {}? Nothing is changed, and the region that serves stays the one that serves. Your name is in \
         the record.",
        quoted(&question.what)
    );
    [
        Button::act(stack, Look::Primary, "Approve", call(true), yes),
        Button::act(stack, Look::Button, "Refuse", call(false), no),
    ]
}

/// The region that does not serve.
pub(super) fn other(facts: &FailoverFacts) -> Region {
    let serves = facts.pointer.known().map_or(&facts.home, |pointer| &pointer.active);
    if *serves == facts.home { facts.standby.clone() } else { facts.home.clone() }
}

/// What a move does, from its plan: capacity, singletons, traffic.
fn what_moves(facts: &FailoverFacts) -> String {
    let to = other(facts);
    let from = if to == facts.home { &facts.standby } else { &facts.home };
    let writes = facts.plan.known().map_or_else(
        || format!("What starts in {to} cannot be told now: it was not read."),
        |plan| format!("In {to}: {}.", confirm::writes(&plan.plan)),
    );
    let names: Vec<String> = facts.singletons.keys().map(ToString::to_string).collect();
    let starts = if names.len() == 1 { "starts only once it is" } else { "start only once they are" };
    let singletons = if names.is_empty() {
        String::new()
    } else {
        format!(" {} {starts} proved or said to be stopped in {from}.", listed(&names))
    };
    let traffic = facts.traffic.as_ref().map(|traffic| {
        let last =
            traffic.last_client_seconds.map(|s| format!(": about {s} s for the last client")).unwrap_or_default();
        format!(" Then {} moves{last}; nothing goes back by itself after that.", quoted(&traffic.name))
    });
    format!("{writes}{singletons}{}", traffic.unwrap_or_default())
}

/// Whether the other region could take over, what is missing, and the move there.
fn readiness(frame: &Frame, facts: &FailoverFacts, environment: &str, clock: &Clock<'_>) -> Markup {
    let to = other(facts);
    let home = to == facts.home;
    let heading = if home { "The way home".to_owned() } else { format!("If {} were lost", facts.home) };
    html! {
        h2 { (heading) }
        @match facts.readiness.known() {
            None => p class="mut" { "Readiness cannot be read: " (text(facts.readiness.why().unwrap_or_default())) },
            Some(None) => p class="mut" { "Nobody has looked yet whether " (to) " could take over." },
            Some(Some(readiness)) => {
                @let (shape, tone, _) = ready(readiness);
                p { (shape.beside(tone)) " " (text(&readiness.summary())) ". " span class="mut" { "Looked at " (clock.both(readiness.at)) "." } }
                (pair::findings(readiness))
            }
        }
        @if facts.pointer.known().is_some_and(|pointer| pointer.moving.is_none()) { (starts(frame, facts, environment)) }
    }
}

/// The plan and the start of a planned move, in the region that is to serve.
fn starts(frame: &Frame, facts: &FailoverFacts, environment: &str) -> Markup {
    let to = other(facts);
    let home = to == facts.home;
    let from = if home { &facts.standby } else { &facts.home };
    let Some(there) = facts.regions.get(&to) else { return html! {} };
    let verb = if home { Verb::Failback } else { Verb::Failover };
    let call = |mode| Call { mode: Some(mode), ..Call::of(verb, &facts.estate, &facts.environment) };
    let in_all = facts
        .took_seconds
        .map(|s| format!(" About {} min in all, as the last time.", (s + 30) / 60))
        .unwrap_or_default();
    let readiness = facts.readiness.known().and_then(Option::as_ref);
    let worse = readiness
        .filter(|it| !it.findings.is_empty())
        .map(|it| format!(" Readiness: {}.", ready(it).2))
        .unwrap_or_default();
    let confirmation = format!(
        "Start the planned move of {environment} from {from} {}to {to}? Tables have to catch up first, so nothing is lost. {} \
         Before traffic any failure takes everything back.{in_all}{worse} Guardrails are asked first.",
        if home { "home " } else { "" },
        what_moves(facts)
    );
    let marked = facts.plan.known().map(|plan| {
        let call = Call { plan: Some(plan.mark()), ..call(CallMode::Graceful) };
        let label = if home { "Move home, planned".to_owned() } else { format!("Move to {to}, planned") };
        Button::act(&there.stack, Look::Button, label, call, confirmation)
    });
    html! {
        div class="acts" {
            (Button::look(&there.stack, Look::Primary, "Show the plan", call(CallMode::Plan)).about(if home { "the way home" } else { "the move" }).drawn(frame))
            @if let Some(button) = marked { (button.drawn(frame)) } @else { span class="mut" { "The plan was not read, so nothing can be started here." } }
        }
    }
}

/// The services of which one runs anywhere, and their fences.
fn fences(facts: &FailoverFacts) -> Markup {
    let tasks = |region: &Region, service: &watchkeeper_domain::name::ServiceName| {
        let observed = facts.regions.get(region)?.observed.known()?;
        Some(
            observed
                .services
                .iter()
                .filter(|(id, _)| id.service == *service)
                .map(|(_, it)| it.running + it.pending)
                .sum::<u32>(),
        )
    };
    html! {
        h2 { "Singletons" }
        @if facts.singletons.is_empty() { p class="mut" { "The document names none." } }
        @for (service, fence) in &facts.singletons {
            dl class="kv" {
                dt { "service" } dd { code { (name(service.as_str())) } }
                dt { "fence" } dd { (text(fence)) }
                dt { "now" }
                dd {
                    @match (tasks(&facts.home, service), tasks(&facts.standby, service)) {
                        (Some(home), Some(standby)) if home > 0 && standby > 0 => { (Shape::Warning.beside(Tone::Red)) b { " runs in both regions" } }
                        (Some(home), Some(standby)) => { (Shape::Tick.beside(Tone::Green)) " " (home) " in " (facts.home) ", " (standby) " in " (facts.standby) }
                        _ => { (Shape::Dashed.beside(Tone::Grey)) " a region's ECS did not answer" }
                    }
                }
            }
        }
    }
}

fn by_hand(facts: &FailoverFacts) -> Markup {
    let input =
        |rest: &str| format!(r#"{{"estate": "{}", "environment": "{}", {rest}}}"#, facts.estate, facts.environment);
    let stack = facts.regions.get(&other(facts)).map_or("watchkeeper", |it| it.stack.name.as_str());
    html! {
        h2 { "By hand" }
        p { "To go on with a move that is held, start " code { (name(stack)) "-failover" } " in the region that is to serve with" }
        p class="cmd" { code { (input(r#""take-over": true"#)) } }
        p { "or, to take it back before traffic has moved, with" }
        p class="cmd" { code { (input(r#""take-over": true, "back": true"#)) } }
    }
}
