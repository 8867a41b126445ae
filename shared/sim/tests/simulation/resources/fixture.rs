//! One scope, its machine and its ticks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ledger::{Ledger, ScopeState};
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::platform::Platform;
use watchkeeper_control::ports::Clock;
use watchkeeper_control::reconcile::{BeginVerdict, Reconciler};
use watchkeeper_control::runbook::RunbookError;
use watchkeeper_control::scoped::ScopedEnvironment;
use watchkeeper_domain::capacity::{DatabaseId, ScalingState, ServiceCapacity, ServiceId, Suspensions};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::guardrail::Allowance;
use watchkeeper_domain::intent::{DesiredState, Intent, IntentKey, Layer};
use watchkeeper_domain::reconcile::run::{RunError, RunOutcome, RunRef};
use watchkeeper_domain::request::{RunRequest, Urgency};
use watchkeeper_sim::{SimRegion, SimRegionBuilder, run_until_done_or_crash, scope};

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Begin found nothing to do.
    Nothing,
    /// The run was closed.
    Closed(RunOutcome),
    /// It failed without a record.
    Failed(String),
    /// The process died, and the execution with it.
    Crashed,
}

#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) sim: SimRegion,
    pub(crate) scoped: ScopedEnvironment,
    runs: u32,
}

pub(crate) fn id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("shop/{name}")).unwrap()
}

pub(crate) fn db(name: &str) -> DatabaseId {
    DatabaseId::try_from(name.to_owned()).unwrap()
}

pub(crate) fn bounds(min: u32, max: u32) -> ScalingState {
    ScalingState { min, max, suspended: Suspensions::NONE }
}

/// A simulation on the evening of 19 November.
pub(crate) fn evening() -> SimRegionBuilder {
    SimRegion::builder().at("2026-11-19T23:00:00Z")
}

/// Tries of a begin that finds the lease held.
const PATIENCE: u32 = 8;

impl Fixture {
    /// The development environment of a shop with everything that this simulation has.
    pub(crate) fn over(sim: SimRegion) -> Self {
        let capacity = sim.observed().capacity();
        let scoped = ScopedEnvironment {
            scope: scope("shop", "dev", "us-east-1"),
            services: capacity.services.keys().cloned().collect(),
            found_by_tag: watchkeeper_control::scoped::FoundByTag::default(),
            databases: capacity.databases.keys().cloned().collect(),
            allowance: Allowance {
                production: false,
                floor: 0,
                ceiling: None,
                blast_radius_percent: 100,
                protected: BTreeSet::new(),
                frozen: None,
                at_home: [].into(),
                order: watchkeeper_domain::order::StartOrder::default(),
                page: None,
            },
            zone: None,
            calendar: None,
            awake_cost: None,
            emergency: None,
            backups: None,
            declared: 1,
            pair: None,
        };
        Self { sim, scoped, runs: 0 }
    }

    /// The same in production, with these profiles.
    pub(crate) fn production(mut self, profiles: &serde_json::Value) -> Self {
        let section: Emergency = serde_json::from_value(serde_json::json!({ "profiles": profiles })).unwrap();
        self.scoped.emergency = Some(section);
        self.scoped.allowance =
            Allowance { production: true, floor: 1, blast_radius_percent: 50, ..self.scoped.allowance };
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        Clock::now(&self.sim)
    }

    pub(crate) fn later(&self, minutes: i64) {
        self.sim.set_now(self.now() + SignedDuration::from_mins(minutes));
    }

    /// The calendar declares, or takes back, that it is to sleep.
    pub(crate) fn calendar(&self, asleep: bool) {
        let intent = Intent {
            layer: Layer::Schedule,
            want: DesiredState::Asleep,
            reason: "night".to_owned(),
            by: "calendar".to_owned(),
            declared: self.now(),
            expires: None,
            approved: [].into(),
            for_release: None,
        };
        let (sim, scope) = (&self.sim, &self.scoped.scope);
        if asleep {
            run_until_done_or_crash(sim, sim.declare(scope, &intent)).unwrap().unwrap();
        } else {
            run_until_done_or_crash(sim, sim.withdraw(scope, &IntentKey::of(Layer::Schedule))).unwrap().unwrap();
        }
    }

    /// A tick after so many minutes.
    pub(crate) fn tick(&mut self, minutes: i64) -> End {
        self.later(minutes);
        self.run(&RunRequest::of_tick(&self.scoped.scope, self.now()))
    }

    /// Goes to sleep, now.
    pub(crate) fn sleep(&mut self) -> End {
        self.calendar(true);
        self.tick(0)
    }

    /// Wakes, ten hours later.
    pub(crate) fn wake(&mut self) -> End {
        self.calendar(false);
        self.tick(600)
    }

