//! The bucket of reports.

use std::collections::BTreeMap;

use watchkeeper_control::ports::AwsError;
use watchkeeper_control::report::ports::{PutOutcome, ReportStore};

use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;

impl ReportStore for SimRegion {
    async fn put_new(&self, key: &str, _: &str, text: &str) -> Result<PutOutcome, AwsError> {
        self.ask(Operation::PutObject, key, |state| {
            if state.outside.reports.contains_key(key) {
                return Ok(PutOutcome::AlreadyThere);
            }
            state.outside.reports.insert(key.to_owned(), text.to_owned());
            Ok(PutOutcome::New)
        })
        .await
    }

    async fn text(&self, key: &str) -> Result<String, AwsError> {
        let missing = || CallRefusal::not_found(key);
        self.ask(Operation::GetObject, key, |state| state.outside.reports.get(key).cloned().ok_or_else(missing)).await
    }
}

impl SimRegion {
    /// The files of the bucket of reports, by their keys.
    pub fn reports(&self) -> BTreeMap<String, String> {
        self.lock().outside.reports.clone()
    }

    /// Somebody puts a file there.
    pub fn put_report(&self, key: &str, text: &str) {
        self.lock().outside.reports.insert(key.to_owned(), text.to_owned());
    }
}
