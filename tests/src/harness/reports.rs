//! The reports of a deployed stack: the tick writes them, and its bucket has them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{DeployedStack, HarnessError};
use crate::estate::awaited;

impl DeployedStack {
    /// Fire the tick's schedule for the reports that are due, and wait until the one of this name is there; then read the bucket.
    ///
    /// # Errors
    /// [`HarnessError`] when it does not come, or AWS does not answer.
    pub async fn report_files(&self, name: &str) -> Result<BTreeMap<String, String>, HarnessError> {
        let bucket = self.outputs.get("ReportBucketName")?;
        let now = self.control.now().await?;
        // Scheduler knows whole seconds only.
        self.fire_part("reports", Timestamp::from_second(now.as_second()).unwrap_or(now)).await?;
        // Two files a report, the one for people last.
        awaited("the report that is due", async || {
            let files = self.site().files(bucket).await?;
            Ok::<_, HarnessError>(files.contains_key(&format!("{name}.html")).then_some(files))
        })
        .await
    }
}
