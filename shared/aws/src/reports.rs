//! The bucket of reports: files are put once, by a condition of S3.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_control::report::ports::{PutOutcome, ReportStore};

use crate::fault::failed;

/// What S3 answers where a file of that name is there (Amazon S3 user guide, "How to prevent object overwrites with conditional
/// writes": 412 Precondition Failed). A 409 is a conflict like any other: another write of that name goes on, and the next tick puts
/// it again.
const PRECONDITION_FAILED: u16 = 412;

/// A bucket of reports.
#[derive(Debug, Clone)]
pub struct ReportBucket {
    client: Client,
    name: String,
}

impl ReportBucket {
    /// The bucket of this name. An endpoint of one's own, as that of a sandbox, has no host names for buckets: there the bucket is in
    /// the path.
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        let builder = Builder::from(config).force_path_style(config.endpoint_url().is_some());
        Self { client: Client::from_conf(builder.build()), name: name.into() }
    }

    fn subject(&self, key: &str) -> String {
        format!("{}/{key}", self.name)
    }
}

impl ReportStore for ReportBucket {
    async fn put_new(&self, key: &str, content_type: &str, text: &str) -> Result<PutOutcome, AwsError> {
        let call = self.client.put_object().bucket(&self.name).key(key).content_type(content_type).if_none_match("*");
        // A bucket with Object Lock takes no file without a checksum (Amazon S3 API reference, `PutObject`).
        let call = call.checksum_algorithm(ChecksumAlgorithm::Sha256);
        let answer = call.body(ByteStream::from(text.as_bytes().to_vec())).send().await;
        let Err(error) = answer else { return Ok(PutOutcome::New) };
        let status = error.raw_response().map(|response| response.status().as_u16());
        if status == Some(PRECONDITION_FAILED) {
            return Ok(PutOutcome::AlreadyThere);
        }
        Err(failed("PutObject", self.subject(key), error))
    }

    async fn text(&self, key: &str) -> Result<String, AwsError> {
        let answer = self.client.get_object().bucket(&self.name).key(key).send().await;
        let answer = answer.map_err(|error| failed("GetObject", self.subject(key), error))?;
        let broken = |source: Box<dyn std::error::Error + Send + Sync>, fault: Fault| AwsError {
            operation: "GetObject",
            subject: self.subject(key),
            fault,
            source: Some(source),
        };
        let body = answer.body.collect().await.map_err(|error| broken(error.into(), Fault::Unavailable))?;
        String::from_utf8(body.to_vec()).map_err(|error| broken(error.into(), Fault::Invalid))
    }
}
