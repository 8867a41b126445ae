//! What the watch over pairs, and their moves, are built from.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_aws::{
    Aws, AwsRegionReader, AwsTrafficSwitches, DynamoLedger, EventClock, HttpProber, NotificationTargets, SdkConfig,
    StateMachine, peer_config,
};
use watchkeeper_control::failover::FailoverRunbook;
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::place::PairPlace;
use watchkeeper_domain::name::Region;

use crate::kit::FunctionContext;
use crate::settings::{FunctionSettings, SettingError, arn_in};

/// What all pairs have in common, built once. What belongs to one pair or one event comes with it; the connections are
/// the same all the time.
#[derive(Debug)]
pub struct PairKit {
    sdk: SdkConfig,
    settings: FunctionSettings,
    ledger: DynamoLedger,
    here: AwsRegionReader,
    prober: HttpProber,
    announcer: NotificationTargets,
    hand: StateMachine,
    machine: StateMachine,
    pacer: Arc<Pacer>,
}

impl PairKit {
    /// Built from what every function has.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub(crate) fn new(kit: &FunctionContext) -> Result<Self, SettingError> {
        Ok(Self {
            sdk: kit.sdk.clone(),
            settings: kit.settings.clone(),
            ledger: kit.ledger()?,
            here: AwsRegionReader::new(&kit.sdk),
            prober: HttpProber::new(),
            announcer: kit.announcer()?,
            hand: kit.machine(FunctionSettings::reconcile_machine_arn)?,
            machine: kit.machine(FunctionSettings::failover_machine_arn)?,
            pacer: Arc::default(),
        })
    }

    /// Where people hear of it.
    pub fn announcer(&self) -> &NotificationTargets {
        &self.announcer
    }

    /// The runbook over one half of a pair, at the time that came with an event.
    pub fn failover(&self, half: &PairPlace, now: Timestamp) -> FailoverRunbook<Aws> {
        // Whatever is asked of the other region is bounded: it may hang.
        let there = peer_config(&self.sdk, half.other().as_str());
        let peer_hand = StateMachine::new(&there, arn_in(self.hand.arn(), half.other()));
        FailoverRunbook {
            ledger: self.ledger.clone(),
            here: self.here.clone(),
            peer: AwsRegionReader::new(&there),
            switches: self.switches(&half.standby),
            own_metrics: self.switches(&half.region),
            prober: self.prober.clone(),
            announcer: self.announcer.clone(),
            clock: EventClock::set_to(now),
            hand: self.hand.clone(),
            peer_hand,
            machine: self.machine.clone(),
            pacer: Arc::clone(&self.pacer),
        }
    }

    /// The means by which the traffic of a pair with this standby region moves.
    fn switches(&self, standby: &Region) -> AwsTrafficSwitches {
        let FunctionSettings { metrics_namespace, .. } = &self.settings;
        AwsTrafficSwitches::new(&self.sdk, standby, metrics_namespace, self.settings.routing_endpoints())
    }
}
