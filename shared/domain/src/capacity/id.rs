//! The ids of what has a capacity.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::{BadName, ClusterName, DatabaseName, ServiceName};
use crate::value::ListenerRuleArn;

/// An ECS service in the region of its scope; written `cluster/service`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceId {
    /// The cluster it runs in.
    pub cluster: ClusterName,
    /// Its own name.
    pub service: ServiceName,
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.service)
    }
}

impl TryFrom<String> for ServiceId {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        let Some((cluster, service)) = text.split_once('/') else {
            return Err(BadName { what: "service (cluster/service)", found: text });
        };
        Ok(Self { cluster: ClusterName::new(cluster)?, service: ServiceName::new(service)? })
    }
}

impl From<ServiceId> for String {
    fn from(id: ServiceId) -> Self {
        id.to_string()
    }
}

/// A database in the region of its scope; written `aurora:name` or `rds:name`, as in an estate document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DatabaseId {
    /// An Aurora cluster, stopped and started as a whole.
    Aurora(DatabaseName),
    /// An RDS instance that is no member of a cluster.
    Rds(DatabaseName),
}

/// Which kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// An Aurora cluster.
    Aurora,
    /// An RDS instance.
    Rds,
}

impl DatabaseKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Aurora, Self::Rds];

    /// The database of this kind and name.
    pub fn named(self, name: DatabaseName) -> DatabaseId {
        match self {
            Self::Aurora => DatabaseId::Aurora(name),
            Self::Rds => DatabaseId::Rds(name),
        }
    }
}

impl DatabaseId {
    /// Its kind.
    pub fn kind(&self) -> DatabaseKind {
        match self {
            Self::Aurora(_) => DatabaseKind::Aurora,
            Self::Rds(_) => DatabaseKind::Rds,
        }
    }

    /// Its name, without its kind.
    pub fn name(&self) -> &DatabaseName {
        match self {
            Self::Aurora(name) | Self::Rds(name) => name,
        }
    }

    /// Whether somebody means it with this name, in whatever case.
    pub fn is_called(&self, name: &str) -> bool {
        self.name().as_str().eq_ignore_ascii_case(name)
    }
}

impl fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aurora(name) => write!(f, "aurora:{name}"),
            Self::Rds(name) => write!(f, "rds:{name}"),
        }
    }
}

impl TryFrom<String> for DatabaseId {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        match text.split_once(':') {
            Some(("aurora", name)) => Ok(Self::Aurora(DatabaseName::new(name)?)),
            Some(("rds", name)) => Ok(Self::Rds(DatabaseName::new(name)?)),
            _ => Err(BadName { what: "database (aurora:name or rds:name)", found: text }),
        }
    }
}

impl From<DatabaseId> for String {
    fn from(id: DatabaseId) -> Self {
        id.to_string()
    }
}

/// Anything whose capacity can be changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceId {
    /// An ECS service.
    Service(ServiceId),
    /// A database.
    Database(DatabaseId),
    /// A rule of a load balancer's listener; told as `rule:LOAD-BALANCER/RULE`.
    Rule(ListenerRuleArn),
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(id) => id.fmt(f),
            Self::Database(id) => id.fmt(f),
            Self::Rule(id) => write!(f, "rule:{}", id.short()),
        }
    }
}
