//! The scene: a development environment of a few services and a database.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{
    Baseline, DatabaseId, DatabaseState, ObservedDatabase, ObservedScope, ObservedService, ReachedTargets, Rollout,
    ScalingState, ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::guardrail::{Allowance, CapacityQuotas};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::plan::{Obstacle, Releases};
use watchkeeper_domain::reconcile::assess::{Assessment, ScopeSituation, assess};
use watchkeeper_domain::reconcile::releases::ScopeLeft;

pub(crate) fn evening() -> Timestamp {
    "2026-11-20T00:05:00Z".parse().unwrap()
}

pub(crate) fn service_id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("clos-v2-cluster/{name}")).unwrap()
}

pub(crate) fn database_id() -> DatabaseId {
    DatabaseId::try_from("aurora:clos-v2-db-cluster".to_owned()).unwrap()
}

pub(crate) fn service(desired: u32, scaling: Option<ScalingState>) -> ObservedService {
    ObservedService {
        capacity: ServiceCapacity { desired, scaling },
        running: desired,
        pending: 0,
        managed: true,
        rollout: Rollout::Completed,
        rollout_since: None,
        deployed: None,
        task_definition: None,
        daemon: false,
        target_groups: Vec::new(),
        scheduler: None,
    }
}

pub(crate) fn database(state: DatabaseState) -> ObservedDatabase {
    ObservedDatabase { state, managed: true, cannot_stop: None, scheduler: None }
}

pub(crate) fn awake() -> ObservedScope {
    let scaling = ScalingState { min: 1, max: 3, suspended: Suspensions::NONE };
    ObservedScope {
        services: [(service_id("api"), service(2, Some(scaling))), (service_id("engine"), service(1, None))].into(),
        databases: [(database_id(), database(DatabaseState::Available))].into(),
        ..ObservedScope::default()
    }
}

pub(crate) fn asleep() -> ObservedScope {
    let scaling = ScalingState { min: 0, max: 3, suspended: Suspensions::ALL };
    ObservedScope {
        services: [(service_id("api"), service(0, Some(scaling))), (service_id("engine"), service(0, None))].into(),
        databases: [(database_id(), database(DatabaseState::Stopped))].into(),
        ..ObservedScope::default()
    }
}

pub(crate) fn intent(layer: Layer, want: DesiredState, expires: Option<Timestamp>) -> Intent {
    Intent {
        layer,
        want,
        reason: "test".to_owned(),
        by: "test".to_owned(),
        declared: evening(),
        expires,
        approved: [].into(),
        for_release: None,
    }
}

pub(crate) fn night() -> Intent {
    intent(Layer::Schedule, DesiredState::Asleep, None)
}

/// A scope at an instant; `decide` asks what is to be done about it.
pub(crate) struct Scene {
    pub(crate) baseline: Option<Baseline>,
    pub(crate) intents: Vec<Intent>,
    pub(crate) observed: ObservedScope,
    pub(crate) reached: ReachedTargets,
    pub(crate) declares: bool,
    pub(crate) allowance: Allowance,
    pub(crate) instant: Timestamp,
}

impl Scene {
    /// Before the first night.
    pub(crate) fn evening() -> Self {
        let allowance = Allowance {
            production: false,
            floor: 0,
            ceiling: None,
            blast_radius_percent: 100,
            protected: BTreeSet::new(),
            frozen: None,
            at_home: [].into(),
            order: watchkeeper_domain::order::StartOrder::default(),
            page: None,
        };
        Self {
            baseline: None,
            intents: vec![night()],
            observed: awake(),
            reached: ReachedTargets::default(),
            declares: false,
            allowance,
            instant: evening(),
        }
    }

    /// Asleep, seen and recorded.
    pub(crate) fn night() -> Self {
        let before = Self::evening().decide();
        let reached = ReachedTargets::all(&before.target, evening());
        Self { baseline: Some(before.baseline), observed: asleep(), reached, ..Self::evening() }
    }

    pub(crate) fn decide(&self) -> Assessment {
        let left = self.baseline.as_ref().map(|kept| ScopeLeft {
            at: kept.taken,
            services: self.reached.services.clone(),
            sent: [].into(),
        });
        assess(&ScopeSituation {
            baseline: self.baseline.as_ref(),
            intents: &self.intents,
            observed: &self.observed,
            reached: &self.reached,
            left: left.as_ref(),
            declares: self.declares,
            releases: &Releases::new(),
            quotas: &CapacityQuotas::default(),
            allowance: &self.allowance,
            instant: self.instant,
            now: self.instant,
            halt: None,
            approved: &BTreeSet::new(),
        })
    }
}

pub(crate) fn changes(assessment: &Assessment) -> Vec<String> {
    assessment.plan.actions().map(|action| action.change.to_string()).collect()
}

pub(crate) fn change(scene: &mut Scene, service: &str, change: impl FnOnce(&mut ObservedService)) {
    change(scene.observed.services.get_mut(&service_id(service)).unwrap());
}

pub(crate) fn obstacles(decided: &Assessment) -> Vec<(String, Obstacle)> {
    decided.plan.obstacles.iter().map(|(resource, obstacle)| (resource.to_string(), obstacle.clone())).collect()
}
