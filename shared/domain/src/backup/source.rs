//! What is backed up, and whose it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::estate::{BackupJob, BadValue, Engine, ResourceName};
use crate::name::Scope;

/// A kind of resource that is backed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An Aurora cluster.
    Aurora,
    /// An RDS instance.
    Rds,
    /// A `DynamoDB` table.
    Dynamodb,
    /// An `ElastiCache` replication group.
    Elasticache,
    /// An `OpenSearch` domain.
    Opensearch,
    /// An object of S3.
    S3,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Aurora, Self::Rds, Self::Dynamodb, Self::Elasticache, Self::Opensearch, Self::S3];

    /// The kind as documents write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aurora => "aurora",
            Self::Rds => "rds",
            Self::Dynamodb => "dynamodb",
            Self::Elasticache => "elasticache",
            Self::Opensearch => "opensearch",
            Self::S3 => "s3",
        }
    }

    /// Whether its own snapshots can be copied to another region. On-demand backups of `DynamoDB` cannot (Amazon DynamoDB
    /// developer guide, AWS Backup features), nor can the others but by way of a bucket.
    pub const fn copies_natively(self) -> bool {
        matches!(self, Self::Aurora | Self::Rds | Self::S3)
    }

    /// Whether it may be restored under a name: the role of the backups function may fill only tables whose names end so.
    pub fn may_be_called(self, target: &str) -> bool {
        self != Self::Dynamodb || crate::estate::SCRATCH.iter().any(|end| target.ends_with(end))
    }

    /// Whether a backup of it is restored by the drill: what is not, is refused where the document is read.
    pub const fn can_be_drilled(self) -> bool {
        matches!(self, Self::Aurora | Self::Rds | Self::Dynamodb)
    }
}

/// A resource; written `dynamodb:clos-v2-ideas`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Source {
    /// What it is.
    pub kind: Kind,
    /// Its name; of an object, `bucket/key`.
    pub name: ResourceName,
}

impl Source {
    /// The resource of a job; nothing if the job names none.
    pub fn of(job: &BackupJob) -> Option<Self> {
        let database = |name: &crate::name::DatabaseName| name.as_str().parse::<ResourceName>().ok();
        let (kind, name) = match job {
            BackupJob { aurora: Some(name), .. } => (Kind::Aurora, database(name)?),
            BackupJob { rds: Some(name), .. } => (Kind::Rds, database(name)?),
            BackupJob { dynamodb: Some(name), .. } => (Kind::Dynamodb, name.clone()),
            BackupJob { elasticache: Some(name), .. } => (Kind::Elasticache, name.clone()),
            BackupJob { opensearch: Some(name), .. } => (Kind::Opensearch, name.clone()),
            BackupJob { s3: Some(name), .. } => (Kind::S3, name.clone()),
            _ => return None,
        };
        Some(Self { kind, name })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.name)
    }
}

impl FromStr for Source {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad =
            || BadValue { found: text.to_owned(), expected: "kind:name, such as dynamodb:clos-v2-ideas".to_owned() };
        let (kind, name) = text.split_once(':').ok_or_else(bad)?;
        let kind = Kind::ALL.into_iter().find(|known| known.name() == kind).ok_or_else(bad)?;
        // As a job's name is read: RDS tells no cases apart.
        let folded = matches!(kind, Kind::Aurora | Kind::Rds).then(|| name.to_ascii_lowercase());
        Ok(Self { kind, name: folded.as_deref().unwrap_or(name).parse().map_err(|_| bad())? })
    }
}

impl TryFrom<String> for Source {
    type Error = BadValue;
    fn try_from(text: String) -> Result<Self, BadValue> {
        text.parse()
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.to_string()
    }
}

/// A resource of an environment, and who takes its backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Whose it is.
    pub scope: Scope,
    /// What it is.
    pub source: Source,
    /// Who takes the backups.
    pub engine: Engine,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.source, self.scope)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_database_is_the_same_source_in_every_spelling() {
        let source = |text: &str| text.parse::<Source>().unwrap();
        assert_eq!(source("rds:Shop-DB"), source("rds:shop-db"));
        assert_ne!(source("dynamodb:Ideas"), source("dynamodb:ideas"));
    }

    #[test]
    fn a_source_reads_as_it_is_written() {
        for text in ["dynamodb:clos-v2-ideas", "s3:candlefish-terraform-state/clos-v2/terraform.tfstate", "rds:a:b"] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        for bad in ["clos-v2-ideas", "table:clos-v2-ideas", "rds:", ""] {
            let error = bad.parse::<Source>().unwrap_err();
            assert!(error.to_string().ends_with("expected kind:name, such as dynamodb:clos-v2-ideas"), "{error}");
        }
    }
}
