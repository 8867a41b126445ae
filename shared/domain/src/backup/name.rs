//! The names of what we make: the same resource and instant give the same name, and nobody else's name looks like one.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::BackupSubject;
use crate::estate::source::hash;

/// What every name begins with.
const OURS: &str = "wk-";

/// The longest readable part, in characters, where the service would take more.
const READABLE: usize = 60;

/// The rest of a name, in characters: what it begins with, the hash and the instant, each with a hyphen before it.
const REST: usize = OURS.len() + 1 + 16 + 1 + 16;

/// The longest value of a tag that we write, in characters; AWS takes 256 (AWS General Reference, tagging).
const TAG_VALUE: usize = 200;

/// The instant in a name; small letters, for RDS keeps names in small letters.
const STAMP: &str = "%Y%m%dt%H%M%Sz";

/// The tag of everything that we make: whose backup it is.
pub const BACKUP_TAG: &str = "watchkeeper:backup";

/// The tag of what a restore made, and only of that: the execution that made it.
pub const RESTORE_TAG: &str = "watchkeeper:restore";

/// The name of one copy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CopyName(String);

impl CopyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CopyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the names of all copies of one resource of one environment begin with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CopySeries(String);

impl CopySeries {
    /// The series of a resource. Environments whose names run into each other (`a-b` `c`, `a` `b-c`) stay apart by the
    /// hash.
    pub fn of(subject: &BackupSubject) -> Self {
        let identity = whole(subject);
        let text = format!("{}-{}-{}", subject.scope.estate, subject.scope.environment, subject.source.name);
        let longest = READABLE.min(subject.source.kind.longest_name() - REST);
        let mut readable = String::new();
        // Two hyphens in a row, and one at the end, are no name of RDS.
        for c in text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }) {
            if readable.len() < longest && !(c == '-' && (readable.is_empty() || readable.ends_with('-'))) {
                readable.push(c);
            }
        }
        // Where nothing is readable, there is no hyphen for it either.
        let readable = match readable.trim_end_matches('-') {
            "" => String::new(),
            readable => format!("{readable}-"),
        };
        Self(format!("{OURS}{readable}{:016x}-", hash(&identity)))
    }

    /// The name of the copy that was due at an instant.
    pub fn name(&self, due: Timestamp) -> CopyName {
        CopyName(format!("{}{}", self.0, due.strftime(STAMP)))
    }

    /// The instant at which a copy of this name was due; nothing for a name that is not of this series.
    pub fn due(&self, name: &str) -> Option<Timestamp> {
        let stamp = name.strip_prefix(&self.0)?;
        let local = DateTime::strptime(STAMP, stamp).ok()?;
        let due = local.to_zoned(TimeZone::UTC).ok()?.timestamp();
        (self.name(due).as_str() == name).then_some(due)
    }
}

impl fmt::Display for CopySeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl BackupSubject {
    /// The names of its copies.
    pub fn series(&self) -> CopySeries {
        CopySeries::of(self)
    }

    /// Whose backup it is: the value of [`BACKUP_TAG`].
    pub fn identity(&self) -> String {
        let identity = whole(self);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '=' | '+' | '@');
        if identity.len() <= TAG_VALUE && identity.chars().all(plain) {
            return identity;
        }
        let kept: String = identity.chars().map(|c| if plain(c) { c } else { '-' }).take(TAG_VALUE - 17).collect();
        format!("{kept}-{:016x}", hash(&identity))
    }
}

fn whole(subject: &BackupSubject) -> String {
    let crate::name::Scope { estate, environment, region } = &subject.scope;
    format!("{estate}/{environment}/{region}/{}", subject.source)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::estate::BackupProvider;
    use crate::name::{EnvironmentName, EstateName, Region, Scope};

    fn subject(estate: &str, environment: &str, source: &str) -> BackupSubject {
        let scope = Scope {
            estate: EstateName::new(estate).unwrap(),
            environment: EnvironmentName::new(environment).unwrap(),
            region: Region::new("us-east-1").unwrap(),
        };
        BackupSubject { scope, source: source.parse().unwrap(), engine: BackupProvider::Native }
    }

    fn due() -> Timestamp {
        "2026-11-21T03:30:00Z".parse().unwrap()
    }

    #[test]
    fn a_name_carries_environment_resource_and_instant_and_reads_back() {
        let series = subject("clos-v2", "prod", "dynamodb:clos-v2-ideas").series();
        let name = series.name(due());
        assert!(name.as_str().starts_with("wk-clos-v2-prod-clos-v2-ideas-"), "{name}");
        assert!(name.as_str().ends_with("-20261121t033000z"), "{name}");
        assert_eq!(series.due(name.as_str()), Some(due()));
    }

    #[test]
    fn the_same_words_cut_elsewhere_are_another_series() {
        let (one, two) = (subject("a", "b-c", "rds:d").series(), subject("a-b", "c", "rds:d").series());
        assert_eq!(one.due(two.name(due()).as_str()), None);
        assert_ne!(subject("a", "b", "rds:d").series(), subject("a", "b", "aurora:d").series());
    }

    #[test]
    fn a_name_of_which_nothing_is_readable_is_still_one_that_rds_takes() {
        let name = subject("-", "_", "rds:é").series().name(due());
        assert!(name.as_str().starts_with("wk-") && !name.as_str().contains("--"), "{name}");
    }

    #[test]
    fn anything_else_is_nobodys() {
        let series = subject("a", "b", "rds:d").series();
        for other in [
            "manual",
            "",
            series.to_string().as_str(),
            &format!("{series}yesterday"),
            &format!("{series}20261121t033000z2"),
        ] {
            assert_eq!(series.due(other), None, "{other}");
        }
    }

    #[test]
    fn a_long_or_odd_name_is_still_one_that_its_service_takes() {
        for kind in crate::backup::ResourceKind::ALL.iter().copied() {
            let odd = format!("{}:bucket/{}__Ünder..score/-end", kind.name(), "long/".repeat(100));
            let series = subject("a-very-long-name-of-an-estate", "production", &odd).series();
            let name = series.name(due());
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.as_str().chars().all(fits), "{name}");
            assert!(name.as_str().len() <= kind.longest_name(), "{} in {name}", name.as_str().len());
            assert!(!name.as_str().contains("--"), "{name}");
            assert_eq!(series.due(name.as_str()), Some(due()));
            assert!(subject("clos-v2", "prod", &odd).identity().len() <= TAG_VALUE);
        }
        let cluster = subject("clos-v2", "prod", "aurora:clos-v2-db-cluster").series().name(due());
        assert_eq!(cluster.as_str().len(), 63, "{cluster}");
    }
}
