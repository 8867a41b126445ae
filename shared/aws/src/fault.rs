//! What kind of failure an answer of AWS is: by its error code, else by its HTTP status, else by how the call ended.

use std::error::Error;
use std::fmt::Display;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use watchkeeper_control::ports::{AwsError, Fault};

mod codes;

use codes::{CODES, LIMITED};

/// The fault behind an error code and an HTTP status. A code that is not in the table, or none, leaves it to the status.
pub(crate) fn classify(code: Option<&str>, status: Option<u16>) -> Fault {
    let in_table = |code: &str| CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(fault, _)| *fault);
    match (code.and_then(|code| in_table(code).or_else(|| by_form(code))), status) {
        (Some(fault), _) => fault,
        (None, Some(429)) => Fault::Throttled,
        (None, Some(401 | 403)) => Fault::Denied,
        (None, Some(404)) => Fault::NotFound,
        (None, Some(409)) => Fault::Conflict,
        (None, Some(500..)) => Fault::Unavailable,
        (None, _) => Fault::Invalid,
    }
}

/// Codes of the same thing have the same form: what is not in the table is known by it.
fn by_form(code: &str) -> Option<Fault> {
    let stem = code.trim_end_matches("Exception").trim_end_matches("Fault");
    match stem {
        _ if stem.ends_with("NotFound") => Some(Fault::NotFound),
        _ if stem.ends_with("AlreadyExists") => Some(Fault::Conflict),
        _ if stem.ends_with("QuotaExceeded") => Some(Fault::Invalid),
        _ => None,
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
pub fn failed<E>(operation: &'static str, subject: impl Display, error: SdkError<E, HttpResponse>) -> AwsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let limited = error.code() == Some("LimitExceededException") && LIMITED.contains(&operation);
    let fault = if limited { Fault::Throttled } else { of(&error) };
    let source = error.into_source().unwrap_or_else(Into::into);
    AwsError { operation, subject: subject.to_string(), fault, source: Some(source) }
}

/// An answer that AWS should not give: `what` says what was found and what was expected.
pub(crate) fn odd(operation: &'static str, subject: impl Display, what: String) -> AwsError {
    AwsError { operation, subject: subject.to_string(), fault: Fault::Unavailable, source: Some(what.into()) }
}

/// What cannot be asked for: `what` says what was found and what was expected. Asking again would come to the same.
pub(crate) fn invalid(operation: &'static str, subject: impl Display, what: String) -> AwsError {
    AwsError { operation, subject: subject.to_string(), fault: Fault::Invalid, source: Some(what.into()) }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "fault/models_tests.rs"]
mod models_tests;
