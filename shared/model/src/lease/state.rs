//! A state of a scope's lease, by distances from now, and the steps out of it.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::lease::Lease;
use watchkeeper_domain::intent::Layer;

/// Seconds before a lease's end from which on every second is explored, and seconds after it was taken up to which.
pub const NEAR: i16 = 50;

/// The instant of every state: only distances matter.
const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

/// A lease, by distances from now in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeldLease {
    /// The writer that holds it.
    pub holder: u8,
    /// Its generation.
    pub generation: u8,
    /// From when it may be used.
    pub usable: i16,
    /// When it ends.
    pub expires: i16,
    /// Whether a slice has begun to write and has not said that it is over.
    pub at_work: bool,
}

/// What a writer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriterActivity {
    /// It has no lease.
    Nothing,
    /// It has taken the lease of this generation, or seen it so long ago.
    Holding(u8, Option<u8>),
    /// It has asked the ledger so long ago, and the answer on its way is that it may go on.
    Asking(u8, u8),
    /// It has the answer and writes next.
    Cleared(u8, u8),
    /// Its write has been on its way for so long, after a look so long ago.
    Writing(u8, u8, u8),
}

/// The scope and its two writers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseState {
    /// The lease.
    pub lease: Option<HeldLease>,
    /// By how many seconds each writer's clock is ahead.
    pub clocks: [i8; 3],
    /// The writers; the second is the more urgent one, the third another slice of the first one's run.
    pub writers: [WriterActivity; 3],
    /// The latest generation of which a write has landed.
    pub landed: u8,
    /// Whether an earlier one landed after it.
    pub disordered: bool,
    /// Claims that are left.
    pub claims: u8,
    /// Further slices that are left.
    pub slices: u8,
    /// Looks that may still take their longest.
    pub slow_looks: u8,
    /// Writes that may still take their longest.
    pub slow_writes: u8,
}

/// How long a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Takes {
    /// No time at all.
    NoTime,
    /// [`super::CALL`].
    Longest,
}

impl Takes {
    /// Either, as long as there is a slow one left.
    pub(super) fn while_any_is(left: u8) -> impl Iterator<Item = Self> {
        [Self::NoTime, Self::Longest].into_iter().take(if left > 0 { 2 } else { 1 })
    }
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaseAction {
    /// A second passes.
    Pass,
    /// Time passes until the lease is near its end.
    Jump,
    /// A writer claims the lease.
    Claim(usize),
    /// A writer goes on as the next slice of the run, whether or not the one before it is over.
    Next(usize),
    /// It begins to write, in a generation of its own.
    Begin(usize),
    /// It says that its slice is over.
    End(usize),
    /// It looks at the lease, and has its answer now or late.
    Ask(usize, Takes),
    /// The late answer arrives.
    Answer(usize),
    /// It prolongs the lease.
    Prolong(usize),
    /// It gives the lease back.
    Release(usize),
    /// It writes, and the write lands now or late.
    Write(usize, Takes),
    /// The late write lands.
    Land(usize),
}

impl LeaseState {
    /// A writer's clock, in seconds from now.
    pub(super) fn clock(&self, writer: usize) -> i16 {
        self.clocks[writer].into()
    }

    pub(super) fn now(&self, writer: usize) -> Timestamp {
        NOW + SignedDuration::from_secs(self.clock(writer).into())
    }

    /// A write of this generation, after a look so long ago, is there.
    pub(super) fn land(&mut self, writer: usize, generation: u8, age: u8) {
        self.disordered |= generation < self.landed;
        self.landed = self.landed.max(generation);
        self.writers[writer] = WriterActivity::Holding(generation, Some(age));
    }

    pub(super) fn pass(&mut self, seconds: i16, oldest: u8) {
        // What is over for longer than any margin is over.
        if let Some(held) = &mut self.lease {
            held.usable = (held.usable - seconds).max(-1);
            held.expires = (held.expires - seconds).max(-NEAR);
        }
        let older = |age: u8| age.saturating_add(seconds.try_into().unwrap_or(u8::MAX)).min(30);
        for doing in &mut self.writers {
            *doing = match *doing {
                WriterActivity::Nothing | WriterActivity::Cleared(..) => *doing,
                WriterActivity::Holding(generation, age) => {
                    WriterActivity::Holding(generation, age.map(older).filter(|age| *age < oldest))
                }
                WriterActivity::Asking(generation, age) => WriterActivity::Asking(generation, older(age)),
                WriterActivity::Writing(generation, seen, age) => {
                    WriterActivity::Writing(generation, older(seen).min(oldest), older(age))
                }
            };
        }
    }
}

/// The real lease of these distances.
pub(super) fn lease(held: HeldLease) -> Lease {
    let instant = |distance: i16| NOW + SignedDuration::from_secs(distance.into());
    Lease {
        holder: held.holder.to_string(),
        layer: if held.holder == 0 { Layer::Schedule } else { Layer::Failover },
        generation: held.generation.into(),
        usable: instant(held.usable),
        expires: instant(held.expires),
        at_work: held.at_work,
    }
}

/// The distances of a real lease.
pub(super) fn held(lease: &Lease) -> HeldLease {
    let distance = |instant: Timestamp| i16::try_from(instant.duration_since(NOW).as_secs()).unwrap_or(i16::MAX);
    HeldLease {
        holder: lease.holder.parse().unwrap_or(u8::MAX),
        generation: u8::try_from(lease.generation).unwrap_or(u8::MAX),
        usable: distance(lease.usable),
        expires: distance(lease.expires),
        at_work: lease.at_work,
    }
}
