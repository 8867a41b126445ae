//! The port to the bucket of reports.

use crate::ports::AwsError;

/// What became of a file that was to be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is there now.
    New,
    /// One was there before, and is as it was.
    AlreadyThere,
}

/// A bucket whose files are put once.
pub trait ReportStore {
    /// Puts a file where none of that name is.
    async fn put_new(&self, key: &str, content_type: &str, text: &str) -> Result<PutOutcome, AwsError>;

    /// The text of a file.
    async fn text(&self, key: &str) -> Result<String, AwsError>;
}
