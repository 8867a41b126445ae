//! CloudWatch metrics of a pair: how far its tables are behind, and what moves an alarm.

use aws_sdk_cloudwatch::operation::get_metric_statistics::GetMetricStatisticsOutput;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, MetricDatum, StandardUnit, Statistic};
use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::value::ResourceName;

use super::CloudWatch;
use crate::fault::failed;
use crate::time::date_time;

/// How far back a lag is looked for: figures come a minute or two late, and the greatest of them is the safe one.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// How often a lag is counted, in seconds: each minute (Amazon DynamoDB developer guide, `DynamoDB` metrics).
const PERIOD: i32 = 60;

/// The metric that says whether the standby serves: 1 or 0, by `Estate` and `Environment`.
const STANDBY_SERVES: &str = "StandbyServes";

impl CloudWatch {
    /// The largest lag from a table's replica of this region to the one of another, lately.
    pub(crate) async fn replication_lag(
        &self,
        table: &ResourceName,
        to: &Region,
        at: Timestamp,
    ) -> Result<Option<SignedDuration>, AwsError> {
        let call = self.client.get_metric_statistics().namespace("AWS/DynamoDB").metric_name("ReplicationLatency");
        let call = call.dimensions(dimension("TableName", table.as_str()));
        let call = call.dimensions(dimension("ReceivingRegion", to.as_str()));
        let start = at.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
        let call = call.start_time(date_time(start)).end_time(date_time(at));
        let answer = call.period(PERIOD).statistics(Statistic::Maximum).send().await;
        let subject = || format!("ReplicationLatency of {table} to {to}");
        Ok(greatest(&answer.map_err(|error| failed("GetMetricStatistics", subject(), error))?))
    }

    /// Publishes whether the standby serves.
    pub(crate) async fn publish(
        &self,
        namespace: &str,
        estate: &EstateName,
        environment: &EnvironmentName,
        standby_serves: bool,
    ) -> Result<(), AwsError> {
        let call = self.client.put_metric_data().namespace(namespace);
        let answer = call.metric_data(standby(estate, environment, standby_serves)).send().await;
        answer.map_err(|error| failed("PutMetricData", format!("{estate} {environment}"), error))?;
        Ok(())
    }
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

/// The greatest figure, rounded up to a whole millisecond; none where nothing was counted.
fn greatest(answer: &GetMetricStatisticsOutput) -> Option<SignedDuration> {
    let figures = answer.datapoints().iter().filter_map(Datapoint::maximum).filter(|figure| figure.is_finite());
    let milliseconds = figures.reduce(f64::max)?.ceil().max(0.0);
    #[allow(clippy::cast_possible_truncation, reason = "a cast of a figure that is too large ends at the largest")]
    Some(SignedDuration::from_millis(milliseconds as i64))
}

fn standby(estate: &EstateName, environment: &EnvironmentName, serves: bool) -> MetricDatum {
    MetricDatum::builder()
        .metric_name(STANDBY_SERVES)
        .dimensions(dimension("Estate", estate.as_str()))
        .dimensions(dimension("Environment", environment.as_str()))
        .unit(StandardUnit::None)
        .value(if serves { 1.0 } else { 0.0 })
        .build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_greatest_lag_of_the_window_counts_rounded_to_the_safe_side() {
        let point = |maximum: f64| Datapoint::builder().maximum(maximum).build();
        let answer = GetMetricStatisticsOutput::builder().datapoints(point(320.25)).datapoints(point(95.0)).build();
        assert_eq!(greatest(&answer), Some(SignedDuration::from_millis(321)));
        assert_eq!(greatest(&GetMetricStatisticsOutput::builder().build()), None);
        let odd = GetMetricStatisticsOutput::builder().datapoints(point(f64::NAN)).build();
        assert_eq!(greatest(&odd), None);
    }

    #[test]
    fn the_metric_of_an_alarm_is_one_while_the_standby_serves() {
        let (estate, environment) =
            (EstateName::new("fleet-orchestration").unwrap(), EnvironmentName::new("prod").unwrap());
        let datum = standby(&estate, &environment, true);
        assert_eq!((datum.metric_name(), datum.value()), (Some("StandbyServes"), Some(1.0)));
        let dimensions: Vec<_> = datum.dimensions().iter().map(|found| (found.name(), found.value())).collect();
        let expected = [("Estate", "fleet-orchestration"), ("Environment", "prod")];
        assert_eq!(dimensions, expected.map(|(name, value)| (Some(name), Some(value))));
        assert_eq!(standby(&estate, &environment, false).value(), Some(0.0));
    }
}
