//! Runs side by side: each waits by itself, and time passes once all of them wait.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ledger::Ledger;
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::platform::Platform;
use watchkeeper_control::ports::Clock;
use watchkeeper_control::reconcile::{BeginVerdict, Reconciler};
use watchkeeper_control::runbook::RunbookError;
use watchkeeper_control::scoped::ScopedEnvironment;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::guardrail::Allowance;
use watchkeeper_domain::intent::{DesiredState, Intent, IntentKey, Layer};
use watchkeeper_domain::request::{RunRequest, Urgency};
use watchkeeper_sim::{MachineHandle, SimRegion, run_until_done_or_crash, scope, service};

/// The clock of one function: it may be ahead of the others, and its sleeps end when the simulation has come so far.
#[derive(Clone)]
pub(crate) struct OwnClock {
    sim: SimRegion,
    ahead: SignedDuration,
    /// When it wants to go on.
    wakes: Rc<Cell<Option<Timestamp>>>,
}

impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        Clock::now(&self.sim)
    }

    fn shared(&self) -> Timestamp {
        self.now() + self.ahead
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now() + duration;
        std::future::poll_fn(|_| {
            if Clock::now(&self.sim) >= until {
                return Poll::Ready(());
            }
            self.wakes.set(Some(until));
            Poll::Pending
        })
        .await;
    }
}

/// The simulation, each of whose functions has a clock of its own.
struct CrowdPlatform;

impl Platform for CrowdPlatform {
    type Ledger = SimRegion;
    type Notifier = SimRegion;
    type Clock = OwnClock;
    type Machine = MachineHandle;
    type Capacity = SimRegion;
    type Alarms = SimRegion;
    type Backups = SimRegion;
    type Reports = SimRegion;
    type Unblock = SimRegion;
    type Region = SimRegion;
    type Peer = SimRegion;
    type Traffic = SimRegion;
    type Prober = SimRegion;
}

/// How an environment's run is.
#[derive(Clone)]
pub(crate) struct Member {
    /// Whether an alarm starts it, and doubles everything; else it is a tick.
    pub(crate) alarm: bool,
    /// Whether one function is there for all of its steps, as Lambda keeps it; else each step has a new one.
    pub(crate) warm: bool,
    /// When it begins; at once without.
    pub(crate) begins: Option<Timestamp>,
    /// What the clock of its functions is ahead by.
    pub(crate) ahead: SignedDuration,
}

impl Default for Member {
    fn default() -> Self {
        Self { alarm: false, warm: false, begins: None, ahead: SignedDuration::ZERO }
    }
}

struct Running {
    future: Pin<Box<dyn Future<Output = ()>>>,
    wakes: Rc<Cell<Option<Timestamp>>>,
    dies: Option<Timestamp>,
}

/// Environments of one account.
pub(crate) struct Crowd {
    pub(crate) sim: SimRegion,
    scopes: Vec<Rc<ScopedEnvironment>>,
    running: BTreeMap<usize, Running>,
    runs: usize,
    /// When each run has ended.
    pub(crate) ended: Rc<RefCell<BTreeMap<usize, Timestamp>>>,
}

impl Crowd {
    /// So many environments with so many services each, all of them with a scalable target.
    pub(crate) fn of(environments: usize, services: usize, now: Timestamp) -> Self {
        let name = |environment: usize, n: usize| format!("shop-{environment}/service-{n:03}");
        let mut builder = SimRegion::builder().starting(now);
        for (environment, n) in (0..environments).flat_map(|e| (0..services).map(move |n| (e, n))) {
            builder = builder.with(service(&name(environment, n)).desired(2).scaling(1, 4));
        }
        let profiles = serde_json::json!({ "profiles": { "surge": { "desired": "200%", "for": "2h" } } });
        let emergency: Emergency = serde_json::from_value(profiles).unwrap();
        let scoped = |environment: usize| ScopedEnvironment {
            scope: scope("shop", &format!("dev-{environment}"), "us-east-1"),
            services: (0..services).map(|n| ServiceId::try_from(name(environment, n)).unwrap()).collect(),
            found_by_tag: watchkeeper_control::scoped::FoundByTag::default(),
            databases: BTreeSet::new(),
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
            emergency: Some(emergency.clone()),
            backups: None,
            declared: 1,
            pair: None,
        };
        Self {
            sim: builder.build(),
            scopes: (0..environments).map(scoped).map(Rc::new).collect(),
            running: BTreeMap::new(),
            runs: 0,
            ended: Rc::default(),
        }
    }

