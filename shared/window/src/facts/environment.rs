//! The facts of the window: one environment a row, of this stack and of its peers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::capacity::{Baseline, DatabaseId, DatabasePower, ServiceId};
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::failover::readiness::Readiness;
use watchkeeper_domain::failover::{Heartbeat, Pointer};
use watchkeeper_domain::finding::DocumentFinding;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::reconcile::history::{PastHalt, RunEnding};
use watchkeeper_domain::schedule::{AwakeHours, Calendar};
use watchkeeper_domain::unblock::UnblockFinding;
use watchkeeper_domain::value::{AlarmName, ProfileName, Zone};

use super::{BackupFreshness, FunctionArn, Offer, OpenQuestion, Reading, ScopeTrouble, StackFacts};

/// Everything that the window shows.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowFacts {
    /// What this stack looks after.
    pub own: StackRows,
    /// What its peers answered, by the ARN of their `window`.
    pub peers: BTreeMap<FunctionArn, Reading<StackRows>>,
}

/// What one stack looks after: this is what a `window` answers to a peer, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StackRows {
    /// The stack.
    pub stack: StackFacts,
    /// The halt switch of everything; `Now(None)` when it is off.
    pub halt: Reading<Option<HaltSwitch>>,
    /// Its environments, in the order of the documents. Each comes from one stack: of a pair, the rows of the home's stack.
    pub environments: Vec<EnvironmentFacts>,
}

/// A calendar that travels: written as the document writes it, and checked when it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "AwakeHours", into = "AwakeHours")]
pub struct EnvironmentCalendar {
    hours: AwakeHours,
    calendar: Calendar,
}

impl EnvironmentCalendar {
    /// When the environment is awake.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// As the document has it: holidays and exceptions among it.
    pub fn hours(&self) -> &AwakeHours {
        &self.hours
    }
}

impl PartialEq for EnvironmentCalendar {
    fn eq(&self, other: &Self) -> bool {
        self.hours == other.hours
    }
}

impl TryFrom<AwakeHours> for EnvironmentCalendar {
    type Error = BadCalendar;
    fn try_from(hours: AwakeHours) -> Result<Self, BadCalendar> {
        match hours.calendar() {
            Ok(calendar) => Ok(Self { hours, calendar }),
            Err(findings) => Err(BadCalendar(findings)),
        }
    }
}

impl From<EnvironmentCalendar> for AwakeHours {
    fn from(calendar: EnvironmentCalendar) -> Self {
        calendar.hours
    }
}

/// A calendar that cannot be meant; a checked document has none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct BadCalendar(pub Vec<DocumentFinding>);

/// An emergency profile of the document, as far as a form names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EmergencyProfile {
    /// Its name.
    pub name: ProfileName,
    /// How long it lasts where nobody says otherwise, in seconds.
    pub lasts_seconds: u64,
    /// For how long an alarm has to be quiet before it is given back, in seconds; then it is not answered for as long.
    pub cool_down_seconds: u64,
}

/// One environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EnvironmentFacts {
    /// The stack that looks after it: whom its buttons call.
    pub stack: StackFacts,
    /// The system.
    pub estate: EstateName,
    /// The copy of it.
    pub environment: EnvironmentName,
    /// Which of the three it is.
    pub kind: EnvironmentKind,
    /// What the estate is, as the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Whom messages name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The region that the document calls primary.
    pub home: Region,
    /// The other region of a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<Region>,
    /// The clocks that its row shows: the calendar's; else those of the estate's first environment that has a calendar; else
    /// UTC.
    pub zone: Zone,
    /// When it is awake; none when it always is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<EnvironmentCalendar>,
    /// What the document keeps from every change, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<String>,
    /// The profiles that a person may start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<EmergencyProfile>,
    /// What the time asleep has saved in this month of UTC, in US cents, by the cost that the document declares
    /// (`awake-cost`); none where it declares none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_cents: Option<u64>,
    /// What is known of it in each of its regions: the primary, and of a pair the standby too.
    pub regions: BTreeMap<Region, RegionFacts>,
    /// How fresh each resource's backups are; `Now` of an empty list where the document asks for none.
    pub backups: Reading<Vec<BackupFreshness>>,
    /// How the pair stands; none when it is no pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<Reading<PairState>>,
    /// The findings of the last daily unblock that somebody has to look at; empty where it is not asked for.
    pub unblock: Reading<Vec<UnblockFinding>>,
}

impl EnvironmentFacts {
    /// The environment in a region.
    pub fn scope(&self, region: &Region) -> Scope {
        Scope { estate: self.estate.clone(), environment: self.environment.clone(), region: region.clone() }
    }
}

/// An environment in one region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RegionFacts {
    /// What the ledger holds of the scope.
    pub ledger: Reading<ScopeFacts>,
    /// What ECS and RDS say.
    pub observed: Reading<ObservedCapacity>,
    /// What each of [`crate::offer::offered_intents`] comes to. Empty where ledger or observation was not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
}

/// What the ledger holds of a scope.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ScopeFacts {
    /// The capacity found before the first change, while one is kept.
    pub baseline: Option<Baseline>,
    /// Its intents, expired ones among them.
    pub intents: Vec<Intent>,
    /// The halt switch of this scope alone.
    pub halt: Option<HaltSwitch>,
    /// The execution that holds the lease, and since when, where one does.
    pub running: Option<(String, Timestamp)>,
    /// What ended or was switched, the oldest first; at most the last 60.
    pub history: Vec<RunEnding>,
    /// The halts that are over, of the scope and of everything, oldest first.
    pub halts: Vec<PastHalt>,
    /// What is not as it should be.
    pub trouble: Option<ScopeTrouble>,
    /// The questions that wait for a person.
    pub questions: Vec<OpenQuestion>,
    /// Of the alarms behind an emergency: since when each is quiet, or none while it is in ALARM. One that nobody could ask is
    /// not in it.
    pub alarms: BTreeMap<AlarmName, Option<Timestamp>>,
    /// How long it has been asleep in this month of UTC, in seconds; none before anything was counted.
    pub asleep_seconds: Option<u64>,
}

/// What ECS and RDS say of a scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ObservedCapacity {
    /// Services.
    pub services: BTreeMap<ServiceId, ObservedCount>,
    /// Databases: whether each runs or is coming up, and its status in AWS's own word.
    pub databases: BTreeMap<DatabaseId, (DatabasePower, String)>,
}

/// The tasks of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObservedCount {
    /// Tasks that ECS wants.
    pub desired: u32,
    /// Tasks that run.
    pub running: u32,
    /// Tasks that start.
    pub pending: u32,
    /// What the intents make of the baseline: the tasks that are wanted of it; ECS's own count where there is no baseline.
    pub wanted: u32,
}

/// How a pair stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PairState {
    /// Who serves.
    pub pointer: Pointer,
    /// The newest heartbeat of each region's stack; a region that was never heard is not in it.
    pub heard: BTreeMap<Region, Heartbeat>,
    /// Since when the region that does not serve is heard without a break longer than [`watchkeeper_domain::failover::evidence::SILENCE`], where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_since: Option<Timestamp>,
    /// How ready the region that does not serve was when it was last looked at; none before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
    /// The execution whose move is held, since when, and why, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<(String, Timestamp, String)>,
}
