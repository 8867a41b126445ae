//! Rehearsals: what a failover would start is started in the standby alone, measured, held for a while and given back. What is
//! learnt is a certificate of capacity, and so is what a real move learns.

mod certificate;
mod due;
mod refusal;
mod report;
mod standing;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::pointer::Serving;
use crate::capacity::{ServiceCapacity, TaskDefinition};
use crate::estate::Failover;
use crate::intent::{Intent, Layer};
use crate::name::ServiceName;
use crate::request::RequestError;
use crate::value::{Duration, Percent};

pub use certificate::{
    CapacityCertificate, CertificateOrigin, CertifiedService, PlacedTasks, SlowestService, TaskStart, WaveTiming,
};
pub use due::{RehearsalDue, RehearsalMemory};
pub use refusal::{RehearsalSituation, refusal};
pub(super) use report::seconds;
pub use report::{certificate_lines, rehearsed};
pub use standing::{CertificateStanding, CertifiedFacts, StandingVerdict, standing};

/// How long a rehearsal is held up where nobody says.
const LASTS: Duration = Duration::minutes(15);

/// The shortest hold: a round of health checks.
const LEAST: SignedDuration = SignedDuration::from_mins(1);

/// The longest hold: what is up costs as much as what serves.
const MOST: SignedDuration = SignedDuration::from_hours(4);

/// How long the capacity may stay beyond the hold: the time of a wave that does not start, and of one that does; after it the
/// intent expires, whoever is left.
pub const GRACE: SignedDuration = SignedDuration::from_mins(90);

/// A rehearsal, beside the record that it shares with moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rehearsal {
    /// The share of a failover's tasks that is started.
    pub share: Percent,
    /// How long the capacity is kept up once it is verified, in seconds.
    pub lasts: u64,
    /// When its intent ends by itself.
    pub until: Timestamp,
    /// What the standby had of each service that is started.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<ServiceName, ServiceCapacity>,
    /// Whether the own hand was asked for anything: then something has to be given back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begun: bool,
    /// What a failover would have stumbled over; without any, it is proved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// The execution of the move that took the capacity over, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<String>,
}

impl Rehearsal {
    /// A rehearsal that is asked for: by the request, else by the document.
    pub fn asked(lasts: Option<Duration>, share: Option<Percent>, failover: &Failover, now: Timestamp) -> Self {
        let policy = failover.rehearse.as_ref();
        let lasts = lasts.or_else(|| policy?.lasts).unwrap_or(LASTS);
        let share = share.or_else(|| policy?.share).unwrap_or(Percent::new(100));
        Self {
            share,
            lasts: lasts.seconds(),
            until: now.saturating_add(lasts.signed().saturating_add(GRACE)).unwrap_or(Timestamp::MAX),
            before: BTreeMap::new(),
            begun: false,
            findings: Vec::new(),
            handed_over: None,
        }
    }

    /// The shortest time that it is held up.
    pub fn hold(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.lasts).unwrap_or(i64::MAX))
    }
}

/// The intent of a rehearsal that holds, if one is up.
pub fn rehearsing(intents: &[Intent], now: Timestamp) -> Option<&Intent> {
    intents.iter().find(|intent| intent.layer == Layer::Rehearsal && intent.holds(now))
}

/// The figures that a rehearsal starts of those of a failover: no singleton, of the rest the share, and where that is anything at
/// least one task.
pub fn rehearsed_serving(serving: &Serving, share: Percent, failover: &Failover) -> Serving {
    let started = serving.iter().filter(|(service, figures)| !failover.is_singleton(service) && figures.desired > 0);
    let part = started.map(|(service, figures)| {
        let desired = share.of_rounded_up(figures.desired);
        (service.clone(), crate::intent::ServiceFigures { desired, ..*figures })
    });
    part.collect()
}

/// Checks how long a rehearsal is to be held up.
///
/// # Errors
/// [`RequestError`] of the field `for`.
pub fn rehearsed_for(lasts: Option<Duration>) -> Result<(), RequestError> {
    match lasts {
        Some(lasts) if !(LEAST..=MOST).contains(&lasts.signed()) => {
            let expected = format!("from {LEAST:#} to {MOST:#}");
            Err(RequestError { field: "for", found: lasts.to_string(), expected })
        }
        _ => Ok(()),
    }
}

/// Checks the share of a rehearsal.
///
/// # Errors
/// [`RequestError`] of the field `share`.
pub fn rehearsed_share(share: Option<Percent>) -> Result<(), RequestError> {
    match share {
        Some(share) if !(1..=100).contains(&share.value()) => {
            let expected = "from 1 % to 100 % of what a failover starts".to_owned();
            Err(RequestError { field: "share", found: share.to_string(), expected })
        }
        _ => Ok(()),
    }
}

/// The family of a task definition, without its revision.
fn family(definition: &TaskDefinition) -> String {
    let name = definition.to_string();
    name.rsplit_once(':').map_or_else(|| name.clone(), |(family, _)| family.to_owned())
}
