//! What the watch over pairs, and their moves, are built from.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_aws::{Announcements, DynamoLedger, HttpProber, Machine, SdkConfig, Switchboard, View, peer_config};
use watchkeeper_control::failover::{Mover, Watcher};
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::place::PairPlace;
use watchkeeper_domain::name::Region;

use crate::clock::EventClock;
use crate::serve::Kit;
use crate::settings::{SettingError, Settings, arn_in};

/// What takes the steps of a move.
pub type PairMover =
    Mover<DynamoLedger, View, View, Switchboard, HttpProber, Announcements, EventClock, Machine, Machine>;

/// What keeps the watch over a pair.
pub type PairWatcher =
    Watcher<DynamoLedger, View, View, Switchboard, HttpProber, Announcements, EventClock, Machine, Machine, Machine>;

/// What all pairs have in common, built once. What belongs to one pair or one event comes with it; the connections are
/// the same all the time.
#[derive(Debug)]
pub struct PairKit {
    sdk: SdkConfig,
    settings: Settings,
    ledger: DynamoLedger,
    here: View,
    prober: HttpProber,
    announcer: Announcements,
    hand: Machine,
    failover: Machine,
    pacer: Arc<Pacer>,
}

impl PairKit {
    /// Built from what every function has.
    ///
    /// # Errors
    /// [`SettingError`] names what the stack does not say.
    pub fn new(kit: &Kit, sdk: &SdkConfig) -> Result<Self, SettingError> {
        Ok(Self {
            sdk: sdk.clone(),
            settings: kit.settings.clone(),
            ledger: kit.ledger()?,
            here: View::new(sdk),
            prober: HttpProber::new(),
            announcer: kit.announcer()?,
            hand: kit.machine()?,
            failover: Machine::new(sdk, kit.settings.failover_machine_arn()?),
            pacer: Arc::default(),
        })
    }

    /// Where people hear of it.
    pub fn announcer(&self) -> &Announcements {
        &self.announcer
    }

    /// The mover of one half of a pair, at the time that came with an event.
    pub fn mover(&self, half: &PairPlace, now: Timestamp) -> PairMover {
        // Whatever is asked of the other region is bounded: it may hang.
        let there = peer_config(&self.sdk, half.other().as_str());
        let peer_hand = Machine::new(&there, arn_in(self.hand.arn(), half.other()));
        Mover {
            ledger: self.ledger.clone(),
            here: self.here.clone(),
            peer: View::new(&there),
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
        Watcher {
            ledger: self.ledger.clone(),
            here: self.here.clone(),
            peer: View::new(&there),
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
    fn switches(&self, standby: &Region) -> Switchboard {
        let Settings { metrics_namespace, .. } = &self.settings;
        Switchboard::new(&self.sdk, standby, metrics_namespace, self.settings.routing_endpoints())
    }
}
