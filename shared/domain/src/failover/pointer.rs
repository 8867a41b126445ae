//! The pointer: which region serves a pair, and whether it is moving. It is all that crosses regions to change anything.
//!
//! It is written by one stack at a time: that of the region that is not active, which is the one that a move goes to. Every
//! write raises the revision and is a compare-and-set on it in that stack's own replica of the ledger; so of two
//! executions one acts, and a worker that was delayed loses. A move raises the epoch, and one that goes back raises it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::intent::ServiceFigures;
use crate::name::{Region, ServiceName};
use crate::violation::GuardrailCode;

/// What a region runs while it serves away from home, by service.
pub type Serving = BTreeMap<ServiceName, ServiceFigures>;

/// How far a move has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum MoveStage {
    /// The new region opens its services; the move can go back.
    Opening,
    /// The new region is verified and gets the traffic: from here on there is no way back but another move.
    Traffic,
    /// The move goes back: the new region closes what it opened.
    #[strum(serialize = "going back")]
    Back,
}

/// A move that is going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OngoingMove {
    /// Where to.
    pub to: Region,
    /// How far it has come.
    pub stage: MoveStage,
    /// Services that the new region may run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub open: BTreeSet<ServiceName>,
    /// The singletons that the document had when the move began: whatever it says later, they stay singletons.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub singletons: BTreeSet<ServiceName>,
    /// What the new region is to run; empty on the way home, where the baseline says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub serving: Serving,
}

/// Which region serves a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pointer {
    /// Where the pair was at home when it first moved: what each region runs depends on it, whatever the document calls
    /// home by now. Pointers of before have none, and the document's counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Region>,
    /// The region that serves; during a move the one that is left.
    pub active: Region,
    /// Raised by one with every move, when it turns back, and when it has gone back.
    pub epoch: u64,
    /// Raised by one with every write; 0 before the first.
    pub revision: u64,
    /// The move that is going on, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<OngoingMove>,
    /// What the active region runs; empty at home.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub serving: Serving,
    /// The execution that wrote it last; during a move the only one that may.
    pub by: String,
    /// When the region became active, or the move began.
    pub since: Timestamp,
    /// Guardrails that a person approved for the move.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approved: BTreeSet<GuardrailCode>,
}

/// A change of the pointer that may not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// A move is going on.
    #[error("a move to {to} is going on, by {by}")]
    Moving {
        /// Where to.
        to: Region,
        /// The execution that moves it.
        by: String,
    },
    /// The region serves already.
    #[error("{0} serves already")]
    Active(Region),
    /// Another execution has the move by now, or it is at another stage.
    #[error("the move is not at that point any more: {0}")]
    NotThere(String),
}

impl Pointer {
    /// The pointer of a pair that never moved.
    pub fn at_home(home: &Region) -> Self {
        Self {
            home: Some(home.clone()),
            active: home.clone(),
            epoch: 0,
            revision: 0,
            moving: None,
            serving: Serving::new(),
            by: String::new(),
            since: Timestamp::UNIX_EPOCH,
            approved: BTreeSet::new(),
        }
    }

    /// The region that must not run what the other one does: where a move goes to, or the one that does not serve.
    pub fn is_moving_to(&self, region: &Region) -> bool {
        self.moving.as_ref().is_some_and(|moving| moving.to == *region)
    }

    /// The move, while this execution has it.
    pub fn own(&self, by: &str) -> Option<&OngoingMove> {
        self.moving.as_ref().filter(|_| self.by == by)
    }

    /// A move begins.
    ///
    /// # Errors
    /// [`PointerError`] when one is going on, or the region serves already.
    pub fn begin(
        &self,
        to: &Region,
        serving: Serving,
        approved: BTreeSet<GuardrailCode>,
        by: &str,
        now: Timestamp,
    ) -> Result<Self, PointerError> {
        if let Some(moving) = &self.moving {
            return Err(PointerError::Moving { to: moving.to.clone(), by: self.by.clone() });
        }
        if self.active == *to {
            return Err(PointerError::Active(to.clone()));
        }
        let moving = OngoingMove {
            to: to.clone(),
            stage: MoveStage::Opening,
            open: BTreeSet::new(),
            singletons: BTreeSet::new(),
            serving,
        };
        let next = Self {
            moving: Some(moving),
            epoch: self.epoch + 1,
            by: by.to_owned(),
            since: now,
            approved,
            ..self.clone()
        };
        Ok(next.raised())
    }

