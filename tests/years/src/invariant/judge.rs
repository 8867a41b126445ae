//! The judge: what it knows of a site, and when it looks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::{Baseline, Capacity, ResourceId, ScalingState, ServiceId};
use watchkeeper_domain::estate::{Environment, EnvironmentKind, EstateFolder};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::name::{EnvironmentName, Scope};
use watchkeeper_sim::{Operation, RecordedCall, SimRegion};

use super::{Invariant, Violation};
use crate::coverage::Phase;
use crate::estates::Site;
use crate::owner::{Changed, Owners};

/// Who has acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A function, by a schedule or an event.
    Function(&'static str),
    /// A step of an execution; of the innermost one, if it waits for another.
    Run(String),
    /// Somebody else.
    Somebody,
}

/// An environment, and what its ledger has.
#[derive(Debug)]
pub(crate) struct View {
    pub(super) scope: Scope,
    pub(super) environment: Environment,
    /// What it has ever had.
    pub(super) services: Vec<ServiceId>,
    pub(super) baseline: Option<Baseline>,
    pub(super) intents: Vec<Intent>,
    pub(super) holder: Option<(String, Timestamp, Layer)>,
    pub(super) halted: Option<Timestamp>,
    pub(super) was_halted: bool,
}

/// What must hold is held against what is.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(super) views: BTreeMap<EnvironmentName, View>,
    pub(super) owners: Owners,
    /// What somebody has set the count of while it slept, and what was wanted of it then.
    pub(super) drifted: BTreeMap<ResourceId, Vec<(Layer, DesiredState)>>,
    /// Capacity as of the last look.
    pub(super) last: Capacity,
    pub(super) kept: super::kept::Kept,
    pub(super) rest: super::rest::Rest,
    pub(super) share: super::share::Share,
    told: usize,
    pub(super) told_baselines: super::diary::ToldBaselines,
    /// The changes of capacity until the last look, and whether the ledger was read since.
    settled_at: Option<u64>,
}

impl Judge {
    pub(crate) fn new(sim: &SimRegion, site: &Site, documents: &EstateFolder) -> Self {
        let views = site.environments(documents).into_iter().map(|it| (it.name().clone(), View::new(site, it)));
        let mut judge = Self {
            views: views.collect(),
            owners: Owners::default(),
            drifted: BTreeMap::new(),
            last: sim.capacity(),
            kept: super::kept::Kept::new(site),
            rest: super::rest::Rest::default(),
            share: super::share::Share::new(),
            told: 0,
            told_baselines: super::diary::ToldBaselines::new(),
            settled_at: None,
        };
        let _all_right = judge.owners.settle(&judge.last, |_| false);
        judge
    }

    /// Other documents hold.
    pub(crate) fn documented(&mut self, site: &Site, documents: &EstateFolder) {
        for environment in site.environments(documents) {
            if let Some(view) = self.views.get_mut(environment.name()) {
                view.environment = environment.clone();
            }
        }
    }

    /// The owner of a resource has changed it.
    pub(crate) fn owned(&mut self, sim: &SimRegion, resource: &ResourceId, before: &Capacity, changed: Changed) {
        self.read(sim);
        let now = sim.capacity();
        let held = self.held(resource);
        self.owners.owned(resource, [before, &now], changed, held);
        self.last = now;
    }

    /// Somebody has made these calls.
    pub(crate) fn acted(&mut self, sim: &SimRegion, actor: &Actor, calls: &[RecordedCall]) -> Result<(), Violation> {
        let wrote = calls.iter().any(|call| call.operation.writes_capacity());
        if wrote || calls.iter().any(|call| of_scope(call.operation)) {
            self.read(sim);
        }
        if wrote {
            let services = [Operation::UpdateService, Operation::RegisterScalableTarget];
            let last = calls.iter().rfind(|call| services.contains(&call.operation));
            self.rest.wrote = last.map(|call| (call.at, call.to_string())).or_else(|| self.rest.wrote.take());
            self.writes(sim, actor, calls)?;
            self.within_the_share(sim, calls)?;
        }
        self.told_once(sim)?;
        self.kept_after(sim, actor, calls)?;
        self.settled(sim)
    }

    /// What nobody holds is as it was, or as its owner has made it.
    fn settled(&mut self, sim: &SimRegion) -> Result<(), Violation> {
        let changes = Some(sim.capacity_changes());
        if changes == self.settled_at {
            return Ok(());
        }
        self.settled_at = changes;
        let now = sim.capacity();
        let views = &self.views;
        let held = |it: &ResourceId| views.values().any(|view| view.holds(it));
        let wrong = self.owners.settle(&now, held);
        self.last = now;
        match wrong {
            None => Ok(()),
            Some((resource, right)) => {
                let is = match &resource {
                    ResourceId::Service(id) => format!("{:?}", self.last.services[id]),
                    ResourceId::Database(id) => format!("{:?}", self.last.databases[id]),
                    ResourceId::Rule(id) => format!("{:?}", self.last.rules[id]),
                };
                let seen = format!("{resource} is held by nobody, and is {is}; it was {right}");
                Err(violation(sim, Invariant::AsItWas, seen))
            }
        }
    }

    /// Whether anything is halted.
    pub(crate) fn halted(&mut self, sim: &SimRegion) -> bool {
        self.read(sim);
        self.views.values().any(|view| view.halted.is_some())
    }

    /// Somebody has changed something: the next run may be a transition.
    pub(crate) fn moved(&mut self) {
        self.drifted.clear();
    }

