//! What the operator's window is built from: the reader of its pages, and what its buttons start.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_aws::{AskingMachines, Aws, CloudWatch, EventClock, LambdaWindows, ReportBucket, peer_config};
use watchkeeper_control::window::WindowReader;
use watchkeeper_control::window::act::WindowActor;
use watchkeeper_domain::name::Region;
use watchkeeper_window::facts::StackFacts;

use crate::context::FunctionContext;
use crate::serve::LambdaInvocation;
use crate::settings::{FunctionSettings, SettingError};

impl FunctionContext {
    /// The reader of the window's pages, by the time of an event. What it observes is shared with others who look.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn window(&self) -> Result<impl Fn(Timestamp) -> WindowReader<Aws> + use<>, SettingError> {
        self.reader(true)
    }

    /// The windows of other stacks whose rows stand on the same page.
    pub fn window_peers(&self) -> LambdaWindows {
        LambdaWindows::new(&self.sdk, self.settings.window_peers().to_vec())
    }

    /// What the window's buttons start, by the time of an event.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn window_act(&self) -> Result<impl Fn(Timestamp) -> WindowActor<Aws, AskingMachines> + use<>, SettingError> {
        let reader = self.reader(false)?;
        let asking = [
            self.settings.emergency_machine_arn()?,
            self.settings.failover_machine_arn()?,
            self.settings.failback_machine_arn()?,
        ];
        let questions = AskingMachines::new(&self.sdk, asking.to_vec());
        let reconcile = self.machine(FunctionSettings::reconcile_machine_arn)?;
        let emergency = self.machine(FunctionSettings::emergency_machine_arn)?;
        let failover = self.machine(FunctionSettings::failover_machine_arn)?;
        let failback = self.machine(FunctionSettings::failback_machine_arn)?;
        let backup = self.machine(FunctionSettings::backup_machine_arn)?;
        let restore = self.machine(FunctionSettings::restore_machine_arn)?;
        Ok(move |now| WindowActor {
            reader: reader(now),
            reconcile: reconcile.clone(),
            emergency: emergency.clone(),
            failover: failover.clone(),
            failback: failback.clone(),
            backup: backup.clone(),
            restore: restore.clone(),
            questions: questions.clone(),
        })
    }

    /// When an invocation began: its deadline, less the time that the function has. No event of a widget has an instant.
    ///
    /// # Errors
    /// [`SettingError`] when `TIMEOUT_SECONDS` is not set to a number.
    pub fn began(&self) -> Result<impl Fn(LambdaInvocation) -> Timestamp + use<>, SettingError> {
        let timeout = Duration::from_secs(self.settings.timeout_seconds()?);
        Ok(move |invocation: LambdaInvocation| invocation.deadline.saturating_sub(timeout).unwrap_or(Timestamp::MIN))
    }

    fn reader(&self, shares: bool) -> Result<impl Fn(Timestamp) -> WindowReader<Aws> + use<>, SettingError> {
        let (ledger, alarms) = (self.ledger()?, CloudWatch::new(&self.sdk));
        let home = &self.settings.home.region;
        // Whatever is asked of another region is bounded: it may hang.
        let others = self.stack.environments().flat_map(|(_, environment)| environment.regions());
        let others = others.filter(|region| region != home);
        let others = others.map(|region| (region.clone(), Aws::new(&peer_config(&self.sdk, region.as_str()))));
        let clouds: BTreeMap<Region, Aws> = others.chain([(home.clone(), Aws::new(&self.sdk))]).collect();
        let own = StackFacts {
            window: self.settings.window_arn()?,
            act: self.settings.window_act_arn()?,
            name: self.settings.metrics_namespace.clone(),
        };
        let reports = self.settings.report_bucket.as_ref().map(|bucket| ReportBucket::new(&self.sdk, bucket));
        Ok(move |now| WindowReader {
            clouds: clouds.clone(),
            ledger: ledger.clone(),
            alarms: alarms.clone(),
            clock: EventClock::set_to(now),
            own: own.clone(),
            reports: reports.clone(),
            shares,
        })
    }
}
