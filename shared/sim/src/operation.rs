//! What a port may ask of the simulation.

use watchkeeper_domain::capacity::{DatabaseId, DatabaseKind};

/// What a port asks of the simulation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::IntoStaticStr, strum::VariantArray,
)]
pub enum Operation {
    /// Counts and rollouts of services are read.
    DescribeServices,
    /// The services of a cluster are listed.
    ListServices,
    /// A desired count is set, or a release.
    UpdateService,
    /// The releases of a service are read; the revisions that this takes are in the same call here.
    ListServiceDeployments,
    /// A task definition is read.
    DescribeTaskDefinition,
    /// The quotas of the account are read; the usage that belongs to them is in the same call here.
    GetServiceQuota,
    /// Alarms are read.
    DescribeAlarms,
    /// How much an environment is used is read.
    #[strum(serialize = "GetMetricData")]
    GetUsage,
    /// The mute rules of an alarm are read.
    ListAlarmMuteRules,
    /// Bounds and suspensions are read.
    DescribeScalableTargets,
    /// The tags of a scalable target are read, and before them what it is called.
    #[strum(serialize = "ListTagsForResource")]
    ListTargetTags,
    /// Scheduled actions are read.
    DescribeScheduledActions,
    /// Bounds and suspensions are set.
    RegisterScalableTarget,
    /// An Aurora cluster is read.
    DescribeDBClusters,
    /// An RDS instance is read.
    DescribeDBInstances,
    /// An Aurora cluster is started.
    StartDBCluster,
    /// An RDS instance is started.
    StartDBInstance,
    /// An Aurora cluster is stopped.
    StopDBCluster,
    /// An RDS instance is stopped.
    StopDBInstance,
    /// A rule of a listener is read, and its tags with it.
    DescribeRules,
    /// What a rule of a listener does is set.
    ModifyRule,
    /// The tasks of a service are listed.
    ListTasks,
    /// The images of a task definition are read.
    #[strum(serialize = "DescribeTaskDefinition")]
    DescribeTaskImages,
    /// Target groups and their targets are read.
    DescribeTargetHealth,
    /// A table is read.
    DescribeTable,
    /// The replication lag of a table is read.
    #[strum(serialize = "GetMetricStatistics")]
    GetReplicationLag,
    /// A stream is read.
    #[strum(serialize = "DescribeStreamSummary")]
    DescribeStream,
    /// An image is looked up.
    DescribeImages,
    /// What a database is in a region is read.
    #[strum(serialize = "DescribeGlobalClusters")]
    DescribeRole,
    /// A read replica is promoted.
    PromoteReadReplica,
    /// The writer of a global database moves, and nothing is lost.
    SwitchoverGlobalCluster,
    /// The writer of a global database moves, and data may be lost.
    FailoverGlobalCluster,
    /// An event source is read.
    #[strum(serialize = "GetSchedule")]
    DescribeSource,
    /// An event source is switched on or off.
    #[strum(serialize = "UpdateSchedule")]
    SwitchSource,
    /// An instance is read, for a new replica that is to be like it.
    #[strum(serialize = "DescribeDBInstances")]
    DescribeInstance,
    /// Whether the cluster of a global database has caught up is read.
    #[strum(serialize = "DescribeGlobalClusters")]
    DescribeResync,
    /// An instance gets another name.
    #[strum(serialize = "ModifyDBInstance")]
    RenameInstance,
    /// An old primary that was set aside is stopped.
    #[strum(serialize = "StopDBInstance")]
    StopLeftInstance,
    /// A read replica is made.
    #[strum(serialize = "CreateDBInstanceReadReplica")]
    CreateReplica,
    /// An object is looked up.
    HeadObject,
    /// An object is put.
    PutObject,
    /// An object is read.
    GetObject,
    /// An object is removed.
    DeleteObject,
    /// A routing control is read.
    #[strum(serialize = "GetRoutingControlState")]
    GetRoutingControl,
    /// Routing controls are set.
    #[strum(serialize = "UpdateRoutingControlStates")]
    UpdateRoutingControls,
    /// The metric that moves the traffic is published.
    PutMetricData,
    /// The alarm that moves the traffic is read.
    #[strum(serialize = "DescribeAlarms")]
    DescribeTrafficAlarm,
    /// Records are read.
    #[strum(serialize = "ListResourceRecordSets")]
    ListRecords,
    /// Records are changed.
    #[strum(serialize = "ChangeResourceRecordSets")]
    ChangeRecords,
    /// An address is asked from outside.
    #[strum(serialize = "GET")]
    Probe,
    /// A resource that is backed up is read.
    DescribeStore,
    /// The copies of a resource are read.
    ListCopies,
    /// A backup is begun.
    StartBackup,
    /// A copy in another region is begun.
    CopyBackup,
    /// A copy is removed.
    DeleteBackup,
    /// How full a region is of copies is read.
    GetCopyQuota,
    /// What was restored is read.
    DescribeRestored,
    /// A restore of a copy is begun.
    RestoreBackup,
    /// A restore of an instant is begun.
    RestoreToInstant,
    /// What was restored is tagged.
    TagRestored,
    /// What a restore does not bring is set.
    ReapplySettings,
    /// What was restored is looked into.
    InspectRestored,
    /// A restored cluster gets an instance.
    #[strum(serialize = "CreateDBInstance")]
    AddInstance,
    /// That instance is removed.
    #[strum(serialize = "DeleteDBInstance")]
    RemoveInstance,
    /// The task that checks what was restored is started.
    #[strum(serialize = "RunTask")]
    RunCheck,
    /// That task is read.
    #[strum(serialize = "DescribeTasks")]
    DescribeCheck,
    /// That task is stopped.
    #[strum(serialize = "StopTask")]
    StopCheck,
    /// The log of that task is read.
    #[strum(serialize = "GetLogEvents")]
    ReadCheckLog,
    /// What was restored is removed.
    DeleteRestored,
    /// A run is started.
    StartExecution,
    /// A run is looked at.
    DescribeExecution,
    /// Executions that wait for an answer are read.
    ListExecutions,
    /// An execution is ended.
    StopExecution,
    /// Locks are read.
    #[strum(serialize = "Scan of locks")]
    ScanLocks,
    /// The status of items is read.
    BatchGetItem,
    /// A lock is released.
    #[strum(serialize = "UpdateItem to release")]
    ReleaseLock,
    /// A release is taken back.
    #[strum(serialize = "UpdateItem to restore")]
    RestoreLock,
    /// Items that may wait are read.
    #[strum(serialize = "Scan of items")]
    ScanItems,
    /// The length of a queue is read.
    GetQueueAttributes,
    /// Messages are received.
    ReceiveMessage,
    /// A message is sent.
    SendMessage,
    /// A message is removed.
    DeleteMessage,
    /// A message is sent.
    Publish,
    /// An event is put.
    PutEvents,
    /// A scope is loaded.
    #[strum(serialize = "Ledger.load")]
    LedgerLoad,
    /// A lease is read.
    #[strum(serialize = "Ledger.lease")]
    LedgerLease,
    /// A lease is taken.
    #[strum(serialize = "Ledger.take_lease")]
    LedgerTakeLease,
    /// Writes are committed under a generation.
    #[strum(serialize = "Ledger.commit")]
    LedgerCommit,
    /// A run is read.
    #[strum(serialize = "Ledger.run")]
    LedgerRun,
    /// An intent is declared.
    #[strum(serialize = "Ledger.declare")]
    LedgerDeclare,
    /// An intent is withdrawn.
    #[strum(serialize = "Ledger.withdraw")]
    LedgerWithdraw,
    /// The halt switch is set or lifted.
    #[strum(serialize = "Ledger.set_halt")]
    LedgerSetHalt,
    /// The memory of an alarm is read.
    #[strum(serialize = "Ledger.recall")]
    LedgerRecall,
    /// The memory of an alarm is put.
    #[strum(serialize = "Ledger.remember")]
    LedgerRemember,
    /// What there is of a pair is read.
    #[strum(serialize = "Ledger.pair")]
    LedgerPair,
    /// The pointer is put.
    #[strum(serialize = "Ledger.point")]
    LedgerPoint,
    /// A heartbeat is put.
    #[strum(serialize = "Ledger.beat")]
    LedgerBeat,
    /// A sample is put.
    #[strum(serialize = "Ledger.keep_sample")]
    LedgerKeepSample,
    /// The memory of a watch is read.
    #[strum(serialize = "Ledger.watch")]
    LedgerWatch,
    /// The memory of a watch is put.
    #[strum(serialize = "Ledger.keep_watch")]
    LedgerKeepWatch,
    /// The record of a move is read.
    #[strum(serialize = "Ledger.moved")]
    LedgerMoved,
    /// The record of a move is put.
    #[strum(serialize = "Ledger.keep_move")]
    LedgerKeepMove,
    /// What the other region has settled is read.
    #[strum(serialize = "Ledger.settled")]
    LedgerSettled,
    /// A note is read.
    #[strum(serialize = "Ledger.read_note")]
    LedgerReadNote,
    /// A note is written.
    #[strum(serialize = "Ledger.write_note")]
    LedgerWriteNote,
    /// Open runs are read.
    #[strum(serialize = "Ledger.open_runs")]
    LedgerOpenRuns,
    /// An intent is taken out.
    #[strum(serialize = "Ledger.take_out")]
    LedgerTakeOut,
    /// What is remembered of a resource's backups is read.
    #[strum(serialize = "Ledger.backup")]
    LedgerBackup,
    /// What is remembered of all of them is read.
    #[strum(serialize = "Ledger.backups")]
    LedgerBackups,
    /// What is remembered of a resource's backups is put.
    #[strum(serialize = "Ledger.put_backup")]
    LedgerPutBackup,
    /// The record of a run of backups is read.
    #[strum(serialize = "Ledger.backup_run")]
    LedgerBackupRun,
    /// The record of a run of backups is put.
    #[strum(serialize = "Ledger.put_backup_run")]
    LedgerPutBackupRun,
    /// What all runs together may ask of an API is read.
    #[strum(serialize = "Ledger.budget")]
    LedgerBudget,
    /// What all runs together may ask of an API is put.
    #[strum(serialize = "Ledger.keep_budget")]
    LedgerKeepBudget,
    /// What reports are made of is read.
    #[strum(serialize = "Ledger.due_reports")]
    LedgerDueReports,
    /// What was sent of a run is noted for its report.
    #[strum(serialize = "Ledger.keep_due")]
    LedgerKeepDue,
    /// A report is due no more.
    #[strum(serialize = "Ledger.drop_due")]
    LedgerDropDue,
    /// Where a chain of reports stands is read.
    #[strum(serialize = "Ledger.report_chain")]
    LedgerReportChain,
    /// Where a chain of reports stands is put.
    #[strum(serialize = "Ledger.keep_chain")]
    LedgerKeepChain,
}

impl Operation {
    /// Every operation.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The name of it, as the API or the ledger's port has it.
    pub fn name(self) -> &'static str {
        self.into()
    }
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
                | O::ModifyRule
        )
    }

    /// Whether it reads capacity.
    pub fn reads_capacity(self) -> bool {
        use Operation as O;
        matches!(
            self,
            O::DescribeServices
                | O::DescribeScalableTargets
                | O::DescribeDBClusters
                | O::DescribeDBInstances
                | O::DescribeRules
        )
    }

    /// Whether it only looks at, or reserves something of, a budget that all runs share.
    pub fn reserves(self) -> bool {
        matches!(self, Self::LedgerBudget | Self::LedgerKeepBudget)
    }

    /// Whether it changes what the ledger remembers; what is reserved of a budget is forgotten in seconds.
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
                | O::LedgerKeepDue
                | O::LedgerDropDue
                | O::LedgerKeepChain
        )
    }

    /// How databases of a kind are read, one or all.
    pub(crate) fn describe(kind: DatabaseKind) -> Self {
        match kind {
            DatabaseKind::Aurora => Self::DescribeDBClusters,
            DatabaseKind::Rds => Self::DescribeDBInstances,
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