    /// The calendar declares, or takes back, that an environment is to sleep.
    pub(crate) fn calendar(&self, environment: usize, asleep: bool) {
        let intent = Intent {
            layer: Layer::Schedule,
            want: DesiredState::Asleep,
            reason: "night".to_owned(),
            by: "calendar".to_owned(),
            declared: Clock::now(&self.sim),
            expires: None,
            approved: [].into(),
            for_release: None,
        };
        let (sim, scope) = (&self.sim, &self.scopes[environment].scope);
        if asleep {
            run_until_done_or_crash(sim, sim.declare(scope, &intent)).unwrap().unwrap();
        } else {
            run_until_done_or_crash(sim, sim.withdraw(scope, &IntentKey::of(Layer::Schedule))).unwrap().unwrap();
        }
    }

    /// A run of an environment.
    pub(crate) fn start(&mut self, environment: usize, member: Member) {
        self.runs += 1;
        let wakes = Rc::new(Cell::new(None));
        let clock = OwnClock { sim: self.sim.clone(), ahead: member.ahead, wakes: Rc::clone(&wakes) };
        let (scoped, sim) = (Rc::clone(&self.scopes[environment]), self.sim.clone());
        let (name, ended) = (format!("run-{}", self.runs), Rc::clone(&self.ended));
        let future = async move {
            if let Some(begins) = member.begins {
                clock.sleep(Duration::try_from(begins.duration_since(clock.now())).unwrap()).await;
            }
            run(&sim, &scoped, &name, &member, &clock).await;
            ended.borrow_mut().insert(environment, clock.now());
        };
        self.running.insert(environment, Running { future: Box::pin(future), wakes, dies: None });
    }

    /// The process of an environment's run dies then.
    pub(crate) fn kill(&mut self, environment: usize, at: Timestamp) {
        self.running.get_mut(&environment).unwrap().dies = Some(at);
    }

    /// Lets all of them go on until the last has ended.
    pub(crate) fn play(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        while !self.running.is_empty() {
            let now = Clock::now(&self.sim);
            self.running.retain(|_, run| run.dies.is_none_or(|dies| now < dies));
            self.running.retain(|_, run| {
                let due = run.wakes.get().is_none_or(|wakes| wakes <= now);
                if due {
                    run.wakes.set(None);
                }
                !due || run.future.as_mut().poll(&mut context).is_pending()
            });
            if let Some(next) = self.running.values().filter_map(|run| run.wakes.get()).min() {
                self.sim.set_now(next);
            }
        }
    }
}

/// An execution of the machine, from its input to its end.
async fn run(sim: &SimRegion, scoped: &ScopedEnvironment, name: &str, member: &Member, clock: &OwnClock) {
    let warm = member.warm.then(|| Arc::new(Pacer::new(sim.region())));
    let function = || Reconciler::<CrowdPlatform> {
        cloud: sim.clone(),
        ledger: sim.clone(),
        notifier: sim.clone(),
        clock: clock.clone(),
        pacer: warm.clone().unwrap_or_else(|| Arc::new(Pacer::new(sim.region()))),
        reports: None,
    };
    let request = if member.alarm {
        let (profile, until) = ("surge".parse().unwrap(), clock.now() + Duration::from_hours(1));
        let urgency = Urgency::Scale { profile, until, alarms: [].into(), by: None };
        RunRequest::of_emergency(&scoped.scope, urgency, "alarm".to_owned(), [].into())
    } else {
        RunRequest::of_tick(&scoped.scope, clock.now())
    };
    let begun = loop {
        match function().begin(scoped, &request, name, clock.now()).await {
            Err(RunbookError::LeaseHeld { .. }) => clock.sleep(Duration::from_secs(30)).await,
            begun => break begun.unwrap(),
        }
    };
    let run = begun.run.unwrap();
    let mut next = (begun.details.verdict == BeginVerdict::Apply).then_some("apply");
    while let Some(step) = next.filter(|step| *step != "finish") {
        let function = function();
        let slice = if step == "verify" {
            function.verify(scoped, &run).await.unwrap()
        } else {
            function.apply(scoped, &run).await.unwrap()
        };
        clock.sleep(slice.then.wait()).await;
        next = slice.then.step();
    }
    function().finish(scoped, &run, None).await.unwrap();
}
