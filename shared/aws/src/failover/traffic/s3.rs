//! The switch object: whether it is in its bucket, which a health check of Route 53 asks for.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation};
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use watchkeeper_control::ports::AwsError;

use crate::fault::failed;

/// What is in the object, for a person who finds it: Route 53 looks at the status of the answer only.
const TEXT: &str = "While this object is here, the standby region serves. Watchkeeper puts it and removes it.\n";

/// The client. An endpoint of one's own, as that of a sandbox, has no host names for buckets: there the bucket is in the path.
pub(super) fn client(config: &SdkConfig) -> Client {
    let own_endpoint = config.endpoint_url().is_some();
    let builder = Builder::from(config).force_path_style(own_endpoint);
    Client::from_conf(builder.request_checksum_calculation(RequestChecksumCalculation::WhenRequired).build())
}

/// Whether the object is there. Without a bucket it is an error: nothing could be switched by it.
pub(super) async fn exists(client: &Client, bucket: &str, object: &str) -> Result<bool, AwsError> {
    match client.head_object().bucket(bucket).key(object).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => {
            // The answer is the same without a bucket: it has no body that would say which of the two is missing.
            let answer = client.head_bucket().bucket(bucket).send().await;
            answer.map(|_| false).map_err(|error| failed("HeadBucket", bucket, error))
        }
        Err(error) => Err(failed("HeadObject", subject(bucket, object), error)),
    }
}

pub(super) async fn put(client: &Client, bucket: &str, object: &str) -> Result<(), AwsError> {
    let call = client.put_object().bucket(bucket).key(object).content_type("text/plain");
    let answer = call.body(ByteStream::from_static(TEXT.as_bytes())).send().await;
    answer.map(drop).map_err(|error| failed("PutObject", subject(bucket, object), error))
}

/// Removes the object; S3 answers the same when there is none.
pub(super) async fn delete(client: &Client, bucket: &str, object: &str) -> Result<(), AwsError> {
    let answer = client.delete_object().bucket(bucket).key(object).send().await;
    answer.map(drop).map_err(|error| failed("DeleteObject", subject(bucket, object), error))
}

fn subject(bucket: &str, object: &str) -> String {
    format!("{bucket}/{object}")
}
