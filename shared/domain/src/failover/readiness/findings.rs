//! Findings: what is not as a failover needs it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a finding means for a failover, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingGrade {
    /// It does no harm.
    Note,
    /// A failover would work, but worse or slower than promised.
    Degrades,
    /// A failover would not work.
    Blocks,
}

impl fmt::Display for FindingGrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Degrades => "degrades",
            Self::Blocks => "blocks",
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a finding is called, in messages and metrics.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ReadinessCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl ReadinessCode {
            /// Every code, in the order in which findings of one grade are reported.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable text of the code.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// A service that has to start does not exist.
    ServiceMissing = "service-missing",
    /// A service lacks the tag without which nothing may change it.
    ServiceNotManaged = "service-not-managed",
    /// The last deployment of a service failed: more tasks of it would not stay.
    DeploymentFailed = "deployment-failed",
    /// A deployment of a service is in progress.
    DeploymentInProgress = "deployment-in-progress",
    /// A service has an autoscaler in the active region and none here.
    ScalingMissing = "scaling-missing",
    /// A singleton is wanted here while the other region serves.
    SingletonRunning = "singleton-running",
    /// The task definition names other images than the active region runs.
    ImagesDiffer = "images-differ",
    /// The task definition pulls an image from the region that may be lost.
    ImageElsewhere = "image-elsewhere",
    /// The region has no repository of that name.
    RepositoryMissing = "repository-missing",
    /// The repository lacks an image.
    ImageMissing = "image-missing",
    /// No task definition is known that runs an image of a repository.
    ImageUnused = "image-unused",
    /// A service that answers requests has no target group.
    NoTargetGroup = "no-target-group",
    /// A service names a target group that does not exist.
    TargetGroupMissing = "target-group-missing",
    /// No target group of a service checks the health path of the document.
    HealthPathDiffers = "health-path-differs",
    /// Tasks that run here are not healthy.
    TargetsUnhealthy = "targets-unhealthy",
    /// The region does not know a table.
    TableMissing = "table-missing",
    /// A table has no replica in a region of the pair.
    ReplicaMissing = "replica-missing",
    /// A replica of a table is not ACTIVE.
    ReplicaInactive = "replica-inactive",
    /// A table lacks an index.
    IndexMissing = "index-missing",
    /// Replication is further behind than the promised RPO.
    LagAboveRpo = "lag-above-rpo",
    /// Nobody knows how far replication is behind.
    LagUnknown = "lag-unknown",
    /// A database that has to be promoted does not exist.
    DatabaseMissing = "database-missing",
    /// A database does not follow the active region any more.
    DatabaseApart = "database-apart",
    /// A database is being changed.
    DatabaseChanging = "database-changing",
    /// The newest good backup of a resource is older than it may be, or there is none.
    BackupStale = "backup-stale",
    /// The region has no stream of that name.
    StreamMissing = "stream-missing",
    /// A stream is not active.
    StreamInactive = "stream-inactive",
    /// A stream has fewer shards than the document says.
    StreamTooSmall = "stream-too-small",
    /// A stream keeps records for less time than the document says.
    StreamRetention = "stream-retention",
    /// The quota does not let everything start.
    QuotaTooLow = "quota-too-low",
    /// The quota is lower than the active region's.
    QuotaBelowActive = "quota-below-active",
    /// Nobody knows whether the quota suffices.
    QuotaUnknown = "quota-unknown",
    /// The means by which traffic moves cannot be used.
    TrafficUnusable = "traffic-unusable",
    /// Traffic goes to a region that is not the active one.
    TrafficElsewhere = "traffic-elsewhere",
    /// Nobody can tell where traffic goes.
    TrafficUnknown = "traffic-unknown",
    /// Moving traffic alone takes longer than the promised RTO.
    TrafficTooSlow = "traffic-too-slow",
    /// The active region has never told what it runs.
    SampleMissing = "sample-missing",
    /// What the active region told of itself is old.
    SampleStale = "sample-stale",
    /// What the active region told of itself lacks something.
    SampleIncomplete = "sample-incomplete",
    /// The other region's stack has not been heard of for a while.
    StackSilent = "stack-silent",
    /// The other region's stack has never been heard of.
    StackNeverHeard = "stack-never-heard",
    /// The dead man's switch of a singleton would not stop it.
    SwitchUnarmed = "switch-unarmed",
    /// An alarm that counts as evidence exists in neither region.
    AlarmMissing = "alarm-missing",
    /// Something could not be read.
    Unreadable = "unreadable",
}

impl fmt::Display for ReadinessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that is not as a failover needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadinessFinding {
    /// What kind of finding.
    pub code: ReadinessCode,
    /// What it means for a failover.
    pub grade: FindingGrade,
    /// What it is about, such as `stream fleet-orchestration-job-events`.
    pub resource: String,
    /// What is there.
    pub found: String,
    /// What a failover needs there.
    pub expected: String,
    /// What a person can do.
    pub advice: String,
}

impl fmt::Display for ReadinessFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, grade, resource, found, expected, advice } = self;
        write!(f, "[{grade}] {code}: {resource}: found {found}, expected {expected}. {advice}")
    }
}
