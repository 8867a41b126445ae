//! The cases of the ports' contract, against the adapters over the sandbox: the simulated AWS passes the same ones.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_rds::Client as RdsClient;
use jiff::Timestamp;
use watchkeeper_aws::{Aws, AwsRegionReader, AwsUnblockSources, BackupEngines, CloudWatch, DynamoLedger};
use watchkeeper_domain::capacity::{
    DatabaseId, DatabaseKind, EnvironmentTag, ScalingState, ServiceCapacity, ServiceId, TaskDefinition,
};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::{CheckTask, EventSource, FinishedItems, LockSchema};
use watchkeeper_domain::intent::idle::{UsagePoint, UsageSubject};
use watchkeeper_domain::name::{ClusterName, DatabaseName, EnvironmentName, EstateName, Region, Scope, ServiceName};
use watchkeeper_domain::unblock::LockItem;
use watchkeeper_domain::value::{AlarmName, ListenerRuleArn, ResourceName, TargetGroupArn};
use watchkeeper_sim::contract::alarms::{self, AlarmBench};
use watchkeeper_sim::contract::checks::{self, CheckBench};
use watchkeeper_sim::contract::event_sources::{self, SourceBench};
use watchkeeper_sim::contract::replicas::{self, ReplicaBench};
use watchkeeper_sim::contract::unblock::{self, UnblockBench};
use watchkeeper_sim::contract::{CaseFailure, ContractBench, cloud, databases, ledger, releases, rules};
use watchkeeper_sim::{
    alarm_cases, check_cases, cloud_cases, database_cases, ledger_cases, release_cases, replica_cases, rule_cases,
    source_cases, unblock_cases,
};
use watchkeeper_tests::estate::{CheckContainer, RegionFixtures, UnblockFixtures};
use watchkeeper_tests::harness::SandboxHarness;
use watchkeeper_tests::sandbox::EmulatorControl;

use crate::field::play;

/// A region in which nothing else happens.
const REGION: &str = "eu-west-1";
/// Another one beside it.
const ELSEWHERE: &str = "eu-central-1";
/// Longer than tasks, autoscalers and databases of the sandbox take; see the emulator's settings.
const SETTLED: Duration = Duration::from_millis(1600);

/// What is wrong with the one request that a case sends to see it refused.
const ON_PURPOSE: &str = "Maximum capacity cannot be less than minimum capacity";

static MADE: AtomicU32 = AtomicU32::new(0);

struct SandboxBench {
    cloud: Aws,
    ledger: DynamoLedger,
    sources: AwsUnblockSources,
    event_sources: AwsRegionReader,
    account: String,
    alarms: CloudWatch,
    regions: AwsRegionReader,
    elsewhere: RdsClient,
    backups: BackupEngines,
    fixtures: UnblockFixtures,
    site: RegionFixtures,
    control: EmulatorControl,
    now: Timestamp,
    asked: AtomicU32,
}

impl SandboxBench {
    async fn new(harness: &SandboxHarness) -> Self {
        let config = harness.sandbox().sdk_config(REGION);
        // As the functions have it: what is signed by hand needs the time.
        let loaded = aws_config::defaults(BehaviorVersion::latest()).region(REGION).no_credentials().load().await;
        let mut config = config.into_builder();
        config.set_time_source(loaded.time_source());
        let config = config.build();
        let stack = harness.stack(REGION).unwrap();
        let table = stack.outputs().get("LedgerTable").unwrap();
        Self {
            cloud: Aws::new(&config),
            ledger: DynamoLedger::new(&config, table),
            sources: AwsUnblockSources::new(&config, Vec::new(), Vec::new()),
            event_sources: AwsRegionReader::new(&config),
            account: stack.account().to_owned(),
            alarms: CloudWatch::new(&config),
            regions: AwsRegionReader::new(&config),
            elsewhere: RdsClient::new(&harness.sandbox().sdk_config(ELSEWHERE)),
            backups: BackupEngines::new(&config),
            fixtures: UnblockFixtures::new(&config),
            site: stack.site().clone(),
            control: harness.sandbox().control().clone(),
            now: harness.sandbox().control().now().await.unwrap(),
            asked: AtomicU32::new(0),
        }
    }
}

fn bench_failure<E: std::error::Error + Send + Sync + 'static>(what: &str) -> impl FnOnce(E) -> CaseFailure {
    move |error| CaseFailure::Bench { what: what.to_owned(), source: Box::new(error) }
}

