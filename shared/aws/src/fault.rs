//! What kind of failure an answer of AWS is: by its error code, else by its HTTP status, else by how the call ended.

use std::error::Error;
use std::fmt::Display;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use watchkeeper_control::ports::{AwsError, Fault};

/// The error codes that we may meet, by service API reference and the list of common errors, and what each means to us.
/// RDS and SNS shorten some codes in their answers, so both forms are here.
const CODES: &[(Fault, &[&str])] = &[
    (
        Fault::Throttled,
        &[
            "ThrottlingException",
            "ThrottledException",
            "Throttling",
            "Throttled",
            "ThrottlingError",
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "ProvisionedThroughputExceededException",
            "ProvisionedThroughputExceeded",
            "ExecutionLimitExceeded",
            "KMSThrottling",
            "KMSThrottlingException",
            "KmsThrottlingException",
            "SlowDown",
            // Somebody else's transaction is at the same item this moment: nothing was written, and nothing is decided.
            "TransactionConflictException",
            "TransactionConflict",
            "TransactionInProgressException",
        ],
    ),
    (
        Fault::NotFound,
        &[
            "ClusterNotFoundException",
            "ServiceNotFoundException",
            "ServiceNotActiveException",
            "ObjectNotFoundException",
            "ResourceNotFoundException",
            "DBInstanceNotFound",
            "DBInstanceNotFoundFault",
            "DBClusterNotFound",
            "DBClusterNotFoundFault",
            "DBSnapshotNotFound",
            "DBSnapshotNotFoundFault",
            "DBClusterSnapshotNotFoundFault",
            "SnapshotNotFoundFault",
            "BackupNotFoundException",
            "TableNotFoundException",
            "NoSuchVersion",
            "GlobalClusterNotFoundFault",
            "StateMachineDoesNotExist",
            "ExecutionDoesNotExist",
            "ImageNotFoundException",
            "RepositoryNotFoundException",
            "TargetGroupNotFound",
            "TargetGroupNotFoundException",
            "NoSuchBucket",
            "NoSuchHealthCheck",
            "NoSuchHostedZone",
            "NoSuchKey",
            "NoSuchResourceException",
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
            "NotFound",
            "NotFoundException",
        ],
    ),
    (
        Fault::Conflict,
        &[
            "UpdateInProgressException",
            "ConcurrentUpdateException",
            "ConcurrentModificationException",
            "ConflictException",
            "ConditionalCheckFailedException",
            "ConditionalCheckFailed",
            "ResourceInUseException",
            "InvalidDBInstanceState",
            "InvalidDBInstanceStateFault",
            "InvalidDBClusterStateFault",
            "InvalidGlobalClusterStateFault",
            "PriorRequestNotComplete",
            "InvalidDBSnapshotState",
            "InvalidDBClusterSnapshotStateFault",
            "InvalidReplicationGroupState",
            "InvalidSnapshotState",
            "DBInstanceAlreadyExists",
            "DBClusterAlreadyExistsFault",
            "DBSnapshotAlreadyExists",
            "DBClusterSnapshotAlreadyExistsFault",
            "SnapshotAlreadyExistsFault",
            "BackupInUseException",
            "TableAlreadyExistsException",
            "TableInUseException",
            "ExecutionAlreadyExists",
            "StateMachineDeleting",
        ],
    ),
    (
        Fault::Denied,
        &[
            "AccessDeniedException",
            "AccessDenied",
            "AuthorizationError",
            "AuthFailure",
            "BlockedException",
            "ExpiredToken",
            "ExpiredTokenException",
            "FailedResourceAccessException",
            "IncompleteSignature",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "KMSAccessDenied",
            "KmsAccessDeniedException",
            "MissingAuthenticationToken",
            "NotAuthorized",
            "OptInRequired",
            "SignatureDoesNotMatch",
            "UnauthorizedOperation",
            "UnrecognizedClientException",
        ],
    ),
    (
        Fault::Unavailable,
        &[
            "EndpointTemporarilyUnavailableException",
            "HealthUnavailable",
            "HealthUnavailableException",
            "InsufficientDBInstanceCapacity",
            "InternalError",
            "InternalException",
            "InternalFailure",
            "InternalServerError",
            "InternalServerException",
            "InternalServiceException",
            "InternalServiceFault",
            "RequestTimeout",
            "RequestTimeoutException",
            "ServerException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
        ],
    ),
];

/// The fault behind an error code and an HTTP status. A code that is not in the table, or none, leaves it to the status.
pub(crate) fn classify(code: Option<&str>, status: Option<u16>) -> Fault {
    let named = code.and_then(|code| CODES.iter().find(|(_, codes)| codes.contains(&code)));
    match (named, status) {
        (Some((fault, _)), _) => *fault,
        (None, Some(429)) => Fault::Throttled,
        (None, Some(401 | 403)) => Fault::Denied,
        (None, Some(404)) => Fault::NotFound,
        (None, Some(409)) => Fault::Conflict,
        (None, Some(500..)) => Fault::Unavailable,
        (None, _) => Fault::Invalid,
    }
}

/// The fault behind a failed call. A call without a readable answer may have had its effect: it is unavailable, but
/// where it was never sent.
pub(crate) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Fault {
    match error {
        SdkError::ServiceError(answer) => classify(answer.err().code(), Some(answer.raw().status().as_u16())),
        SdkError::ConstructionFailure(_) => Fault::Invalid,
        SdkError::DispatchFailure(failure) if failure.is_user() => Fault::Invalid,
        _ => Fault::Unavailable,
    }
}

/// A failed call as the ports have it. Its source is what the service said, without the SDK's wrapping around it.
pub(crate) fn failed<E>(operation: &'static str, subject: impl Display, error: SdkError<E, HttpResponse>) -> AwsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let fault = of(&error);
    let source = error.into_source().unwrap_or_else(Into::into);
    AwsError { operation, subject: subject.to_string(), fault, source: Some(source) }
}

/// An answer that AWS should not give: `what` says what was found and what was expected.
#[cfg(any(feature = "ecs", feature = "autoscaling", feature = "cloudwatch"))]
pub(crate) fn odd(operation: &'static str, subject: impl Display, what: String) -> AwsError {
    AwsError { operation, subject: subject.to_string(), fault: Fault::Unavailable, source: Some(what.into()) }
}

/// What cannot be asked for: `what` says what was found and what was expected. Asking again would come to the same.
#[cfg(feature = "vaults")]
pub(crate) fn invalid(operation: &'static str, subject: impl Display, what: String) -> AwsError {
    AwsError { operation, subject: subject.to_string(), fault: Fault::Invalid, source: Some(what.into()) }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
