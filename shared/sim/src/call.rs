//! The record of calls: which, about what, when, and how they ended.

use std::fmt;

use jiff::Timestamp;
use watchkeeper_domain::capacity::DatabaseId;

use crate::fault::Trouble;

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a port asks of the world.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $($(#[$doc])* $variant,)*
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of it, as the API or the ledger's port has it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

operations! {
    /// Counts and rollouts of services are read.
    DescribeServices = "DescribeServices",
    /// A desired count is set, or a release.
    UpdateService = "UpdateService",
    /// The releases of a service are read; the revisions that this takes are in the same call here.
    ListServiceDeployments = "ListServiceDeployments",
    /// A task definition is read.
    DescribeTaskDefinition = "DescribeTaskDefinition",
    /// The quotas of the account are read; the usage that belongs to them is in the same call here.
    GetServiceQuota = "GetServiceQuota",
    /// Alarms are read.
    DescribeAlarms = "DescribeAlarms",
    /// Bounds and suspensions are read.
    DescribeScalableTargets = "DescribeScalableTargets",
    /// Bounds and suspensions are set.
    RegisterScalableTarget = "RegisterScalableTarget",
    /// An Aurora cluster is read.
    DescribeDBClusters = "DescribeDBClusters",
    /// An RDS instance is read.
    DescribeDBInstances = "DescribeDBInstances",
    /// An Aurora cluster is started.
    StartDBCluster = "StartDBCluster",
    /// An RDS instance is started.
    StartDBInstance = "StartDBInstance",
    /// An Aurora cluster is stopped.
    StopDBCluster = "StopDBCluster",
    /// An RDS instance is stopped.
    StopDBInstance = "StopDBInstance",
    /// A resource that is backed up is read.
    DescribeStore = "DescribeStore",
    /// The copies of a resource are read.
    ListCopies = "ListCopies",
    /// A backup is begun.
    StartBackup = "StartBackup",
    /// A copy in another region is begun.
    CopyBackup = "CopyBackup",
    /// A copy is removed.
    DeleteBackup = "DeleteBackup",
    /// How full a region is of copies is read.
    GetCopyQuota = "GetCopyQuota",
    /// What was restored is read.
    DescribeRestored = "DescribeRestored",
    /// A restore of a copy is begun.
    RestoreBackup = "RestoreBackup",
    /// A restore of an instant is begun.
    RestoreToInstant = "RestoreToInstant",
    /// What was restored is tagged.
    TagRestored = "TagRestored",
    /// What a restore does not bring is set.
    ReapplySettings = "ReapplySettings",
    /// What was restored is looked into.
    InspectRestored = "InspectRestored",
    /// What was restored is removed.
    DeleteRestored = "DeleteRestored",
    /// A run is started.
    StartExecution = "StartExecution",
    /// A message is sent.
    Publish = "Publish",
    /// An event is put.
    PutEvents = "PutEvents",
    /// A scope is loaded.
    LedgerLoad = "Ledger.load",
    /// A lease is read.
    LedgerLease = "Ledger.lease",
    /// A lease is taken.
    LedgerTakeLease = "Ledger.take_lease",
    /// Writes are committed under a generation.
    LedgerCommit = "Ledger.commit",
    /// A run is read.
    LedgerRun = "Ledger.run",
    /// An intent is declared.
    LedgerDeclare = "Ledger.declare",
    /// An intent is withdrawn.
    LedgerWithdraw = "Ledger.withdraw",
    /// The halt switch is set or lifted.
    LedgerSetHalt = "Ledger.set_halt",
    /// The memory of an alarm is read.
    AlarmLogRecall = "AlarmLog.recall",
    /// The memory of an alarm is put.
    AlarmLogRemember = "AlarmLog.remember",
    /// What is remembered of a resource's backups is read.
    BackupLogRead = "BackupLog.backup",
    /// What is remembered of all of them is read.
    BackupLogReadAll = "BackupLog.backups",
    /// What is remembered of a resource's backups is put.
    BackupLogPut = "BackupLog.put_backup",
    /// The record of a run of backups is read.
    BackupLogReadRun = "BackupLog.backup_run",
    /// The record of a run of backups is put.
    BackupLogPutRun = "BackupLog.put_backup_run",
}

impl Operation {
    /// Whether it changes capacity.
    pub fn writes_capacity(self) -> bool {
        use Operation as O;
        matches!(
            self,
            O::UpdateService
                | O::RegisterScalableTarget
                | O::StartDBCluster
                | O::StartDBInstance
                | O::StopDBCluster
                | O::StopDBInstance
        )
    }

    /// Whether it reads capacity.
    pub fn reads_capacity(self) -> bool {
        use Operation as O;
        matches!(
            self,
            O::DescribeServices | O::DescribeScalableTargets | O::DescribeDBClusters | O::DescribeDBInstances
        )
    }

    /// Whether it changes the ledger.
    pub fn writes_ledger(self) -> bool {
        use Operation as O;
        matches!(
            self,
            O::LedgerTakeLease
                | O::LedgerCommit
                | O::LedgerDeclare
                | O::LedgerWithdraw
                | O::LedgerSetHalt
                | O::AlarmLogRemember
                | O::BackupLogPut
                | O::BackupLogPutRun
        )
    }

    /// How a database is read.
    pub(crate) fn describe(database: &DatabaseId) -> Self {
        match database {
            DatabaseId::Aurora(_) => Self::DescribeDBClusters,
            DatabaseId::Rds(_) => Self::DescribeDBInstances,
        }
    }

    /// How a database is started.
    pub(crate) fn start(database: &DatabaseId) -> Self {
        match database {
            DatabaseId::Aurora(_) => Self::StartDBCluster,
            DatabaseId::Rds(_) => Self::StartDBInstance,
        }
    }

    /// How a database is stopped.
    pub(crate) fn stop(database: &DatabaseId) -> Self {
        match database {
            DatabaseId::Aurora(_) => Self::StopDBCluster,
            DatabaseId::Rds(_) => Self::StopDBInstance,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With its answer, and its effect.
    Answered,
    /// With an error that the state of the world gave it, and no effect.
    Refused,
    /// At an empty bucket, without effect.
    OverQuota,
    /// With a fault of the plan.
    Troubled(Trouble),
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its place among all calls of this world, from 0: what a [`crate::FaultPlan`] counts by.
    pub index: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What it asked for.
    pub operation: Operation,
    /// What it was about.
    pub subject: String,
    /// How it ended.
    pub ending: Ending,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {} {}: {:?}", self.index, self.at, self.operation, self.subject, self.ending)
    }
}
