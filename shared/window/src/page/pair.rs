//! Both regions of a pair beside each other, and what was found of the one that does not serve.

use maud::{Markup, html};
use watchkeeper_domain::failover::readiness::{FindingGrade, Readiness};
use watchkeeper_domain::name::Region;

use crate::facts::{FailoverFacts, PairRegion, Reading};
use crate::html::{name, text};
use crate::shape::{Shape, Tone};
use crate::words::{Clock, counted, roughly, took};

/// The most findings that are listed.
const FINDINGS: usize = 12;

/// The two regions, with the pointer and the traffic between them.
pub(super) fn drawn(facts: &FailoverFacts, clock: &Clock<'_>) -> Markup {
    html! {
        (region(facts, &facts.home, clock))
        (between(facts))
        (region(facts, &facts.standby, clock))
    }
}

fn between(facts: &FailoverFacts) -> Markup {
    html! {
        div class="ptr" {
            @match facts.pointer.known() {
                None => p { b { "pointer" } ": cannot be read" },
                Some(pointer) => {
                    @let right = pointer.active == facts.standby;
                    svg class="big" width="150" height="26" viewBox="0 0 150 26" role="img" aria-label={ "Traffic goes to " (pointer.active) ", on the " (if right { "right" } else { "left" }) } {
                        @if right { path class="away" d="M2 12h132V6l13 7-13 7v-6H2z" {} } @else { path class="on" d="M148 12H16V6L3 13l13 7v-6h132z" {} }
                    }
                    p { b { "pointer" } ": " @match &pointer.moving { Some(moving) => { "moving to " (moving.to) ", " (moving.stage) } None => { "steady" } } }
                    p { "epoch " b { (pointer.epoch) } ", revision " (pointer.revision) }
                    @if !pointer.by.is_empty() { p class="mut" { "by " (name(&pointer.by)) } }
                    @if let Some(at) = facts.pointer.why() { p class="t-bad" { "not as of now: " (text(at)) } }
                }
            }
            @if let Some(traffic) = &facts.traffic {
                p { b { "traffic" } ": " (name(&traffic.name)) }
                p class="mut" { @match traffic.how.known() { Some(how) => (text(how)), None => { "cannot be read: " (text(traffic.how.why().unwrap_or_default())) } } }
            }
        }
    }
}

fn region(facts: &FailoverFacts, region: &Region, clock: &Clock<'_>) -> Markup {
    let pointer = facts.pointer.known();
    let serves = pointer.is_some_and(|pointer| pointer.active == *region);
    let part = match (pointer, serves, *region == facts.home) {
        (None, _, true) => "home",
        (None, _, false) => "the other region",
        (Some(_), true, true) => "home, serves",
        (Some(_), true, false) => "serves",
        (Some(_), false, true) => "home, stands by",
        (Some(_), false, false) => "stands by",
    };
    let away = serves && *region != facts.home;
    let (shape, tone) = if away {
        (Shape::Bars, Tone::Violet)
    } else if serves {
        (Shape::Disc, Tone::Awake)
    } else {
        (Shape::HollowBars, Tone::Grey)
    };
    html! {
        div class={ "reg" @if away { " s" } } {
            h2 { (shape.beside(tone)) " " (region) " " span class="mut" { (part) } }
            @match facts.regions.get(region) {
                None => p class="mut" { "Nothing of it was read." },
                Some(it) => { (signs(it, clock)) (services(facts, it)) }
            }
        }
    }
}

