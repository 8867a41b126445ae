//! Confirmation: whether the active region is lost, by evidence that does not come from the probe.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::name::ServiceName;
use crate::value::{AlarmName, rounded};

/// How long the active region's stack may be silent and still count as alive: three of its ticks of a minute.
pub const SILENCE: SignedDuration = SignedDuration::from_mins(3);

/// What is known of the region that serves.
#[derive(Debug, Clone)]
pub struct LossEvidence {
    /// What the probe says at this moment: how many of how many paths fail, and the first failure.
    pub probe: ProbeResult,
    /// The services that its ECS runs as they are wanted, and those that it does not; or why it did not answer.
    pub services: Result<RunningServices, String>,
    /// For how long its stack has not been heard of; `None` when it never was.
    pub silent: Option<SignedDuration>,
    /// The estate's alarms that are in ALARM.
    pub alarms: BTreeSet<AlarmName>,
}

/// What a probe found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeResult {
    /// Paths that were asked.
    pub asked: u32,
    /// Those that failed in every try, each with the reason.
    pub failed: Vec<String>,
}

impl ProbeResult {
    /// Whether the region answers for nothing that was asked.
    pub fn is_lost(&self) -> bool {
        self.asked > 0 && self.failed.len() == self.asked as usize
    }
}

/// What a region's ECS runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunningServices {
    /// Services with as many tasks as are wanted of them, and at least one.
    pub whole: BTreeSet<ServiceName>,
    /// Services with fewer, or with none at all.
    pub broken: BTreeSet<ServiceName>,
}

/// What the evidence comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LossVerdict {
    /// The region is lost, and something beside the probe says so.
    Lost(Vec<String>),
    /// It is not: the probe alone fails, or does not fail any more.
    FalseAlarm(Vec<String>),
    /// It cannot be told: a person has to decide.
    Unclear(Vec<String>),
}

/// Weighs the evidence. Nothing automatic happens on the word of the probe alone, nor against the word of the region's own
/// ECS.
pub fn confirm(evidence: &LossEvidence) -> LossVerdict {
    let LossEvidence { probe, services, silent, alarms } = evidence;
    if !probe.is_lost() {
        let answered = probe.asked as usize - probe.failed.len();
        return LossVerdict::FalseAlarm(vec![format!("{answered} of {} probed paths answer", probe.asked)]);
    }
    let mut lost = Vec::new();
    let mut healthy = Vec::new();
    match services {
        Err(why) => lost.push(format!("its ECS does not answer ({why})")),
        Ok(running) if running.broken.is_empty() && !running.whole.is_empty() => {
            healthy.push(format!("its ECS says that all {} services run as wanted", running.whole.len()));
        }
        Ok(running) => {
            let names: Vec<&str> = running.broken.iter().map(ServiceName::as_str).collect();
            lost.push(format!("its ECS says that tasks are missing of {}", names.join(", ")));
        }
    }
    if let Some(silent) = silent.filter(|silent| *silent > SILENCE) {
        lost.push(format!("its own stack has been silent for {}", rounded(silent)));
    }
    lost.extend(alarms.iter().map(|alarm| format!("the alarm {alarm} is on")));
    let probe =
        format!("the probe fails for all {} paths ({})", probe.asked, probe.failed.first().map_or("", String::as_str));
    match (lost.is_empty(), healthy.is_empty()) {
        (false, true) => LossVerdict::Lost(with(probe, lost)),
        (true, false) => LossVerdict::FalseAlarm(with(probe, healthy)),
        (false, false) => {
            healthy.extend(lost);
            LossVerdict::Unclear(with(probe, healthy))
        }
        (true, true) => LossVerdict::Unclear(with(probe, vec!["nothing else says anything".to_owned()])),
    }
}

fn with(first: String, rest: Vec<String>) -> Vec<String> {
    std::iter::once(first).chain(rest).collect()
}
