//! What the watch over pairs, and their moves, are built from.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_aws::{
    AwsRegionReader, AwsTrafficSwitches, DynamoLedger, HttpProber, NotificationTargets, SdkConfig, StateMachine,
    peer_config,
};
use watchkeeper_control::failover::{FailoverRunbook, RegionMonitor};
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::place::PairPlace;
use watchkeeper_domain::name::Region;

use crate::clock::EventClock;
use crate::serve::FunctionContext;
use crate::settings::{FunctionSettings, SettingError, arn_in};

/// What takes the steps of a move.
pub type PairMover = FailoverRunbook<
    DynamoLedger,
    AwsRegionReader,
    AwsRegionReader,
    AwsTrafficSwitches,
    HttpProber,
    NotificationTargets,
    EventClock,
    StateMachine,
    StateMachine,
>;

/// What keeps the watch over a pair.
pub type PairWatcher = RegionMonitor<
    DynamoLedger,
    AwsRegionReader,
    AwsRegionReader,
    AwsTrafficSwitches,
    HttpProber,
    NotificationTargets,
    EventClock,
    StateMachine,
    StateMachine,
    StateMachine,
>;

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
    failover: StateMachine,
    pacer: Arc<Pacer>,
}

impl PairKit {
    /// Built from what every function has.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn new(kit: &FunctionContext, sdk: &SdkConfig) -> Result<Self, SettingError> {
        Ok(Self {
            sdk: sdk.clone(),
            settings: kit.settings.clone(),
            ledger: kit.ledger()?,
            here: AwsRegionReader::new(sdk),
            prober: HttpProber::new(),
            announcer: kit.announcer()?,
            hand: kit.machine()?,
            failover: StateMachine::new(sdk, kit.settings.failover_machine_arn()?),
            pacer: Arc::default(),
        })
    }

    /// Where people hear of it.
    pub fn announcer(&self) -> &NotificationTargets {
        &self.announcer
    }

    /// The mover of one half of a pair, at the time that came with an event.
    pub fn mover(&self, half: &PairPlace, now: Timestamp) -> PairMover {
        // Whatever is asked of the other region is bounded: it may hang.
        let there = peer_config(&self.sdk, half.other().as_str());
        let peer_hand = StateMachine::new(&there, arn_in(self.hand.arn(), half.other()));
        FailoverRunbook {
            ledger: self.ledger.clone(),
            here: self.here.clone(),
            peer: AwsRegionReader::new(&there),
            switches: self.switches(&half.standby),
            prober: self.prober.clone(),
            announcer: self.announcer.clone(),
            clock: EventClock::set_to(now),
            peer_hand,
            executions: self.failover.clone(),
            pacer: Arc::clone(&self.pacer),
        }
    }

    /// The watcher of one half of a pair, at the instant of a tick.
    pub fn watcher(&self, half: &PairPlace, at: Timestamp) -> PairWatcher {
        let there = peer_config(&self.sdk, half.other().as_str());
        RegionMonitor {
            ledger: self.ledger.clone(),
            here: self.here.clone(),
            peer: AwsRegionReader::new(&there),
            switches: self.switches(&half.standby),
            metric: self.switches(&half.region),
            prober: self.prober.clone(),
            announcer: self.announcer.clone(),
            clock: EventClock::set_to(at),
            hand: self.hand.clone(),
            failover: self.failover.clone(),
            executions: self.failover.clone(),
            pacer: Arc::clone(&self.pacer),
        }
    }

    /// The means by which the traffic of a pair with this standby region moves.
    fn switches(&self, standby: &Region) -> AwsTrafficSwitches {
        let FunctionSettings { metrics_namespace, .. } = &self.settings;
        AwsTrafficSwitches::new(&self.sdk, standby, metrics_namespace, self.settings.routing_endpoints())
    }
}
