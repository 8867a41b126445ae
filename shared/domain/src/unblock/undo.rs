//! Undo: what a run released is held again, as it was read.

use serde_json::json;

use super::{LockRelease, ReleaseEnd};
use crate::name::Scope;

/// Whether a release is to be undone: it happened, or may have happened, and the person did not mean another lock.
pub fn wanted(release: &LockRelease, lock: Option<&str>) -> bool {
    let happened = matches!(release.end, ReleaseEnd::Released | ReleaseEnd::Failed(_) | ReleaseEnd::Intended);
    happened && release.undone.is_none() && lock.is_none_or(|lock| lock == release.lock.name())
}

/// The input by which a person undoes what a run released.
pub fn undo_input(scope: &Scope, run: &str) -> String {
    json!({ "estate": scope.estate, "environment": scope.environment, "undo": run }).to_string()
}
