//! The window: what needs a person, then every environment.

use std::collections::BTreeSet;

use maud::{Markup, html};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::{EnvironmentName, EstateName};

use super::estates::{estates, key};
use super::frame::{Button, Look, acting, instant, read};
use super::{needs, row};
use crate::call::{Call, Verb};
use crate::confirm;
use crate::facts::{EnvironmentFacts, Frame, FunctionArn, Reading, WindowFacts};
use crate::html::{Html, text};
use crate::next::Next;
use crate::person;
use crate::shape::{Shape, Tone};
use crate::state::{Calm, EnvironmentState, Matter};
use crate::style::Styles;
use crate::words::{Clock, counted, grouped, length, listed};

/// The most environments that are shown in full; above it, each has a line.
pub const FULL_MAX: usize = 12;

/// The most environments that have a line of their own; above it, calm estates are one line each.
pub const LINES_MAX: usize = 100;

/// The most bytes of a page.
pub const BYTES_MAX: usize = 60_000;

/// Which environments are shown at all (the widget's parameter `only`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// All.
    #[default]
    All,
    /// Those that need a person.
    Person,
    /// Those that are asleep.
    Asleep,
    /// Those that are awake.
    Awake,
}

/// What of the window is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Only this estate.
    pub estate: Option<EstateName>,
    /// Only this environment of it.
    pub environment: Option<EnvironmentName>,
    /// Only these.
    pub only: Shown,
}

/// How much a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Full,
    Lines,
    Folded,
}

/// The window.
pub fn window(frame: &Frame, facts: &WindowFacts, selection: &Selection) -> Html {
    let states: Vec<EnvironmentState<'_>> =
        rows(facts).map(|(row, halt)| EnvironmentState::of(row, halt, frame.now)).collect();
    let chosen: Vec<EnvironmentState<'_>> = states.iter().filter(|it| selection.has(it)).cloned().collect();
    let details = [Detail::Full, Detail::Lines, Detail::Folded];
    let most = if chosen.len() > LINES_MAX { 2 } else { usize::from(chosen.len() > FULL_MAX) };
    let mut page = drawn(frame, facts, &chosen, details[most]);
    // Rows with much to tell may not fit in full: then they are told in lines.
    for detail in details.into_iter().skip(most + 1) {
        if page.as_str().len() <= BYTES_MAX {
            break;
        }
        page = drawn(frame, facts, &chosen, detail);
    }
    page
}

/// The rows of all stacks, each once, with the halt switch of everything of its stack: those of this stack first.
fn rows(facts: &WindowFacts) -> impl Iterator<Item = (&EnvironmentFacts, &Reading<Option<HaltSwitch>>)> {
    let stacks = std::iter::once(&facts.own).chain(facts.peers.values().filter_map(Reading::known));
    let all = stacks.flat_map(|stack| stack.environments.iter().map(move |row| (row, &stack.halt)));
    let mut seen = BTreeSet::new();
    all.filter(move |(row, _)| seen.insert((&row.estate, &row.environment)))
}

impl Selection {
    fn has(&self, state: &EnvironmentState<'_>) -> bool {
        let named = self.estate.as_ref().is_none_or(|it| *it == state.facts.estate)
            && self.environment.as_ref().is_none_or(|it| *it == state.facts.environment);
        named
            && match self.only {
                Shown::All => true,
                Shown::Person => !person::needs(std::slice::from_ref(state)).is_empty() || state.matter.is_some(),
                Shown::Asleep => state.calm == Calm::Asleep,
                Shown::Awake => state.calm != Calm::Asleep,
            }
    }
}

