//! What a run was asked for: by the tick, or by a person in as few words as possible.

mod for_release;
mod halt;
mod rehearsal;
mod until;
mod urgency;

use std::collections::BTreeSet;
use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::name::{EnvironmentName, EstateName, Scope};
use crate::value::BuildId;
use crate::violation::GuardrailCode;

pub use halt::switched;
pub use rehearsal::RehearsalDemand;
use until::read_end;
pub use urgency::Urgency;

/// The longest that an override may last: a quarter of a year, so that a mistyped year does not keep an environment
/// awake for ever.
pub const MAX_OVERRIDE: SignedDuration = SignedDuration::from_hours(92 * 24);

/// What started a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunTrigger {
    /// The tick.
    Schedule,
    /// A person.
    #[default]
    Human,
    /// The emergency machine.
    Emergency,
    /// The failover machine, or the watch over a pair.
    Failover,
}

/// Whether a run may write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunMode {
    /// It only reports.
    Plan,
    /// It does what it reports.
    #[default]
    Apply,
}

/// What a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestedState {
    /// Awake until a time.
    Awake,
    /// Asleep until a time.
    Asleep,
    /// The override taken back: the calendar decides again.
    AsScheduled,
}

/// The input of the `reconcile` machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunRequest {
    /// Which estate; without one only `halt` has a meaning, for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estate: Option<EstateName>,
    /// Which environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// What started it.
    #[serde(default)]
    pub trigger: RunTrigger,
    /// The instant that a tick is about; a person's run is about its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant: Option<Timestamp>,
    /// Whether it may write.
    #[serde(default)]
    pub mode: RunMode,
    /// What is wanted, until when, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub want: Option<RequestedState>,
    /// When the wish ends: a time today or tomorrow, a date and time in the environment's zone, one with an offset, or
    /// a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The release of a pipeline that the wish is for: it holds beside those of people and of other releases, and only its own
    /// id ends it before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_release: Option<BuildId>,
    /// Why, as it will be read in messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What an emergency wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Urgency>,
    /// What a rehearsal of a failover wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<RehearsalDemand>,
    /// Guardrails that ask, answered beforehand.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approve: BTreeSet<GuardrailCode>,
    /// A run that this one takes the place of: its lease need not expire, should it have died with it or be left behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// Whether a report of the run is kept: a person's word, and an emergency's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
    /// Turns the halt switch on or off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<bool>,
    /// The person who wants the switch turned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A field of a request that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: found {found}, expected {expected}")]
pub struct RequestError {
    /// Which field.
    pub field: &'static str,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

/// The guardrails that ask a person in a run of capacity, or in an emergency.
pub const ASKED_OF_CAPACITY: [GuardrailCode; 5] = [
    GuardrailCode::Quota,
    GuardrailCode::DependencyVeto,
    GuardrailCode::StaleBackup,
    GuardrailCode::BlastRadius,
    GuardrailCode::DeploymentInProgress,
];

/// Checks that each guardrail that is approved beforehand asks there: an approval that answers nothing is a mistake.
///
/// # Errors
/// [`RequestError`] that names the first one.
pub fn approvable(given: &BTreeSet<GuardrailCode>, asks: &[GuardrailCode]) -> Result<(), RequestError> {
    let Some(code) = given.iter().find(|code| !asks.contains(code)) else { return Ok(()) };
    let names: Vec<&str> = asks.iter().map(|code| code.name()).collect();
    Err(bad("approve", format!("{code}, which asks nobody here"), format!("only what asks: {}", names.join(", "))))
}

fn bad(field: &'static str, found: impl Into<String>, expected: impl Into<String>) -> RequestError {
    RequestError { field, found: found.into(), expected: expected.into() }
}

impl fmt::Display for RunRequest {
    /// The request as JSON: the input of an execution.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl RunRequest {
    /// What the emergency machine asks for.
    pub fn of_emergency(scope: &Scope, urgency: Urgency, reason: String, approve: BTreeSet<GuardrailCode>) -> Self {
        let (emergency, reason) = (Some(urgency), Some(reason));
        let of_nobody = Self::of_tick(scope, Timestamp::UNIX_EPOCH);
        Self { trigger: RunTrigger::Emergency, instant: None, emergency, reason, approve, ..of_nobody }
    }

    /// What a failover asks for: a look at what the pair's pointer wants, perhaps in the place of a run that was left with the lease.
    pub fn of_failover(scope: &Scope, reason: String, instead_of: Option<String>) -> Self {
        let of_nobody = Self::of_tick(scope, Timestamp::UNIX_EPOCH);
        Self { trigger: RunTrigger::Failover, instant: None, reason: Some(reason), instead_of, ..of_nobody }
    }

    /// What a rehearsal of a failover asks for.
    pub fn of_rehearsal(scope: &Scope, demand: RehearsalDemand, reason: String) -> Self {
        Self { rehearsal: Some(demand), ..Self::of_failover(scope, reason, None) }
    }

