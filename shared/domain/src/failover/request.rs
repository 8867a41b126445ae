//! The input of the `failover` and `failback` machines: by the tick, or by a person in as few words as possible.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::rehearsal::{rehearsed_for, rehearsed_share};
use crate::name::{EnvironmentName, EstateName, MachineName};
use crate::request::{RequestError, approvable};
use crate::value::{Duration, Percent};
use crate::violation::GuardrailCode;

/// The guardrails that ask a person in a move.
const ASKED_OF_MOVES: [GuardrailCode; 6] = [
    GuardrailCode::Failover,
    GuardrailCode::Unconfirmed,
    GuardrailCode::NotReady,
    GuardrailCode::DataLoss,
    GuardrailCode::FenceUnproved,
    GuardrailCode::Held,
];

/// How a move is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveManner {
    /// The other region is lost, or may be: nothing is waited for that it would have to do.
    #[default]
    Apply,
    /// Both regions are well: it drains, waits until the data has caught up, and loses nothing.
    Graceful,
    /// It only reports what a move would do.
    Plan,
    /// It starts what a failover would start, in the standby alone, and gives it back: nothing moves.
    Rehearse,
    /// It says something to the move that goes on, and moves nothing itself.
    Steer,
}

/// The input of the `failover` machine, in the region that is to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FailoverRequest {
    /// Which estate.
    pub estate: EstateName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// Whether the other region takes part, or is lost; or that it only plans.
    #[serde(default)]
    pub mode: MoveManner,
    /// Since when the probe fails, where the tick started it; a person's failover has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected: Option<Timestamp>,
    /// Why, as it will be read in messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Guardrails that ask, answered beforehand.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approve: BTreeSet<GuardrailCode>,
    /// Goes on with a move that another execution left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub take_over: bool,
    /// With `take-over`: goes back instead of on, while that is possible.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
    /// With mode rehearse: how long the capacity is kept up once it is verified.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// With mode rehearse: the share of a failover's tasks that is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Percent>,
    /// With mode steer: the move holds where it stands, until a person says that it goes on; or, false, it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
    /// With mode steer: a planned move goes on as a failover, without the region that is left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// With mode steer: an optional step of the estate's own that is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<MachineName>,
}

impl FailoverRequest {
    /// A request about an environment, without anything else.
    pub fn about(estate: EstateName, environment: EnvironmentName) -> Self {
        Self {
            estate,
            environment,
            mode: MoveManner::Apply,
            detected: None,
            reason: None,
            approve: BTreeSet::new(),
            take_over: false,
            back: false,
            lasts: None,
            share: None,
            hold: None,
            force: false,
            skip: None,
        }
    }

    /// Checks what one field means for another.
    ///
    /// # Errors
    /// The first [`RequestError`].
    pub fn check(&self) -> Result<(), RequestError> {
        approvable(&self.approve, &ASKED_OF_MOVES)?;
        let bad = |field, found: &str, expected: &str| {
            Err(RequestError { field, found: found.to_owned(), expected: expected.to_owned() })
        };
        let rehearses = self.mode == MoveManner::Rehearse;
        if !rehearses && self.lasts.is_some() {
            return bad("for", "a time without mode rehearse", "none: a move has no end of its own");
        }
        if !rehearses && self.share.is_some() {
            return bad("share", "a share without mode rehearse", "none: a move starts all that it needs");
        }
        let word = [("hold", self.hold.is_some()), ("force", self.force), ("skip", self.skip.is_some())];
        let said = word.iter().find(|(_, given)| *given);
        match (self.mode == MoveManner::Steer, said) {
            (false, Some((field, _))) => {
                return bad(field, "a word without mode steer", "`\"mode\": \"steer\"` with it");
            }
            (true, None) => return bad("mode", "steer without a word", "one of `hold`, `force` and `skip` with it"),
            _ => {}
        }
        rehearsed_for(self.lasts)?;
        rehearsed_share(self.share)?;
        match self.mode {
            MoveManner::Rehearse if self.take_over => bad(
                "take-over",
                "true with mode rehearse",
                "one of the two: a rehearsal that died is given back by itself",
            ),
            MoveManner::Rehearse if self.detected.is_some() => {
                bad("detected", "an instant with mode rehearse", "none: a rehearsal answers no loss")
            }
            MoveManner::Rehearse if !self.approve.is_empty() => {
                bad("approve", "approvals with mode rehearse", "none: a rehearsal asks nobody")
            }
            MoveManner::Steer if self.take_over => bad("take-over", "true with mode steer", "one of the two"),
            MoveManner::Steer if self.detected.is_some() => {
                bad("detected", "an instant with mode steer", "none: it answers no loss")
            }
            MoveManner::Steer if !self.approve.is_empty() => {
                bad("approve", "approvals with mode steer", "none: a question has its own answer")
            }
            _ if self.back && !self.take_over => bad("back", "true without `take-over`", "both, or neither"),
            MoveManner::Plan if self.take_over => bad("take-over", "true with mode plan", "one of the two"),
            MoveManner::Graceful if self.detected.is_some() => {
                bad("detected", "an instant with mode graceful", "none: a planned move answers no loss")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for FailoverRequest {
    /// The request as JSON: the input of an execution.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