impl ContractBench for SandboxBench {
    type Cloud = Aws;
    type Ledger = DynamoLedger;

    fn cloud(&self) -> &Aws {
        &self.cloud
    }

    fn ledger(&self) -> &DynamoLedger {
        &self.ledger
    }

    fn now(&self) -> Timestamp {
        // Time passes between any two questions, as it does for the functions.
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        self.now.checked_add(Duration::from_millis(asked.into())).unwrap()
    }

    fn fresh_name(&self) -> String {
        format!("bench-{}", MADE.fetch_add(1, Ordering::Relaxed))
    }

    fn fresh_scope(&self) -> Scope {
        Scope {
            estate: EstateName::new("bench").unwrap(),
            environment: EnvironmentName::new(self.fresh_name()).unwrap(),
            region: Region::new(REGION).unwrap(),
        }
    }

    async fn make_service(&self, desired: u32, scaling: Option<ScalingState>) -> Result<ServiceId, CaseFailure> {
        let service = ServiceName::new(self.fresh_name()).unwrap();
        let id = ServiceId { cluster: ClusterName::new("bench").unwrap(), service };
        let made = self.site.make_service(&id, ServiceCapacity { desired, scaling }).await;
        made.map_err(bench_failure("make a service"))?;
        Ok(id)
    }

    async fn make_release(&self, service: &ServiceId, cpu_units: Option<u32>) -> Result<TaskDefinition, CaseFailure> {
        self.site.make_release(service, cpu_units).await.map_err(bench_failure("make a release"))
    }

    async fn retire_release(&self, release: &TaskDefinition) -> Result<(), CaseFailure> {
        self.site.retire_release(release).await.map_err(bench_failure("deregister a release"))
    }

    async fn make_database(&self, kind: DatabaseKind) -> Result<DatabaseId, CaseFailure> {
        let name = DatabaseName::new(self.fresh_name()).unwrap();
        let id = kind.named(name);
        self.site.make_database(&id).await.map_err(bench_failure("make a database"))?;
        Ok(id)
    }

    async fn label_database(&self, database: &DatabaseId, environment: &EnvironmentTag) -> Result<(), CaseFailure> {
        self.site.label_database(database, environment).await.map_err(bench_failure("tag a database"))
    }

    async fn make_rule(&self) -> Result<(ListenerRuleArn, [TargetGroupArn; 2]), CaseFailure> {
        self.site.make_rule(&self.fresh_name()).await.map_err(bench_failure("make a rule"))
    }

    #[allow(clippy::disallowed_methods, reason = "the emulated AWS takes real time")]
    async fn settle(&self) {
        tokio::time::sleep(SETTLED).await;
    }
}

impl SourceBench for SandboxBench {
    type EventSources = AwsRegionReader;

    fn event_sources(&self) -> &AwsRegionReader {
        &self.event_sources
    }

    fn function(&self) -> &'static str {
        // Of the stack: the queues stay empty, and it is never called.
        "watchkeeper-window"
    }

    async fn make_source(&self, source: &EventSource, on: bool) -> Result<(), CaseFailure> {
        let made = self.site.make_source(&self.account, source, on).await;
        made.map_err(bench_failure("make an event source"))
    }
}

impl ReplicaBench for SandboxBench {
    type Replicas = AwsRegionReader;

    fn replicas(&self) -> &AwsRegionReader {
        &self.regions
    }

    fn elsewhere(&self) -> Region {
        Region::new(ELSEWHERE).unwrap()
    }

    async fn make_source(&self, name: &ResourceName) -> Result<String, CaseFailure> {
        let call = self.elsewhere.create_db_instance().db_instance_identifier(name.as_str()).engine("postgres");
        let call = call.db_instance_class("db.t4g.micro").allocated_storage(20).backup_retention_period(1);
        let call = call.master_username("bench").master_user_password("not-a-secret");
        let made = call.send().await.map_err(bench_failure("make a source"))?;
        Ok(made.db_instance.and_then(|it| it.db_instance_arn).unwrap_or_default())
    }
}

impl AlarmBench for SandboxBench {
    type Alarms = CloudWatch;

    fn alarms(&self) -> &CloudWatch {
        &self.alarms
    }

    async fn make_alarm(&self, alarm: &AlarmName, state: AlarmState) -> Result<(), CaseFailure> {
        self.site.make_alarm(alarm, &[]).await.map_err(bench_failure("make an alarm"))?;
        self.site.set_alarm(alarm, state).await.map_err(bench_failure("set an alarm"))
    }

