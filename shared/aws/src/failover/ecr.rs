//! ECR repositories: whether they have an image.

use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::SdkError;
use aws_sdk_ecr::operation::describe_images::{DescribeImagesError, DescribeImagesOutput};
use aws_sdk_ecr::types::ImageIdentifier;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::value::ResourceName;

use crate::fault::failed;

/// How a digest begins; anything else is a tag.
const DIGEST: &str = "sha256:";

/// Whether a repository of the client's region has an image; `None` where it has no such repository.
pub(crate) async fn has_image(
    client: &Client,
    repository: &ResourceName,
    reference: &str,
) -> Result<Option<bool>, AwsError> {
    let call = client.describe_images().repository_name(repository.as_str()).image_ids(image(reference));
    answer(repository, reference, call.send().await)
}

fn image(reference: &str) -> ImageIdentifier {
    let id = ImageIdentifier::builder();
    if reference.starts_with(DIGEST) { id.image_digest(reference) } else { id.image_tag(reference) }.build()
}

/// An image that is not there is an answer, and so is a repository.
fn answer(
    repository: &ResourceName,
    reference: &str,
    answer: Result<DescribeImagesOutput, SdkError<DescribeImagesError, HttpResponse>>,
) -> Result<Option<bool>, AwsError> {
    match answer {
        Ok(answer) => Ok(Some(!answer.image_details().is_empty())),
        Err(error) => match error.as_service_error() {
            Some(DescribeImagesError::RepositoryNotFoundException(_)) => Ok(None),
            Some(DescribeImagesError::ImageNotFoundException(_)) => Ok(Some(false)),
            _ => Err(failed("DescribeImages", format!("{repository}:{reference}"), error)),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_ecr::types::ImageDetail;
    use aws_sdk_ecr::types::error::{ImageNotFoundException, RepositoryNotFoundException, ServerException};
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[test]
    fn a_digest_is_told_from_a_tag() {
        assert_eq!(image("sha256:00ff"), ImageIdentifier::builder().image_digest("sha256:00ff").build());
        assert_eq!(image("v1.2"), ImageIdentifier::builder().image_tag("v1.2").build());
    }

    #[test]
    fn no_repository_is_told_from_no_image_and_both_from_a_failure() {
        let repository: ResourceName = "fleet-orchestration-dashboard".parse().unwrap();
        let failed = |error| {
            let raw = HttpResponse::new(400.try_into().unwrap(), SdkBody::empty());
            answer(&repository, "v1.2", Err(SdkError::service_error(error, raw)))
        };
        let missing = RepositoryNotFoundException::builder().build();
        assert_eq!(failed(DescribeImagesError::RepositoryNotFoundException(missing)).unwrap(), None);
        let missing = ImageNotFoundException::builder().build();
        assert_eq!(failed(DescribeImagesError::ImageNotFoundException(missing)).unwrap(), Some(false));
        let error = failed(DescribeImagesError::ServerException(ServerException::builder().build())).unwrap_err();
        assert_eq!(error.subject, "fleet-orchestration-dashboard:v1.2");
    }

    #[test]
    fn an_image_is_there_when_it_is_described() {
        let repository: ResourceName = "fleet-orchestration-dashboard".parse().unwrap();
        let described = DescribeImagesOutput::builder().image_details(ImageDetail::builder().build()).build();
        assert_eq!(answer(&repository, "v1.2", Ok(described)).unwrap(), Some(true));
        assert_eq!(answer(&repository, "v1.2", Ok(DescribeImagesOutput::builder().build())).unwrap(), Some(false));
    }
}
