//! The facts of a pair, on its own page.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::failover::readiness::Readiness;
use watchkeeper_domain::failover::rehearsal::{CapacityCertificate, CertificateStanding};
use watchkeeper_domain::failover::{Heartbeat, Move, Pointer};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, ServiceName};
use watchkeeper_domain::value::{AlarmName, Zone};

use super::{ObservedCapacity, OpenQuestion, PlanFacts, Reading, StackFacts};

/// What a probe of a region's health paths found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbedPaths {
    /// Paths that were asked.
    pub asked: u32,
    /// Those that did not answer.
    pub failed: u32,
    /// Since when they do not, where some do not.
    pub since: Option<Timestamp>,
}

/// Up to which move a region's own stack has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledEpoch {
    /// The epoch of the pointer.
    pub epoch: u64,
    /// When it had.
    pub at: Timestamp,
}

/// A region of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairRegion {
    /// Its stack, where its name is known here: moves start in the region that is to serve.
    pub stack: StackFacts,
    /// Its newest heartbeat; `Now(None)` when it was never heard.
    pub heartbeat: Reading<Option<Heartbeat>>,
    /// What its own hand has settled; `Now(None)` before the first move.
    pub settled: Reading<Option<SettledEpoch>>,
    /// What the probe says of it; `Now(None)` where nobody probes it.
    pub probe: Reading<Option<ProbedPaths>>,
    /// The alarms of the document's evidence, each with its state in CloudWatch's own word.
    pub alarms: Reading<BTreeMap<AlarmName, String>>,
    /// What its ECS and RDS say.
    pub observed: Reading<ObservedCapacity>,
    /// How far its data is behind in the other region, in milliseconds; `Now(None)` where AWS does not tell.
    pub lag_ms: Reading<Option<u64>>,
    /// The Fargate vCPUs that its quota allows; `Now(None)` where AWS does not tell.
    pub vcpu: Reading<Option<u32>>,
}

/// Where traffic goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficFacts {
    /// The name that people use, such as `fleet.example.com`.
    pub name: String,
    /// What sends it there, such as `switch-object standby-serves is there, so us-west-1 answers`.
    pub how: Reading<String>,
    /// How long until the last client follows a move, in seconds, where the document says so.
    pub last_client_seconds: Option<u32>,
}

/// What a region was last seen to start, and what that is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The certificate.
    pub certificate: Box<CapacityCertificate>,
    /// Its standing when it was last looked at; none before the first look.
    pub standing: Option<CertificateStanding>,
}

/// The page of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailoverFacts {
    /// The system.
    pub estate: EstateName,
    /// The copy of it.
    pub environment: EnvironmentName,
    /// The clocks of the environment.
    pub zone: Zone,
    /// Its home.
    pub home: Region,
    /// The other region.
    pub standby: Region,
    /// Both regions.
    pub regions: BTreeMap<Region, PairRegion>,
    /// Who serves.
    pub pointer: Reading<Pointer>,
    /// How ready the region that does not serve was when it was last looked at; `Now(None)` before the first look.
    pub readiness: Reading<Option<Readiness>>,
    /// What the standby was last seen to start; `Now(None)` where that was never tried.
    pub certificate: Reading<Option<CertificateFacts>>,
    /// The move that goes on or is held, else the last; `Now(None)` where there never was one.
    pub last: Reading<Option<Move>>,
    /// The questions of the move that wait for a person.
    pub questions: Vec<OpenQuestion>,
    /// What a planned move to the region that does not serve comes to there, as judged now.
    pub plan: Reading<PlanFacts>,
    /// How long such a move took last, in seconds.
    pub took_seconds: Option<u32>,
    /// The services of which one task runs anywhere, each with its fence as the document declares it.
    pub singletons: BTreeMap<ServiceName, String>,
    /// The promised time to recover, in seconds.
    pub rto_seconds: Option<u64>,
    /// The promised most that may be lost, in seconds.
    pub rpo_seconds: Option<u64>,
    /// Where traffic goes.
    pub traffic: Option<TrafficFacts>,
    /// Whether reports of its moves are kept.
    pub reports: bool,
}
