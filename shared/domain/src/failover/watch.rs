//! The watch over the region that serves, kept from the other one: what the probe found, tick after tick, and what follows.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::evidence::ProbeResult;
use super::pointer::Pointer;
use super::protection::{ProtectionMemory, ProtectionTold};
use super::readiness::Readiness;
use super::rehearsal::{CertificateStanding, RehearsalMemory, StandingVerdict};
use super::steer::MoveWord;
use super::switch::SwitchArming;
use crate::estate::{DetectionMode, Failover};
use crate::guardrail::HaltSwitch;
use crate::name::ServiceName;

/// How often readiness is looked at.
pub const READINESS_EVERY: SignedDuration = SignedDuration::from_mins(30);

/// How often a loss that was not confirmed is looked at again while the probe still fails.
pub const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// How long a question about a failover stands. After it nobody has decided, and the probe may ask again.
pub const QUESTION: SignedDuration = SignedDuration::from_mins(30);

/// How long after a probe that failed the same tick probes again: a loss is known within a tick, and what is over sooner is none.
pub const PROBE_AGAIN: SignedDuration = SignedDuration::from_secs(2);

/// How long after its first probe a tick begins no other one: the next tick goes on counting.
const PROBE_FOR: SignedDuration = SignedDuration::from_secs(40);

/// Probes that have to fail in a row where the document does not say.
const FAILURES: u32 = 3;

/// The shortest time between two failovers where the document does not say.
const MINIMUM_DELAY: SignedDuration = SignedDuration::from_hours(1);

/// A sign of life of a region's stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Heartbeat {
    /// When it was written.
    pub at: Timestamp,
    /// The epoch of the pointer that it saw.
    pub epoch: u64,
    /// The standby's last grant that the home saw, in the home's own heartbeat: only while a dead man's switch that the document
    /// has there would stop its singleton. Which of them would is in `switches`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Timestamp>,
    /// When the standby last saw the pair at home, and so granted the home its singletons: what a dead man's switch
    /// listens to. A standby that moves or serves lives on, but grants nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Timestamp>,
    /// In the home's heartbeat: its dead man's switches, and whether each could do what it is for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub switches: BTreeMap<ServiceName, SwitchArming>,
}

impl Heartbeat {
    /// For how long the home lets a singleton run in silence, if its switch counts.
    pub fn silence(&self, singleton: &ServiceName) -> Option<SignedDuration> {
        self.heard?;
        match self.switches.get(singleton)? {
            SwitchArming::Armed { silence } => Some(SignedDuration::from_secs(*silence)),
            SwitchArming::Hindered { .. } => None,
        }
    }
}

/// A person's no to a failover: it counts for as long as the loss lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailoverRefusal {
    /// The execution that asked.
    pub execution: String,
    /// What was answered, and by whom.
    pub answer: String,
}

/// What the watching region remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WatchState {
    /// Probes that failed in a row.
    #[serde(default)]
    pub failures: u32,
    /// When the first of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The instant of the last probe: an older one is a doubled or a late tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed: Option<Timestamp>,
    /// When a failover was started over this loss last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// The execution that was started then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// A person's no to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<FailoverRefusal>,
    /// What was told of this loss last, so that it is told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// How ready this region was when it was looked at last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
    /// What was told of its readiness last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_readiness: Option<String>,
    /// What its certificate came to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<CertificateStanding>,
    /// The verdict of it that was told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_standing: Option<StandingVerdict>,
    /// The rehearsal that was due last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<RehearsalMemory>,
    /// What people have said to the move to this region that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<MoveWord>,
    /// What this region lacks to stand by again since the last move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<ProtectionMemory>,
    /// What this region, where it serves, has told of the other one's protection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_protection: Option<ProtectionTold>,
}

/// What follows from a tick of the watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchAction {
    /// Nothing.
    Nothing,
    /// A failover is started over a loss since this instant; it confirms first.
    Start(Timestamp),
    /// A person is told, and nothing is started, and why.
    Tell(String),
}

impl WatchState {
    /// The same after a probe.
    #[must_use]
    pub fn after(mut self, probed: &ProbeResult, at: Timestamp) -> Self {
        if self.probed.is_some_and(|before| before >= at) {
            return self;
        }
        self.probed = Some(at);
        if probed.is_lost() {
            self.failures += 1;
            self.since.get_or_insert(at);
        } else {
            let Self { readiness, told_readiness, standing, told_standing, rehearsal, probed, .. } = self;
            let (protection, told_protection) = (self.protection, self.told_protection);
            let kept = Self { readiness, told_readiness, standing, told_standing, rehearsal, ..Self::default() };
            return Self { probed, protection, told_protection, ..kept };
        }
        self
    }

    /// Whether a tick, which was due at an instant and probed last at another one, probes once more. `self` is the memory after
    /// that; a probe that did not count is followed by none.
    pub fn probes_again(&self, failover: &Failover, tick: Timestamp, last: Timestamp) -> bool {
        let counted = self.probed == Some(last) && self.since.is_some();
        counted && self.failures < enough(failover) && last.duration_since(tick) < PROBE_FOR
    }

    /// What follows, given the pointer, and whether this region is halted. `self` is the memory after the probe.
    pub fn next_action(
        &self,
        failover: &Failover,
        pointer: &Pointer,
        halt: Option<&HaltSwitch>,
        now: Timestamp,
    ) -> WatchAction {
        let enough = enough(failover);
        let Some(since) = self.since.filter(|_| self.failures >= enough && pointer.moving.is_none()) else {
            return WatchAction::Nothing;
        };
        let once = |what: String| {
            if self.told.as_deref() == Some(&*what) { WatchAction::Nothing } else { WatchAction::Tell(what) }
        };
        let delay = failover.minimum_delay.map_or(MINIMUM_DELAY, crate::value::Duration::signed);
        let moved_lately = pointer.revision > 0 && now.duration_since(pointer.since) < delay;
        // Where the document asks first, a start is a question: there is one at a time.
        let asks = failover.detect == DetectionMode::Ask || failover.approve;
        let pause = if asks { QUESTION } else { LOOK_AGAIN };
        match failover.detect {
            DetectionMode::Off => once("detection is off: start the failover machine by hand if it is lost".to_owned()),
            _ if moved_lately => once(format!(
                "the last move ended at {}, and the shortest time between two is {delay:#}: start the failover machine by \
                 hand if it is lost",
                pointer.since
            )),
            _ if let Some(halt) = halt => once(format!("{halt}: no failover is started until it is lifted")),
            _ if self.refused.is_some() => once(self.refused.as_ref().map_or_else(String::new, |refused| {
                format!(
                    "a failover was declined ({}): while it lasts nobody is asked again; start the failover machine by hand",
                    refused.answer
                )
            })),
            _ if self.started.is_some_and(|started| now.duration_since(started) < pause) => WatchAction::Nothing,
            DetectionMode::Automatic | DetectionMode::Ask => WatchAction::Start(since),
        }
    }

    /// Whether readiness is due.
    pub fn readiness_is_due(&self, now: Timestamp) -> bool {
        self.readiness.as_ref().is_none_or(|last| now.duration_since(last.at) >= READINESS_EVERY)
    }
}

/// Probes that have to fail in a row.
fn enough(failover: &Failover) -> u32 {
    failover.probe.as_ref().and_then(|probe| probe.failures).unwrap_or(FAILURES)
}
