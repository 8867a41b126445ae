//! Findings: what is not as a failover needs it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a finding means for a failover, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum FindingGrade {
    /// It does no harm.
    Note,
    /// A failover would work, but worse or slower than promised.
    Degrades,
    /// A failover would not work.
    Blocks,
}

/// What a finding is called, in messages and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ReadinessCode {
    /// A service that has to start does not exist.
    ServiceMissing,
    /// A service lacks the tag without which nothing may change it.
    ServiceNotManaged,
    /// The scalable target of a service lacks the tag without which nothing may change its bounds.
    TargetNotManaged,
    /// The last deployment of a service failed: more tasks of it would not stay.
    DeploymentFailed,
    /// A deployment of a service is in progress.
    DeploymentInProgress,
    /// A service has an autoscaler in the active region and none here.
    ScalingMissing,
    /// A singleton is wanted here while the other region serves.
    SingletonRunning,
    /// The task definition names other images than the active region runs.
    ImagesDiffer,
    /// The task definition pulls an image from the region that may be lost.
    ImageElsewhere,
    /// The region has no repository of that name.
    RepositoryMissing,
    /// The repository lacks an image.
    ImageMissing,
    /// No task definition is known that runs an image of a repository.
    ImageUnused,
    /// A service that answers requests has no target group.
    NoTargetGroup,
    /// A service names a target group that does not exist.
    TargetGroupMissing,
    /// No target group of a service checks the health path of the document.
    HealthPathDiffers,
    /// Tasks that run here are not healthy.
    TargetsUnhealthy,
    /// The region does not know a table.
    TableMissing,
    /// A table has no replica in a region of the pair.
    ReplicaMissing,
    /// A replica of a table is not ACTIVE.
    ReplicaInactive,
    /// A table lacks an index.
    IndexMissing,
    /// Replication is further behind than the promised RPO.
    LagAboveRpo,
    /// Nobody knows how far replication is behind.
    LagUnknown,
    /// A database that has to be promoted does not exist.
    DatabaseMissing,
    /// A database does not follow the active region any more.
    DatabaseApart,
    /// A database is being changed.
    DatabaseChanging,
    /// The newest good backup of a resource is older than it may be, or there is none.
    BackupStale,
    /// The region has no stream of that name.
    StreamMissing,
    /// A stream is not active.
    StreamInactive,
    /// A stream has fewer shards than the document says.
    StreamTooSmall,
    /// A stream keeps records for less time than the document says.
    StreamRetention,
    /// The quota does not let everything start.
    QuotaTooLow,
    /// The quota is lower than the active region's.
    QuotaBelowActive,
    /// Nobody knows whether the quota suffices.
    QuotaUnknown,
    /// The means by which traffic moves cannot be used.
    TrafficUnusable,
    /// Traffic goes to a region that is not the active one.
    TrafficElsewhere,
    /// Nobody can tell where traffic goes.
    TrafficUnknown,
    /// Moving traffic alone takes longer than the promised RTO.
    TrafficTooSlow,
    /// The active region has never told what it runs.
    SampleMissing,
    /// What the active region told of itself is old.
    SampleStale,
    /// What the active region told of itself lacks something.
    SampleIncomplete,
    /// The other region's stack has not been heard of for a while.
    StackSilent,
    /// The other region's stack has never been heard of.
    StackNeverHeard,
    /// The dead man's switch of a singleton would not stop it.
    SwitchUnarmed,
    /// An alarm that counts as evidence exists in neither region.
    AlarmMissing,
    /// What a failover would start has never been seen to start here, or did not the last time.
    NotProved,
    /// What a failover would start is something else than what was seen to start, or that was too long ago.
    CertificateStale,
    /// What was seen to start is not quite what a failover would start.
    CertificateAging,
    /// The region has no event source of that name.
    SourceMissing,
    /// An event source cannot be switched off and on again.
    SourceUnfit,
    /// An event source is on here while the other region serves.
    SourceOn,
    /// An event source is being changed.
    SourceChanging,
    /// An event source is off where the pair is served: a move switches it on nowhere.
    SourceOff,
    /// Something could not be read.
    Unreadable,
}

impl ReadinessCode {
    /// Every code, in the order in which findings of one grade are reported.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The stable text of the code.
    pub fn name(self) -> &'static str {
        self.into()
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
