//! Intents, and the one function that turns them into a target.

pub mod idle;
mod placement;
mod requested;
mod scheduled;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capacity::{Capacity, DatabasePower, ScalingState, ServiceCapacity, ServiceId, Suspensions};
use crate::name::ServiceName;
use crate::value::{BuildId, ProfileName};
use crate::violation::GuardrailCode;

pub use placement::{PlacedService, Placement, ScalingBounds, ServiceFigures};
pub use requested::RequestedProfile;
pub use scheduled::{Due, due, wanted};

/// Who speaks, weakest first: of two intents the stronger layer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Layer {
    /// The calendar.
    Schedule,
    /// A rehearsal of a failover: whoever means it goes first.
    Rehearsal,
    /// A human's "keep it awake until 22:00".
    Override,
    /// An alarm's, or a human's, change of capacity.
    Emergency,
    /// A move to another region.
    Failover,
}

impl Layer {
    /// Every layer, weakest first.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Its name, as the ledger and messages have it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it raises capacity, so that the account has to allow it: the others only give back what was there.
    pub fn raises(self) -> bool {
        matches!(self, Self::Rehearsal | Self::Emergency | Self::Failover)
    }

    /// Whether its figure is how fast it is: it looks again within seconds.
    pub fn is_timed(self) -> bool {
        matches!(self, Self::Rehearsal | Self::Failover)
    }
}

/// What is wanted of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DesiredState {
    /// Everything at its baseline.
    Awake,
    /// No task, no running database.
    Asleep,
    /// Everything running, and some services at other counts and bounds than their baseline's.
    Scaled(RequestedProfile),
    /// What the pointer of a pair wants of this region; the other layers decide about services that it does not name.
    Placed(Placement),
}

impl fmt::Display for DesiredState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Awake => f.write_str("awake"),
            Self::Asleep => f.write_str("asleep"),
            Self::Scaled(requested) => write!(f, "at {}", requested.profile),
            Self::Placed(placement) => placement.fmt(f),
        }
    }
}

/// Where an intent lies: a scope holds one a layer, but the emergency layer one a profile, and the override layer one a release
/// of a pipeline beside the person's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntentKey {
    /// The layer.
    pub layer: Layer,
    /// The profile, in the emergency layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileName>,
    /// The release, of a pipeline's override.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<BuildId>,
}

impl IntentKey {
    /// The only slot of a layer.
    pub fn of(layer: Layer) -> Self {
        Self { layer, profile: None, release: None }
    }

    /// The slot of an emergency profile.
    pub fn emergency(profile: ProfileName) -> Self {
        Self { profile: Some(profile), ..Self::of(Layer::Emergency) }
    }

    /// The slot of a pipeline's override.
    pub fn release(release: BuildId) -> Self {
        Self { release: Some(release), ..Self::of(Layer::Override) }
    }
}

impl fmt::Display for IntentKey {
    /// `schedule`, `emergency#surge`, or `override#shop-1234`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.profile, &self.release) {
            (None, None) => self.layer.fmt(f),
            (Some(profile), _) => write!(f, "{}#{profile}", self.layer),
            (None, Some(release)) => write!(f, "{}#{release}", self.layer),
        }
    }
}

/// What somebody wants of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Which other intents it is stronger than.
    pub layer: Layer,
    /// What is wanted.
    pub want: DesiredState,
    /// Why, as it will be read in messages.
    pub reason: String,
    /// The execution that declared it, and that gives back what it took.
    pub by: String,
    /// When it was declared.
    pub declared: Timestamp,
    /// When it ends by itself; `None` when its owner withdraws it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Guardrails that a person approved for it: whoever applies it again later need not be asked again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approved: BTreeSet<GuardrailCode>,
    /// The release that a pipeline keeps it awake for. A release of before this reads it as a person's override, which wants the
    /// same.
    #[serde(default, rename = "for-release", skip_serializing_if = "Option::is_none")]
    pub for_release: Option<BuildId>,
}

impl Intent {
    /// Whether it still counts: an intent ends at its expiry, not after it.
    pub fn holds(&self, instant: Timestamp) -> bool {
        self.expires.is_none_or(|expires| instant < expires)
    }

    /// Where it lies.
    pub fn intent_key(&self) -> IntentKey {
        match &self.want {
            DesiredState::Scaled(requested) if self.layer == Layer::Emergency => {
                IntentKey::emergency(requested.profile.clone())
            }
            _ if self.for_release.is_some() => {
                IntentKey { release: self.for_release.clone(), ..IntentKey::of(self.layer) }
            }
            _ => IntentKey::of(self.layer),
        }
    }

