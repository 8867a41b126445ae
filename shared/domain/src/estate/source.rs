//! What is backed up, and whose it is.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::estate::{BackupJob, BackupProvider, SCRATCH};
use crate::name::{DatabaseName, Scope};
use crate::value::{BadValue, ResourceName};

/// A kind of resource that is backed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum ResourceKind {
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

impl ResourceKind {
    /// Every kind.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The kind as documents write it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether its own snapshots can be copied to another region. On-demand backups of `DynamoDB` cannot (Amazon DynamoDB
    /// developer guide, AWS Backup features), nor can the others but by way of a bucket.
    pub const fn copies_natively(self) -> bool {
        matches!(self, Self::Aurora | Self::Rds | Self::S3)
    }

    /// The longest name of a copy, in characters. Aurora: `DBClusterSnapshotIdentifier` 63 (Amazon RDS API reference,
    /// `CreateDBClusterSnapshot`). RDS: 255 (`CreateDBSnapshot`). `DynamoDB`: 255 (`CreateBackup`). S3: 1,024 bytes of a key.
    /// `OpenSearch`: 255 bytes of a file name. `ElastiCache` documents none: the least of the others.
    pub const fn longest_name(self) -> usize {
        match self {
            Self::Aurora | Self::Elasticache => 63,
            Self::Rds | Self::Dynamodb | Self::Opensearch => 255,
            Self::S3 => 1024,
        }
    }

    /// The longest name of what is restored, in characters: instances and clusters of RDS 63, tables 255 (Amazon RDS API
    /// reference, `RestoreDBInstanceFromDBSnapshot`, `RestoreDBClusterFromSnapshot`; Amazon `DynamoDB` API reference,
    /// `RestoreTableFromBackup`).
    const fn longest_target(self) -> usize {
        match self {
            Self::Dynamodb => 255,
            _ => 63,
        }
    }

    /// What a name for what is restored has to be, if this one is not: one that the service takes, and that ends so that the
    /// role of the backups function may fill it and remove it again.
    pub fn wrong_target(self, target: &str) -> Option<String> {
        let longest = self.longest_target();
        let ends = SCRATCH.iter().any(|end| target.len() > end.len() && target.ends_with(end));
        let plain = |c: char| match self {
            Self::Dynamodb => c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'),
            _ => c.is_ascii_alphanumeric() || c == '-',
        };
        let database = self != Self::Dynamodb;
        let begins = !database || target.starts_with(|c: char| c.is_ascii_alphabetic());
        let fits = target.chars().count() <= longest && target.chars().all(plain) && begins;
        if ends && fits && !(database && target.contains("--")) {
            return None;
        }
        let of = if database {
            "letters, digits and single hyphens, a letter first"
        } else {
            "letters, digits, hyphens, dots and underscores"
        };
        let ends = SCRATCH.join(" or ");
        Some(format!("a name of at most {longest} {of}, that ends with {ends}: others the role may not fill"))
    }

    /// Whether two names are of one resource: RDS keeps identifiers in small letters.
    pub fn same_name(self, one: &str, other: &str) -> bool {
        match self {
            Self::Aurora | Self::Rds => one.eq_ignore_ascii_case(other),
            _ => one == other,
        }
    }

    /// Whether a backup of it is restored by the drill: what is not, is refused where the document is read.
    pub const fn can_be_drilled(self) -> bool {
        matches!(self, Self::Aurora | Self::Rds | Self::Dynamodb)
    }
}

/// A resource; written `dynamodb:clos-v2-ideas`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupSource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name; of an object, `bucket/key`.
    pub name: ResourceName,
}

impl BackupSource {
    /// The resource of a job; nothing if the job names none.
    pub fn of(job: &BackupJob) -> Option<Self> {
        Self::all_of(job).into_iter().next()
    }

    /// All resources that a job names: in a document that is in order, exactly one.
    pub(super) fn all_of(job: &BackupJob) -> Vec<Self> {
        // RDS keeps identifiers in small letters: spelt otherwise it is the same database.
        let database = |name: &DatabaseName| name.as_str().to_ascii_lowercase().parse::<ResourceName>().ok();
        let named = [
            (ResourceKind::Aurora, job.aurora.as_ref().and_then(database)),
            (ResourceKind::Rds, job.rds.as_ref().and_then(database)),
            (ResourceKind::Dynamodb, job.dynamodb.clone()),
            (ResourceKind::Elasticache, job.elasticache.clone()),
            (ResourceKind::Opensearch, job.opensearch.clone()),
            (ResourceKind::S3, job.s3.clone()),
        ];
        named.into_iter().filter_map(|(kind, name)| Some(Self { kind, name: name? })).collect()
    }
}

