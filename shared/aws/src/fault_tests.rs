#![allow(clippy::unwrap_used)]

use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use rstest::rstest;

use super::*;

pub(super) fn answer(status: u16, code: &str) -> SdkError<ErrorMetadata, HttpResponse> {
    let raw = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
    SdkError::service_error(ErrorMetadata::builder().code(code).message("no").build(), raw)
}

#[rstest]
#[case("ThrottlingException", 400, Fault::Throttled)]
#[case("Throttling", 400, Fault::Throttled)]
#[case("TooManyRequestsException", 400, Fault::Throttled)]
#[case("RequestLimitExceeded", 503, Fault::Throttled)]
#[case("ProvisionedThroughputExceededException", 400, Fault::Throttled)]
#[case("ExecutionLimitExceeded", 400, Fault::Throttled)]
#[case("ServiceNotFoundException", 400, Fault::NotFound)]
#[case("ServiceNotActiveException", 400, Fault::NotFound)]
#[case("ClusterNotFoundException", 400, Fault::NotFound)]
#[case("ObjectNotFoundException", 400, Fault::NotFound)]
#[case("DBInstanceNotFound", 404, Fault::NotFound)]
#[case("DBClusterNotFoundFault", 404, Fault::NotFound)]
#[case("ResourceNotFoundException", 400, Fault::NotFound)]
#[case("StateMachineDoesNotExist", 400, Fault::NotFound)]
#[case("NoSuchResourceException", 400, Fault::NotFound)]
#[case("ExecutionDoesNotExist", 400, Fault::NotFound)]
#[case("ImageNotFoundException", 400, Fault::NotFound)]
#[case("NoSuchBucket", 404, Fault::NotFound)]
#[case("NoSuchHostedZone", 404, Fault::NotFound)]
#[case("RepositoryNotFoundException", 400, Fault::NotFound)]
#[case("TargetGroupNotFound", 400, Fault::NotFound)]
#[case("UpdateInProgressException", 400, Fault::Conflict)]
#[case("InvalidGlobalClusterStateFault", 400, Fault::Conflict)]
#[case("PriorRequestNotComplete", 400, Fault::Conflict)]
#[case("ConcurrentUpdateException", 500, Fault::Conflict)]
#[case("InvalidDBInstanceState", 400, Fault::Conflict)]
#[case("InvalidDBClusterStateFault", 400, Fault::Conflict)]
#[case("ConditionalCheckFailedException", 400, Fault::Conflict)]
#[case("TransactionConflictException", 400, Fault::Throttled)]
#[case("ExecutionAlreadyExists", 400, Fault::Conflict)]
#[case("AccessDeniedException", 400, Fault::Denied)]
#[case("AuthorizationError", 403, Fault::Denied)]
#[case("ExpiredTokenException", 400, Fault::Denied)]
#[case("UnrecognizedClientException", 400, Fault::Denied)]
#[case("FailedResourceAccessException", 400, Fault::Denied)]
#[case("InternalServerError", 500, Fault::Unavailable)]
#[case("InternalServiceException", 500, Fault::Unavailable)]
#[case("ServerException", 500, Fault::Unavailable)]
#[case("InsufficientDBInstanceCapacity", 400, Fault::Unavailable)]
#[case("InternalServiceFault", 500, Fault::Unavailable)]
#[case("EndpointTemporarilyUnavailableException", 503, Fault::Unavailable)]
#[case("HealthUnavailable", 500, Fault::Unavailable)]
#[case("InvalidChangeBatch", 400, Fault::Invalid)]
#[case("InvalidParameterException", 400, Fault::Invalid)]
#[case("IllegalArgumentException", 400, Fault::Invalid)]
#[case("ValidationException", 400, Fault::Invalid)]
#[case("ClientException", 400, Fault::Invalid)]
#[case("LimitExceededException", 400, Fault::Invalid)]
#[case("KMS.ThrottlingException", 400, Fault::Throttled)]
#[case("KmsThrottled", 400, Fault::Throttled)]
#[case("OverLimit", 403, Fault::Throttled)]
#[case("Throttled", 429, Fault::Throttled)]
#[case("KMS.AccessDeniedException", 400, Fault::Denied)]
#[case("KmsAccessDenied", 400, Fault::Denied)]
#[case("KMSKeyNotAccessibleFault", 400, Fault::Denied)]
#[case("InvalidCacheClusterState", 400, Fault::Conflict)]
#[case("InvalidResourceStateException", 400, Fault::Conflict)]
#[case("ReplicatedWriteConflictException", 400, Fault::Conflict)]
#[case("InsufficientDBClusterCapacityFault", 403, Fault::Unavailable)]
#[case("DBClusterQuotaExceededFault", 403, Fault::Invalid)]
#[case("SnapshotQuotaExceeded", 400, Fault::Invalid)]
#[case("DBSubnetGroupNotFoundFault", 404, Fault::NotFound)]
#[case("SomethingNewNotFoundException", 400, Fault::NotFound)]
#[case("SomethingNewAlreadyExistsFault", 400, Fault::Conflict)]
#[case("SomethingNewQuotaExceeded", 403, Fault::Invalid)]
fn a_code_decides(#[case] code: &str, #[case] status: u16, #[case] fault: Fault) {
    assert_eq!(of(&answer(status, code)), fault);
}

#[rstest]
#[case(429, Fault::Throttled)]
#[case(403, Fault::Denied)]
#[case(404, Fault::NotFound)]
#[case(409, Fault::Conflict)]
#[case(500, Fault::Unavailable)]
#[case(503, Fault::Unavailable)]
#[case(400, Fault::Invalid)]
fn an_unknown_code_leaves_it_to_the_status(#[case] status: u16, #[case] fault: Fault) {
    assert_eq!(of(&answer(status, "SomethingNew")), fault);
}

#[test]
fn no_code_stands_for_two_faults() {
    let mut codes: Vec<&str> = CODES.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
}

#[test]
fn a_call_without_an_answer_may_have_had_its_effect() {
    type Failed = SdkError<ErrorMetadata, HttpResponse>;
    let io = |error: &str| ConnectorError::io(error.into());
    assert_eq!(of(&Failed::timeout_error(format!("{:?}", Duration::from_secs(9)))), Fault::Unavailable);
    assert_eq!(of(&Failed::dispatch_failure(io("connection reset"))), Fault::Unavailable);
    assert_eq!(of(&Failed::dispatch_failure(ConnectorError::user("bad uri".into()))), Fault::Invalid);
    assert_eq!(of(&Failed::construction_failure("a field is missing")), Fault::Invalid);
    let raw = HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::empty());
    assert_eq!(of(&Failed::response_error("half an answer", raw)), Fault::Unavailable);
}

#[test]
fn an_error_says_what_was_tried_and_leaves_the_cause_to_its_source() {
    let error = failed("UpdateService", "c/s", answer(400, "ServiceNotFoundException"));
    assert_eq!(error.to_string(), "UpdateService of c/s: not found");
    let source = error.source().unwrap().to_string();
    assert!(source.contains("ServiceNotFoundException"), "{source}");
}

#[rstest]
#[case("CreateBackup", Fault::Throttled)]
#[case("RestoreTableFromBackup", Fault::Throttled)]
#[case("DescribeStreamSummary", Fault::Throttled)]
#[case("RegisterScalableTarget", Fault::Invalid)]
#[case("StartBackupJob", Fault::Invalid)]
fn a_limit_passes_where_it_is_one_of_what_goes_on_at_once(#[case] operation: &'static str, #[case] fault: Fault) {
    assert_eq!(failed(operation, "x", answer(400, "LimitExceededException")).fault, fault);
}