    /// Somebody has set the count of a service. If it slept, and no run is under way, it is left alone from now on.
    pub(crate) fn drifts(&mut self, sim: &SimRegion, id: &ServiceId, before: &Capacity) {
        let (now, resource) = (sim.now(), ResourceId::Service(id.clone()));
        let slept = before.services.get(id).is_some_and(|it| it.desired == 0);
        let view = self.views.values().find(|view| view.holds(&resource));
        let Some(view) = view.filter(|view| slept && view.is_at_rest(now)) else { return };
        self.drifted.insert(resource, view.wants(now));
    }

    /// The bounds of a service: its baseline's, while one is kept.
    pub(crate) fn bounds(&mut self, sim: &SimRegion, id: &ServiceId) -> Option<ScalingState> {
        self.read(sim);
        let mut kept = self.views.values().filter_map(|view| view.baseline.as_ref());
        let kept = kept.find_map(|kept| kept.capacity.services.get(id).copied());
        kept.or_else(|| sim.capacity().services.get(id).copied()).and_then(|it| it.scaling)
    }

    /// Whether a service sleeps, and nothing else is the matter, and its own bounds hold so many tasks.
    pub(crate) fn sleeps(&mut self, sim: &SimRegion, id: &ServiceId, tasks: u32) -> bool {
        self.read(sim);
        let (now, resource) = (sim.now(), ResourceId::Service(id.clone()));
        let Some(view) = self.views.values().find(|view| view.holds(&resource)) else { return false };
        let kept = view.baseline.as_ref().and_then(|kept| kept.capacity.services.get(id));
        let fits = kept.is_some_and(|kept| kept.scaling.is_none_or(|scaling| scaling.holds(tasks)));
        let wants = view.wants(now);
        let asleep = !wants.is_empty() && wants.iter().all(|(_, want)| *want == DesiredState::Asleep);
        let down = sim.capacity().services.get(id).is_some_and(|it| it.desired == 0);
        fits && asleep && down && view.halted.is_none() && view.is_at_rest(now)
    }

    pub(super) fn held(&self, resource: &ResourceId) -> bool {
        self.views.values().any(|view| view.holds(resource))
    }

    /// Reads what the ledger has.
    pub(super) fn read(&mut self, sim: &SimRegion) {
        self.settled_at = None;
        for view in self.views.values_mut() {
            view.was_halted = view.halted.is_some();
            if let Ok(found) = sim.remembered(&view.scope) {
                view.baseline = found.baseline;
                view.intents = found.intents;
                view.holder = found.lease.map(|lease| (lease.holder, lease.expires, lease.layer));
                view.halted = found.halt.map(|halt| halt.since);
            }
        }
        let (views, now) = (&self.views, sim.now());
        let same = |resource: &ResourceId, wants: &Vec<(Layer, DesiredState)>| {
            let mut holding = views.values().filter(|view| view.holds(resource));
            holding.any(|view| view.wants(now) == *wants)
        };
        self.drifted.retain(|resource, wants| same(resource, wants));
    }

    /// What an estate in which nothing goes on is like.
    pub(crate) fn phase(&self, now: Timestamp) -> Phase {
        let intents = || self.views.values().flat_map(|view| &view.intents).filter(|it| it.holds(now));
        if intents().any(|it| it.layer == Layer::Emergency) {
            Phase::Surging
        } else if intents().any(|it| it.want == DesiredState::Asleep) {
            Phase::Asleep
        } else {
            Phase::Awake
        }
    }

    /// The subjects of messages since the last time.
    pub(crate) fn new_messages(&mut self, sim: &SimRegion) -> Vec<String> {
        let new = sim.messages_after(self.told);
        self.told += new.len();
        new.into_iter().map(|message| message.subject).collect()
    }
}

impl View {
    fn new(site: &Site, environment: &Environment) -> Self {
        let scope = Scope {
            estate: site.document.estate.clone(),
            environment: environment.name().clone(),
            region: site.region.clone(),
        };
        let services = environment.services(&site.region).into_iter();
        Self {
            scope,
            environment: environment.clone(),
            services: services.map(|(cluster, service)| ServiceId { cluster, service }).collect(),
            baseline: None,
            intents: Vec::new(),
            holder: None,
            halted: None,
            was_halted: false,
        }
    }

    /// Whether its baseline has a resource.
    fn holds(&self, resource: &ResourceId) -> bool {
        self.baseline.as_ref().is_some_and(|kept| kept.has(resource))
    }

    /// Whether no run holds the lease.
    fn is_at_rest(&self, now: Timestamp) -> bool {
        self.holder.as_ref().is_none_or(|(_, expires, _)| *expires < now)
    }

    /// What is wanted of it now.
    pub(super) fn wants(&self, now: Timestamp) -> Vec<(Layer, DesiredState)> {
        self.intents.iter().filter(|it| it.holds(now)).map(|it| (it.layer, it.want.clone())).collect()
    }

    pub(super) fn production(&self) -> bool {
        self.environment.kind() == EnvironmentKind::Production
    }
}

/// Whether a call may change what the ledger has of a scope, as far as it is looked at.
fn of_scope(operation: Operation) -> bool {
    use Operation as O;
    matches!(
        operation,
        O::LedgerTakeLease
            | O::LedgerCommit
            | O::LedgerDeclare
            | O::LedgerWithdraw
            | O::LedgerTakeOut
            | O::LedgerSetHalt
    )
}

pub(super) fn violation(sim: &SimRegion, invariant: Invariant, seen: impl Into<String>) -> Violation {
    Violation { invariant, at: sim.now(), seen: seen.into() }
}