impl BackupSource {
    /// The name of a drill's restore where the document gives none: the resource's own with `-drill`, cut where that is longer
    /// than the service takes.
    pub fn scratch(&self) -> String {
        let (name, end, longest) = (self.name.as_str(), SCRATCH[0], self.kind.longest_target());
        if name.chars().count() + end.len() <= longest {
            return format!("{name}{end}");
        }
        let rest = format!("-{:08x}{end}", hash(name) & 0xffff_ffff);
        let head: String = name.chars().take(longest - rest.len()).collect();
        format!("{}{rest}", head.trim_end_matches('-'))
    }
}

impl fmt::Display for BackupSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.name)
    }
}

impl FromStr for BackupSource {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad =
            || BadValue { found: text.to_owned(), expected: "kind:name, such as dynamodb:clos-v2-ideas".to_owned() };
        let (kind, name) = text.split_once(':').ok_or_else(bad)?;
        let kind = ResourceKind::ALL.iter().copied().find(|known| known.name() == kind).ok_or_else(bad)?;
        let name = match kind {
            ResourceKind::Aurora | ResourceKind::Rds => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        Ok(Self { kind, name: name.parse().map_err(|_| bad())? })
    }
}

impl TryFrom<String> for BackupSource {
    type Error = BadValue;
    fn try_from(text: String) -> Result<Self, BadValue> {
        text.parse()
    }
}

impl From<BackupSource> for String {
    fn from(source: BackupSource) -> Self {
        source.to_string()
    }
}

/// A resource of an environment, and who takes its backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSubject {
    /// Whose it is.
    pub scope: Scope,
    /// What it is.
    pub source: BackupSource,
    /// Who takes the backups.
    pub engine: BackupProvider,
}

impl fmt::Display for BackupSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.source, self.scope)
    }
}

/// A number that stays the same over compilers and machines.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hash = fnv::FnvHasher::default();
    hash.write(text.as_bytes());
    hash.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn source(text: &str) -> BackupSource {
        text.parse().unwrap()
    }

    #[test]
    fn the_scratch_name_is_one_that_the_service_takes_however_long_the_resource_is_called() {
        assert_eq!(source("dynamodb:shop-orders").scratch(), "shop-orders-drill");
        for kind in ["aurora", "rds", "dynamodb"] {
            for length in [1, 30, 56, 57, 58, 62, 63] {
                let name = format!("a{}", "b-".repeat(40)).chars().take(length).collect::<String>();
                let source = source(&format!("{kind}:{}", name.trim_end_matches('-')));
                assert_eq!(source.kind.wrong_target(&source.scratch()), None, "{}", source.scratch());
            }
        }
        let long = |end: &str| source(&format!("rds:{}{end}", "a".repeat(60))).scratch();
        assert_ne!(long("bc"), long("bd"), "what is cut still tells them apart");
        assert_eq!(source(&format!("dynamodb:{}", "t".repeat(255))).scratch().len(), 255);
    }

    #[test]
    fn a_name_that_the_service_or_the_role_refuses_is_refused_before() {
        for (kind, bad) in [
            (ResourceKind::Aurora, format!("{}-restored", "a".repeat(55))),
            (ResourceKind::Rds, "shop--restored".to_owned()),
            (ResourceKind::Rds, "shop_db-restored".to_owned()),
            (ResourceKind::Rds, "1-restored".to_owned()),
            (ResourceKind::Rds, "shop-copy".to_owned()),
            (ResourceKind::Dynamodb, "orders".to_owned()),
            (ResourceKind::Dynamodb, "-drill".to_owned()),
        ] {
            assert!(kind.wrong_target(&bad).is_some_and(|expected| expected.contains("-drill or -restored")), "{bad}");
        }
        assert_eq!(ResourceKind::Aurora.wrong_target(&format!("{}-restored", "a".repeat(54))), None);
        assert_eq!(ResourceKind::Dynamodb.wrong_target("shop_orders.v2-restored"), None);
    }

    #[test]
    fn a_database_is_the_same_source_in_every_spelling() {
        let source = |text: &str| text.parse::<BackupSource>().unwrap();
        assert_eq!(source("rds:Shop-DB"), source("rds:shop-db"));
        assert_ne!(source("dynamodb:Ideas"), source("dynamodb:ideas"));
    }

    #[test]
    fn a_source_reads_as_it_is_written() {
        for text in ["dynamodb:clos-v2-ideas", "s3:candlefish-terraform-state/clos-v2/terraform.tfstate", "rds:a:b"] {
            assert_eq!(text.parse::<BackupSource>().unwrap().to_string(), text);
        }
        assert_eq!(source("rds:Shop-DB"), source("rds:shop-db"), "RDS tells no capitals");
        assert_ne!(source("dynamodb:Shop"), source("dynamodb:shop"));
        for bad in ["clos-v2-ideas", "table:clos-v2-ideas", "rds:", ""] {
            let error = bad.parse::<BackupSource>().unwrap_err();
            assert!(error.to_string().ends_with("expected kind:name, such as dynamodb:clos-v2-ideas"), "{error}");
        }
    }
}
