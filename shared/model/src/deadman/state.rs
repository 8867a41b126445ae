//! A state of the dead man's switch. Time is in steps of [`STEP`]; what matters of an instant is its age.

use jiff::SignedDuration;

use crate::pair::ModelPointer;

/// A step of time: the bounds of the switch are multiples of it.
pub const STEP: SignedDuration = SignedDuration::from_secs(20);

/// The home's tick: a minute.
pub const TICK: u8 = 3;

/// From a look of the home's writer to its write: 20 s of margin where another run is preempted, and its writes.
pub const RUN: u8 = 2;

/// How long a write of a preempted run may still be on its way.
pub const MARGIN: u8 = 1;

/// How long a container takes to stop at the most.
pub const STOP: u8 = 6;

/// From here on the age of a move makes no difference.
pub const OLD: u8 = 16;

/// From here on the age of a heartbeat makes no difference to the home, with any skew.
pub const STALE: u8 = 6;

/// Where the one execution of the mover is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MoverPhase {
    /// Nothing moves.
    Idle,
    /// It waits for the fence.
    Fence,
    /// The singleton is open.
    Opened,
    /// It goes back.
    Closing,
    /// The standby serves.
    Done,
}

/// A write that is on its way: whether the singleton is to run, and how long ago it was decided, or preempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PendingWrite {
    /// Whether it is to run.
    pub up: bool,
    /// For how long it is on its way.
    pub age: u8,
}

/// The pair, with its clocks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own of the world that is explored")]
pub struct DeadManState {
    /// Whether something holds up the home's stop for good.
    pub hindered: bool,
    /// Whether a person has halted the home.
    pub halted: bool,
    /// By how many steps the home's clock is ahead.
    pub skew: i8,
    /// The age of the standby's last heartbeat in its own replica.
    pub beat: u8,
    /// The age of the one that the home has; `None` when none ever came.
    pub heard: Option<u8>,
    /// A heartbeat that was decided on and not written yet.
    pub beating: Option<u8>,
    /// Whether the home has said that it hears the standby.
    pub said: bool,
    /// Whether the standby knows that.
    pub armed: bool,
    /// Whether it knew when the move began.
    pub counted: bool,
    /// The age of the move.
    pub since: u8,
    /// The pointer in each replica.
    pub points: [ModelPointer; 2],
    /// Versions on their way to the home.
    pub sent: Vec<ModelPointer>,
    /// Steps until the home's next tick.
    pub tick: u8,
    /// The home's writer.
    pub writer: Option<PendingWrite>,
    /// A write of the home's writer that was preempted.
    pub late: Option<PendingWrite>,
    /// Whether the singleton is wanted in each region.
    pub desired: [bool; 2],
    /// Whether a task of it is alive in each region.
    pub alive: [bool; 2],
    /// For how long the home's task has been told to stop.
    pub stopping: u8,
    /// The mover.
    pub phase: MoverPhase,
    /// Moves that are left.
    pub moves: u8,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeadManAction {
    /// Time passes.
    Pass,
    /// The home's tick.
    Tick,
    /// The home's writer is asked to look between two ticks.
    Look,
    /// It writes.
    Write,
    /// A person halts the home.
    Halt,
    /// A preempted write lands.
    Land,
    /// It is lost.
    Lose,
    /// A task starts in the home, or in the standby.
    Start(bool),
    /// It stops.
    Stop(bool),
    /// The standby's tick decides on a heartbeat.
    Beat,
    /// It writes the heartbeat.
    Beaten,
    /// The heartbeat arrives.
    Hear,
    /// The standby hears that the home hears it.
    Arm,
    /// The next version of the pointer arrives in the home.
    Replicate,
    /// A move begins.
    Begin,
    /// The fence holds, and the singleton opens.
    Open,
    /// The standby's writer follows the pointer.
    Follow,
    /// The standby gets the traffic and serves.
    Settle,
    /// The move goes back.
    Back,
    /// It has gone back.
    Restore,
}