fn drawn(frame: &Frame, facts: &WindowFacts, states: &[EnvironmentState<'_>], detail: Detail) -> Html {
    let styles: &[Styles] = if detail == Detail::Full { &[Styles::Window] } else { &[Styles::Window, Styles::Many] };
    let content = html! {
        div class="top" { span { b { "Watchkeeper" } " \u{a0}" (instant(frame)) } span { (read(frame)) } }
        (head(frame, facts, states, detail))
        (silent(facts))
        (acting(frame))
        (estates(frame, states, detail))
        @if detail == Detail::Full { (key()) }
        (end(frame, facts, states))
    };
    Html::page(frame, styles, "Watchkeeper, the operator's window", &content)
}

/// How many need a person, or that all is quiet: only where everything was read.
fn head(frame: &Frame, facts: &WindowFacts, states: &[EnvironmentState<'_>], detail: Detail) -> Markup {
    let needs = person::needs(states);
    let silent = facts.peers.values().filter(|it| it.now().is_none()).count();
    let unread = person::unread(states);
    let sum = summary(states, detail);
    let mut gaps = Vec::new();
    if unread > 0 {
        gaps.push(format!("{} cannot be read", counted(unread, "environment")));
    }
    if silent > 0 {
        gaps.push(format!("{} did not answer", counted(silent, "peer")));
    }
    let gaps = listed(&gaps);
    html! {
        @if !needs.is_empty() {
            div class="head" {
                (Shape::Warning.beside(Tone::Red))
                h1 { (needs.len()) @if needs.len() == 1 { " needs a person" } @else { " need a person" } }
                span class="mut" { "what runs out first, then the oldest" @if !gaps.is_empty() { "; " b class="t-bad" { (gaps) } } }
                span class="sum" { (sum) }
            }
            (needs::drawn(frame, &needs))
        } @else if !gaps.is_empty() {
            div class="head calm" {
                (Shape::Dashed.beside(Tone::Grey)) h1 { "Not everything could be read" }
                span class="mut" { (gaps) ". Nothing else needs a person." } span class="sum" { (sum) }
            }
        } @else {
            div class="head calm" {
                (Shape::Tick.beside(Tone::Green)) h1 { "All quiet" }
                span class="mut" { "Nothing needs a person." (coming(frame, states)) } span class="sum" { (sum) }
            }
        }
    }
}

/// What comes next of all.
fn coming(frame: &Frame, states: &[EnvironmentState<'_>]) -> Markup {
    let Some((state, next, at)) = person::first_to_come(states) else { return html! {} };
    let clock = Clock::new(&state.facts.zone, frame.now);
    let what = match next {
        Next::Turns { awake: true, .. } => "wakes",
        Next::Turns { awake: false, .. } => "goes to sleep",
        Next::GivenBack { .. } => "gets its baseline back",
        _ => "has an override that ends",
    };
    html! { " Next: " (confirm::name(state)) " " (what) " " (clock.shown(at)) ", in " (length(at.duration_since(frame.now))) "." }
}

fn summary(states: &[EnvironmentState<'_>], detail: Detail) -> String {
    let count = |is: &dyn Fn(&EnvironmentState<'_>) -> bool| states.iter().filter(|it| is(it)).count();
    let estates: BTreeSet<&EstateName> = states.iter().map(|it| &it.facts.estate).collect();
    if detail != Detail::Full {
        return format!(
            "{} in {} · one line each; an estate's name opens it in full",
            counted(states.len(), "environment"),
            counted(estates.len(), "estate")
        );
    }
    let asleep = count(&|it| it.calm == Calm::Asleep);
    let unread = count(&|it| matches!(it.matter, Some(Matter::Unread(_))));
    let mut rest: Vec<String> = Vec::new();
    let mut told = |n: usize, what: &str| {
        if n > 0 {
            rest.push(format!("{n} {what}"));
        }
    };
    told(count(&|it| matches!(it.calm, Calm::At(_))), "in an emergency");
    told(count(&|it| matches!(it.calm, Calm::ServingFrom(_))), "away from home");
    told(count(&|it| it.halt.is_some()), "halted");
    told(unread, "not read");
    let rest = if rest.is_empty() { String::new() } else { format!(" · {}", rest.join(", ")) };
    format!(
        "{} · {} awake, {asleep} asleep{rest}",
        counted(states.len(), "environment"),
        states.len() - asleep - unread
    )
}

/// Peers that did not answer: their rows are not there, or as of some time.
fn silent(facts: &WindowFacts) -> Markup {
    let silent: Vec<(&FunctionArn, &str)> =
        facts.peers.iter().filter_map(|(peer, rows)| Some((peer, rows.why()?))).collect();
    html! {
        @for (peer, why) in silent {
            p class="mut peer" {
                (Shape::Dashed.beside(Tone::Grey)) " " b { (peer.account()) " in " (peer.region()) } " cannot be read: " (text(why))
            }
        }
    }
}

/// What was saved, whose clocks these are, and the most dangerous button.
fn end(frame: &Frame, facts: &WindowFacts, states: &[EnvironmentState<'_>]) -> Markup {
    let slept: Vec<u64> = states.iter().filter_map(|it| it.ledger?.asleep_seconds).filter(|s| *s > 0).collect();
    let saved: Vec<u64> = states.iter().filter_map(|it| it.facts.saved_cents).collect();
    let halted = facts.own.halt.known().is_some_and(Option::is_some);
    let all = Call { verb: Verb::HaltAll, ..Call::default() };
    html! {
        p class="fin" {
            @if !slept.is_empty() {
                "Asleep this month: " (grouped(slept.iter().sum::<u64>() / 3600)) " h in " (counted(slept.len(), "environment")) ". "
            }
            @if !saved.is_empty() {
                "Saved about " (row::usd(saved.iter().sum())) " in the " (saved.len()) " that declare " code { "awake-cost" } ". "
            }
            "The strips show " (frame.viewer.clock) " time; each row says its own zone. "
            @if !halted {
                (Button::act(&frame.stack, Look::Quiet, "Halt everything", all, confirm::halt_everything(facts.own.environments.len())).drawn(frame))
            }
        }
    }
}
