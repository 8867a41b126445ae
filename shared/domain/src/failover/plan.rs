//! The plan of a move: what the new region is to run, in which order, and what a person has to agree to. Facts in, plan out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::pointer::Serving;
use super::readiness::{FindingGrade, Readiness, ReadinessFacts};
use super::record::waves;
use super::rehearsal::rehearsed_serving;
use super::sample::serving;
use super::{PairDatabase, may_lose};
use crate::estate::{DeclaredCapacity, Failover};
use crate::name::ServiceName;
use crate::order::StartOrder;
use crate::value::Percent;
use crate::violation::GuardrailCode;

/// What a move is planned by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MoveFacts {
    /// What was found of the region that is to serve, and what the other one last said of itself.
    pub readiness: ReadinessFacts,
    /// What the document said of failovers.
    pub failover: Failover,
    /// The order of the services of the region that is to serve.
    #[serde(default, skip_serializing_if = "StartOrder::is_empty")]
    pub order: StartOrder,
    /// The capacity that the document declares for the home, by service.
    pub declared: BTreeMap<ServiceName, DeclaredCapacity>,
    /// Whether the region that is to serve is the standby; on the way home the baseline says what runs there.
    pub to_standby: bool,
    /// Whether both regions take part and nothing may be lost.
    pub graceful: bool,
    /// How far the tables lagged, in milliseconds; `None` where nobody knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<i64>,
    /// Services that a rehearsal had up: they are a wave of their own, which stands at once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub head_start: BTreeSet<ServiceName>,
    /// The share of it that is rehearsed; `None` of a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Percent>,
}

/// The plan of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MovePlan {
    /// What the new region is to run; empty on the way home.
    pub serving: Serving,
    /// Services in the order in which they open.
    pub waves: Vec<Vec<ServiceName>>,
    /// Guardrails that have something against it, each with its reason.
    pub asks: BTreeMap<GuardrailCode, String>,
}

impl MoveFacts {
    /// How ready the region was.
    pub fn readiness(&self) -> Readiness {
        Readiness::of(&self.readiness, &self.failover)
    }

    /// The plan.
    pub fn plan(&self) -> MovePlan {
        let reasons = [
            (GuardrailCode::NotReady, self.not_ready()),
            (GuardrailCode::DataLoss, joined([self.lag(), self.losses()])),
        ];
        let mut figures = Serving::new();
        if self.to_standby {
            figures = serving(&self.failover, &self.declared, self.readiness.sample.as_ref());
        }
        let mut opened = waves(&self.order, &self.failover);
        if let Some(share) = self.rehearsed {
            figures = rehearsed_serving(&figures, share, &self.failover);
            for wave in &mut opened {
                wave.retain(|service| figures.contains_key(service));
            }
        }
        MovePlan {
            serving: figures,
            waves: ahead(opened, &self.head_start),
            asks: reasons.into_iter().filter_map(|(code, why)| Some((code, why?))).collect(),
        }
    }

    /// What keeps the region from serving.
    pub fn not_ready(&self) -> Option<String> {
        let found = self.readiness().findings;
        let blocks = found.iter().filter(|finding| finding.grade == FindingGrade::Blocks);
        let blocks: Vec<String> = blocks.map(ToString::to_string).collect();
        (!blocks.is_empty()).then(|| format!("{} is not ready: {}", self.readiness.region, blocks.join("; ")))
    }

    /// What the lag of the tables has against the move: more than is promised, or nobody knows.
    pub fn lag(&self) -> Option<String> {
        let promised = self.failover.rpo.signed();
        match self.lag_ms.map(SignedDuration::from_millis) {
            Some(lag) if lag <= promised => None,
            Some(lag) => Some(format!("the tables lag by {lag:#}, and {promised:#} is promised")),
            None => Some(format!("how far the tables lag is not known, and {promised:#} is promised")),
        }
    }

    /// What the databases that are promoted may lose.
    fn losses(&self) -> Option<String> {
        let databases = self.failover.databases.iter().filter_map(PairDatabase::of);
        joined(databases.map(|database| may_lose(&database, self.graceful)))
    }
}

/// The waves with a head start: what is up already is the first one, and no singleton is.
fn ahead(mut waves: Vec<Vec<ServiceName>>, up: &BTreeSet<ServiceName>) -> Vec<Vec<ServiceName>> {
    let first: Vec<ServiceName> = waves.iter().flatten().filter(|service| up.contains(*service)).cloned().collect();
    for wave in &mut waves {
        wave.retain(|service| !up.contains(service));
    }
    waves.insert(0, first);
    waves.retain(|wave| !wave.is_empty());
    waves
}

fn joined(reasons: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let told: Vec<String> = reasons.into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join("; "))
}