    /// The same with the singletons that the move keeps apart to its end.
    #[must_use]
    pub fn keeping_apart(mut self, singletons: impl IntoIterator<Item = ServiceName>) -> Self {
        if let Some(moving) = &mut self.moving {
            moving.singletons.extend(singletons);
        }
        self
    }

    /// Another execution goes on with the move of one that is dead.
    ///
    /// # Errors
    /// [`PointerError::NotThere`] when nothing moves.
    pub fn take_over(&self, by: &str) -> Result<Self, PointerError> {
        if self.moving.is_none() {
            return Err(PointerError::NotThere("nothing moves".to_owned()));
        }
        Ok(Self { by: by.to_owned(), ..self.clone() }.raised())
    }

    /// The new region may run these services too.
    ///
    /// # Errors
    /// [`PointerError::NotThere`] when the move is another's, or past opening.
    pub fn open(&self, by: &str, services: impl IntoIterator<Item = ServiceName>) -> Result<Self, PointerError> {
        self.step(by, MoveStage::Opening, |moving| moving.open.extend(services))
    }

    /// The point of no return: the new region is verified and gets the traffic.
    ///
    /// # Errors
    /// [`PointerError::NotThere`] when the move is another's, or not opening.
    pub fn commit(&self, by: &str) -> Result<Self, PointerError> {
        self.step(by, MoveStage::Opening, |moving| moving.stage = MoveStage::Traffic)
    }

    /// The move goes back: the new region closes everything.
    ///
    /// # Errors
    /// [`PointerError::NotThere`] when the move is another's, or past opening.
    pub fn turn_back(&self, by: &str) -> Result<Self, PointerError> {
        let back = self.step(by, MoveStage::Opening, |moving| {
            moving.stage = MoveStage::Back;
            moving.open.clear();
        })?;
        // What was settled before the first service was opened is no proof that everything is closed again.
        Ok(Self { epoch: back.epoch + 1, ..back })
    }

    /// The move is done: the new region serves.
    ///
    /// # Errors
    /// [`PointerError::NotThere`] when the move is another's, or has not got the traffic.
    pub fn settle(&self, by: &str, now: Timestamp) -> Result<Self, PointerError> {
        let moving = self.at(by, MoveStage::Traffic)?;
        let (active, serving) = (moving.to.clone(), moving.serving.clone());
        Ok(Self { active, serving, moving: None, since: now, ..self.clone() }.raised())
    }

    /// The move has gone back: the old region serves as before, in an epoch of its own.
    ///
    /// # Errors
    /// [`PointerError::NotThere`] when the move is another's, or does not go back.
    pub fn restore(&self, by: &str, now: Timestamp) -> Result<Self, PointerError> {
        self.at(by, MoveStage::Back)?;
        let epoch = self.epoch + 1;
        Ok(Self { epoch, moving: None, since: now, approved: BTreeSet::new(), ..self.clone() }.raised())
    }

    fn at(&self, by: &str, stage: MoveStage) -> Result<&OngoingMove, PointerError> {
        let found = self.own(by).ok_or_else(|| PointerError::NotThere(self.to_string()))?;
        if found.stage == stage { Ok(found) } else { Err(PointerError::NotThere(self.to_string())) }
    }

    fn step(&self, by: &str, stage: MoveStage, change: impl FnOnce(&mut OngoingMove)) -> Result<Self, PointerError> {
        let mut moving = self.at(by, stage)?.clone();
        change(&mut moving);
        Ok(Self { moving: Some(moving), ..self.clone() }.raised())
    }

    fn raised(self) -> Self {
        Self { revision: self.revision + 1, ..self }
    }
}

impl fmt::Display for Pointer {
    /// `us-west-2 serves (epoch 0)`, or `us-west-2 to us-west-1, opening (epoch 1, by NAME)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { active, epoch, by, .. } = self;
        match &self.moving {
            None => write!(f, "{active} serves (epoch {epoch})"),
            Some(OngoingMove { to, stage, .. }) => write!(f, "{active} to {to}, {stage} (epoch {epoch}, by {by})"),
        }
    }
}
