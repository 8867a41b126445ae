//! Writes that are doubled when they are made twice: a message, an event. One whose answer was lost may have had its effect,
//! so that the SDK does not make it again by itself; one that AWS refused for its pace had none, and is.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use watchkeeper_control::ports::Fault;

use crate::fault::classify;

/// Lets only throttled attempts of a call be made again; `E` is the call's error.
pub(crate) struct ThrottleOnlyRetry<E>(PhantomData<fn() -> E>);

impl<E> ThrottleOnlyRetry<E> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E> fmt::Debug for ThrottleOnlyRetry<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Once")
    }
}

impl<E: Error + ProvideErrorMetadata + Send + Sync + 'static> ClassifyRetry for ThrottleOnlyRetry<E> {
    fn classify_retry(&self, attempt: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = attempt.output_or_error() else { return RetryAction::NoActionIndicated };
        let said = OrchestratorError::as_operation_error(error).and_then(|error| error.downcast_ref::<E>());
        let status = attempt.response().map(|response| response.status().as_u16());
        match said.map(|said| classify(said.code(), status)) {
            Some(Fault::Throttled) => RetryAction::throttling_error(),
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "once, unless throttled"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_sns::operation::publish::PublishError;
    use aws_smithy_runtime_api::client::interceptors::context::{Error, Input};
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn classified(error: OrchestratorError<Error>, status: Option<u16>) -> RetryAction {
        let mut attempt = InterceptorContext::new(Input::doesnt_matter());
        if let Some(status) = status {
            attempt.set_response(HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty()));
        }
        attempt.set_output_or_error(Err(error));
        ThrottleOnlyRetry::<PublishError>::new().classify_retry(&attempt)
    }

    fn said(code: &str) -> OrchestratorError<Error> {
        let error = PublishError::generic(ErrorMetadata::builder().code(code).build());
        OrchestratorError::operation(Error::erase(error))
    }

    #[test]
    fn only_what_was_refused_for_its_pace_is_sent_again() {
        assert_eq!(classified(said("Throttled"), Some(429)), RetryAction::throttling_error());
        assert_eq!(classified(said("KMSThrottling"), Some(400)), RetryAction::throttling_error());
        // After these the message may be on its way.
        assert_eq!(classified(said("InternalError"), Some(500)), RetryAction::RetryForbidden);
        let reset = ConnectorError::io("connection reset".into());
        assert_eq!(classified(OrchestratorError::connector(reset), None), RetryAction::RetryForbidden);
        assert_eq!(classified(OrchestratorError::timeout("3 s".into()), None), RetryAction::RetryForbidden);
    }
}
