//! The bench over a simulation in memory.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::ports::Clock;
use watchkeeper_control::unblock::ports::DeadLetter;
use watchkeeper_domain::capacity::{DatabaseId, DatabaseKind, EnvironmentTag, ScalingState, ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::{CheckTask, EventSource, FinishedItems, LockSchema};
use watchkeeper_domain::failover::{DatabaseRole, PairDatabase, SourceState};
use watchkeeper_domain::intent::idle::{UsagePoint, UsageSubject};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LetterStamps, LockItem};
use watchkeeper_domain::value::{AlarmName, ListenerRuleArn, ResourceName, TargetGroupArn};

use super::alarms::AlarmBench;
use super::checks::CheckBench;
use super::event_sources::SourceBench;
use super::replicas::ReplicaBench;
use super::unblock::UnblockBench;
use super::{CaseFailure, ContractBench};
use crate::kinds::vault::CheckBehavior;
use crate::region::SimRegion;
use crate::spec::{aurora, group_arn, rds, resource, rule, scope, service};

/// Longer than anything in a simulation takes but the restart after seven days.
const SETTLED: Duration = Duration::from_mins(30);

/// A bench over a simulation.
#[derive(Debug)]
pub struct SimBench {
    sim: SimRegion,
    made: Cell<u32>,
}

impl SimBench {
    /// A bench over this simulation.
    pub fn new(sim: SimRegion) -> Self {
        Self { sim, made: Cell::new(0) }
    }

    /// The other region of a pair, or the same one where there is no other.
    fn other(&self) -> SimRegion {
        self.sim.elsewhere()
    }
}

impl ContractBench for SimBench {
    type Cloud = SimRegion;
    type Ledger = SimRegion;

    fn cloud(&self) -> &SimRegion {
        &self.sim
    }

    fn ledger(&self) -> &SimRegion {
        &self.sim
    }

    fn now(&self) -> Timestamp {
        Clock::now(&self.sim)
    }

    fn fresh_name(&self) -> String {
        self.made.set(self.made.get() + 1);
        format!("bench-{}", self.made.get())
    }

    fn fresh_scope(&self) -> Scope {
        scope("bench", &self.fresh_name(), "us-east-1")
    }

    async fn make_service(&self, desired: u32, scaling: Option<ScalingState>) -> Result<ServiceId, CaseFailure> {
        let spec = service(&format!("bench/{}", self.fresh_name())).desired(desired).with_scaling(scaling);
        self.sim.add(spec.clone());
        Ok(spec.id)
    }

    async fn make_release(&self, service: &ServiceId, cpu_units: Option<u32>) -> Result<TaskDefinition, CaseFailure> {
        Ok(self.sim.register(&format!("{}:{}", service.service, self.fresh_name()), cpu_units))
    }

    async fn retire_release(&self, release: &TaskDefinition) -> Result<(), CaseFailure> {
        self.sim.deregister(release);
        Ok(())
    }

    async fn make_database(&self, kind: DatabaseKind) -> Result<DatabaseId, CaseFailure> {
        let name = self.fresh_name();
        let spec = match kind {
            DatabaseKind::Aurora => aurora(&name),
            DatabaseKind::Rds => rds(&name),
        };
        if kind == DatabaseKind::Rds {
            // What a failover sees of the same instance.
            self.sim.set_role(&PairDatabase::Replica(resource(&name)), Some(DatabaseRole::Writer));
        }
        self.sim.add(spec.clone());
        Ok(spec.id)
    }

    async fn label_database(&self, database: &DatabaseId, environment: &EnvironmentTag) -> Result<(), CaseFailure> {
        self.sim.change_database_environment(database, Some(&environment.to_string()));
        Ok(())
    }

    async fn make_rule(&self) -> Result<(ListenerRuleArn, [TargetGroupArn; 2]), CaseFailure> {
        let (name, page) = (self.fresh_name(), self.fresh_name());
        let spec = rule(&format!("{name}/1"), &name);
        self.sim.add(spec.clone());
        Ok((spec.id, [group_arn(&name), group_arn(&page)]))
    }

    async fn settle(&self) {
        self.sim.advance(SETTLED);
    }
}

