//! What a function is built from: each runbook over AWS, wired once, before the first event.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_aws::{
    Aws, AwsUnblockSources, BackupEngines, CloudWatch, DynamoLedger, EventClock, NotificationTargets, ReportBucket,
    SdkConfig, StateMachine,
};
use watchkeeper_control::backup::BackupRunbook;
use watchkeeper_control::emergency::EmergencyRunbook;
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::reconcile::Reconciler;
use watchkeeper_control::report::{ReportDesk, ReportWriter};
use watchkeeper_control::runbook::Stack;
use watchkeeper_control::schedule::ScheduleRunbook;
use watchkeeper_control::tick::{FailureWatch, TickRunbook};
use watchkeeper_control::unblock::UnblockRunbook;
use watchkeeper_control::wake_page::WakePageRunbook;
use watchkeeper_domain::estate::EstateFolder;

use crate::metrics::Metrics;
use crate::settings::{FunctionSettings, SettingError};

/// What a function is built from: read and checked once. A runbook whose steps take time gets its clock with each event.
#[derive(Debug)]
pub struct FunctionContext {
    /// What the stack looks after.
    pub stack: Stack,
    /// Where metrics go.
    pub metrics: Metrics,
    pub(crate) settings: FunctionSettings,
    pub(crate) sdk: SdkConfig,
}

impl FunctionContext {
    /// Built from what the stack tells the function, and from every estate.
    pub(crate) fn new(settings: FunctionSettings, estates: EstateFolder, sdk: SdkConfig) -> Self {
        let stack = Stack { estates: Arc::new(estates), home: settings.home.clone() };
        Self { stack, metrics: Metrics::new(&settings.metrics_namespace), settings, sdk }
    }

    /// The tick, by the time of an event.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn tick(&self) -> Result<impl Fn(Timestamp) -> TickRunbook<Aws> + use<>, SettingError> {
        let (emergency, backup, unblock) = (self.emergency()?, self.backup()?, self.unblock()?);
        let (ledger, notifier, usage) = (self.ledger()?, self.notifier()?, CloudWatch::new(&self.sdk));
        let (reconcile, reconciler) = (self.machine(FunctionSettings::reconcile_machine_arn)?, self.reconcile()?);
        let machines = vec![
            reconcile.clone(),
            self.machine(FunctionSettings::emergency_machine_arn)?,
            self.machine(FunctionSettings::failover_machine_arn)?,
            self.machine(FunctionSettings::failback_machine_arn)?,
            self.machine(FunctionSettings::backup_machine_arn)?,
            self.machine(FunctionSettings::restore_machine_arn)?,
            self.machine(FunctionSettings::unblock_machine_arn)?,
        ];
        let bucket = self.settings.report_bucket.as_ref().map(|bucket| ReportBucket::new(&self.sdk, bucket));
        Ok(move |now| TickRunbook {
            emergency: emergency.clone(),
            schedule: ScheduleRunbook {
                ledger: ledger.clone(),
                reconcile: reconcile.clone(),
                reconciler: reconciler(now),
                usage: usage.clone(),
            },
            backup: backup.clone(),
            unblock: unblock(now),
            failures: FailureWatch { ledger: ledger.clone(), machines: machines.clone(), notifier: notifier.clone() },
            reports: bucket.clone().map(|store| ReportWriter {
                ledger: ledger.clone(),
                store,
                notifier: notifier.clone(),
            }),
        })
    }

    /// The one hand, by the time of an event.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn reconcile(&self) -> Result<impl Fn(Timestamp) -> Reconciler<Aws> + use<>, SettingError> {
        let (cloud, ledger, notifier) = (Aws::new(&self.sdk), self.ledger()?, self.notifier()?);
        let pacer = Arc::new(Pacer::new(self.settings.home.region.clone()));
        let reports = self.reports();
        Ok(move |now| Reconciler {
            cloud: cloud.clone(),
            ledger: ledger.clone(),
            notifier: notifier.clone(),
            clock: EventClock::set_to(now),
            pacer: Arc::clone(&pacer),
            reports: reports.clone(),
        })
    }

    /// What answers at the pages of environments that sleep.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn wake_pages(&self) -> Result<WakePageRunbook<Aws>, SettingError> {
        Ok(WakePageRunbook::new(self.ledger()?, self.machine(FunctionSettings::reconcile_machine_arn)?))
    }

    /// Where reports are kept, if the stack keeps any, and what is deployed.
    pub(crate) fn reports(&self) -> Option<ReportDesk> {
        let bucket = self.settings.report_bucket.as_ref()?;
        Some(ReportDesk::of(bucket, &self.stack.estates))
    }

    /// Emergencies.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn emergency(&self) -> Result<EmergencyRunbook<Aws>, SettingError> {
        Ok(EmergencyRunbook {
            ledger: self.ledger()?,
            alarms: CloudWatch::new(&self.sdk),
            machine: self.machine(FunctionSettings::emergency_machine_arn)?,
            notifier: self.notifier()?,
        })
    }

    /// The backups of this region, and their copies in others.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn backup(&self) -> Result<BackupRunbook<Aws>, SettingError> {
        Ok(BackupRunbook {
            cloud: BackupEngines::new(&self.sdk),
            ledger: self.ledger()?,
            notifier: self.notifier()?,
            machine: self.machine(FunctionSettings::backup_machine_arn)?,
            restores: self.machine(FunctionSettings::restore_machine_arn)?,
            reports: self.reports(),
        })
    }

    /// The daily unblock, by the time of an event. It looks at the executions of our machines that hold leases, may be ended,
    /// or free what is stuck. A failover is none of them: its children hold the leases, and a question of it may come in the
    /// middle of a move, and ends by itself.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn unblock(&self) -> Result<impl Fn(Timestamp) -> UnblockRunbook<Aws> + use<>, SettingError> {
        let emergency = self.settings.emergency_machine_arn()?;
        let machines =
            vec![self.settings.reconcile_machine_arn()?, emergency.clone(), self.settings.unblock_machine_arn()?];
        let sources = AwsUnblockSources::new(&self.sdk, machines, vec![emergency]);
        let (ledger, notifier) = (self.ledger()?, self.notifier()?);
        let reconcile = self.machine(FunctionSettings::reconcile_machine_arn)?;
        let machine = self.machine(FunctionSettings::unblock_machine_arn)?;
        let reports = self.reports();
        Ok(move |now| UnblockRunbook {
            sources: sources.clone(),
            ledger: ledger.clone(),
            reconcile: reconcile.clone(),
            machine: machine.clone(),
            notifier: notifier.clone(),
            clock: EventClock::set_to(now),
            reports: reports.clone(),
        })
    }

    /// One of our machines, by its setting.
    pub(crate) fn machine(
        &self,
        arn: impl Fn(&FunctionSettings) -> Result<String, SettingError>,
    ) -> Result<StateMachine, SettingError> {
        Ok(StateMachine::new(&self.sdk, arn(&self.settings)?))
    }

    pub(crate) fn ledger(&self) -> Result<DynamoLedger, SettingError> {
        Ok(DynamoLedger::new(&self.sdk, self.settings.ledger_table()?))
    }

    pub(crate) fn notifier(&self) -> Result<NotificationTargets, SettingError> {
        let (topic, chat) = (self.settings.topic_arn()?, self.settings.chat_topic.clone());
        Ok(NotificationTargets::new(&self.sdk, &topic, chat, &self.settings.event_bus()?))
    }
}
