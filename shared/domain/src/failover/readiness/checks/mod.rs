//! The checks: each compares one kind of fact with what the document needs.

mod backups;
mod certificate;
mod data;
mod images;
mod quota;
mod services;
mod sources;
mod streams;
mod traffic;
mod watch;

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::SignedDuration;

use super::facts::{Read, ReadinessFacts};
use super::findings::{FindingGrade, ReadinessCode, ReadinessFinding};
use crate::estate::Failover;

/// Every finding, the worst first, and of one grade in the order of [`ReadinessCode::ALL`].
pub fn judge(facts: &ReadinessFacts, failover: &Failover) -> Vec<ReadinessFinding> {
    let case = ReadinessCase { facts, failover };
    let mut found = Vec::new();
    services::check(case, &mut found);
    images::check(case, &mut found);
    data::check(case, &mut found);
    backups::check(case, &mut found);
    streams::check(case, &mut found);
    quota::check(case, &mut found);
    traffic::check(case, &mut found);
    watch::check(case, &mut found);
    certificate::check(case, &mut found);
    sources::check(case, &mut found);
    found.sort_by(|a, b| (b.grade, a.code, &a.resource).cmp(&(a.grade, b.code, &b.resource)));
    found
}

/// What is judged.
#[derive(Clone, Copy)]
struct ReadinessCase<'a> {
    facts: &'a ReadinessFacts,
    failover: &'a Failover,
}

/// A finding, written as a chain: code and resource, then what there is and what there should be, then what to do.
struct FindingText {
    code: ReadinessCode,
    grade: FindingGrade,
    resource: String,
}

fn about(grade: FindingGrade, code: ReadinessCode, resource: impl Display) -> FindingText {
    FindingText { code, grade, resource: resource.to_string() }
}

impl FindingText {
    fn found(
        self,
        found: impl Into<String>,
        expected: impl Into<String>,
        advice: impl Into<String>,
    ) -> ReadinessFinding {
        let Self { code, grade, resource } = self;
        ReadinessFinding {
            code,
            grade,
            resource,
            found: found.into(),
            expected: expected.into(),
            advice: advice.into(),
        }
    }
}

/// Something that nobody knows, because it could not be read.
fn unreadable(grade: FindingGrade, resource: impl Display, why: &str) -> ReadinessFinding {
    about(grade, ReadinessCode::Unreadable, resource).found(
        format!("nothing, because it could not be read: {why}"),
        "an answer: what cannot be read may be missing",
        "See that the function may make this call and that the service of AWS answers in the region; the next look \
         reads it again",
    )
}

/// What was read of something, or the finding that it could not be; what was not looked at was not read either.
fn known<'a, K: Ord, T>(
    facts: &'a BTreeMap<K, Read<T>>,
    key: &K,
    grade: FindingGrade,
    resource: impl Display,
    found: &mut Vec<ReadinessFinding>,
) -> Option<&'a T> {
    match facts.get(key) {
        Some(Ok(fact)) => return Some(fact),
        Some(Err(why)) => found.push(unreadable(grade, resource, why)),
        None => found.push(unreadable(grade, resource, "it was not looked at")),
    }
    None
}

/// A duration in words, to the second.
fn words(duration: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(duration.as_secs()))
}