impl SourceBench for SimBench {
    type EventSources = SimRegion;

    fn event_sources(&self) -> &SimRegion {
        &self.sim
    }

    fn function(&self) -> &'static str {
        "function"
    }

    async fn make_source(&self, source: &EventSource, on: bool) -> Result<(), CaseFailure> {
        self.sim.set_source(source, Some(if on { SourceState::On } else { SourceState::Off }));
        Ok(())
    }
}

impl ReplicaBench for SimBench {
    type Replicas = SimRegion;

    fn replicas(&self) -> &SimRegion {
        &self.sim
    }

    fn elsewhere(&self) -> Region {
        self.other().region()
    }

    async fn make_source(&self, name: &ResourceName) -> Result<String, CaseFailure> {
        let other = self.other();
        other.set_role(&PairDatabase::Replica(name.clone()), Some(DatabaseRole::Writer));
        Ok(format!("arn:aws:rds:{}:123456789012:db:{name}", other.region()))
    }
}

impl AlarmBench for SimBench {
    type Alarms = SimRegion;

    fn alarms(&self) -> &SimRegion {
        &self.sim
    }

    async fn make_alarm(&self, alarm: &AlarmName, state: AlarmState) -> Result<(), CaseFailure> {
        self.sim.set_alarm(alarm.as_str(), state);
        Ok(())
    }

    async fn mute(&self, alarm: &AlarmName) -> Result<(), CaseFailure> {
        self.sim.mute(alarm.as_str(), true);
        Ok(())
    }

    async fn disable_actions(&self, alarm: &AlarmName) -> Result<(), CaseFailure> {
        self.sim.disable_actions(alarm.as_str(), true);
        Ok(())
    }

    async fn report(&self, subject: &UsageSubject, at: Timestamp, point: UsagePoint) -> Result<(), CaseFailure> {
        self.sim.report_usage(subject, at, point);
        Ok(())
    }
}

impl CheckBench for SimBench {
    type Checks = SimRegion;

    fn checks(&self) -> &SimRegion {
        &self.sim
    }

    async fn make_check(&self, code: Option<u8>, says: &[&str]) -> Result<CheckTask, CaseFailure> {
        let takes = if code.is_some() { Duration::from_secs(5) } else { 10 * SETTLED };
        let says = says.iter().map(|line| (*line).to_owned()).collect();
        self.sim.checks_behave(CheckBehavior { takes, code: code.unwrap_or_default().into(), says });
        let named = serde_json::json!({"task-definition": self.fresh_name(), "cluster": "bench"});
        serde_json::from_value(named)
            .map_err(|source| CaseFailure::Bench { what: "name a check".to_owned(), source: Box::new(source) })
    }
}

impl UnblockBench for SimBench {
    type Unblock = SimRegion;

    fn sources(&self) -> &SimRegion {
        &self.sim
    }

    async fn make_tables(&self, locks: &LockSchema) -> Result<(), CaseFailure> {
        self.sim.make_locks(locks.table.as_str());
        Ok(())
    }

    async fn put_lock(&self, locks: &LockSchema, lock: &LockItem) -> Result<(), CaseFailure> {
        self.sim.put_lock(locks.table.as_str(), lock.clone());
        Ok(())
    }

    async fn put_item(&self, finished: &FinishedItems, item: &str, status: &str) -> Result<(), CaseFailure> {
        let text = |text: &str| ItemAttribute::Text(text.to_owned());
        let item = BlockerItem { item: text(item), status: text(status), ..BlockerItem::default() };
        self.sim.put_item(finished.table.as_str(), item);
        Ok(())
    }

    async fn make_queue(&self, queue: &ResourceName, bodies: &[&str]) -> Result<(), CaseFailure> {
        self.sim.make_queue(queue.as_str());
        for body in bodies {
            let letter = DeadLetter {
                id: self.fresh_name(),
                receipt: String::new(),
                body: (*body).to_owned(),
                attributes: [].into(),
                stamps: LetterStamps::default(),
                group: None,
                source: None,
            };
            self.sim.put_letter(queue.as_str(), letter);
        }
        Ok(())
    }
}