    async fn mute(&self, alarm: &AlarmName) -> Result<(), CaseFailure> {
        // To the minute, and before now.
        let from = self.now - Duration::from_mins(2);
        self.site.mute(&format!("mute-{alarm}"), alarm, from, 60).await.map_err(bench_failure("mute an alarm"))
    }

    async fn disable_actions(&self, alarm: &AlarmName) -> Result<(), CaseFailure> {
        self.site.disable_actions(alarm, true).await.map_err(bench_failure("disable the actions of an alarm"))
    }

    async fn report(&self, subject: &UsageSubject, at: Timestamp, point: UsagePoint) -> Result<(), CaseFailure> {
        self.control.put_usage(REGION, subject, at, point).await.map_err(bench_failure("report usage"))
    }
}

impl CheckBench for SandboxBench {
    type Checks = BackupEngines;

    fn checks(&self) -> &BackupEngines {
        &self.backups
    }

    async fn make_check(&self, code: Option<u8>, says: &[&str]) -> Result<CheckTask, CaseFailure> {
        let named = serde_json::json!({"task-definition": self.fresh_name(), "cluster": "bench-checks"});
        let check: CheckTask = serde_json::from_value(named).map_err(bench_failure("name a check"))?;
        let says = says.join("\n");
        let does = CheckContainer { seconds: code.map(|_| 0), code: code.unwrap_or_default(), says: &says };
        self.site.make_check(&check, does).await.map_err(bench_failure("make a check"))?;
        Ok(check)
    }
}

impl UnblockBench for SandboxBench {
    type Unblock = AwsUnblockSources;

    fn sources(&self) -> &AwsUnblockSources {
        &self.sources
    }

    async fn make_tables(&self, locks: &LockSchema) -> Result<(), CaseFailure> {
        self.fixtures.make_locks(locks).await.map_err(bench_failure("make tables"))
    }

    async fn put_lock(&self, locks: &LockSchema, lock: &LockItem) -> Result<(), CaseFailure> {
        self.fixtures.put_locks(locks, std::slice::from_ref(lock)).await.map_err(bench_failure("put a lock"))
    }

    async fn put_item(&self, finished: &FinishedItems, item: &str, status: &str) -> Result<(), CaseFailure> {
        self.fixtures.put_status(finished, item, status).await.map_err(bench_failure("put an item"))
    }

    async fn make_queue(&self, queue: &ResourceName, bodies: &[&str]) -> Result<(), CaseFailure> {
        self.fixtures.make_queue(queue.as_str()).await.map_err(bench_failure("make a queue"))?;
        for body in bodies {
            self.fixtures.send(queue.as_str(), body, &[]).await.map_err(bench_failure("send a message"))?;
        }
        Ok(())
    }
}

/// A case fails with what was found and expected; a database on at its end is nobody's concern.
fn pass(case: impl AsyncFnOnce(&SandboxBench) -> Result<(), CaseFailure>) {
    play(async |harness| {
        let bench = SandboxBench::new(harness).await;
        if let Err(failure) = case(&bench).await {
            panic!("{failure}: {failure:?}");
        }
        let refused = harness.sandbox().control().forgive_requests().await.unwrap();
        assert!(refused.iter().all(|it| it.problems == [ON_PURPOSE]), "{refused:?}");
    });
}

macro_rules! alarm_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| alarms::$case(bench).await); })*};
}

macro_rules! check_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| checks::$case(bench).await); })*};
}

macro_rules! cloud_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| cloud::$case(bench).await); })*};
}

macro_rules! database_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| databases::$case(bench).await); })*};
}

macro_rules! release_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| releases::$case(bench).await); })*};
}

macro_rules! source_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| event_sources::$case(bench).await); })*};
}

macro_rules! replica_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| replicas::$case(bench).await); })*};
}

macro_rules! rule_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| rules::$case(bench).await); })*};
}

macro_rules! ledger_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| ledger::$case(bench).await); })*};
}

macro_rules! stuck_tests {
    ($($case:ident)*) => {$(#[test] fn $case() { pass(async |bench| unblock::$case(bench).await); })*};
}

alarm_cases!(alarm_tests);
check_cases!(check_tests);
cloud_cases!(cloud_tests);
database_cases!(database_tests);
release_cases!(release_tests);
source_cases!(source_tests);
replica_cases!(replica_tests);
rule_cases!(rule_tests);
ledger_cases!(ledger_tests);
unblock_cases!(stuck_tests);
