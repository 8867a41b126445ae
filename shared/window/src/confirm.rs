//! What a button asks before it acts: what it does, until when, what is written, what then happens by itself, and what is not
//! touched. Made of the plan of that moment; anybody else's words stand in quotation marks.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::capacity::DatabasePower;
use watchkeeper_domain::plan::{CapacityChange, Plan};
use watchkeeper_domain::schedule::CalendarDecision;
use watchkeeper_domain::violation::Severity;

use crate::facts::{Offer, OfferedIntent, PlanFacts};
use crate::html::quoted;
use crate::state::EnvironmentState;
use crate::words::{Clock, counted, length, listed, sentence};

/// The end of every confirmation of a plan.
const GUARDRAILS: &str = "Guardrails are asked first.";

/// What is written, in totals: `1 database starts, then 2 services go from 0 to 1 task each`.
pub fn writes(plan: &Plan) -> String {
    let (mut counts, mut bounds): (BTreeMap<(u32, u32), usize>, BTreeMap<String, usize>) =
        (BTreeMap::new(), BTreeMap::new());
    let (mut starts, mut stops) = (0, 0);
    let (mut shown, mut hidden) = (false, false);
    let mut releases = Vec::new();
    for action in plan.actions() {
        match &action.change {
            CapacityChange::Count { from, to, .. } => *counts.entry((*from, *to)).or_default() += 1,
            CapacityChange::Scaling { to, .. } => *bounds.entry(format!("{}..{}", to.min, to.max)).or_default() += 1,
            CapacityChange::Release { service, from, to } => {
                releases.push(format!("{} goes from release {from} to {to}", service.service));
            }
            CapacityChange::Database { to: DatabasePower::On, .. } => starts += 1,
            CapacityChange::Database { to: DatabasePower::Off, .. } => stops += 1,
            CapacityChange::Rule { page: true, .. } => shown = true,
            CapacityChange::Rule { page: false, .. } => hidden = true,
        }
    }
    let mut parts: Vec<String> = Vec::new();
    if shown {
        parts.push("the page is shown".to_owned());
    }
    if starts > 0 {
        parts.push(format!("{} {}", counted(starts, "database"), if starts == 1 { "starts" } else { "start" }));
    }
    parts.extend(releases);
    for ((from, to), n) in &counts {
        let tasks = if *to == 1 { "task" } else { "tasks" };
        let (go, each) = if *n == 1 { ("goes", "") } else { ("go", " each") };
        parts.push(format!("{} {go} from {from} to {to} {tasks}{each}", counted(*n, "service")));
    }
    for (to, n) in &bounds {
        parts.push(format!("the bounds of {} become {to}", counted(*n, "service")));
    }
    if stops > 0 {
        parts.push(format!("{} {}", counted(stops, "database"), if stops == 1 { "stops" } else { "stop" }));
    }
    if hidden {
        parts.push("the page is taken away".to_owned());
    }
    if parts.is_empty() { "Nothing is written now".to_owned() } else { sentence(&parts.join(", then ")) }
}

/// What is written, for how long, and what would stop it.
fn planned(plan: &PlanFacts, took_seconds: Option<u32>) -> String {
    let took = took_seconds.filter(|_| !plan.plan.is_empty());
    let took = took.map(|s| format!("; about {} min", (s + 30) / 60)).unwrap_or_default();
    let stopping = plan.violations.iter().filter(|it| it.severity > Severity::Warn);
    let mut codes: Vec<String> = stopping.map(|it| it.code.to_string()).collect();
    codes.dedup();
    let stopped = if codes.is_empty() {
        String::new()
    } else {
        format!(" As it is now, it would be refused by {}.", listed(&codes))
    };
    format!("{}{took}.{stopped}", writes(&plan.plan))
}

/// What the calendar does from an instant on: `it goes to sleep at Wed 17:00 PST (01:00 UTC), in 40 min`.
fn calendar_says(decision: &CalendarDecision, clock: &Clock<'_>) -> String {
    let turn = if decision.awake { "goes to sleep" } else { "wakes" };
    decision.until.map_or_else(
        || format!("it stays {}", if decision.awake { "awake" } else { "asleep" }),
        |at| format!("it {turn} at {}, in {}", clock.both(at), length(at.duration_since(clock.now()))),
    )
}

