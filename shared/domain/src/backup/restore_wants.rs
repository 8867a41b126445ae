//! What a restore needs beside what was restored, so that it can be checked.

use super::{JobPolicy, ResourceKind, RestorePurpose};
use crate::estate::CheckTask;

/// What a restore needs, by its document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreWants<'a> {
    /// Whether a restored cluster needs an instance: without one, nobody can connect to it.
    pub instance: bool,
    /// The task that checks it.
    pub check: Option<&'a CheckTask>,
}

impl<'a> RestoreWants<'a> {
    /// A drill is checked as the document says; what a person restored is looked at by that person.
    pub fn of(policy: &'a JobPolicy, purpose: RestorePurpose) -> Self {
        let Some(drill) = policy.drill.as_ref().filter(|_| purpose == RestorePurpose::Drill) else {
            return Self::default();
        };
        let check = drill.check.as_ref();
        let aurora = policy.subject.source.kind == ResourceKind::Aurora;
        Self { instance: aurora && (check.is_some() || drill.instance_class.is_some()), check }
    }
}
