//! The input of the `emergency-scale` machine: by an alarm, or by a person in as few words as possible.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::estate::MAX_LASTS;
use crate::name::{EnvironmentName, EstateName, ServiceName};
use crate::request::{ASKED_OF_CAPACITY, RequestError, RunMode, approvable};
use crate::value::{AlarmName, Duration, ProfileName};
use crate::violation::GuardrailCode;

/// The input of the `emergency-scale` machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EmergencyRequest {
    /// Which estate.
    pub estate: EstateName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// The profile to scale to, or to give back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileName>,
    /// Gives the profile back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub give_back: bool,
    /// Takes services back to the last release that was rolled out completely, instead of scaling.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub roll_back: bool,
    /// The services to take back; left out, every one that is suspect.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceName>,
    /// Whether it may write.
    #[serde(default)]
    pub mode: RunMode,
    /// How long at most. Default: as the profile says.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// Why, as it will be read in messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The alarm that called for it, and that it holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<AlarmName>,
    /// Since when that alarm is in ALARM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why a person has to be asked first, where the document does not say so anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
    /// Guardrails that ask, answered beforehand.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approve: BTreeSet<GuardrailCode>,
    /// Whether a report is kept of the run that carries it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmergencyPurpose<'a> {
    /// To scale to a profile.
    Scale(&'a ProfileName),
    /// To give a profile back.
    GiveBack(&'a ProfileName),
    /// To go back to an earlier release.
    RollBack,
}

impl fmt::Display for EmergencyRequest {
    /// The request as JSON: the input of an execution.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl EmergencyRequest {
    /// What is asked for, in the words of a message.
    pub fn what(&self) -> String {
        match self.purpose() {
            Ok(EmergencyPurpose::Scale(profile)) => profile.to_string(),
            Ok(EmergencyPurpose::GiveBack(profile)) => format!("giving {profile} back"),
            Ok(EmergencyPurpose::RollBack) | Err(_) => "a rollback".to_owned(),
        }
    }

    /// A request about an environment that asks for nothing yet.
    pub fn about(estate: EstateName, environment: EnvironmentName) -> Self {
        Self {
            estate,
            environment,
            profile: None,
            give_back: false,
            roll_back: false,
            services: BTreeSet::new(),
            mode: RunMode::Apply,
            lasts: None,
            reason: None,
            alarm: None,
            since: None,
            ask: None,
            approve: BTreeSet::new(),
            report: false,
        }
    }

    /// What it is for, once its fields agree with each other.
    ///
    /// # Errors
    /// The first [`RequestError`].
    pub fn purpose(&self) -> Result<EmergencyPurpose<'_>, RequestError> {
        let bad = |field, found: &str, expected: &str| {
            Err(RequestError { field, found: found.to_owned(), expected: expected.to_owned() })
        };
        approvable(&self.approve, &ASKED_OF_CAPACITY)?;
        if self.lasts.is_some_and(|lasts| lasts.signed() > MAX_LASTS) {
            return bad("for", "more than 7 days", "at most 7d");
        }
        if self.alarm.is_some() != self.since.is_some() {
            return bad("since", "one of `alarm` and `since`", "both, or neither");
        }
        match (&self.profile, self.give_back, self.roll_back) {
            (None, false, false) => bad("profile", "nothing", "the name of a profile, or \"roll-back\": true"),
            (None, true, _) => bad("profile", "nothing", "the name of the profile to give back"),
            (Some(_), _, true) => bad("roll-back", "true beside a profile", "one of the two: start a run for each"),
            (Some(_), true, false) if self.lasts.is_some() => {
                bad("for", "a duration beside `give-back`", "none: what is given back does not last")
            }
            (None, false, true) if self.lasts.is_some() => {
                bad("for", "a duration beside `roll-back`", "none: a release that was taken back stays so")
            }
            (Some(_), ..) if !self.services.is_empty() => {
                bad("services", "services beside a profile", "none: the profile says which services it is for")
            }
            (Some(profile), false, false) => Ok(EmergencyPurpose::Scale(profile)),
            (Some(profile), true, false) => Ok(EmergencyPurpose::GiveBack(profile)),
            (None, false, true) => Ok(EmergencyPurpose::RollBack),
        }
    }
}
