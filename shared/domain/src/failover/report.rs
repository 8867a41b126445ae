//! What people and programs read of a move: the plan, the message, the event.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::event_sources;
use super::fence::{SKEW, SWITCH_TIME};
use super::own_steps;
use super::rehearsal::seconds;
use super::rehearsal::{CapacityCertificate, certificate_lines, rehearsed};
use super::traffic::expected;
use super::{Move, MoveEnding, MovePhase};
use crate::estate::{Failover, FencePolicy, TrafficStrategy};
use crate::message::{Machine, MachineStart, Message, MessageContext};
use crate::name::Scope;
use crate::value::Duration;

/// The lines of the timeline that a message shows at most: the newest.
const LINES: usize = 25;

/// One line about a move.
pub fn summary(scope: &Scope, record: &Move) -> String {
    let ending = record.ending.map_or_else(|| record.phase.to_string(), |ending| ending.to_string());
    let Move { from, to, .. } = record;
    if let Some(came) = rehearsed(record) {
        return format!("{} {}: rehearsal in {to}: {came}{}", scope.estate, scope.environment, learnt(record));
    }
    let what = what(record);
    let why = match record.ending {
        Some(MoveEnding::Done | MoveEnding::Planned) | None => String::new(),
        Some(MoveEnding::FalseAlarm) => format!(" ({})", record.reason),
        Some(_) => record
            .failure
            .clone()
            .or_else(|| record.header.timeline.last().map(|moment| moment.what.clone()))
            .map_or_else(String::new, |why| format!(" ({why})")),
    };
    let detail = if record.ending == Some(MoveEnding::Planned) { format!("\n{}", record.reason) } else { why };
    format!("{} {}: {what} from {from} to {to}: {ending}{detail}", scope.estate, scope.environment)
}

/// What came of a rehearsal, in brackets.
fn learnt(record: &Move) -> String {
    let last = || record.header.timeline.last().map(|moment| moment.what.clone());
    let found = record.certificate.as_ref().and_then(|it| it.findings.first().cloned());
    let rto = record.certificate.as_ref().and_then(|it| it.rto_ms);
    let follows = || rto.map(|rto| format!("an RTO of {:#} follows", SignedDuration::from_secs(rto / 1000)));
    found.or_else(follows).or_else(last).map_or_else(String::new, |what| format!(" ({what})"))
}

/// What a person has to hear of a move that is over; nothing of a plan, and of one that found nothing to do.
pub fn message(scope: &Scope, failover: &Failover, record: &Move) -> Option<Message> {
    let ending = record.ending.filter(|ending| !matches!(ending, MoveEnding::Planned | MoveEnding::Nothing))?;
    let subject = match rehearsed(record) {
        Some(came) => format!("{} {}: rehearsal in {}: {came}", scope.estate, scope.environment, record.to),
        None => format!("{} {}: {} to {}: {ending}", scope.estate, scope.environment, what(record), record.to),
    };
    let mut text = format!("{}\n", summary(scope, record));
    let _ = writeln!(text, "\nWhy: {}", record.reason);
    if let Some(certificate) = &record.certificate {
        let _ = writeln!(text, "\n{}", certificate_lines(certificate));
    }
    if let Some(advice) = advice(scope, record, ending) {
        let _ = writeln!(text, "\nWhat to do: {advice}");
    }
    if let Some(still_on) = event_sources::unquieted(record) {
        let _ = writeln!(text, "\n{still_on}");
    }
    if ending == MoveEnding::Done && record.rehearsal.is_none() {
        let _ = writeln!(text, "\n{}", promises(failover, record));
    }
    text.push_str("\nTimes:\n");
    text.push_str(&times(record, record.spells.last().map_or(record.header.started, |spell| spell.began)));
    let skipped = record.header.timeline.len().saturating_sub(LINES);
    text.push_str("\nWhat happened:\n");
    for moment in record.header.timeline.iter().skip(skipped) {
        let _ = writeln!(text, "  {}  {}", moment.at.strftime("%H:%M:%S"), moment.what);
    }
    let context = MessageContext::of_run(scope, &record.header.id).with_codes(record.asks.keys());
    Some(Message::new(&subject, text).with(context.with_starts(starts(scope, record, ending))))
}