    /// An alarm starts a profile for so many hours.
    pub(crate) fn surge(&mut self, profile: &str, hours: i64) -> End {
        let until = self.now() + SignedDuration::from_hours(hours);
        let profile = profile.parse().unwrap();
        let urgency = Urgency::Scale { profile, until, alarms: [].into(), by: None };
        self.run(&RunRequest::of_emergency(&self.scoped.scope, urgency, "alarm".to_owned(), [].into()))
    }

    /// The alarm is over.
    pub(crate) fn calm(&mut self, profile: &str) -> End {
        let urgency = Urgency::GiveBack { profile: profile.parse().unwrap(), by: None };
        self.run(&RunRequest::of_emergency(&self.scoped.scope, urgency, "over".to_owned(), [].into()))
    }

    pub(crate) fn capacity(&self, name: &str) -> ServiceCapacity {
        self.sim.service(&id(name)).unwrap().capacity
    }

    pub(crate) fn desired(&self, name: &str) -> u32 {
        self.capacity(name).desired
    }

    pub(crate) fn remembered(&self) -> ScopeState {
        self.sim.remembered(&self.scoped.scope).unwrap()
    }

    pub(crate) fn subjects(&self) -> Vec<String> {
        self.sim.messages().into_iter().map(|message| message.subject).collect()
    }

    /// An execution of the machine, from its input to its end.
    pub(crate) fn run(&mut self, request: &RunRequest) -> End {
        self.runs += 1;
        let (name, instant) = (format!("run-{}", self.runs), request.instant.unwrap_or_else(|| self.now()));
        for _ in 0..PATIENCE {
            let reconciler = self.reconciler();
            match run_until_done_or_crash(&self.sim, reconciler.begin(&self.scoped, request, &name, instant)) {
                None => return End::Crashed,
                Some(Err(RunbookError::LeaseHeld { .. })) => self.sim.advance(Duration::from_secs(30)),
                Some(Err(error)) => return End::Failed(format!("{error:?}")),
                Some(Ok(begun)) => {
                    let run = begun.run.unwrap();
                    return match begun.details.verdict {
                        BeginVerdict::Nothing | BeginVerdict::Plan => End::Nothing,
                        BeginVerdict::Apply => self.slices(&run),
                        _ => self.close(&run, None),
                    };
                }
            }
        }
        End::Failed("the lease is held".to_owned())
    }

    /// A run of the tick that has begun and has not written yet.
    pub(crate) fn begun(&mut self) -> RunRef {
        self.runs += 1;
        let (request, name) = (RunRequest::of_tick(&self.scoped.scope, self.now()), format!("run-{}", self.runs));
        let reconciler = self.reconciler();
        let begun = reconciler.begin(&self.scoped, &request, &name, self.now());
        run_until_done_or_crash(&self.sim, begun).unwrap().unwrap().run.unwrap()
    }

    pub(crate) fn reconciler(&self) -> Reconciler<SimRegion> {
        self.reconciler_on(self.sim.clone())
    }

    /// A reconciler whose clock is this one.
    pub(crate) fn reconciler_on<P>(&self, clock: P::Clock) -> Reconciler<P>
    where
        P: Platform<Capacity = SimRegion, Ledger = SimRegion, Notifier = SimRegion>,
    {
        let (cloud, ledger, notifier) = (self.sim.clone(), self.sim.clone(), self.sim.clone());
        Reconciler { cloud, ledger, notifier, clock, pacer: Arc::new(Pacer::new(self.sim.region())), reports: None }
    }

    /// The slices of a run, to its end.
    pub(crate) fn slices(&self, run: &RunRef) -> End {
        let mut next = Some("apply");
        let mut tries = 0;
        while next != Some("finish") {
            let reconciler = self.reconciler();
            let slice = match next {
                Some("verify") => run_until_done_or_crash(&self.sim, reconciler.verify(&self.scoped, run)),
                _ => run_until_done_or_crash(&self.sim, reconciler.apply(&self.scoped, run)),
            };
            match slice {
                None => return End::Crashed,
                Some(Ok(slice)) => {
                    self.sim.advance(slice.then.wait());
                    next = slice.then.step();
                }
                Some(Err(RunbookError::Aws(_) | RunbookError::Ledger(_))) if tries < 4 => {
                    tries += 1;
                    self.sim.advance(Duration::from_secs(5));
                }
                Some(Err(error)) => {
                    let error = RunError { name: "Step.Failed".to_owned(), message: format!("{error:?}") };
                    return self.close(run, Some(error));
                }
            }
        }
        self.close(run, None)
    }

    fn close(&self, run: &RunRef, error: Option<RunError>) -> End {
        match run_until_done_or_crash(&self.sim, self.reconciler().finish(&self.scoped, run, error)) {
            None => End::Crashed,
            Some(Ok(finished)) => End::Closed(finished.details.outcome),
            Some(Err(error)) => End::Failed(format!("{error:?}")),
        }
    }
}