    /// The same intent once it takes the place of the one before it. A demand that still holds is extended, never
    /// stacked: the later expiry counts, and the alarms of both have to be quiet. What a person asked for until a time
    /// ends at no alarm's word.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>, instant: Timestamp) -> Self {
        let Some(before) = before.filter(|before| before.holds(instant)) else { return self };
        if let (DesiredState::Scaled(requested), DesiredState::Scaled(earlier)) = (&mut self.want, &before.want) {
            let by_hand = requested.alarms.is_empty() || earlier.alarms.is_empty();
            requested.alarms.extend(earlier.alarms.iter().cloned());
            requested.alarms.retain(|_| !by_hand);
            self.expires = self.expires.zip(before.expires).map(|(one, other)| one.max(other));
            self.declared = before.declared;
            // What was approved of other figures was not approved of these.
            if requested.same_figures(earlier) {
                self.approved.extend(before.approved.iter().copied());
            }
        }
        self
    }

    /// Whether it says anything of a service.
    pub fn is_about(&self, service: &ServiceName) -> bool {
        match &self.want {
            DesiredState::Scaled(requested) => requested.is_for(service),
            DesiredState::Placed(placement) => placement.services.contains_key(service),
            DesiredState::Awake | DesiredState::Asleep => true,
        }
    }

    /// What it places, if it is the pointer's.
    pub fn placement(&self) -> Option<&Placement> {
        if let DesiredState::Placed(placement) = &self.want { Some(placement) } else { None }
    }

    fn rank(&self) -> u32 {
        if let DesiredState::Scaled(requested) = &self.want { requested.rank } else { 0 }
    }

    /// Of several overrides the one that lasts longest comes first: it says until when.
    fn lasts(&self) -> Option<Reverse<Timestamp>> {
        (self.layer == Layer::Override).then(|| Reverse(self.expires.unwrap_or(Timestamp::MAX)))
    }

    fn keeps_awake(&self) -> bool {
        self.layer == Layer::Override && self.want == DesiredState::Awake
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wants it {}: {}", self.layer, self.want, self.reason)
    }
}

/// The intents that decide at an instant: what the pointer of a pair wants, and all that hold in the strongest other layer
/// that has any, the one that comes first in the document's order first. Of overrides those that want it awake decide: nothing
/// is put to sleep under a release, and it sleeps once the last of them has ended.
pub fn deciding(intents: &[Intent], instant: Timestamp) -> Vec<&Intent> {
    let (placed, others): (Vec<&Intent>, Vec<&Intent>) =
        intents.iter().filter(|intent| intent.holds(instant)).partition(|intent| intent.placement().is_some());
    let strongest = others.iter().map(|intent| intent.layer).max();
    let mut chosen: Vec<&Intent> = others.into_iter().filter(|intent| Some(intent.layer) == strongest).collect();
    let awake = chosen.iter().any(|intent| intent.keeps_awake());
    chosen.retain(|intent| !awake || intent.layer != Layer::Override || intent.keeps_awake());
    chosen.sort_by_key(|intent| (intent.rank(), intent.lasts(), intent.intent_key()));
    placed.into_iter().chain(chosen).collect()
}

/// What the pointer of a pair wants, if it is among those that decide.
pub fn placed(deciding: &[Intent]) -> Option<&Placement> {
    deciding.iter().find_map(Intent::placement)
}

/// The state each resource should be in. Without an intent it is the baseline, so giving back is exact by construction.
pub fn resolve(baseline: &Capacity, intents: &[Intent], instant: Timestamp) -> Capacity {
    let chosen = deciding(intents, instant);
    let demands = || {
        chosen.iter().filter_map(|intent| {
            if let DesiredState::Scaled(requested) = &intent.want { Some(requested) } else { None }
        })
    };
    let scale = |id: &ServiceId, service: ServiceCapacity| {
        demands().find_map(|requested| requested.scale(&id.service, service)).unwrap_or(service)
    };
    let mut target = if chosen.iter().any(|intent| intent.want == DesiredState::Asleep) {
        asleep(baseline)
    } else {
        let services = baseline.services.iter().map(|(id, service)| (id.clone(), scale(id, *service)));
        Capacity { services: services.collect(), ..baseline.clone() }
    };
    for placement in chosen.iter().filter_map(|intent| intent.placement()) {
        for (id, found) in &baseline.services {
            let Some(placed) = placement.services.get(&id.service) else { continue };
            // What serves away from home is scaled in an emergency like any other; what must not run here stays down.
            let wanted = match placed {
                PlacedService::Down => placed.scale(*found),
                PlacedService::At(_) => scale(id, placed.scale(*found)),
            };
            target.services.insert(id.clone(), wanted);
        }
    }
    target
}

/// Whether the intents that decide leave nothing to keep a baseline for: the target is the baseline itself.
pub fn gives_back(deciding: &[Intent]) -> bool {
    deciding.iter().all(|intent| intent.want == DesiredState::Awake)
}

/// Everything down: the maximum is kept, the minimum lowered, because a minimum above desired lifts desired. Which page a rule
/// shows meanwhile is the document's to say.
fn asleep(baseline: &Capacity) -> Capacity {
    let sleep = |service: &ServiceCapacity| ServiceCapacity {
        desired: 0,
        scaling: service.scaling.map(|scaling| ScalingState { min: 0, suspended: Suspensions::ALL, ..scaling }),
    };
    Capacity {
        services: baseline.services.iter().map(|(id, service)| (id.clone(), sleep(service))).collect(),
        databases: baseline.databases.keys().map(|id| (id.clone(), DatabasePower::Off)).collect(),
        rules: baseline.rules.clone(),
    }
}