fn what(record: &Move) -> &'static str {
    match () {
        () if record.rehearsal.is_some() => "rehearsal",
        () if record.graceful => "switchover",
        () => "failover",
    }
}

/// The next commands, with the state that they start from.
fn advice(scope: &Scope, record: &Move, ending: MoveEnding) -> Option<String> {
    let Scope { estate, environment, region } = scope;
    let input = |more: &str| format!("{{\"estate\":\"{estate}\",\"environment\":\"{environment}\"{more}}}");
    if let Some(rehearsal) = &record.rehearsal {
        return rehearsal_advice(
            &input(",\"mode\":\"rehearse\""),
            region.as_str(),
            ending,
            rehearsal.handed_over.is_some(),
        );
    }
    match ending {
        MoveEnding::Done => Some(format!(
            "{} takes the standby target by itself as soon as its stack sees the pointer. To go home, start the failback \
             machine in the home region with {}",
            record.from,
            input("")
        )),
        MoveEnding::Held => {
            let switched = record.switched.is_some();
            let state = if switched {
                format!("Traffic is pointed to {region}, and nothing is taken back by itself.")
            } else {
                "Traffic has not been moved.".to_owned()
            };
            let back = if switched {
                format!(
                    "To leave {region} again, finish this move first, and then start the machine in {} with {}",
                    record.from,
                    input(",\"mode\":\"graceful\"")
                )
            } else {
                format!("To go back: {}", input(",\"take-over\":true,\"back\":true"))
            };
            Some(format!(
                "{state} The pointer stays `moving`, so that nobody else acts. Mend what is named above, and start the \
                 failover machine in {region} again. To go on: {}. {back}",
                input(",\"take-over\":true")
            ))
        }
        MoveEnding::Compensated => Some(format!(
            "Everything is as before, and {} serves. Mend what is named above before the next try",
            record.from
        )),
        MoveEnding::FalseAlarm => Some(format!(
            "Nothing was changed. Look at the way from outside to {}: its load balancer, its names, its certificates. If it is \
             lost all the same, start the failover machine in {region} with {}",
            record.from,
            input("")
        )),
        MoveEnding::Declined | MoveEnding::Refused => Some(format!(
            "Nothing was changed. To move all the same, start the failover machine in {region} with {}",
            input("")
        )),
        MoveEnding::Planned | MoveEnding::Nothing => None,
    }
}

/// What follows from a rehearsal, where anything does.
fn rehearsal_advice(again: &str, region: &str, ending: MoveEnding, handed_over: bool) -> Option<String> {
    match ending {
        MoveEnding::Compensated => Some(format!(
            "{region} is as it was, and nothing moved. Mend what is named above, and start the failover machine in {region} \
             with {again}: until then a failover stumbles over it, too"
        )),
        MoveEnding::Held => Some(format!(
            "What was started in {region} is not all given back. The tick tries again every five minutes; look at the runs of \
             reconcile there"
        )),
        MoveEnding::Refused => {
            Some(format!("Nothing was changed. It is tried once more in a day; or start it with {again}"))
        }
        MoveEnding::Done if handed_over => {
            Some("Nothing: the move goes on with what is up, and tells of itself".to_owned())
        }
        _ => None,
    }
}

/// The same as executions. A move that is over goes home from its home region, which only the stack there knows to be home.
fn starts(scope: &Scope, record: &Move, ending: MoveEnding) -> Vec<MachineStart> {
    let Scope { estate, environment, region } = scope;
    let start = |purpose: &str, more: &str| MachineStart {
        region: Some(region.clone()),
        ..MachineStart::new(
            purpose,
            Machine::Failover,
            format!("{{\"estate\":\"{estate}\",\"environment\":\"{environment}\"{more}}}"),
        )
    };
    if record.rehearsal.is_some() {
        return match ending {
            MoveEnding::Compensated | MoveEnding::Refused => vec![start("To rehearse again", ",\"mode\":\"rehearse\"")],
            _ => Vec::new(),
        };
    }
    match ending {
        MoveEnding::Held if record.switched.is_some() => vec![start("To go on", ",\"take-over\":true")],
        MoveEnding::Held => {
            vec![start("To go on", ",\"take-over\":true"), start("To go back", ",\"take-over\":true,\"back\":true")]
        }
        MoveEnding::FalseAlarm => vec![start("To move all the same, if it is lost", "")],
        MoveEnding::Declined | MoveEnding::Refused => vec![start("To move all the same", "")],
        MoveEnding::Done | MoveEnding::Compensated | MoveEnding::Planned | MoveEnding::Nothing => Vec::new(),
    }
}

