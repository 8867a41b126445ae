//! Plans on a page: what would be done now, and the form for more capacity.

use maud::{Markup, html};

use super::frame::{Button, Look, acting};
use super::parts::{Extent, guardrails, page, plan as table, stale, title, unread};
use crate::call::{Call, Verb};
use crate::confirm;
use crate::facts::{EmergencyFacts, EmergencyProfile, Frame, PlanFacts, PlanPageFacts, Reading};
use crate::html::{Html, name, text};
use crate::shape::{Shape, Tone};
use crate::words::{Clock, length, listed};
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_domain::violation::Severity;

/// The page of a plan. Nothing was started for it.
pub fn plan(frame: &Frame, facts: &PlanPageFacts) -> Html {
    let environment = format!("{} {}", facts.scope.estate, facts.scope.environment);
    let (label, path) = (format!("Plan of {environment}"), [environment.as_str(), "plan"]);
    let clock = Clock::new(&facts.zone, frame.now);
    let it = match &facts.plan {
        Reading::Unread { why } => return unread(frame, &label, &path, why),
        Reading::Now(it) | Reading::Last { value: it, .. } => it,
    };
    let (shape, tone, words) = verdict(it);
    let content = html! {
        (title(shape, tone, &words, &html! { span class="mut" { "computed from what was just read; nothing was started" } }))
        (stale(facts.plan.why(), &clock, facts.plan.as_of()))
        (judged(it))
    };
    page(frame, &[], &label, &path, &content)
}

/// A plan with what led to it and what the guardrails say.
pub(super) fn judged(plan: &PlanFacts) -> Markup {
    html! {
        section {
            dl class="kv" {
                dt { "why" }
                dd {
                    @if plan.deciding.is_empty() { "nothing is wanted beyond the baseline" }
                    @for intent in &plan.deciding { p { (text(&intent.to_string())) } }
                }
                @for awaited in plan.plan.awaited.iter().take(super::parts::CHANGES) { dt { "on its way" } dd { (text(&awaited.to_string())) } }
            }
        }
        section class="cols" { div { (table(&plan.plan, Extent::Page)) } div { (guardrails(&plan.violations, Extent::Page)) } }
    }
}

/// What a plan comes to, in a line.
fn verdict(plan: &PlanFacts) -> (Shape, Tone, String) {
    match plan.verdict {
        Verdict::Nothing => (Shape::Tick, Tone::Green, "Nothing is to be done".to_owned()),
        Verdict::Apply => (Shape::Arrows, Tone::Awake, format!("Would be done: {}", confirm::writes(&plan.plan))),
        Verdict::Drift => (Shape::Waves, Tone::Amber, "Somebody else changed it, and it is left alone".to_owned()),
        Verdict::Hindered => (Shape::Warning, Tone::Amber, "What differs cannot be changed now".to_owned()),
        Verdict::Refused => {
            let stopping = plan.violations.iter().filter(|it| it.severity > Severity::Warn);
            let mut codes: Vec<String> = stopping.map(|it| it.code.to_string()).collect();
            codes.dedup();
            (Shape::Bar, Tone::Red, format!("Would be refused by {}", listed(&codes)))
        }
    }
}

/// The form for more capacity: each profile with the plan that it comes to.
pub fn emergency(frame: &Frame, facts: &EmergencyFacts) -> Html {
    let environment = format!("{} {}", facts.scope.estate, facts.scope.environment);
    let (label, path) = (format!("More capacity for {environment}"), [environment.as_str(), "scale out"]);
    let content = html! {
        (title(Shape::Triangle, Tone::Amber, &format!("More capacity for {environment}"), &html! {
            span class="mut" { "it is given back by itself; the guardrails are asked first" }
        }))
        section {
            (acting(frame))
            form class="frm" {
                label { "for " input name="for" maxlength="20" placeholder="as the profile says"; }
                span class="mut" { "such as 30m or 2h" }
            }
        }
        @if facts.profiles.is_empty() { section { p { "The document names no profile: there is nothing to scale to." } } }
        @for (profile, plan) in &facts.profiles { (offered(frame, facts, &environment, profile, plan)) }
    };
    page(frame, &[], &label, &path, &content)
}

fn offered(
    frame: &Frame,
    facts: &EmergencyFacts,
    environment: &str,
    profile: &EmergencyProfile,
    plan: &Reading<PlanFacts>,
) -> Markup {
    let lasts = length(jiff::SignedDuration::from_secs(i64::try_from(profile.lasts_seconds).unwrap_or(i64::MAX)));
    let known = plan.known();
    let button = known.map(|plan| {
        let call = Call {
            profile: Some(profile.name.clone()),
            plan: Some(plan.mark()),
            ..Call::of(Verb::Scale, &facts.scope.estate, &facts.scope.environment)
        };
        let confirmation = format!(
            "Scale {environment} to {}? {}. It is given back by itself after {lasts}, or when the time in the form is over. \
             Guardrails are asked first.",
            profile.name,
            confirm::writes(&plan.plan)
        );
        Button::act(&facts.stack, Look::Primary, format!("Scale to {}", profile.name), call, confirmation)
    });
    html! {
        section {
            h2 { (name(profile.name.as_str())) " " span class="mut" { "for " (lasts) " where nothing else is said" } }
            @match plan {
                Reading::Unread { why } => p class="mut" { "What it comes to cannot be read: " (text(why)) },
                Reading::Now(it) | Reading::Last { value: it, .. } => div class="cols" { div { (table(&it.plan, Extent::Page)) } div { (guardrails(&it.violations, Extent::Page)) } },
            }
            div class="acts" { @if let Some(button) = button { (button.drawn(frame)) } }
        }
    }
}
