//! One scope, its machine and its ticks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ledger::{Ledger, ScopeState};
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::place::ScopedEnvironment;
use watchkeeper_control::ports::Clock;
use watchkeeper_control::reconcile::{BeginVerdict, BegunRun, LeasedRun, Reconciler, RunNext};
use watchkeeper_control::runbook::RunbookError;
use watchkeeper_domain::capacity::{DatabaseId, ScalingState, ServiceCapacity, ServiceId, Suspensions};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::guardrail::Allowance;
use watchkeeper_domain::intent::{DesiredState, Intent, IntentKey, Layer};
use watchkeeper_domain::reconcile::run::{RunError, RunOutcome};
use watchkeeper_domain::request::{RunRequest, Urgency};
use watchkeeper_sim::{SimRegion, WorldBuilder, run_until_done_or_crash, scope};

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

pub(crate) struct Stage {
    pub(crate) world: SimRegion,
    pub(crate) place: ScopedEnvironment,
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

/// A world on the evening of 19 November.
pub(crate) fn evening() -> WorldBuilder {
    SimRegion::builder().at("2026-11-19T23:00:00Z")
}

/// Tries of a begin that finds the lease held.
const PATIENCE: u32 = 8;

impl Stage {
    /// The development environment of a shop with everything that this world has.
    pub(crate) fn over(world: SimRegion) -> Self {
        let capacity = world.observed().capacity();
        let place = ScopedEnvironment {
            scope: scope("shop", "dev", "us-east-1"),
            services: capacity.services.keys().cloned().collect(),
            databases: capacity.databases.keys().cloned().collect(),
            allowance: Allowance {
                production: false,
                floor: 0,
                ceiling: None,
                blast_radius_percent: 100,
                protected: BTreeSet::new(),
                frozen: None,
                at_home: [].into(),
            },
            zone: None,
            emergency: None,
            backups: None,
            declared: 1,
            pair: None,
        };
        Self { world, place, runs: 0 }
    }

    /// The same in production, with these profiles.
    pub(crate) fn production(mut self, profiles: &serde_json::Value) -> Self {
        let section: Emergency = serde_json::from_value(serde_json::json!({ "profiles": profiles })).unwrap();
        self.place.emergency = Some(section);
        self.place.allowance =
            Allowance { production: true, floor: 1, blast_radius_percent: 50, ..self.place.allowance };
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        Clock::now(&self.world)
    }

    pub(crate) fn later(&self, minutes: i64) {
        self.world.set_now(self.now() + SignedDuration::from_mins(minutes));
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
        };
        let (world, scope) = (&self.world, &self.place.scope);
        if asleep {
            run_until_done_or_crash(world, world.declare(scope, &intent)).unwrap().unwrap();
        } else {
            run_until_done_or_crash(world, world.withdraw(scope, &IntentKey::of(Layer::Schedule))).unwrap().unwrap();
        }
    }

    /// A tick after so many minutes.
    pub(crate) fn tick(&mut self, minutes: i64) -> End {
        self.later(minutes);
        self.run(&RunRequest::of_tick(&self.place.scope, self.now()))
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
        self.run(&RunRequest::of_emergency(&self.place.scope, urgency, "alarm".to_owned(), [].into()))
    }

    /// The alarm is over.
    pub(crate) fn calm(&mut self, profile: &str) -> End {
        let urgency = Urgency::GiveBack { profile: profile.parse().unwrap(), by: None };
        self.run(&RunRequest::of_emergency(&self.place.scope, urgency, "over".to_owned(), [].into()))
    }

    pub(crate) fn capacity(&self, name: &str) -> ServiceCapacity {
        self.world.service(&id(name)).unwrap().capacity
    }

    pub(crate) fn desired(&self, name: &str) -> u32 {
        self.capacity(name).desired
    }

    pub(crate) fn remembered(&self) -> ScopeState {
        self.world.remembered(&self.place.scope).unwrap()
    }

    pub(crate) fn subjects(&self) -> Vec<String> {
        self.world.messages().into_iter().map(|message| message.subject).collect()
    }

    /// An execution of the machine, from its input to its end.
    pub(crate) fn run(&mut self, request: &RunRequest) -> End {
        self.runs += 1;
        let (name, instant) = (format!("run-{}", self.runs), request.instant.unwrap_or_else(|| self.now()));
        for _ in 0..PATIENCE {
            let hand = self.hand();
            match run_until_done_or_crash(&self.world, hand.begin(&self.place, request, &name, instant)) {
                None => return End::Crashed,
                Some(Err(RunbookError::LeaseHeld { .. })) => self.world.advance(Duration::from_secs(30)),
                Some(Err(error)) => return End::Failed(format!("{error:?}")),
                Some(Ok(BegunRun { verdict: BeginVerdict::Nothing | BeginVerdict::Plan, .. })) => return End::Nothing,
                Some(Ok(BegunRun { verdict: BeginVerdict::Apply, run, .. })) => return self.slices(&run),
                Some(Ok(begun)) => return self.close(&begun.run, None),
            }
        }
        End::Failed("the lease is held".to_owned())
    }

    fn hand(&self) -> Reconciler<SimRegion> {
        Reconciler {
            cloud: self.world.clone(),
            ledger: self.world.clone(),
            announcer: self.world.clone(),
            clock: self.world.clone(),
            pacer: Arc::new(Pacer::default()),
        }
    }

    fn slices(&self, run: &LeasedRun) -> End {
        let mut next = RunNext::Apply;
        let mut tries = 0;
        while next != RunNext::Finish {
            let hand = self.hand();
            let slice = match next {
                RunNext::Verify => run_until_done_or_crash(&self.world, hand.verify(&self.place, run)),
                _ => run_until_done_or_crash(&self.world, hand.apply(&self.place, run)),
            };
            match slice {
                None => return End::Crashed,
                Some(Ok(slice)) => {
                    self.world.advance(Duration::from_secs(slice.wait_seconds.into()));
                    next = slice.next;
                }
                Some(Err(RunbookError::Aws(_) | RunbookError::Ledger(_))) if tries < 4 => {
                    tries += 1;
                    self.world.advance(Duration::from_secs(5));
                }
                Some(Err(error)) => {
                    let error = RunError { name: "Step.Failed".to_owned(), message: format!("{error:?}") };
                    return self.close(run, Some(error));
                }
            }
        }
        self.close(run, None)
    }

    fn close(&self, run: &LeasedRun, error: Option<RunError>) -> End {
        match run_until_done_or_crash(&self.world, self.hand().finish(&self.place, run, error)) {
            None => End::Crashed,
            Some(Ok(finished)) => End::Closed(finished.outcome),
            Some(Err(error)) => End::Failed(format!("{error:?}")),
        }
    }
}
