//! A state of the pair, and the steps out of it.

use crate::pair::{ModelPointer, PairSide};

/// What a region's writer has settled last, as its own part of the ledger has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SettledMark {
    /// The epoch of the pointer that it followed.
    pub epoch: u8,
    /// That pointer's revision.
    pub revision: u8,
    /// Whether the singleton was to run.
    pub up: bool,
}

/// The writer that holds a region's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionHand {
    /// Nobody does.
    Idle,
    /// It has read the pointer and will write.
    Read(SettledMark),
    /// It has written and waits for the tasks.
    Wrote(SettledMark),
}

/// How an execution of the mover ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MoverEnd {
    /// The new region serves.
    Done,
    /// The old region serves as before.
    Compensated,
    /// It stopped and called a person.
    Held,
    /// Another execution has the move, or there was nothing to move.
    Refused,
}

/// Where an execution of the mover is. The point is the pointer as it saw it last, on which its next write is based.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExecutionPhase {
    /// Not started, or started again after a crash.
    Ready,
    /// It has looked at the pointer, and begins or takes over.
    Begin(ModelPointer),
    /// It waits for the fence.
    Fence,
    /// It asks a person about the fence.
    Asking,
    /// The fence holds: it opens the singleton.
    Open(ModelPointer),
    /// It waits until its region runs what it should.
    Verify,
    /// Verified: it passes the point of no return.
    Commit(ModelPointer),
    /// It switches the traffic.
    Traffic,
    /// The traffic is switched: it settles the pointer.
    Settle(ModelPointer),
    /// Something failed before the traffic: it turns back.
    Back(ModelPointer),
    /// It waits until its region has closed what it opened; with the revision from which on that counts.
    Closing(u8),
    /// Closed: it restores the pointer.
    Restore(ModelPointer),
    /// It is over.
    Over(MoverEnd),
}

/// An execution of the mover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MoverState {
    /// Its region, which is the one that it moves to.
    pub side: PairSide,
    /// Its name in the pointer; another one after each crash.
    pub name: u8,
    /// Where it is.
    pub phase: ExecutionPhase,
}

/// What must never happen, noted when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProtocolViolation {
    /// Two executions acted on one revision.
    Twice,
    /// The traffic went to a region that was not verified in this epoch, or does not serve.
    Traffic,
    /// The epoch of a replica went down.
    Epoch,
    /// A region wrote the pointer before it had the other's last write.
    Writers,
}

/// The pair and all that works on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProtocolState {
    /// The pointer in each region's replica.
    pub points: [ModelPointer; 2],
    /// Versions of it on their way.
    pub sent: Vec<ModelPointer>,
    /// Where they are on their way to.
    pub towards: PairSide,
    /// What each region's writer has settled.
    pub marks: [SettledMark; 2],
    /// The epoch of the other region's mark, as each replica has it.
    pub heard: [u8; 2],
    /// Each region's writer.
    pub writers: [RegionHand; 2],
    /// The write of a writer that lost its lease, where one may still land.
    pub late: [Option<bool>; 2],
    /// Whether the singleton is wanted, as each region's ECS has it.
    pub desired: [bool; 2],
    /// Whether a task of it is alive.
    pub alive: [bool; 2],
    /// A person stopped the home's writer; until its replica has this epoch.
    pub halted: Option<u8>,
    /// The executions.
    pub movers: Vec<MoverState>,
    /// Where the traffic goes.
    pub traffic: PairSide,
    /// The epoch in which each region was verified last.
    pub verified: [u8; 2],
    /// Revisions that were acted on, one bit each.
    pub used: u64,
    /// Crashes of movers that are left.
    pub crashes: u8,
    /// Crashes of writers that are left.
    pub stalls: u8,
    /// Rehearsals that are left.
    pub rehearsals: u8,
    /// Whether one is up in the standby.
    pub rehearsing: bool,
    /// What went wrong first.
    pub fault: Option<ProtocolViolation>,
}

/// A step of one of those who take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProtocolAction {
    /// The next version of the pointer arrives.
    Replicate,
    /// This region's mark arrives in the other.
    Tell(PairSide),
    /// A writer takes the lease and reads the pointer.
    Take(PairSide),
    /// It writes the count.
    Write(PairSide),
    /// It finds everything as it should be, and marks that.
    Mark(PairSide),
    /// It finds what somebody else wrote, and gives up.
    Drift(PairSide),
    /// It loses its lease before it has written.
    Stall(PairSide),
    /// Its write lands after all.
    Land(PairSide),
    /// Its write is lost.
    Lose(PairSide),
    /// A task starts.
    Start(PairSide),
    /// The task stops.
    Stop(PairSide),
    /// A person stops the home's writer and its singleton.
    Halt,
    /// An execution looks at the pointer.
    Look(usize),
    /// It writes the pointer.
    Put(usize),
    /// What it waits for is there.
    Proved(usize),
    /// It waits no longer, or is told no.
    Late(usize),
    /// It stops and calls a person.
    Hold(usize),
    /// It switches the traffic.
    Switch(usize),
    /// It crashes; another one is started in its place.
    Crash(usize),
    /// A rehearsal begins in the standby.
    Rehearse,
    /// It is given back.
    GiveBack,
}
