//! Figures as the SDK has them, and as the domain has them.

use watchkeeper_control::ports::{AwsError, Fault};

/// A number of tasks out of an answer; AWS never has a negative one.
pub(crate) fn tasks(field: &str, found: i32) -> Result<u32, String> {
    u32::try_from(found).map_err(|_| format!("{field}: found {found}, expected a number of tasks, 0 or more"))
}

/// A number of tasks for a request; AWS takes 32 bits with a sign.
pub(crate) fn count(operation: &'static str, subject: &impl ToString, tasks: u32) -> Result<i32, AwsError> {
    i32::try_from(tasks).map_err(|_| AwsError {
        operation,
        subject: subject.to_string(),
        fault: Fault::Invalid,
        source: Some(format!("found {tasks} tasks, expected at most {}", i32::MAX).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_a_range_in_both_directions() {
        assert_eq!(tasks("runningCount", 3), Ok(3));
        let error = tasks("runningCount", -1);
        assert_eq!(error, Err("runningCount: found -1, expected a number of tasks, 0 or more".to_owned()));
        assert!(matches!(count("UpdateService", &"c/s", 7), Ok(7)));
        assert!(matches!(count("UpdateService", &"c/s", u32::MAX), Err(AwsError { fault: Fault::Invalid, .. })));
    }
}
