//! The dead man's switch: the home's own stack stops the singleton when it has not heard the standby for T, and the standby
//! waits for that long and for everything that may come on top.
//!
//! What may happen: a heartbeat is decided on and written much later, arrives late or never; so does the pointer, one version
//! after the other; a move goes back and another one begins; the home's writer looks at any time and writes within
//! [`RUN`]; what it preempts writes within [`MARGIN`]; a container stops within [`STOP`]; the clocks differ by a step.
//!
//! What is assumed: the home's own stack is alive, so that its tick comes every [`TICK`]; clocks differ by no more; and what
//! would hold up its stop for good did so before it said that it hears. Without that a dead man's switch guarantees nothing.

mod state;
mod steps;

use jiff::{SignedDuration, Timestamp};
use stateright::{Model, Property};
use watchkeeper_domain::failover::fence::{FenceEvidence, FenceState, judge};

pub use state::{DeadManAction, DeadManState, MARGIN, MoverPhase, OLD, PendingWrite, RUN, STALE, STEP, STOP, TICK};

use crate::pair::{ModelPair, ModelPointer, PairSide};

/// Two regions never run the singleton.
pub const SINGLE: &str = "at most one region runs the singleton";

/// The standby's clock in every state: only ages matter.
const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

/// A rule that the model can break on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadManRule {
    /// The standby waits for the whole of it; broken, so many steps less.
    Waits(u8),
    /// It does not beat while it moves; broken, it does, and counts from the beginning of the move.
    SilentWhileMoving,
    /// It does not beat while it serves.
    SilentWhileServing,
    /// A heartbeat says when it was decided on, and not when it was written.
    StampedWhenDecided,
    /// The switch counts only when the home has said that it hears.
    Armed,
    /// And when the standby knew that before the move began.
    ArmedBefore,
    /// The standby counts from the beginning of the move where its last heartbeat is older.
    FromTheBegin,
    /// The home says that it hears only while its stop would go through; broken, it says so whatever holds its stop up.
    ArmedIfItCould,
    /// A halt does not hold up the stop that a switch has promised.
    StopsDespiteHalt,
    /// The pointer is restored after the singleton is proved stopped.
    ClosedBeforeRestore,
    /// The home's tick comes every minute; broken, its stack may be dead.
    HomeAlive,
}

/// What is explored.
#[derive(Debug)]
pub struct DeadMan {
    /// The pair, whose singleton has a dead man's switch.
    pub pair: ModelPair,
    /// Moves.
    pub moves: u8,
    /// For how many steps a heartbeat that was decided on may be on its way to being written.
    pub delay: u8,
    /// Whether the home hears the standby, and has said so, from the start.
    pub armed: bool,
    /// Whether something may hold up the home's stop for good: a missing tag, a denial, `protected`.
    pub hindered: bool,
    /// Whether a person may halt the home at any time.
    pub halts: bool,
    /// By how many steps the home's clock may be ahead.
    pub skews: Vec<i8>,
    /// The rule that is broken, if one is.
    pub broken: Option<DeadManRule>,
}

impl DeadMan {
    /// From here on the age of a heartbeat makes no difference.
    fn oldest(&self) -> u8 {
        if self.keeps(DeadManRule::FromTheBegin) { STALE } else { OLD }
    }

    fn keeps(&self, rule: DeadManRule) -> bool {
        self.broken != Some(rule)
    }

    /// Whether the home is to run the singleton, by the real table of placements and the home's own clock.
    fn home_wants(&self, state: &DeadManState) -> bool {
        let now = NOW + STEP * i32::from(state.skew);
        let heard = state.heard.map(|age| NOW - span(age));
        self.pair.wants_at(PairSide::Home, &state.points[0], None, heard, now).unwrap_or(state.desired[0])
    }

    /// Whether the fence holds, by the real judgement.
    fn holds(&self, state: &DeadManState) -> bool {
        let armed = match self.broken {
            Some(DeadManRule::Armed) => true,
            Some(DeadManRule::ArmedBefore) => state.armed,
            _ => state.counted,
        };
        let age = match self.broken {
            Some(DeadManRule::FromTheBegin) => state.beat,
            // A heartbeat that is newer than the move counts; one that is old may be older than it looks here.
            None | Some(_) if state.beat < STALE && self.keeps(DeadManRule::SilentWhileMoving) => {
                state.beat.min(state.since)
            }
            _ => state.since,
        };
        // The real judgement counts from the later of the two: broken, both are as old as the heartbeat.
        let since = if self.keeps(DeadManRule::FromTheBegin) { state.since } else { state.beat.max(state.since) };
        let ahead = match self.broken {
            Some(DeadManRule::Waits(less)) => less,
            _ => 0,
        };
        let evidence = FenceEvidence {
            settled: None,
            tasks: None,
            beat: armed.then(|| NOW - span(age)),
            silence: None,
            word: None,
            from_home: true,
            epoch: state.points[1].epoch.into(),
            since: NOW - span(since),
            looked: NOW,
            silent: None,
            lost: false,
            now: NOW + span(ahead),
        };
        matches!(judge(self.pair.singleton(), &evidence), FenceState::Holds(_))
    }
}

fn span(steps: u8) -> SignedDuration {
    STEP * i32::from(steps)
}

impl Model for DeadMan {
    type State = DeadManState;
    type Action = DeadManAction;

    fn init_states(&self) -> Vec<DeadManState> {
        let start = |skew| DeadManState {
            hindered: self.hindered,
            halted: false,
            skew,
            beat: 0,
            heard: (self.armed && !self.hindered).then_some(0),
            beating: None,
            said: self.armed && !self.hindered,
            armed: self.armed && !self.hindered,
            counted: false,
            since: 0,
            points: [ModelPointer::START; 2],
            sent: Vec::new(),
            tick: TICK,
            writer: None,
            late: None,
            desired: [true, false],
            alive: [true, false],
            stopping: 0,
            phase: MoverPhase::Idle,
            moves: self.moves,
        };
        self.skews.iter().copied().map(start).collect()
    }

    fn actions(&self, state: &DeadManState, actions: &mut Vec<DeadManAction>) {
        self.home_actions(state, actions);
        self.standby_actions(state, actions);
    }

    fn next_state(&self, state: &DeadManState, action: DeadManAction) -> Option<DeadManState> {
        let mut next = state.clone();
        self.apply(&mut next, action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(SINGLE, |_, state: &DeadManState| state.alive != [true, true]),
            Property::sometimes(
                "the standby takes over while the home cannot see the pointer",
                |_, state: &DeadManState| {
                    state.phase == MoverPhase::Opened
                        && state.alive == [false, true]
                        && state.points[0] == ModelPointer::START
                },
            ),
            Property::sometimes("the home runs it again after a move that went back", |_, state: &DeadManState| {
                state.points[0].epoch == 2 && state.alive == [true, false]
            }),
        ]
    }
}
