//! The platform in memory: a simulation is every part of it.

use watchkeeper_control::platform::Platform;

use crate::executions::MachineHandle;
use crate::region::SimRegion;

impl Platform for SimRegion {
    type Ledger = Self;
    type Notifier = Self;
    type Clock = Self;
    type Machine = MachineHandle;
    type Capacity = Self;
    type Alarms = Self;
    type Backups = Self;
    type Reports = Self;
    type Unblock = Self;
    type Region = Self;
    type Peer = Self;
    type Traffic = Self;
    type Prober = Self;
}
