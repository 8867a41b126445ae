//! The functions of one stack over its simulated region: what `functions/*/src/main.rs` wire over AWS. Only JSON goes in and out,
//! read, answered and cut as Lambda has it.

use std::sync::Arc;

use alarm_response::read;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use watchkeeper_control::backup::{self, BackupRunbook};
use watchkeeper_control::emergency::{self, EmergencyRunbook};
use watchkeeper_control::failover::{self, FailoverRunbook, member};
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_control::reconcile::{self, Reconciler};
use watchkeeper_control::report::{ReportDesk, ReportWriter};
use watchkeeper_control::runbook::{FunctionEvent, RunbookError, Stack, StepCall};
use watchkeeper_control::schedule::ScheduleRunbook;
use watchkeeper_control::tick::{FailureWatch, Tick, TickRunbook};
use watchkeeper_control::unblock::{self, UnblockRunbook};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_lambda::{LambdaInvocation, handle_event};
use watchkeeper_sim::machine::{FunctionError, MachineHost};
use watchkeeper_sim::{SimRegion, run_until_done_or_crash};

use crate::emergency::DEADLINE;

/// What a function of a pair reaches beyond its own region.
#[derive(Debug, Clone)]
pub(super) struct PairReach {
    pub(super) peer: SimRegion,
    pub(super) switches: SimRegion,
}

/// The functions of one stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Functions<'a> {
    pub(super) sim: &'a SimRegion,
    pub(super) stack: &'a Stack,
    /// Those that carry other documents, and the stack with them.
    pub(super) behind: Option<&'a (Vec<&'static str>, Stack)>,
    /// How far the clock of the machines is ahead.
    pub(super) skew: SignedDuration,
    /// What `reconcile` has reserved of the budgets, where its process stays.
    pub(super) pacer: Option<&'a Arc<Pacer>>,
    pub(super) reach: Option<&'a PairReach>,
    /// Where reports are kept, if the stack keeps any.
    pub(super) reports: Option<&'a ReportDesk>,
}

/// How an invocation ended; `None` when its process died.
pub(super) type Invoked = Option<Result<Value, FunctionError>>;

impl Functions<'_> {
    /// A function is invoked once: a new process each time.
    pub(super) fn call(self, function: &str, event: Value) -> Invoked {
        let Self { sim, reports, .. } = self;
        let behind = self.behind.filter(|(functions, _)| functions.contains(&function));
        let stack = behind.map_or(self.stack, |(_, stack)| stack);
        match function {
            "Reconcile" => {
                let kept = self.pacer.map_or_else(|| pacer(sim), Arc::clone);
                let reconciler = Reconciler { pacer: kept, ..reconciler(sim, reports) };
                self.handle(event, async |call: StepCall<reconcile::Step>| {
                    Box::pin(reconciler.handle(stack, call.step)).await
                })
            }
            "EmergencyScale" => {
                self.handle(event, async |call: StepCall<emergency::Step>| emergencies(sim).handle(stack, call).await)
            }
            "AlarmResponse" => {
                let now = sim.now() + DEADLINE;
                self.handle(event, async |event: Value| emergencies(sim).hear(stack, read(&event), now).await)
            }
            "Tick" => {
                let now = sim.now() + DEADLINE;
                self.handle(event, async |tick: Tick| {
                    Box::pin(ticks(sim, reports).handle(stack, &tick, now)).await.answer()
                })
            }
            "Backups" => self.handle(event, async |call: StepCall<backup::Step>| {
                Box::pin(backups(sim, reports).handle(stack, call)).await
            }),
            "DailyUnblock" => self
                .handle(event, async |call: StepCall<unblock::Step>| unblocks(sim, reports).handle(stack, call).await),
            "Failover" => self.handle(event, async |event: FunctionEvent<failover::Step>| self.failover(event).await),
            other => panic!("there is no function {other}"),
        }
    }

    fn handle<Q: DeserializeOwned, A: Serialize>(
        self,
        event: Value,
        handler: impl AsyncFn(Q) -> Result<A, RunbookError>,
    ) -> Invoked {
        let handler = async |request: Q, _: LambdaInvocation| handler(request).await;
        let invocation = LambdaInvocation { deadline: Timestamp::MAX };
        let answered = run_until_done_or_crash(self.sim, Box::pin(handle_event(&handler, event, invocation)))?;
        Some(answered.map_err(|error| FunctionError { name: error.error_type, message: error.error_message }))
    }

    async fn failover(self, event: FunctionEvent<failover::Step>) -> Result<failover::Answer, RunbookError> {
        match event {
            FunctionEvent::Tick(tick) => {
                FailoverRunbook::watch_all(self.stack, tick.time, |_: &_| self.failovers()).await.answer()
            }
            FunctionEvent::Call(StepCall { step: failover::Step::Tell(tell), .. }) => {
                Ok(failover::Answer::Stepped(Box::new(tell.send(self.sim).await?.map(failover::Details::Told))))
            }
            FunctionEvent::Call(call) => {
                let member = member(self.stack, &call.step)?;
                let outcome = Box::pin(self.failovers().handle(&member, call)).await?;
                Ok(failover::Answer::Stepped(Box::new(outcome)))
            }
        }
    }

    fn failovers(self) -> FailoverRunbook<SimRegion> {
        let own = self.sim.clone();
        let PairReach { peer, switches } = self.reach.cloned().unwrap_or_else(|| panic!("this stack is of no pair"));
        FailoverRunbook {
            ledger: own.clone(),
            here: own.clone(),
            peer: peer.clone(),
            switches,
            own_metrics: own.clone(),
            prober: own.clone(),
            notifier: own.clone(),
            clock: own.clone(),
            reconcile_machine: own.machine("Reconcile"),
            peer_reconcile_machine: peer.machine("Reconcile"),
            machine: own.machine("Failover"),
            pacer: Arc::new(Pacer::new(own.region())),
            reports: self.reports.cloned(),
        }
    }
}

