//! Execution names: a good name is an idempotency key.

use std::hash::Hasher;

use jiff::Timestamp;
use watchkeeper_domain::name::Scope;

/// The longest name of an execution, in characters (Step Functions API reference, `StartExecution`).
const LONGEST: usize = 80;

/// The name of the run that a tick starts for a scope: the same tick gives the same name, so that a doubled one is one
/// run. A name that would be too long is cut and gets a hash of the whole.
pub fn execution_name(scope: &Scope, instant: Timestamp) -> String {
    let stamp = instant.strftime("%Y%m%dT%H%M%SZ");
    let name = format!("{}-{}-{stamp}", scope.estate, scope.environment);
    if name.len() <= LONGEST {
        return name;
    }
    let mut hash = fnv::FnvHasher::default();
    hash.write(name.as_bytes());
    let tail = format!("-{:016x}-{stamp}", hash.finish());
    // Names are ASCII (`watchkeeper_domain::name`), so a cut falls between characters.
    format!("{}{tail}", &name[..LONGEST - tail.len()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};

    use super::*;

    fn scope(estate: &str) -> Scope {
        Scope {
            estate: EstateName::new(estate).unwrap(),
            environment: EnvironmentName::new("dev").unwrap(),
            region: Region::new("us-east-1").unwrap(),
        }
    }

    fn instant() -> Timestamp {
        "2026-11-20T00:05:00Z".parse().unwrap()
    }

    #[test]
    fn the_name_is_made_of_environment_and_instant() {
        assert_eq!(execution_name(&scope("clos-v2"), instant()), "clos-v2-dev-20261120T000500Z");
    }

    #[test]
    fn a_long_name_is_cut_and_stays_unique() {
        let (a, b) = ("x".repeat(90), "x".repeat(91));
        let names = [execution_name(&scope(&a), instant()), execution_name(&scope(&b), instant())];
        assert!(names.iter().all(|name| name.len() == LONGEST));
        assert_ne!(names[0], names[1]);
    }
}