/// The confirmation of an offered intent.
pub fn offer(state: &EnvironmentState<'_>, offer: &Offer, clock: &Clock<'_>) -> String {
    let name = name(state);
    let plan = planned(&offer.plan, offer.took_seconds);
    match &offer.intent {
        OfferedIntent::Awake { until } if state.wants_sleep() => {
            format!("Wake {name} until {}? {plan} {} {GUARDRAILS}", clock.both(*until), then(state, *until))
        }
        OfferedIntent::Awake { until } => {
            let instead = state.until().map(|at| format!(" instead of {}", clock.bare(at))).unwrap_or_default();
            format!(
                "Keep {name} awake until {}{instead}? {plan} The calendar decides again after that. {GUARDRAILS}",
                clock.both(*until)
            )
        }
        OfferedIntent::Asleep { until } => {
            format!("Put {name} to sleep until {}? {plan} {} {GUARDRAILS}", clock.both(*until), then(state, *until))
        }
        OfferedIntent::AsScheduled => {
            let says = state.calendar.as_ref().map_or_else(
                || "Nothing decides any more: it gets its baseline back.".to_owned(),
                |decision| {
                    let at_once = decision.awake == state.wants_sleep();
                    let now = if decision.awake { "it wakes now" } else { "it goes to sleep now" };
                    let says = calendar_says(decision, clock);
                    if at_once {
                        format!("The calendar decides again at once: {now}; {says}.")
                    } else {
                        format!("The calendar decides again: {says}.")
                    }
                },
            );
            format!("Take back the override of {name}? {says} {plan} {GUARDRAILS}")
        }
        OfferedIntent::GiveBack { profile } => {
            let loud = state.ledger.into_iter().flat_map(|it| &it.alarms).filter(|(_, quiet)| quiet.is_none());
            let loud: Vec<String> = loud.map(|(alarm, _)| quoted(alarm.as_str())).collect();
            let cool_down = state.facts.profiles.iter().find(|it| it.name == *profile).map(|it| it.cool_down_seconds);
            let alarms = if loud.is_empty() {
                String::new()
            } else {
                let still = if loud.len() == 1 { "is still in ALARM, and it" } else { "are still in ALARM, and they" };
                let seconds = i64::try_from(cool_down.unwrap_or_default()).unwrap_or(i64::MAX);
                let for_how_long = length(SignedDuration::from_secs(seconds));
                format!("{} {still} will not be answered again for {for_how_long}. ", listed(&loud))
            };
            format!("Give back {profile} in {name} now? {alarms}{plan} {GUARDRAILS}")
        }
    }
}

/// What happens by itself once an intent ends.
fn then(state: &EnvironmentState<'_>, until: Timestamp) -> String {
    let Some(calendar) = &state.facts.calendar else {
        return "Then it gets its baseline back, by itself.".to_owned();
    };
    if calendar.calendar().says(until).0 {
        "Then it is awake again, by itself.".to_owned()
    } else {
        "Then it is put to sleep again, by itself.".to_owned()
    }
}

/// The name of an environment, such as `clos-v2 dev`.
pub(crate) fn name(state: &EnvironmentState<'_>) -> String {
    format!("{} {}", state.facts.estate, state.facts.environment)
}

/// The confirmation of a halt.
pub fn halt(environment: &str) -> String {
    format!(
        "Halt {environment}? No run writes to it any more, until somebody lifts the halt: it neither sleeps nor wakes, no alarm \
         scales it, no emergency is given back. What runs, runs on. Everybody is told, with your name and reason."
    )
}

/// The confirmation of a halt of everything.
pub fn halt_everything(environments: usize) -> String {
    format!(
        "Halt everything? From now on no run of this stack writes, in all {environments} environments: nothing sleeps or wakes, no \
         alarm scales, no emergency is given back, until somebody lifts it. What runs, runs on. Your name and reason go into the \
         ledger and into the message."
    )
}

/// The confirmation of lifting a halt.
pub fn lift(state: &EnvironmentState<'_>, clock: &Clock<'_>) -> String {
    let calm = state
        .calendar
        .as_ref()
        .filter(|_| state.chosen().is_none_or(|it| it.layer == watchkeeper_domain::intent::Layer::Schedule));
    let says = calm
        .map(|decision| format!(" The calendar decides again: {}.", calendar_says(decision, clock)))
        .unwrap_or_default();
    let reason = state.halt.map(|halt| format!(" It was set for: {}", quoted(&halt.reason))).unwrap_or_default();
    format!(
        "Lift the halt of {}?{says} What was due while it was halted is done with the next tick.{reason}",
        name(state)
    )
}

/// The confirmation of a backup.
pub fn backup(environment: &str, resource: &BackupSource) -> String {
    format!(
        "Back up {resource} of {environment} now? One on-demand backup is taken and verified. No other resource is touched, and \
         nothing is pruned unless the new one is good."
    )
}

/// The confirmation of a restore drill.
pub fn drill(environment: &str, resource: &BackupSource, took_seconds: Option<i64>) -> String {
    let took = took_seconds
        .map(|s| format!("; the last one took {}", crate::words::took(s.saturating_mul(1000))))
        .unwrap_or_default();
    format!(
        "Start a restore drill of {resource} of {environment}? The newest good copy is restored under another name, checked, and \
         removed again{took}. The original is not touched. What is restored costs while it stands."
    )
}