impl MachineHost for Functions<'_> {
    fn now(&self) -> Timestamp {
        self.sim.now() + self.skew
    }

    fn invoke(&mut self, function: &str, payload: Value) -> Invoked {
        self.call(function, payload)
    }

    fn stands(&mut self, name: &str, status: ExecutionStatus) {
        self.sim.set_status(name, status);
    }
}

fn reconciler(sim: &SimRegion, reports: Option<&ReportDesk>) -> Reconciler<SimRegion> {
    Reconciler {
        cloud: sim.clone(),
        ledger: sim.clone(),
        notifier: sim.clone(),
        clock: sim.clone(),
        pacer: pacer(sim),
        reports: reports.cloned(),
    }
}

fn pacer(sim: &SimRegion) -> Arc<Pacer> {
    Arc::new(Pacer::new(sim.region()))
}

/// The state machines of a stack.
const MACHINES: [&str; 7] = ["Reconcile", "Emergency", "Failover", "Failback", "Backup", "Restore", "Unblock"];

fn ticks(sim: &SimRegion, reports: Option<&ReportDesk>) -> TickRunbook<SimRegion> {
    TickRunbook {
        emergency: emergencies(sim),
        schedule: ScheduleRunbook {
            ledger: sim.clone(),
            reconcile: sim.machine("Reconcile"),
            reconciler: reconciler(sim, reports),
        },
        backup: backups(sim, reports),
        unblock: unblocks(sim, reports),
        failures: FailureWatch {
            ledger: sim.clone(),
            machines: MACHINES.iter().map(|name| sim.machine(name)).collect(),
            notifier: sim.clone(),
        },
        reports: reports.map(|_| ReportWriter { ledger: sim.clone(), store: sim.clone(), notifier: sim.clone() }),
    }
}

pub(super) fn emergencies(sim: &SimRegion) -> EmergencyRunbook<SimRegion> {
    EmergencyRunbook {
        ledger: sim.clone(),
        alarms: sim.clone(),
        machine: sim.machine("Emergency"),
        notifier: sim.clone(),
    }
}

pub(super) fn backups(sim: &SimRegion, reports: Option<&ReportDesk>) -> BackupRunbook<SimRegion> {
    BackupRunbook {
        cloud: sim.clone(),
        ledger: sim.clone(),
        notifier: sim.clone(),
        machine: sim.machine("Backup"),
        restores: sim.machine("Restore"),
        reports: reports.cloned(),
    }
}

pub(super) fn unblocks(sim: &SimRegion, reports: Option<&ReportDesk>) -> UnblockRunbook<SimRegion> {
    UnblockRunbook {
        sources: sim.clone(),
        ledger: sim.clone(),
        reconcile: sim.machine("Reconcile"),
        machine: sim.machine("Unblock"),
        notifier: sim.clone(),
        clock: sim.clone(),
        reports: reports.cloned(),
    }
}
