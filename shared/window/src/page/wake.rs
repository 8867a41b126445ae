//! The page in the place of an environment that sleeps. It runs nothing and loads nothing: the button is a form, and while it wakes
//! the browser asks anew by itself, until it is the application that answers.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::Zone;
use watchkeeper_domain::wake_page::{WakeProgress, WakeState};

use crate::facts::{WakeNotice, WakePageFacts};
use crate::html::{Html, name, text};
use crate::shape::{Shape, Tone};
use crate::style::Styles;
use crate::words::{self, Clock, counted, listed};

/// The hidden field of the button, the first of its form: nothing else that is sent to the page begins so.
pub const WAKE_FIELD: &str = "watchkeeper-wake";
/// The field for the word that has to be typed.
pub const TOKEN_FIELD: &str = "token";

/// How often a browser asks anew while it wakes, in seconds; and where that takes longer than an hour.
const ANEW: u32 = 5;
/// See [`ANEW`].
const SELDOM: u32 = 60;

/// The longest word that can be typed, in characters.
const TOKEN_MAX: u32 = 200;

/// The page of an environment.
pub fn wake(facts: &WakePageFacts) -> Html {
    let clock = Clock::new(&facts.zone, facts.now);
    let called = format!("{} {}", facts.estate, facts.environment);
    let (shape, tone, is, refresh) = match &facts.state {
        WakeState::Asleep { .. } => (Shape::Crescent, Tone::Grey, "is asleep", None),
        WakeState::Waking { since } => (Shape::Crescent, Tone::Awake, "wakes", Some(anew(facts.now, *since))),
        WakeState::Awake => (Shape::Disc, Tone::Awake, "is awake", Some(ANEW)),
    };
    let content = html! {
        @if let Some(about) = &facts.about { p class="mut" { (text(about)) } }
        h1 { (shape.beside(tone)) span { (name(&called)) " " (is) } }
        @if let Some(notice) = &facts.notice { (said(notice, &clock)) }
        @match &facts.state {
            WakeState::Asleep { since, until, failed } => {
                p {
                    @if let Some(since) = since { "Since " (clock.shown(*since)) ". " }
                    @match until {
                        Some(until) => { "It wakes by itself on " (clock.shown(*until)) "." }
                        None => "It does not wake by itself."
                    }
                }
                @if let Some(what) = resources(facts) { p class="mut" { "Asleep: " (what) "." } }
                @if let Some(outcome) = failed { p class="said" role="status" { "It was tried to wake it, and that ended as " b { (outcome) } "." } }
                (button(facts, &clock))
            }
            WakeState::Waking { since } => {
                p { "Since " (clock.shown(*since)) ". This page goes by itself once the application answers." }
                (progress(facts.progress.as_ref()))
                @if let Some(usual) = facts.usual { p class="mut" { "It usually takes " (words::length(usual)) "." } }
            }
            WakeState::Awake => { p { "This page goes by itself in a moment." } }
        }
        (whom_to_ask(facts.owner.as_deref()))
    };
    site(&format!("{called} {is}"), refresh, &content)
}

fn anew(now: Timestamp, since: Timestamp) -> u32 {
    if now.duration_since(since) > SignedDuration::from_hours(1) { SELDOM } else { ANEW }
}

fn resources(facts: &WakePageFacts) -> Option<String> {
    let kinds = [(facts.services, "service"), (facts.databases, "database")];
    let told: Vec<String> = kinds.iter().filter(|(n, _)| *n > 0).map(|(n, kind)| counted(*n, kind)).collect();
    (!told.is_empty()).then(|| listed(&told))
}

