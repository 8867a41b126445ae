//! A person's word to a move that goes on: that it holds, goes on, leaves out a step of the estate's own, or goes on without the
//! region that is left.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::pointer::{MoveStage, Pointer};
use super::request::FailoverRequest;
use super::{Move, MovePhase};
use crate::name::{MachineName, Region};
use crate::request::RequestError;
use crate::violation::GuardrailCode;

/// What people have said to a move since it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MoveWord {
    /// The move, by the epoch of its pointer: to another one it says nothing.
    pub epoch: u64,
    /// Raised by one with every word.
    pub number: u32,
    /// The execution that said the last one.
    pub by: String,
    /// Whether it is to hold; nothing where nobody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
    /// Whether it goes on without the region that is left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// Optional steps of the estate's own that are left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skip: BTreeSet<MachineName>,
}

impl MoveWord {
    /// The word of a request, after what was said before it.
    ///
    /// # Errors
    /// [`RequestError`] when there is no such move, or it cannot do what is said.
    pub fn said(
        request: &FailoverRequest,
        pointer: &Pointer,
        region: &Region,
        record: Option<&Move>,
        before: Option<&Self>,
        by: &str,
    ) -> Result<Self, RequestError> {
        let bad = |field, found: String, expected: &str| RequestError { field, found, expected: expected.to_owned() };
        let moving = pointer.moving.as_ref().filter(|moving| moving.to == *region && moving.stage != MoveStage::Back);
        let Some((moving, record)) = moving.zip(record) else {
            return Err(bad("mode", pointer.to_string(), "a move to this region that goes on, and not back"));
        };
        if request.force && (moving.stage != MoveStage::Opening || !record.graceful) {
            return Err(bad("force", pointer.to_string(), "a planned move whose traffic has not moved"));
        }
        if let Some(step) = &request.skip {
            let optional: Vec<&str> =
                record.steps.iter().filter(|step| step.optional).map(|step| step.run.as_str()).collect();
            if !optional.contains(&step.as_str()) {
                let expected = if optional.is_empty() {
                    "none: it has no optional step".to_owned()
                } else {
                    optional.join(" or ")
                };
                return Err(bad("skip", step.to_string(), &expected));
            }
        }
        let before = before.filter(|before| before.epoch == pointer.epoch);
        if let Some(same) = before.filter(|before| before.by == by) {
            return Ok(same.clone());
        }
        let mut word = Self {
            epoch: pointer.epoch,
            number: before.map_or(0, |before| before.number) + 1,
            by: by.to_owned(),
            hold: request.hold,
            force: request.force || before.is_some_and(|before| before.force),
            skip: before.map(|before| before.skip.clone()).unwrap_or_default(),
        };
        word.skip.extend(request.skip.clone());
        Ok(word)
    }
}

impl Move {
    /// Whether a word is for this move, and new to it.
    pub fn is_new(&self, word: &MoveWord) -> bool {
        self.epoch == Some(word.epoch) && word.number > self.heard
    }

    /// Hears a word, and tells what of it is new.
    pub fn hear(&mut self, word: &MoveWord) -> Vec<String> {
        let mut told = Vec::new();
        if !self.is_new(word) {
            return told;
        }
        self.heard = word.number;
        match word.hold {
            Some(true) => {
                self.hold = true;
                told.push("a person wants the move held".to_owned());
            }
            Some(false) => {
                self.hold = false;
                if self.asks.remove(&GuardrailCode::Held).is_some() {
                    self.passed.insert(self.phase);
                }
                told.push("a person lets the move go on".to_owned());
            }
            None => {}
        }
        if word.force && self.graceful {
            self.graceful = false;
            // What was switched over without loss cannot go back without the region that is left.
            self.irreversible |= !self.promoted.is_empty();
            self.header.approved.insert(GuardrailCode::DataLoss);
            told.push(format!("a person takes {} for lost: the move is a failover from here on", self.from));
        }
        for step in word.skip.iter().filter(|step| !self.skipped.contains(*step)) {
            told.push(format!("a person leaves {step} out"));
        }
        self.skipped.extend(word.skip.iter().cloned());
        told
    }

    /// Whether a person holds it in the phase that it is in: once it has begun, and until it is settled.
    pub fn is_held(&self) -> bool {
        self.hold && (MovePhase::Fence..=MovePhase::Settle).contains(&self.phase)
    }
}