/// What was promised and what was measured.
fn promises(failover: &Failover, record: &Move) -> String {
    let verdict = |kept: bool| if kept { "kept" } else { "BROKEN" };
    let rto = record.rto_ms().map_or_else(
        || "the time to recover is not known".to_owned(),
        |took| {
            let took = SignedDuration::from_millis(took);
            format!("RTO {took:#}, promised {}: {}", failover.rto, verdict(took <= failover.rto.signed()))
        },
    );
    let rpo = record.lag_ms.map_or_else(
        || format!("RPO not known, promised {}: a person accepted that", failover.rpo),
        |lag| {
            let lag = SignedDuration::from_millis(lag);
            format!(
                "RPO {lag:#} as last measured, promised {}: {}",
                failover.rpo,
                verdict(lag <= failover.rpo.signed())
            )
        },
    );
    format!("{rto}\n{rpo}")
}

/// A line for each phase.
fn times(record: &Move, now: Timestamp) -> String {
    let mut text = String::new();
    for (phase, took, waited) in record.phases(now) {
        let (took, waited) = (seconds(took), seconds(waited));
        let _ = writeln!(text, "  {:<9} {took:>9} s, of which {waited} s waiting", phase.name());
    }
    let _ = writeln!(text, "  this program's own share: {} s", seconds(record.own_ms(now)));
    text
}

/// The event about a move that is over.
pub fn event(scope: &Scope, failover: &Failover, record: &Move, now: Timestamp) -> Value {
    let phases: Vec<Value> = record
        .phases(now)
        .into_iter()
        .map(|(phase, took, waited)| json!({ "phase": phase, "took-ms": took, "waited-ms": waited }))
        .collect();
    json!({
        "estate": scope.estate,
        "environment": scope.environment,
        "region": scope.region,
        "id": record.header.id,
        "from": record.from,
        "to": record.to,
        "graceful": record.graceful,
        "rehearsal": record.rehearsal.is_some(),
        "certificate": record.certificate,
        "ending": record.ending,
        "epoch": record.epoch,
        "reason": record.reason,
        "failure": record.failure,
        "rto-ms": record.rto_ms(),
        "rto-promised-ms": failover.rto.seconds() * 1000,
        "lag-ms": record.lag_ms,
        "rpo-promised-ms": failover.rpo.seconds() * 1000,
        "own-ms": record.own_ms(now),
        "phases": phases,
        "own-steps": record.own_steps,
        "sources": record.sources,
    })
}

