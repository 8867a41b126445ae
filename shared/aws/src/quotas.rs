//! What the account may start: Service Quotas, the usage that CloudWatch counts, and the size of a task.

use aws_sdk_cloudwatch::operation::get_metric_statistics::GetMetricStatisticsOutput;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, Statistic};
use aws_sdk_ecs::types::TaskDefinition as Definition;
use aws_sdk_servicequotas::types::ServiceQuota;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ports::{AccountQuotas, AwsError, Fault};
use watchkeeper_domain::capacity::TaskDefinition;
use watchkeeper_domain::guardrail::CapacityQuotas;

use crate::Aws;
use crate::fault::{failed, odd};
use crate::time::date_time;

const GET_QUOTA: &str = "GetServiceQuota";
const GET_DEFAULT: &str = "GetAWSDefaultServiceQuota";
const GET_USAGE: &str = "GetMetricStatistics";
const DESCRIBE: &str = "DescribeTaskDefinition";

/// A quota as Service Quotas knows it.
struct KnownQuota {
    service: &'static str,
    code: &'static str,
    name: &'static str,
}

/// The vCPUs of all Fargate on-demand tasks that run at once (AWS General Reference, AWS Fargate endpoints and quotas).
const FARGATE_VCPU: KnownQuota =
    KnownQuota { service: "fargate", code: "L-3032A538", name: "Fargate On-Demand vCPU resource count" };

/// The most tasks of a service, its desired count (AWS General Reference, Amazon ECS endpoints and quotas).
const TASKS_PER_SERVICE: KnownQuota = KnownQuota { service: "ecs", code: "L-92E49DE3", name: "Tasks per service" };

/// The usage that belongs to [`FARGATE_VCPU`] (Amazon ECS developer guide, AWS Fargate usage metrics).
const USAGE: [(&str, &str); 4] =
    [("Service", "Fargate"), ("Type", "Resource"), ("Resource", "vCPU"), ("Class", "Standard/OnDemand")];

/// How far back the usage is looked for: a figure comes some minutes late, and the greatest of them is the safe one.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// How often usage is counted, in seconds: each minute (Amazon CloudWatch user guide, CloudWatch usage metrics).
const PERIOD: i32 = 60;

impl AccountQuotas for Aws {
    async fn quotas(&self, at: Timestamp) -> Result<CapacityQuotas, AwsError> {
        // At once, and in boxes: calls of the SDK side by side are a large future.
        let (vcpu, tasks_per_service) = (self.quota(&FARGATE_VCPU), self.quota(&TASKS_PER_SERVICE));
        let vcpu_used = Box::pin(self.vcpu_used(at));
        let (vcpu, tasks_per_service, vcpu_used) =
            tokio::try_join!(Box::pin(vcpu), Box::pin(tasks_per_service), vcpu_used)?;
        Ok(CapacityQuotas { vcpu, vcpu_used, tasks_per_service, ..CapacityQuotas::default() })
    }

    /// ECS sums up nothing where a task has no size of its own: such a task runs on instances, and takes nothing of the
    /// Fargate quota.
    async fn cpu_units(&self, release: &TaskDefinition) -> Result<Option<u32>, AwsError> {
        let answer = self.ecs.describe_task_definition().task_definition(release.arn()).send().await;
        let answer = answer.map_err(|error| failed(DESCRIBE, release, error))?;
        let Some(definition) = answer.task_definition() else { return Ok(None) };
        read_cpu(definition).map_err(|what| odd(DESCRIBE, release, what))
    }
}

impl Aws {
    /// The value that is applied to the account; where Service Quotas knows none, that is AWS's default (Service Quotas API
    /// reference, `GetServiceQuota`: "For some quotas, only the default values are available").
    async fn quota(&self, known: &KnownQuota) -> Result<Option<u32>, AwsError> {
        let call = self.quotas.get_service_quota().service_code(known.service).quota_code(known.code);
        let answer = call.send().await.map_err(|error| failed(GET_QUOTA, known.name, error));
        let applied = optional(answer)?.and_then(|answer| read_quota(known, answer.quota()?));
        if applied.is_some() {
            return Ok(applied);
        }
        let call = self.quotas.get_aws_default_service_quota().service_code(known.service).quota_code(known.code);
        let answer = call.send().await.map_err(|error| failed(GET_DEFAULT, known.name, error));
        Ok(optional(answer)?.and_then(|answer| read_quota(known, answer.quota()?)))
    }