/// What a region says of itself, and what others see of it.
fn signs(region: &PairRegion, clock: &Clock<'_>) -> Markup {
    let ago = |at| roughly(clock.now().duration_since(at));
    html! {
        dl class="kv" {
            dt { "stack" }
            dd { (told(&region.heartbeat, |beat| html! {
                @match beat { Some(beat) => { "heard " (ago(beat.at)) " ago, epoch " (beat.epoch) } None => b { "never heard" } }
            })) }
            dt { "settled" }
            dd { (told(&region.settled, |it| html! {
                @match it { Some(it) => { "epoch " (it.epoch) ", " (clock.shown(it.at)) } None => { "nothing yet: it has never moved" } }
            })) }
            dt { "probe" }
            dd { (told(&region.probe, |it| html! {
                @match it {
                    None => { "nobody probes it" }
                    Some(it) if it.failed == 0 => { (it.asked) " of " (counted(it.asked as usize, "path")) " " (if it.asked == 1 { "answers" } else { "answer" }) }
                    Some(it) => b { (it.asked - it.failed.min(it.asked)) " of " (counted(it.asked as usize, "path")) " answer" @if let Some(since) = it.since { ", since " (clock.time(since)) } }
                }
            })) }
            dt { "alarms" }
            dd { (told(&region.alarms, |alarms| html! {
                @if alarms.is_empty() { "none is evidence" }
                @for (place, (alarm, state)) in alarms.iter().enumerate() {
                    @if place > 0 { ", " }
                    (name(alarm.as_str())) " " @if state == "OK" { (name(state)) } @else { b { (name(state)) } }
                }
            })) }
            dt { "lag" }
            dd { (told(&region.lag_ms, |lag| html! { @match lag { Some(ms) => (took(i64::try_from(*ms).unwrap_or(i64::MAX))), None => { "AWS does not tell" } } })) }
            dt { "quota" }
            dd { (told(&region.vcpu, |vcpu| html! { @match vcpu { Some(n) => { (n) " vCPU" } None => { "AWS does not tell" } } })) }
        }
    }
}

/// A reading, or that there is none.
fn told<T>(reading: &Reading<T>, shown: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @match reading {
            Reading::Now(value) => (shown(value)),
            Reading::Last { value, at, .. } => { (shown(value)) " " span class="t-bad" { "as of " (at.strftime("%H:%M UTC").to_string()) } }
            Reading::Unread { why } => b { "no answer: " (text(why)) },
        }
    }
}

fn services(facts: &FailoverFacts, region: &PairRegion) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { "service" } th scope="col" class="r" { "tasks" } } }
            tbody {
                @match region.observed.known() {
                    None => tr { td { "ECS: " (text(region.observed.why().unwrap_or_default())) } td class="r" { "?" } },
                    Some(observed) => {
                        @for (id, count) in observed.services.iter().take(super::parts::CHANGES) {
                            tr {
                                th scope="row" { code { (name(id.service.as_str())) } @if facts.singletons.contains_key(&id.service) { " " small { "singleton" } } }
                                td class="r" { @if count.running == count.wanted { (count.running) " of " (count.wanted) } @else { b { (count.running) " of " (count.wanted) } } }
                            }
                        }
                        @if observed.services.len() > super::parts::CHANGES { tr { td { "and " (observed.services.len() - super::parts::CHANGES) " more" } td {} } }
                    }
                }
            }
        }
    }
}

/// What was found of the region that does not serve, with what to do.
pub(super) fn findings(readiness: &Readiness) -> Markup {
    html! {
        @if !readiness.findings.is_empty() {
            table class="find" {
                thead { tr { th scope="col" { "grade" } th scope="col" { "finding" } th scope="col" { "found" } th scope="col" { "what to do" } } }
                tbody {
                    @for finding in readiness.findings.iter().take(FINDINGS) {
                        @let (shape, tone) = match finding.grade {
                            FindingGrade::Note => (Shape::Note, Tone::Grey),
                            FindingGrade::Degrades => (Shape::Warning, Tone::Amber),
                            FindingGrade::Blocks => (Shape::Cross, Tone::Red),
                        };
                        tr {
                            td { (shape.beside(tone)) " " (finding.grade) }
                            td { b { (finding.code) } br; code { (text(&finding.resource)) } }
                            td { "found " (text(&finding.found)) ", expected " (text(&finding.expected)) }
                            td { (text(&finding.advice)) }
                        }
                    }
                    @if readiness.findings.len() > FINDINGS { tr { td {} td { "and " (readiness.findings.len() - FINDINGS) " more" } td {} td {} } }
                }
            }
        }
    }
}
