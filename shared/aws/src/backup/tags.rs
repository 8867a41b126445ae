//! The tags of what we make, as each SDK has them.

use watchkeeper_domain::backup::{BACKUP_TAG, JobPolicy};

/// What the tags of Watchkeeper begin with.
const OURS: &str = "watchkeeper:";

/// The tags of a copy: whose backup it is.
pub(super) fn of_copy(policy: &JobPolicy) -> (&'static str, String) {
    (BACKUP_TAG, policy.subject.identity())
}

/// The value of a tag among others.
pub(super) fn value<'a>(
    tags: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>,
    key: &str,
) -> Option<String> {
    tags.into_iter().find(|(found, _)| *found == Some(key)).and_then(|(_, value)| value).map(str::to_owned)
}

/// Whether a tag of a source belongs on what was restored from it: AWS keeps its own, and ours say what they are on. What was
/// restored is not managed: somebody else has to say so.
pub(super) fn is_theirs(key: &str) -> bool {
    !key.starts_with("aws:") && !key.starts_with(OURS)
}

#[cfg(test)]
mod tests {
    use watchkeeper_domain::backup::RESTORE_TAG;

    use super::*;

    #[test]
    fn a_value_is_found_by_its_key_alone() {
        let tags = [(Some("team"), Some("x")), (Some(BACKUP_TAG), Some("a/b"))];
        assert_eq!(value(tags, BACKUP_TAG).as_deref(), Some("a/b"));
        assert_eq!(value(tags, RESTORE_TAG), None);
        assert!(is_theirs("team") && !is_theirs("aws:cloudformation:stack-id") && !is_theirs(RESTORE_TAG));
        assert!(!is_theirs("watchkeeper:managed"), "a role that sets it could let others stop what it restored");
    }
}
