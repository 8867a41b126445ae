//! The platform with the SDK.

use watchkeeper_control::platform::Platform;

use crate::{
    Aws, AwsRegionReader, AwsTrafficSwitches, AwsUnblockSources, BackupEngines, CloudWatch, DynamoLedger, EventClock,
    HttpProber, NotificationTargets, ReportBucket, StateMachine,
};

impl Platform for Aws {
    type Ledger = DynamoLedger;
    type Notifier = NotificationTargets;
    type Clock = EventClock;
    type Machine = StateMachine;
    type Capacity = Self;
    type Alarms = CloudWatch;
    type Backups = BackupEngines;
    type Reports = ReportBucket;
    type Unblock = AwsUnblockSources;
    type Region = AwsRegionReader;
    type Peer = AwsRegionReader;
    type Traffic = AwsTrafficSwitches;
    type Prober = HttpProber;
}
