//! What the watch over pairs, and their moves, are built from.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_aws::{
    Aws, AwsRegionReader, AwsTrafficSwitches, DynamoLedger, EventClock, HttpProber, NotificationTargets, SdkConfig,
    StateMachine, peer_config,
};
use watchkeeper_control::failover::FailoverRunbook;
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::report::ReportDesk;
use watchkeeper_control::scoped::PairMember;
use watchkeeper_domain::name::Region;

use crate::context::FunctionContext;
use crate::settings::{FunctionSettings, SettingError, arn_in};

/// What all pairs have in common, built once. What belongs to one pair or one event comes with it; the connections are
/// the same all the time.
#[derive(Debug)]
pub struct FailoverBuilder {
    sdk: SdkConfig,
    settings: FunctionSettings,
    ledger: DynamoLedger,
    here: AwsRegionReader,
    notifier: NotificationTargets,
    reconcile_machine: StateMachine,
    machine: StateMachine,
    pacer: Arc<Pacer>,
    reports: Option<ReportDesk>,
}

impl FunctionContext {
    /// What the watch over pairs, and their moves, are built from.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn pairs(&self) -> Result<FailoverBuilder, SettingError> {
        Ok(FailoverBuilder {
            sdk: self.sdk.clone(),
            settings: self.settings.clone(),
            ledger: self.ledger()?,
            here: AwsRegionReader::new(&self.sdk),
            notifier: self.notifier()?,
            reconcile_machine: self.machine(FunctionSettings::reconcile_machine_arn)?,
            machine: self.machine(FunctionSettings::failover_machine_arn)?,
            pacer: Arc::new(Pacer::new(self.settings.home.region.clone())),
            reports: self.reports(),
        })
    }
}

impl FailoverBuilder {
    /// Where people hear of it.
    pub fn notifier(&self) -> &NotificationTargets {
        &self.notifier
    }

    /// The runbook over one half of a pair, at the time that came with an event.
    pub fn failover(&self, member: &PairMember, now: Timestamp) -> FailoverRunbook<Aws> {
        // Whatever is asked of the other region is bounded: it may hang.
        let there = peer_config(&self.sdk, member.other().as_str());
        let peer_reconcile_machine = StateMachine::new(&there, arn_in(self.reconcile_machine.arn(), member.other()));
        FailoverRunbook {
            ledger: self.ledger.clone(),
            here: self.here.clone(),
            peer: AwsRegionReader::new(&there),
            switches: self.switches(&member.standby),
            own_metrics: self.switches(&member.region),
            prober: HttpProber,
            notifier: self.notifier.clone(),
            clock: EventClock::set_to(now),
            reconcile_machine: self.reconcile_machine.clone(),
            peer_reconcile_machine,
            machine: self.machine.clone(),
            pacer: Arc::clone(&self.pacer),
            reports: self.reports.clone(),
        }
    }

    /// The means by which the traffic of a pair with this standby region moves.
    fn switches(&self, standby: &Region) -> AwsTrafficSwitches {
        let FunctionSettings { metrics_namespace, .. } = &self.settings;
        AwsTrafficSwitches::new(&self.sdk, standby, metrics_namespace, self.settings.routing_endpoints())
    }
}
