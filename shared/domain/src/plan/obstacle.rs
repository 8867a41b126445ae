//! Why a resource is not as it should be, and cannot be made so now.

use serde::{Deserialize, Serialize};

use crate::capacity::ResourceId;
use crate::violation::{GuardrailCode, Severity, Violation};

/// Why a resource of the target gets no action although it is not as it should be. It keeps nothing else waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// AWS does not know it.
    Missing,
    /// It lacks the tag.
    Untagged,
    /// It is a daemon, which has no count.
    Daemon,
    /// A schedule of somebody else has made of it what it is, by this sign: that is no baseline.
    Scheduled(String),
    /// A release of it goes on: it is put to sleep once that has ended.
    Releasing,
    /// AWS refused the write, in its words.
    Refused(String),
    /// AWS would refuse to stop this database, and why.
    CannotStop(String),
    /// This database can be stopped once it has left this state, which may take hours.
    NotNow(String),
    /// This database has a service that runs and cannot be stopped.
    InUse(String),
    /// Only a person can bring this database out of its state.
    Broken(String),
    /// This rule of a load balancer cannot be changed, or cannot show the page, and why.
    CannotChange(String),
    /// This rule goes on with its page: no task of this service runs, to which requests would go.
    Unserved(String),
}

impl Obstacle {
    /// Whether nothing is left that could be given back.
    pub fn leaves_nothing(&self) -> bool {
        matches!(self, Self::Missing | Self::Daemon)
    }

    /// What a person is told of it.
    pub fn violation(&self, resource: &ResourceId) -> Violation {
        let (code, found, advice) = match self {
            Self::Missing => (
                GuardrailCode::NotFound,
                "AWS does not know it in this region".to_owned(),
                "The rest goes on; correct its name in the estate document",
            ),
            Self::Untagged => (
                GuardrailCode::NotManaged,
                "it lacks the tag watchkeeper:managed = true".to_owned(),
                "It is left alone and the rest goes on; tag it, or take it from the document",
            ),
            Self::Daemon => (
                GuardrailCode::NotScalable,
                "it is a daemon: ECS runs one task of it on each container instance".to_owned(),
                "It is left alone and the rest goes on; take it from the document to silence this",
            ),
            Self::Scheduled(sign) => (
                GuardrailCode::ForeignSchedule,
                format!("{sign}, and so no baseline"),
                "It is left to that schedule and the rest goes on; delete its scheduled actions (`aws \
                 application-autoscaling delete-scheduled-action`) or that tag, or take it from the document",
            ),
            Self::Releasing => (
                GuardrailCode::ReleaseUnderWay,
                "its release goes on".to_owned(),
                "It is put to sleep once the release has ended, after half an hour at the latest; the rest sleeps",
            ),
            Self::Refused(words) => (
                GuardrailCode::WriteRefused,
                format!("AWS refused to change it: {words}"),
                "The rest goes on, and the next tick tries it again; its tag and the function's role say who may",
            ),
            Self::CannotStop(why) => (
                GuardrailCode::DatabaseCannotStop,
                why.clone(),
                "It stays up and the rest goes on; protect it in the document to silence this",
            ),
            Self::NotNow(status) => (
                GuardrailCode::DatabaseCannotStop,
                format!("it is in {status}, which may take hours"),
                "It stays up and the rest goes on; the first tick that finds it available stops it",
            ),
            Self::InUse(service) => (
                GuardrailCode::DatabaseCannotStop,
                format!("{service} runs, and cannot be stopped"),
                "It stays up and the rest goes on; it stops once nothing uses it",
            ),
            Self::Broken(status) => (
                GuardrailCode::DatabaseBroken,
                format!("it is in {status}, which ends only when a person does something"),
                "See \"Viewing Amazon RDS DB instance status\" in the RDS guide; the rest goes on without it",
            ),
            Self::CannotChange(why) => (
                GuardrailCode::WakePage,
                why.clone(),
                "It is left alone and the rest goes on, without its page; name another rule at `wake-page` in the document",
            ),
            Self::Unserved(service) => (
                GuardrailCode::WakePage,
                format!("no task of {service} runs, to which its requests would go"),
                "Its page stays, and the rest goes on; the first tick that finds a task running takes the page away",
            ),
        };
        Violation::new(code, Severity::Warn, found, advice).of(resource.clone())
    }
}