fn button(facts: &WakePageFacts, clock: &Clock<'_>) -> Markup {
    let lasts = words::length(facts.lasts.signed());
    html! {
        @if facts.halted && facts.notice.is_none() {
            (said(&WakeNotice::Halted, clock))
        } @else if !facts.halted && facts.left == 0 && facts.notice.is_none() {
            p class="said" { "It was woken here as often as it may be in one day." }
        } @else if !facts.halted && facts.left > 0 {
            form method="post" {
                input type="hidden" name=(WAKE_FIELD) value={ (facts.estate) "/" (facts.environment) };
                @if facts.asks_token {
                    label { "The word that wakes it " input type="password" name=(TOKEN_FIELD) required maxlength=(TOKEN_MAX) autocomplete="off"; }
                }
                button class="btn btn-primary" { "Wake it for " (lasts) }
            }
            p class="mut" {
                small {
                    @if let Some(usual) = facts.usual { "It usually takes " (words::length(usual)) ". " }
                    "Afterwards it sleeps again by itself. The button works "
                    @if facts.left == 1 { "once more" } @else { (facts.left) " more times" }
                    " today."
                }
            }
        }
    }
}

fn said(notice: &WakeNotice, clock: &Clock<'_>) -> Markup {
    html! {
        p class="said" role="alert" {
            @match notice {
                WakeNotice::WrongToken => "That is not the word. Nothing was started.",
                WakeNotice::Halted => "All changes are halted for now, so it cannot be woken here.",
                WakeNotice::UsedUp { at_most, again } => {
                    "It was woken here as often as it may be in one day (" (at_most) "). The button works again on " (clock.shown(*again)) "."
                }
                WakeNotice::NotStarted => "Nothing could be started. It does not count: press once more in a moment.",
            }
        }
    }
}

fn progress(progress: Option<&WakeProgress>) -> Markup {
    let Some(progress) = progress else { return html! { p role="status" { "It is about to begin." } } };
    let line = |what: &str, (up, all): (usize, usize)| {
        let (shape, tone) = if up == all { (Shape::Tick, Tone::Green) } else { (Shape::Dashed, Tone::Grey) };
        html! { @if all > 0 { li { (shape.beside(tone)) span { (up) " of " (counted(all, what)) " up" } } } }
    };
    html! {
        ul role="status" {
            (line("database", progress.databases))
            (line("service", progress.services))
            @if !progress.starting.is_empty() { li { span class="mut" { "starting: " (text(&listed(&progress.starting))) } } }
        }
    }
}

fn whom_to_ask(owner: Option<&str>) -> Markup {
    html! { @if let Some(owner) = owner { p class="mut" { small { "Questions: " (name(owner)) } } } }
}

/// The page of an environment of which nothing can be read.
pub fn wake_unread(scope: &Scope, zone: &Zone, now: Timestamp) -> Html {
    let called = format!("{} {}", scope.estate, scope.environment);
    let clock = Clock::new(zone, now);
    let content = html! {
        h1 { (Shape::Dashed.beside(Tone::Grey)) span { (name(&called)) } }
        p { "At " (clock.shown_hour(now)) " it cannot be told how it is. Come again in a moment." }
    };
    site(&called, None, &content)
}

/// The page of a form that is not the button's.
pub fn wake_not_understood(field: &str, found: &str, expected: &str) -> Html {
    let content = html! {
        h1 { (Shape::Bar.beside(Tone::Red)) span { "This request is not understood" } }
        p { "Nothing was started." }
        p { code { (name(field)) } ": found " (text(found)) ", expected " (text(expected)) "." }
    };
    site("Not understood", None, &content)
}

/// The page of a press that came from another site, or from a program.
pub fn wake_pressed_elsewhere() -> Html {
    let content = html! {
        h1 { (Shape::Bar.beside(Tone::Red)) span { "Nothing was started" } }
        p { "The button counts where it is pressed on its own page, in a browser." }
    };
    site("Nothing was started", None, &content)
}

fn site(title: &str, refresh: Option<u32>, content: &Markup) -> Html {
    Html::site(title, refresh, &[Styles::Wake], &html! { div class="box" { (content) } })
}
