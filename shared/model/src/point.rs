//! Pointers as small values that can be hashed: as much of them as the models tell apart.

use std::hash::{Hash, Hasher};

use watchkeeper_domain::failover::MoveStage;

/// A region of the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairSide {
    /// Where the pair is at home.
    Home,
    /// Where it stands by.
    Standby,
}

impl PairSide {
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
pub struct MoveId {
    /// Where to.
    pub to: PairSide,
    /// How far it has come.
    pub stage: MoveStage,
    /// Whether the new region may run the singleton.
    pub open: bool,
}

impl Hash for MoveId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.to, self.stage as u8, self.open).hash(state);
    }
}

/// A pointer, as far as the models tell pointers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelPointer {
    /// The region that serves, or is left.
    pub active: PairSide,
    /// Its epoch.
    pub epoch: u8,
    /// Its revision.
    pub revision: u8,
    /// The move that is going on.
    pub moving: Option<MoveId>,
    /// The execution that wrote it last; 0 before the first.
    pub by: u8,
}

impl ModelPointer {
    /// The pointer of a pair that never moved.
    pub const START: Self = Self { active: PairSide::Home, epoch: 0, revision: 0, moving: None, by: 0 };

    /// The move at this stage, while it is this execution's.
    pub fn own(&self, by: u8, stage: MoveStage) -> Option<MoveId> {
        self.moving.filter(|moving| self.by == by && moving.stage == stage)
    }
}
