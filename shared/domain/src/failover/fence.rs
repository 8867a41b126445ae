//! Fences: whether a singleton may start in the new region.
//!
//! | fence      | holds when                                                            | cannot guarantee                              |
//! | ---------- | --------------------------------------------------------------------- | --------------------------------------------- |
//! | `prove`    | the old region's own hand has settled this epoch, and its ECS says that nothing runs and nothing is wanted | that no person starts it there by hand |
//! | `dead-man` | the old region had said that its stop would go through; the standby has been silent for T, and the old region had its tick, its stop and the margin after that | that the old region's own stack is alive: if only that died, the old task runs on |
//! | `ask`      | a person says so                                                      | that the person is right                      |
//!
//! What is proved counts for each of them. Without a fence in the document: proved, else a person is asked.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::estate::{FencePolicy, Singleton};
use crate::value::rounded;

/// How long a proof is waited for before somebody is asked, or the move goes back: the longest time that Fargate lets a
/// container take to stop (120 s, Amazon ECS task definition parameters), a tick of a minute, and the margin.
pub const PROVE_PATIENCE: SignedDuration = SignedDuration::from_secs(200);

/// How long a region has to be without an answer before nothing more is expected of it: nobody is kept waiting for what cannot
/// come. Of one that was found lost a person is asked at once.
pub const SILENT_PATIENCE: SignedDuration = SignedDuration::from_secs(20);

/// The longest that a dead man's switch takes to act once its silence is over: a tick of the old region's stack (1 minute), its
/// run (20 s of margin and its writes), and the time to stop a container (120 s, as above).
pub const SWITCH_TIME: SignedDuration = SignedDuration::from_secs(60 + 40 + 120);

/// What two regions' clocks may differ, with what a call may last: the margin of leases.
pub const SKEW: SignedDuration = SignedDuration::from_secs(20);

/// The most seconds between two looks.
const LOOK: i64 = 5;

/// A service's tasks in the region that must not run it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SingletonTasks {
    /// Wanted.
    pub desired: u32,
    /// Running.
    pub running: u32,
    /// On their way up.
    pub pending: u32,
    /// Not STOPPED, whatever is wanted of them.
    pub alive: u32,
}

impl SingletonTasks {
    /// Whether there is none, and none will come.
    pub fn none(self) -> bool {
        self.desired + self.running + self.pending + self.alive == 0
    }
}

/// What is known of a singleton in the region that must not run it any more.
#[derive(Debug, Clone, Copy)]
pub struct FenceEvidence<'a> {
    /// The epoch at which that region's own hand has settled, as the ledger's replica here has it.
    pub settled: Option<u64>,
    /// Its tasks; `None` when the region's ECS did not answer.
    pub tasks: Option<SingletonTasks>,
    /// When this region last granted the home its singletons by a heartbeat, if the home had said before the move that it
    /// hears them, and says so still: a switch that is not armed may not fire.
    pub beat: Option<Timestamp>,
    /// For how long the home lets the singleton run in silence, as it says itself: its document may be another one by now.
    pub silence: Option<SignedDuration>,
    /// The person who said that it has stopped.
    pub word: Option<&'a str>,
    /// Whether the region that is left is the pair's home: only there a dead man's switch works.
    pub from_home: bool,
    /// The epoch of the move.
    pub epoch: u64,
    /// When the fence was asked for.
    pub since: Timestamp,
    /// When it was looked at first: a proof is waited for from then on.
    pub looked: Timestamp,
    /// Since when the old region has not answered, whatever it was asked; `None` when it did.
    pub silent: Option<Timestamp>,
    /// Whether it was found lost when the move began: by the probe, and by its ECS, which did not answer either.
    pub lost: bool,
    /// The wall time.
    pub now: Timestamp,
}

/// Whether a fence holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FenceState {
    /// It does, and why.
    Holds(String),
    /// Not yet; look again after so many seconds.
    Wait(i64, String),
    /// Only a person can say so.
    Ask(String),
    /// It cannot hold: the move has to go back.
    Fails(String),
}

/// Judges the fence of one singleton.
pub fn judge(singleton: &Singleton, evidence: &FenceEvidence<'_>) -> FenceState {
    let service = &singleton.service;
    let unproved = match (evidence.settled, evidence.tasks) {
        (Some(settled), Some(tasks)) if settled == evidence.epoch && tasks.none() => {
            return FenceState::Holds(format!(
                "{service} was seen stopped, and the old region's own stack keeps it so"
            ));
        }
        (_, None) => "the old region does not answer".to_owned(),
        (_, Some(tasks)) if !tasks.none() => {
            format!("{} wanted, {} running, {} not stopped there", tasks.desired, tasks.running, tasks.alive)
        }
        _ => "it is stopped, but the old region's own stack has not confirmed that it stays so".to_owned(),
    };
    // A word does not stand against what the region's own ECS says.
    if let Some(who) = evidence.word.filter(|_| evidence.tasks.is_none_or(SingletonTasks::none)) {
        return FenceState::Holds(format!("{who} says that {service} has stopped"));
    }
    let fence = singleton.fence.filter(|fence| *fence != FencePolicy::DeadMan || evidence.from_home);
    let (from, patience) = match evidence.tasks {
        Some(_) => (evidence.looked, PROVE_PATIENCE),
        // To ask costs nothing; to go back leaves everybody without a region, for one look that took too long.
        None if evidence.lost && fence != Some(FencePolicy::Prove) => (evidence.now, SignedDuration::ZERO),
        None => (evidence.silent.unwrap_or(evidence.now), SILENT_PATIENCE),
    };
    let waited = evidence.now.duration_since(from);
    let what = format!("{service}: {unproved}");
    match (fence, singleton.silence) {
        (Some(FencePolicy::DeadMan), _) if evidence.beat.is_none() => {
            FenceState::Ask(format!("{what}; its dead man's switch is not armed"))
        }
        (Some(FencePolicy::DeadMan), Some(silence)) => {
            let silence = evidence.silence.map_or(silence.signed(), |theirs| theirs.max(silence.signed()));
            // Whatever was granted before the move, the old region may have heard of it at the move's beginning only.
            let from = evidence.beat.map_or(evidence.since, |beat| beat.max(evidence.since));
            let whole = silence.saturating_add(SWITCH_TIME).saturating_add(SKEW);
            let left = whole.saturating_sub(evidence.now.duration_since(from));
            if left.is_positive() {
                FenceState::Wait(
                    left.as_secs().clamp(0, LOOK - 1) + 1,
                    format!("{what}; its dead man's switch needs {} more", rounded(left)),
                )
            } else if evidence.tasks.is_some_and(|tasks| !tasks.none()) {
                // Nor does the switch stand against what is seen.
                FenceState::Ask(format!("{what}; its dead man's switch has had its time, and did not stop it"))
            } else {
                FenceState::Holds(format!("the dead man's switch of {service} has had its time"))
            }
        }
        _ if waited < patience && fence != Some(FencePolicy::Ask) => FenceState::Wait(LOOK, what),
        (Some(FencePolicy::Prove), _) => FenceState::Fails(what),
        _ => FenceState::Ask(what),
    }
}
