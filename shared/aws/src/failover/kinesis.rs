//! Kinesis streams: whether they are there, and their size.

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::SdkError;
use aws_sdk_kinesis::operation::describe_stream_summary::DescribeStreamSummaryError;
use aws_sdk_kinesis::types::{StreamDescriptionSummary, StreamMode, StreamModeDetails, StreamStatus};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use jiff::SignedDuration;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::failover::readiness::StreamFacts;
use watchkeeper_domain::value::ResourceName;

use crate::fault::{failed, odd};

const DESCRIBE: &str = "DescribeStreamSummary";

/// A stream of the client's region; `None` where it has none of that name.
pub(crate) async fn describe(client: &Client, stream: &ResourceName) -> Result<Option<StreamFacts>, AwsError> {
    let answer = match client.describe_stream_summary().stream_name(stream.as_str()).send().await {
        Ok(answer) => answer,
        Err(error) => return error_of(stream, error),
    };
    let found = answer.stream_description_summary();
    let found = found.ok_or_else(|| "StreamDescriptionSummary: found nothing, expected a summary".to_owned());
    found.and_then(read).map(Some).map_err(|what| odd(DESCRIBE, stream, what))
}

fn error_of(
    stream: &ResourceName,
    error: SdkError<DescribeStreamSummaryError, HttpResponse>,
) -> Result<Option<StreamFacts>, AwsError> {
    let limited = match error.as_service_error() {
        Some(DescribeStreamSummaryError::ResourceNotFoundException(_)) => return Ok(None),
        // Whoever only describes can exceed no limit but that of calls a second (Amazon Kinesis API reference: 20).
        Some(DescribeStreamSummaryError::LimitExceededException(_)) => true,
        _ => false,
    };
    let error = failed(DESCRIBE, stream, error);
    let fault = if limited { Fault::Throttled } else { error.fault };
    Err(AwsError { fault, ..error })
}

/// What a summary says. A stream takes and gives records while it is being updated.
fn read(stream: &StreamDescriptionSummary) -> Result<StreamFacts, String> {
    let mode = stream.stream_mode_details().map(StreamModeDetails::stream_mode);
    let on_demand = mode == Some(&StreamMode::OnDemand);
    let open = stream.open_shard_count();
    let shards = u32::try_from(open).map_err(|_| format!("OpenShardCount: found {open}, expected 0 or more"))?;
    Ok(StreamFacts {
        shards: if on_demand { 0 } else { shards },
        on_demand,
        retention: SignedDuration::from_hours(stream.retention_period_hours().into()),
        active: matches!(stream.stream_status(), StreamStatus::Active | StreamStatus::Updating),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_kinesis::types::builders::StreamDescriptionSummaryBuilder;
    use aws_sdk_kinesis::types::error::{LimitExceededException, ResourceNotFoundException};
    use aws_smithy_types::DateTime;
    use aws_smithy_types::body::SdkBody;
    use rstest::rstest;

    use super::*;

    fn stream(status: StreamStatus) -> StreamDescriptionSummaryBuilder {
        StreamDescriptionSummary::builder()
            .stream_name("fleet-orchestration-vehicle-telemetry")
            .stream_arn("arn:aws:kinesis:us-west-2:123456789012:stream/fleet-orchestration-vehicle-telemetry")
            .stream_status(status)
            .retention_period_hours(24)
            .stream_creation_timestamp(DateTime::from_secs(1_795_000_000))
            .set_enhanced_monitoring(Some(Vec::new()))
            .open_shard_count(2)
    }

    fn facts(builder: StreamDescriptionSummaryBuilder) -> StreamFacts {
        read(&builder.build().unwrap()).unwrap()
    }

    #[test]
    fn shards_and_retention_are_read() {
        let day = SignedDuration::from_hours(24);
        let expected = StreamFacts { shards: 2, on_demand: false, retention: day, active: true };
        assert_eq!(facts(stream(StreamStatus::Active)), expected);
    }

    #[test]
    fn a_stream_on_demand_needs_no_shards() {
        let mode = StreamModeDetails::builder().stream_mode(StreamMode::OnDemand).build().unwrap();
        let found = facts(stream(StreamStatus::Active).stream_mode_details(mode));
        assert_eq!((found.on_demand, found.shards), (true, 0));
    }

    #[rstest]
    #[case(StreamStatus::Active, true)]
    #[case(StreamStatus::Updating, true)]
    #[case(StreamStatus::Creating, false)]
    #[case(StreamStatus::Deleting, false)]
    fn a_stream_works_while_it_is_updated(#[case] status: StreamStatus, #[case] active: bool) {
        assert_eq!(facts(stream(status)).active, active);
    }

    #[test]
    fn a_missing_stream_is_none_and_one_asked_for_too_often_is_throttled() {
        let name: ResourceName = "telemetry".parse().unwrap();
        let answer = |error| {
            let raw = HttpResponse::new(400.try_into().unwrap(), SdkBody::empty());
            error_of(&name, SdkError::service_error(error, raw))
        };
        let missing = ResourceNotFoundException::builder().message("no").build();
        let limited = LimitExceededException::builder().message("slow").build();
        assert_eq!(answer(DescribeStreamSummaryError::ResourceNotFoundException(missing)).unwrap(), None);
        let error = answer(DescribeStreamSummaryError::LimitExceededException(limited)).unwrap_err();
        assert_eq!(error.fault, Fault::Throttled);
    }
}