    /// The Fargate vCPUs that ran in the account just before `at`.
    async fn vcpu_used(&self, at: Timestamp) -> Result<Option<u32>, AwsError> {
        let dimensions = USAGE.map(|(name, value)| Dimension::builder().name(name).value(value).build());
        let call = self.cloudwatch.get_metric_statistics().namespace("AWS/Usage").metric_name("ResourceCount");
        let call = call.set_dimensions(Some(dimensions.to_vec())).statistics(Statistic::Maximum).period(PERIOD);
        let start = at.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
        let answer = call.start_time(date_time(start)).end_time(date_time(at)).send().await;
        let answer = optional(answer.map_err(|error| failed(GET_USAGE, "AWS/Usage of Fargate", error)))?;
        Ok(answer.as_ref().and_then(read_usage))
    }
}

/// A figure that AWS does not know, or does not let us read, is none; one that it could not tell now is an error.
fn optional<T>(answer: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.fault, Fault::NotFound | Fault::Denied | Fault::Invalid) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The value of a quota, if it is the one that was meant: a code alone says nothing to whoever reads it.
fn read_quota(known: &KnownQuota, quota: &ServiceQuota) -> Option<u32> {
    quota.value().filter(|_| quota.quota_name() == Some(known.name)).and_then(|value| whole(value.floor()))
}

/// The greatest of the figures; none where nothing was counted.
fn read_usage(answer: &GetMetricStatisticsOutput) -> Option<u32> {
    let figures = answer.datapoints().iter().filter_map(Datapoint::maximum);
    figures.reduce(f64::max).and_then(|greatest| whole(greatest.ceil()))
}

/// A figure without parts as a number; none for one that no quota or usage can have.
fn whole(figure: f64) -> Option<u32> {
    let fits = (0.0..=f64::from(u32::MAX)).contains(&figure);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just checked that it fits")]
    fits.then_some(figure as u32)
}

/// The size of the task as a whole, in CPU units. `Err` says what of the answer is not as it should be.
fn read_cpu(definition: &Definition) -> Result<Option<u32>, String> {
    let read = |found: &str| {
        found.parse().map_err(|_| format!("cpu: found {found:?}, expected a number of CPU units, such as 1024"))
    };
    definition.cpu().filter(|cpu| !cpu.is_empty()).map(read).transpose()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_ecs::types::ContainerDefinition;
    use rstest::rstest;

    use super::*;

    fn quota(name: &str, value: f64) -> ServiceQuota {
        ServiceQuota::builder().quota_name(name).value(value).build()
    }

    #[test]
    fn a_quota_counts_under_its_own_name_only() {
        assert_eq!(read_quota(&TASKS_PER_SERVICE, &quota("Tasks per service", 5_000.0)), Some(5_000));
        assert_eq!(read_quota(&TASKS_PER_SERVICE, &quota("Services per cluster", 5_000.0)), None);
        assert_eq!(read_quota(&FARGATE_VCPU, &quota(FARGATE_VCPU.name, 6.5)), Some(6), "rounded to the safe side");
        assert_eq!(read_quota(&FARGATE_VCPU, &quota(FARGATE_VCPU.name, -1.0)), None);
    }

    #[test]
    fn the_greatest_figure_of_the_window_is_what_is_used() {
        let point = |maximum: f64| Datapoint::builder().maximum(maximum).build();
        let answer = GetMetricStatisticsOutput::builder().datapoints(point(3.25)).datapoints(point(2.0)).build();
        assert_eq!(read_usage(&answer), Some(4), "rounded to the safe side");
        assert_eq!(read_usage(&GetMetricStatisticsOutput::builder().build()), None);
    }

    #[rstest]
    #[case(Fault::NotFound, true)]
    #[case(Fault::Denied, true)]
    #[case(Fault::Invalid, true)]
    #[case(Fault::Throttled, false)]
    #[case(Fault::Unavailable, false)]
    #[case(Fault::Conflict, false)]
    fn what_aws_does_not_tell_is_none_and_what_it_cannot_tell_now_is_an_error(
        #[case] fault: Fault,
        #[case] none: bool,
    ) {
        let error = AwsError { operation: GET_QUOTA, subject: "quota".to_owned(), fault, source: None };
        assert_eq!(matches!(optional::<()>(Err(error)), Ok(None)), none);
    }

    #[test]
    fn a_task_takes_its_own_size_and_not_that_of_its_containers() {
        let container = ContainerDefinition::builder().name("app").cpu(256).build();
        let sized = Definition::builder().cpu("1024").container_definitions(container.clone()).build();
        assert_eq!(read_cpu(&sized), Ok(Some(1024)));
        assert_eq!(read_cpu(&Definition::builder().container_definitions(container).build()), Ok(None));
        let odd = read_cpu(&Definition::builder().cpu("a lot").build());
        assert_eq!(odd, Err("cpu: found \"a lot\", expected a number of CPU units, such as 1024".to_owned()));
    }
}
