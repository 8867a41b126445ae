//! The stack of one region.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_aws::DynamoLedger;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::estate::{Environment, EnvironmentKind, Estate};
use watchkeeper_domain::name::{Region, Scope};

use super::{ApiCalls, HarnessError, Notifications, scope};
use crate::estate::RegionFixtures;
use crate::sandbox::{EmulatorControl, Sandbox, StackOutputs};

/// The outputs that name the stack's functions.
const FUNCTIONS: [&str; 10] = [
    "AlarmResponseFunction",
    "BackupsFunction",
    "DailyUnblockFunction",
    "EmergencyScaleFunction",
    "FailoverFunction",
    "ReconcileFunction",
    "TickFunction",
    "WakePageFunction",
    "WindowActFunction",
    "WindowFunction",
];

/// The stack of one region.
#[derive(Debug)]
pub struct DeployedStack {
    pub(super) account: String,
    pub(super) region: Region,
    pub(super) outputs: StackOutputs,
    pub(super) control: EmulatorControl,
    pub(super) sfn: aws_sdk_sfn::Client,
    pub(super) events: aws_sdk_eventbridge::Client,
    pub(super) dynamo: aws_sdk_dynamodb::Client,
    pub(super) tick_log: PathBuf,
    pub(super) alarm_log: PathBuf,
    pub(super) watch_log: PathBuf,
    pub(super) watched: Vec<Scope>,
    /// The environments that have something in this region.
    pub(super) here: usize,
    /// The members of pairs here.
    pub(super) pairs: Vec<Scope>,
    site: RegionFixtures,
    ledger: DynamoLedger,
    topic: Option<String>,
    notifications: Notifications,
}

impl DeployedStack {
    /// The stack that was deployed with these outputs, over the environments of its account.
    pub(super) async fn new(
        sandbox: &Sandbox,
        (account, region): (&str, &Region),
        outputs: StackOutputs,
        topic: Option<String>,
        home: &[(&Estate, &Environment)],
    ) -> Result<Self, HarnessError> {
        let config = sandbox.sdk_config(region.as_str());
        let notifications = Notifications::open(sandbox.emulator().endpoint(), &config, region, &outputs).await?;
        let log = |function: &str| Ok::<_, HarnessError>(format!("{}.log", outputs.get(function)?));
        let logs = sandbox.emulator().logs();
        let (tick_log, alarm_log) = (logs.join(log("TickFunction")?), logs.join(log("AlarmResponseFunction")?));
        let watch_log = logs.join(log("FailoverFunction")?);
        let is_pair = |e: &Environment| e.document().failover.is_some() && e.has_resources(region);
        let pairs = home.iter().filter(|(_, e)| is_pair(e));
        let pairs = pairs.map(|(estate, environment)| scope(estate, environment, region)).collect();
        let sleeps = |e: &Environment| e.kind() != EnvironmentKind::Production && e.calendar().is_some();
        let here = home.iter().filter(|(_, e)| sleeps(e) && e.has_resources(region));
        let watched = here.map(|(estate, environment)| scope(estate, environment, region)).collect();
        Ok(Self {
            control: sandbox.control().clone(),
            site: RegionFixtures::new(&config, region.clone()),
            ledger: DynamoLedger::new(&config, outputs.get("LedgerTable")?),
            sfn: aws_sdk_sfn::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
            dynamo: aws_sdk_dynamodb::Client::new(&config),
            account: account.to_owned(),
            region: region.clone(),
            outputs,
            tick_log,
            alarm_log,
            here: home.iter().filter(|(_, e)| e.has_resources(region)).count(),
            watch_log,
            watched,
            pairs,
            topic,
            notifications,
        })
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The outputs of the stack.
    pub fn outputs(&self) -> &StackOutputs {
        &self.outputs
    }

    /// The resources of the region.
    pub fn site(&self) -> &RegionFixtures {
        &self.site
    }

    /// The emulator's clock, record and faults.
    pub fn control(&self) -> &EmulatorControl {
        &self.control
    }

    /// The executions of the region's machines, as Step Functions has them.
    pub fn executions(&self) -> &aws_sdk_sfn::Client {
        &self.sfn
    }

    /// What is remembered, read and written by the adapter that the functions use.
    pub fn ledger(&self) -> &DynamoLedger {
        &self.ledger
    }

    /// What people and programs hear.
    pub fn notifications(&self) -> &Notifications {
        &self.notifications
    }

    /// The ARN of the topic over which alarms reach the stack too.
    ///
    /// # Errors
    /// [`HarnessError::Unknown`] where the stack was deployed without one.
    pub fn alarm_topic(&self) -> Result<&str, HarnessError> {
        self.topic.as_deref().ok_or_else(|| HarnessError::Unknown(format!("no topic of alarms in {}", self.region)))
    }

    /// The environments that a tick of this stack looks after.
    pub fn watched(&self) -> &[Scope] {
        &self.watched
    }

    /// Make it `instant` in the emulated AWS, unless it is later already: its clock never goes back, for leases would
    /// come to life again.
    ///
    /// # Errors
    /// [`HarnessError`] when the emulator is gone. So below.
    pub async fn at(&self, instant: Timestamp) -> Result<(), HarnessError> {
        if self.control.now().await? < instant {
            self.control.set_clock(instant).await?;
        }
        Ok(())
    }

    /// Let time pass in the emulated AWS, and return what time it is then.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn pass(&self, time: SignedDuration) -> Result<Timestamp, HarnessError> {
        let then = self.control.now().await?.saturating_add(time).unwrap_or(Timestamp::MAX);
        self.control.set_clock(then).await?;
        Ok(then)
    }

    /// Fire the tick's schedule for one of its parts, for this instant.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub(super) async fn fire_part(&self, part: &str, instant: Timestamp) -> Result<(), HarnessError> {
        let schedule = self.outputs.get("TickSchedule")?;
        Ok(self.control.fire_part(self.region.as_str(), schedule, part, instant).await?)
    }

    /// Fire the tick's schedule for a look at the executions that failed, for now.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn tell_failures(&self) -> Result<(), HarnessError> {
        let now = self.control.now().await?;
        // Scheduler knows whole seconds only.
        self.fire_part("failures", Timestamp::from_second(now.as_second()).unwrap_or(now)).await
    }

    /// Fire a deployed schedule, by the output that names it, for now.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn fire(&self, schedule: &str) -> Result<(), HarnessError> {
        let now = self.control.now().await?;
        // Scheduler knows whole seconds only.
        let instant = Timestamp::from_second(now.as_second()).unwrap_or(now);
        self.control.fire_schedule(self.region.as_str(), self.outputs.get(schedule)?, instant).await?;
        Ok(())
    }

    /// The true capacity of an environment.
    ///
    /// # Errors
    /// [`HarnessError`] when AWS does not answer.
    pub async fn capacity(&self, environment: &Environment) -> Result<Capacity, HarnessError> {
        Ok(self.site.capacity(environment).await?)
    }

    /// What the functions did since the call numbered `since`.
    ///
    /// # Errors
    /// [`HarnessError`] when the emulator is gone.
    pub async fn api_calls(&self, since: u64) -> Result<ApiCalls, HarnessError> {
        let functions = FUNCTIONS.iter().map(|output| self.outputs.get(output)).collect::<Result<Vec<_>, _>>()?;
        Ok(ApiCalls::of(self.control.calls(since).await?, &functions, &self.region))
    }
}
