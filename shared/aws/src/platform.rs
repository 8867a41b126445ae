//! The platform with the SDK.

use watchkeeper_control::platform::Platform;

use crate::{
    Aws, AwsRegionReader, AwsTrafficSwitches, BackupEngines, CloudWatch, DynamoLedger, EventClock, HttpProber,
    NotificationTargets, StateMachine, StuckThings,
};

impl Platform for Aws {
    type Ledger = DynamoLedger;
    type Announcer = NotificationTargets;
    type Clock = EventClock;
    type Machine = StateMachine;
    type Capacity = Self;
    type Alarms = CloudWatch;
    type Backups = BackupEngines;
    type Stuck = StuckThings;
    type Region = AwsRegionReader;
    type Peer = AwsRegionReader;
    type Traffic = AwsTrafficSwitches;
    type Prober = HttpProber;
}
