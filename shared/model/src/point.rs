//! Pointers as small values that can be hashed: as much of them as the models tell apart.

use std::hash::{Hash, Hasher};

use watchkeeper_domain::failover::Stage;

/// A region of the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Where the pair is at home.
    Home,
    /// Where it stands by.
    Standby,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Home, Self::Standby];

    /// The other region.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Home => Self::Standby,
            Self::Standby => Self::Home,
        }
    }

    /// Where arrays keep what belongs to it.
    pub const fn at(self) -> usize {
        self as usize
    }
}

/// A move, as far as the models tell moves apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Where to.
    pub to: Side,
    /// How far it has come.
    pub stage: Stage,
    /// Whether the new region may run the singleton.
    pub open: bool,
}

impl Hash for Move {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.to, self.stage as u8, self.open).hash(state);
    }
}

/// A pointer, as far as the models tell pointers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    /// The region that serves, or is left.
    pub active: Side,
    /// Its epoch.
    pub epoch: u8,
    /// Its revision.
    pub revision: u8,
    /// The move that is going on.
    pub moving: Option<Move>,
    /// The execution that wrote it last; 0 before the first.
    pub by: u8,
}

impl Point {
    /// The pointer of a pair that never moved.
    pub const START: Self = Self { active: Side::Home, epoch: 0, revision: 0, moving: None, by: 0 };

    /// The move at this stage, while it is this execution's.
    pub fn own(&self, by: u8, stage: Stage) -> Option<Move> {
        self.moving.filter(|moving| self.by == by && moving.stage == stage)
    }
}