/// Every step of a move with its reason, what it calls, and the time it is expected to take.
pub fn plan(pair: &str, failover: &Failover, record: &Move) -> String {
    let Move { from, to, graceful, .. } = record;
    let proved = record.proved.as_deref();
    let mut steps: Vec<(MovePhase, String)> = Vec::new();
    let singles: Vec<String> = failover
        .singletons
        .iter()
        .map(|single| fence_line(single.service.as_str(), single.fence, single.silence.map(Duration::signed)))
        .collect();
    steps.push((
        MovePhase::Begin,
        format!("the pointer in the ledger says that {pair} moves from {from} to {to}; DynamoDB PutItem, below 1 s"),
    ));
    if singles.is_empty() {
        steps.push((MovePhase::Fence, "no singleton, so nothing has to stop first".to_owned()));
    } else {
        steps.push((
            MovePhase::Fence,
            format!("{from}'s own stack is asked to stop {}; StartExecution there, 3 s at most", singles.join("; ")),
        ));
    }
    steps.extend(event_sources::leaving(failover, from).map(|what| (MovePhase::Promote, what)));
    let databases: Vec<String> =
        failover.databases.iter().filter_map(super::PairDatabase::of).map(|database| database.to_string()).collect();
    if !databases.is_empty() {
        let how = if *graceful { "without loss" } else { "accepting what was not replicated" };
        steps.push((MovePhase::Promote, format!("{} become writers in {to}, {how}; minutes", databases.join(", "))));
    }
    for (nth, wave) in record.waves.iter().enumerate() {
        let services: Vec<String> = wave
            .iter()
            .map(|service| match record.serving.get(service) {
                Some(figures) => format!("{service} to {}", figures.desired),
                None => format!("{service} to its baseline"),
            })
            .collect();
        steps.push((
            MovePhase::Scale,
            format!(
                "wave {}: {}; a run of reconcile, UpdateService, {}",
                nth + 1,
                services.join(", "),
                expects(proved, |it| it.wave_ms(wave), "about the time a task takes to start")
            ),
        ));
    }
    let paths = failover.probe.as_ref().map_or(0, |probe| probe.paths.len());
    steps.push((
        MovePhase::Verify,
        format!(
            "rollout completed, running as wanted, targets healthy, {paths} health paths answer in {to}; {}",
            expects(proved, |it| it.phase_ms(MovePhase::Verify), "reads, and the load balancer's checks")
        ),
    ));
    let means = match failover.traffic.strategy {
        TrafficStrategy::SwitchObject => "the object behind the inverted health check; S3, data plane",
        TrafficStrategy::Alarm => "the metric behind the alarm of the health check; PutMetricData, data plane",
        TrafficStrategy::RoutingControl => "the routing controls; UpdateRoutingControlStates, data plane",
        TrafficStrategy::Record => "the records; ChangeResourceRecordSets, a control plane that may be down",
    };
    let names: Vec<&str> = failover.traffic.names.iter().map(crate::value::Label::as_str).collect();
    steps.push((
        MovePhase::Traffic,
        format!("{} moves by {means}; after this nothing goes back by itself", names.join(", ")),
    ));
    steps.extend(event_sources::arriving(failover, record).map(|what| (MovePhase::Outside, what)));
    steps.push((
        MovePhase::Outside,
        format!("people reach {to}; resolvers follow within {:#}", expected(&failover.traffic)),
    ));
    if *graceful {
        steps.push((
            MovePhase::Settle,
            format!("after as long again the pointer is steady in {to}, and {from} stops by itself"),
        ));
    } else {
        steps.push((
            MovePhase::Settle,
            format!("the pointer is steady in {to}; {from} stops by itself when it sees that"),
        ));
    }
    let mut text =
        format!("{pair}: from {from} to {to}{}\n", if *graceful { ", planned and without loss" } else { "" });
    for (phase, what) in steps {
        let _ = writeln!(text, "  {:<8} {what}", phase.name());
    }
    text.push_str(&own_steps::plan(failover));
    text.push_str(&asked(record));
    let _ = writeln!(
        text,
        "Before `traffic` any failure takes everything back. Promised: RTO {}, RPO {}.",
        failover.rto, failover.rpo
    );
    if let Some((proved, rto)) = proved.and_then(|proved| Some((proved, proved.rto_ms?))) {
        let _ =
            writeln!(text, "Times are those of {} at {}: an RTO of {} s follows.", proved.by, proved.at, rto / 1000);
    }
    text
}

/// What a person has to approve, if anything.
fn asked(record: &Move) -> String {
    let mut text = String::new();
    if !record.asks.is_empty() {
        text.push_str("A person has to approve:\n");
    }
    for (code, why) in &record.asks {
        let _ = writeln!(text, "  {code}: {why}");
    }
    text
}

/// The time that a step took the last time that it was seen, or what is known without that.
fn expects(
    proved: Option<&CapacityCertificate>,
    took: impl FnOnce(&CapacityCertificate) -> Option<i64>,
    unknown: &str,
) -> String {
    proved.and_then(took).map_or_else(|| unknown.to_owned(), |took| format!("{} s the last time", seconds(took)))
}

fn fence_line(service: &str, fence: Option<FencePolicy>, silence: Option<SignedDuration>) -> String {
    match (fence, silence) {
        (Some(FencePolicy::DeadMan), Some(silence)) => {
            let whole = silence.saturating_add(SWITCH_TIME).saturating_add(SKEW);
            format!("{service} (proved, or its dead man's switch after {whole:#})")
        }
        (Some(FencePolicy::Prove), _) => format!("{service} (it has to be proved)"),
        (Some(FencePolicy::Ask), _) => format!("{service} (proved, or a person says so)"),
        _ => format!("{service} (proved, else a person is asked)"),
    }
}
