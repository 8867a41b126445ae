//! What a well-formed document cannot mean. Every rule adds its findings; none stops the others.

mod emergency;
mod failover;
mod idle;
mod order;
mod places;
mod schedule;
mod sections;
mod unblock;
mod wake_page;

pub(crate) use sections::SCRATCH;

use super::{Environment, EnvironmentDocument, EstateDocument};
use crate::finding::{DocumentFinding, FieldPath};

/// The findings of one environment, and where it stands.
struct EnvironmentChecker<'a> {
    environment: &'a EnvironmentDocument,
    findings: Vec<DocumentFinding>,
}

impl EnvironmentChecker<'_> {
    /// Notes what is wrong at a place below the environment.
    fn note(&mut self, path: FieldPath, found: impl Into<String>, expected: impl Into<String>) {
        self.findings.push(DocumentFinding::new(path, found, expected));
    }
}

/// A place below an environment.
fn at(key: &str) -> FieldPath {
    FieldPath::root().key(key)
}

/// Names, as the end of "expected one of …".
fn one_of<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() { "one that exists; there is none".to_owned() } else { format!("one of {}", names.join(", ")) }
}

impl EstateDocument {
    /// Everything that this document cannot mean, in the order of its fields.
    pub fn check(&self) -> Vec<DocumentFinding> {
        let mut findings = Vec::new();
        if self.environments.is_empty() {
            findings.push(DocumentFinding::new(at("environments"), "no environment", "at least one"));
        }
        for (name, environment) in &self.environments {
            let place = Environment::place(name);
            findings.extend(environment.check().into_iter().map(|finding| finding.below(&place)));
        }
        findings.extend(places::shared(self));
        findings
    }
}

impl EnvironmentDocument {
    /// Everything that this environment cannot mean, its places seen from the environment.
    fn check(&self) -> Vec<DocumentFinding> {
        let mut checker = EnvironmentChecker { environment: self, findings: Vec::new() };
        checker.places();
        checker.order();
        checker.schedule();
        checker.wake_page();
        checker.sleep_when_idle();
        checker.emergency();
        checker.failover();
        checker.sections();
        checker.findings
    }
}
