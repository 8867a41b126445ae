//! What a port may ask of the world.

use std::fmt;

use watchkeeper_domain::capacity::DatabaseId;

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
    /// The mute rules of an alarm are read.
    ListAlarmMuteRules = "ListAlarmMuteRules",
    /// Bounds and suspensions are read.
    DescribeScalableTargets = "DescribeScalableTargets",
    /// The tags of a scalable target are read, and before them what it is called.
    ListTargetTags = "ListTagsForResource",
    /// Scheduled actions are read.
    DescribeScheduledActions = "DescribeScheduledActions",
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
    /// The tasks of a service are listed.
    ListTasks = "ListTasks",
    /// The images of a task definition are read.
    DescribeTaskImages = "DescribeTaskDefinition",
    /// Target groups and their targets are read.
    DescribeTargetHealth = "DescribeTargetHealth",
    /// A table is read.
    DescribeTable = "DescribeTable",
    /// The replication lag of a table is read.
    GetReplicationLag = "GetMetricStatistics",
    /// A stream is read.
    DescribeStream = "DescribeStreamSummary",
    /// An image is looked up.
    DescribeImages = "DescribeImages",
    /// What a database is in a region is read.
    DescribeRole = "DescribeGlobalClusters",
    /// A read replica is promoted.
    PromoteReadReplica = "PromoteReadReplica",
    /// The writer of a global database moves, and nothing is lost.
    SwitchoverGlobalCluster = "SwitchoverGlobalCluster",
    /// The writer of a global database moves, and data may be lost.
    FailoverGlobalCluster = "FailoverGlobalCluster",
    /// An object is looked up.
    HeadObject = "HeadObject",
    /// An object is put.
    PutObject = "PutObject",
    /// An object is removed.
    DeleteObject = "DeleteObject",
    /// A routing control is read.
    GetRoutingControl = "GetRoutingControlState",
    /// Routing controls are set.
    UpdateRoutingControls = "UpdateRoutingControlStates",
    /// The metric that moves the traffic is published.
    PutMetricData = "PutMetricData",
    /// The alarm that moves the traffic is read.
    DescribeTrafficAlarm = "DescribeAlarms",
    /// Records are read.
    ListRecords = "ListResourceRecordSets",
    /// Records are changed.
    ChangeRecords = "ChangeResourceRecordSets",
    /// An address is asked from outside.
    Probe = "GET",
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
    /// A run is looked at.
    DescribeExecution = "DescribeExecution",
    /// Executions that wait for an answer are read.
    ListExecutions = "ListExecutions",
    /// An execution is ended.
    StopExecution = "StopExecution",
    /// Locks are read.
    ScanLocks = "Scan of locks",
    /// The status of items is read.
    BatchGetItem = "BatchGetItem",
    /// A lock is released.
    ReleaseLock = "UpdateItem to release",
    /// A release is taken back.
    RestoreLock = "UpdateItem to restore",
    /// Items that may wait are read.
    ScanItems = "Scan of items",
    /// The length of a queue is read.
    GetQueueAttributes = "GetQueueAttributes",
    /// Messages are received.
    ReceiveMessage = "ReceiveMessage",
    /// A message is sent.
    SendMessage = "SendMessage",
    /// A message is removed.
    DeleteMessage = "DeleteMessage",
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
    LedgerRecall = "Ledger.recall",
    /// The memory of an alarm is put.
    LedgerRemember = "Ledger.remember",
    /// What there is of a pair is read.
    LedgerPair = "Ledger.pair",
    /// The pointer is put.
    LedgerPoint = "Ledger.point",
    /// A heartbeat is put.
    LedgerBeat = "Ledger.beat",
    /// A sample is put.
    LedgerKeepSample = "Ledger.keep_sample",
    /// The memory of a watch is read.
    LedgerWatch = "Ledger.watch",
    /// The memory of a watch is put.
    LedgerKeepWatch = "Ledger.keep_watch",
    /// The record of a move is read.
    LedgerMoved = "Ledger.moved",
    /// The record of a move is put.
    LedgerKeepMove = "Ledger.keep_move",
    /// What the other region has settled is read.
    LedgerSettled = "Ledger.settled",
    /// A note is read.
    LedgerReadNote = "Ledger.read_note",
    /// A note is written.
    LedgerWriteNote = "Ledger.write_note",
    /// Open runs are read.
    LedgerOpenRuns = "Ledger.open_runs",
    /// An intent is taken out.
    LedgerTakeOut = "Ledger.take_out",
    /// What is remembered of a resource's backups is read.
    LedgerBackup = "Ledger.backup",
    /// What is remembered of all of them is read.
    LedgerBackups = "Ledger.backups",
    /// What is remembered of a resource's backups is put.
    LedgerPutBackup = "Ledger.put_backup",
    /// The record of a run of backups is read.
    LedgerBackupRun = "Ledger.backup_run",
    /// The record of a run of backups is put.
    LedgerPutBackupRun = "Ledger.put_backup_run",
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
                | O::LedgerRemember
                | O::LedgerPoint
                | O::LedgerBeat
                | O::LedgerKeepSample
                | O::LedgerKeepWatch
                | O::LedgerKeepMove
                | O::LedgerWriteNote
                | O::LedgerTakeOut
                | O::LedgerPutBackup
                | O::LedgerPutBackupRun
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