    /// What a person asks for, before they say what: as the tick would, but about its own start.
    pub fn of_person(scope: &Scope) -> Self {
        let of_nobody = Self::of_tick(scope, Timestamp::UNIX_EPOCH);
        Self { trigger: RunTrigger::Human, instant: None, ..of_nobody }
    }

    /// What a person asks for who turns the halt switch of everything.
    pub fn of_everything(halt: bool, by: Option<String>, reason: Option<String>) -> Self {
        Self {
            estate: None,
            environment: None,
            trigger: RunTrigger::Human,
            instant: None,
            mode: RunMode::Apply,
            want: None,
            until: None,
            for_release: None,
            reason,
            emergency: None,
            rehearsal: None,
            approve: BTreeSet::new(),
            instead_of: None,
            report: false,
            halt: Some(halt),
            by,
        }
    }

    /// What a tick asks for.
    pub fn of_tick(scope: &Scope, instant: Timestamp) -> Self {
        Self {
            estate: Some(scope.estate.clone()),
            environment: Some(scope.environment.clone()),
            trigger: RunTrigger::Schedule,
            instant: Some(instant),
            mode: RunMode::Apply,
            want: None,
            until: None,
            for_release: None,
            reason: None,
            emergency: None,
            rehearsal: None,
            approve: BTreeSet::new(),
            instead_of: None,
            report: false,
            halt: None,
            by: None,
        }
    }

    /// The environment that is meant.
    ///
    /// # Errors
    /// [`RequestError`] that names the missing field.
    pub fn place(&self) -> Result<(&EstateName, &EnvironmentName), RequestError> {
        let estate = self.estate.as_ref().ok_or_else(|| bad("estate", "nothing", "the name of an estate"))?;
        let environment =
            self.environment.as_ref().ok_or_else(|| bad("environment", "nothing", "the name of an environment"))?;
        Ok((estate, environment))
    }

    /// Checks what one field means for another.
    ///
    /// # Errors
    /// The first [`RequestError`].
    pub fn check(&self) -> Result<(), RequestError> {
        approvable(&self.approve, &ASKED_OF_CAPACITY)?;
        self.check_halt()?;
        self.check_report()?;
        self.check_release()?;
        self.check_rehearsal()?;
        match (self.trigger, &self.want, &self.until) {
            (RunTrigger::Schedule | RunTrigger::Failover, Some(_), _) => {
                Err(bad("want", "a wish with trigger schedule or failover", "none: they have none"))
            }
            (RunTrigger::Schedule, ..) if self.instant.is_none() => {
                Err(bad("instant", "nothing", "the instant of the tick, such as 2026-11-21T22:00:00Z"))
            }
            (RunTrigger::Human | RunTrigger::Emergency | RunTrigger::Failover, ..) if self.instant.is_some() => {
                Err(bad("instant", "an instant", "none: only a tick has one, and other runs are about their own start"))
            }
            (RunTrigger::Schedule | RunTrigger::Failover, ..) if self.emergency.is_some() => {
                Err(bad("emergency", "a wish with trigger schedule or failover", "none: they have none"))
            }
            (_, Some(_), _) if self.emergency.is_some() => {
                Err(bad("want", "a wish beside `emergency`", "one of the two: start a run for each"))
            }
            (_, Some(RequestedState::Awake | RequestedState::Asleep), None) => {
                Err(bad("until", "nothing", "when the wish ends, such as 2026-11-21T22:00, 22:00 or 2h"))
            }
            (_, None | Some(RequestedState::AsScheduled), Some(until)) => {
                Err(bad("until", format!("{until:?}"), "none without a wish to be awake or asleep"))
            }
            _ => Ok(()),
        }
    }

    /// A report is of what was done for somebody: of a plan, of a switch and of a tick there is none.
    fn check_report(&self) -> Result<(), RequestError> {
        let by_hand = matches!(self.trigger, RunTrigger::Human | RunTrigger::Emergency);
        if !self.report || (by_hand && self.mode == RunMode::Apply && self.halt.is_none()) {
            return Ok(());
        }
        Err(bad("report", "true", "a run by hand or of an emergency, without `halt`, and with mode apply"))
    }

    /// When the wish ends. `zone` is the environment's, if it has one.
    ///
    /// # Errors
    /// [`RequestError`] for `until` when it does not read, is past, or is further off than [`MAX_OVERRIDE`].
    pub fn end(&self, start: Timestamp, zone: Option<&TimeZone>) -> Result<Option<Timestamp>, RequestError> {
        let Some(text) = &self.until else { return Ok(None) };
        let found = || format!("{text:?}");
        let end = read_end(text, start, zone).ok_or_else(|| {
            bad("until", found(), "2026-11-21T22:00, 2026-11-21 (its beginning), 22:00, 2h, or a time with an offset")
        })?;
        if end <= start {
            return Err(bad("until", format!("{text:?}, which is {end}"), format!("a time after {start}")));
        }
        if end.duration_since(start) > MAX_OVERRIDE {
            return Err(bad("until", format!("{text:?}, which is {end}"), "a time within 92 days"));
        }
        Ok(Some(end))
    }
}

#[cfg(test)]
mod tests;
