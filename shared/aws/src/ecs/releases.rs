//! The releases of ECS services: the history of their deployments, and the way back to one of them.

use std::collections::BTreeMap;

use aws_sdk_ecs::operation::describe_service_revisions::DescribeServiceRevisionsOutput;
use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionError;
use aws_sdk_ecs::operation::list_service_deployments::ListServiceDeploymentsError;
use aws_sdk_ecs::types::{
    ServiceDeploymentBrief, ServiceDeploymentStatus, TaskDefinition as Definition, TaskDefinitionStatus,
};
use watchkeeper_control::ports::{AwsError, RELEASES_MAX, ServiceReleases};
use watchkeeper_domain::capacity::{Rollout, ServiceId, ServiceRelease, TaskDefinition};

use super::{UPDATE, describe_failure, since};
use crate::Aws;
use crate::fault::{failed, odd};
use crate::time::timestamp;

const LIST: &str = "ListServiceDeployments";
const REVISIONS: &str = "DescribeServiceRevisions";
const DESCRIBE: &str = "DescribeTaskDefinition";

/// The most deployments of one page of `ListServiceDeployments` (Amazon ECS API reference).
const PAGE: i32 = 100;

/// How many deployments are looked at whatever became of them; before them only those that completed are of interest.
const NEWEST: usize = RELEASES_MAX / 2;

/// The task definition of each service revision, by the revision's ARN.
type Revisions = BTreeMap<String, TaskDefinition>;

impl ServiceReleases for Aws {
    async fn releases(&self, service: &ServiceId) -> Result<Vec<ServiceRelease>, AwsError> {
        let deployments = newest(self.deployments(service).await?);
        let arns = revision_arns(&deployments);
        // ECS answers an empty list with an error; there is nothing to ask.
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.ecs.describe_service_revisions().set_service_revision_arns(Some(arns)).send().await;
        let answer = answer.map_err(|error| failed(REVISIONS, service, error))?;
        let revisions = read_revisions(&answer).map_err(|what| odd(REVISIONS, service, what))?;
        Ok(history(&deployments, &revisions))
    }

    async fn is_active(&self, release: &TaskDefinition) -> Result<bool, AwsError> {
        match self.ecs.describe_task_definition().task_definition(release.arn()).send().await {
            Ok(answer) => {
                Ok(answer.task_definition().and_then(Definition::status) == Some(&TaskDefinitionStatus::Active))
            }
            // What ECS says of one that it does not know any more.
            Err(error) if error.as_service_error().is_some_and(DescribeTaskDefinitionError::is_client_exception) => {
                Ok(false)
            }
            Err(error) => Err(failed(DESCRIBE, release, error)),
        }
    }
}

impl Aws {
    /// Begins to roll out a task definition; the count stays.
    pub(super) async fn roll_out(&self, service: &ServiceId, release: &TaskDefinition) -> Result<(), AwsError> {
        let call = self.ecs.update_service().cluster(service.cluster.as_str()).service(service.service.as_str());
        call.task_definition(release.arn()).send().await.map_err(|error| failed(UPDATE, service, error))?;
        Ok(())
    }

    /// All deployments of a service, in any status: in which order AWS lists them, it does not say.
    async fn deployments(&self, service: &ServiceId) -> Result<Vec<ServiceDeploymentBrief>, AwsError> {
        let call = self.ecs.list_service_deployments().cluster(service.cluster.as_str());
        let call = call.service(service.service.as_str()).max_results(PAGE);
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            match call.clone().set_next_token(token).send().await {
                Ok(answer) => {
                    found.extend(answer.service_deployments.unwrap_or_default());
                    token = answer.next_token.filter(|token| !token.is_empty());
                }
                Err(error) if found.is_empty() && error.as_service_error().is_some_and(keeps_no_history) => {
                    return Ok(found);
                }
                Err(error) => return Err(failed(LIST, service, error)),
            }
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}

/// Whether the service has a controller whose deployments ECS does not remember (`CodeDeploy`, external). AWS does not say
/// with which of the two errors it answers then; our own parameters are checked names and a constant.
fn keeps_no_history(error: &ListServiceDeploymentsError) -> bool {
    error.is_unsupported_feature_exception() || error.is_invalid_parameter_exception()
}

/// The deployments that are of interest, newest first: however many failed of late, what completed before is among them.
fn newest(mut deployments: Vec<ServiceDeploymentBrief>) -> Vec<ServiceDeploymentBrief> {
    let created = |deployment: &ServiceDeploymentBrief| since(deployment.created_at(), deployment.started_at());
    deployments.sort_by_key(|deployment| std::cmp::Reverse(created(deployment)));
    let (first, before) = deployments.split_at(NEWEST.min(deployments.len()));
    let good = before.iter().filter(|deployment| rollout(deployment.status()) == Rollout::Completed);
    first.iter().chain(good).take(RELEASES_MAX).cloned().collect()
}

/// The revisions that the deployments rolled out, each once.
fn revision_arns(deployments: &[ServiceDeploymentBrief]) -> Vec<String> {
    let arns = deployments.iter().filter_map(ServiceDeploymentBrief::target_service_revision_arn);
    let once: std::collections::BTreeSet<&str> = arns.collect();
    once.into_iter().take(RELEASES_MAX).map(ToOwned::to_owned).collect()
}

/// The revisions of an answer. `Err` says what of the answer is not as it should be.
fn read_revisions(answer: &DescribeServiceRevisionsOutput) -> Result<Revisions, String> {
    if let Some(failure) = answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
        return Err(describe_failure(failure));
    }
    let known = answer.service_revisions().iter();
    let known = known.filter_map(|revision| revision.service_revision_arn().zip(revision.task_definition()));
    Ok(known.map(|(arn, definition)| (arn.to_owned(), TaskDefinition::new(definition))).collect())
}

/// The deployments with what they rolled out, in their order. One whose revision ECS has forgotten, or that has no time,
/// says nothing that could be gone back to.
fn history(deployments: &[ServiceDeploymentBrief], revisions: &Revisions) -> Vec<ServiceRelease> {
    let release = |deployment: &ServiceDeploymentBrief| {
        let task_definition = revisions.get(deployment.target_service_revision_arn()?)?.clone();
        let started = since(deployment.started_at(), deployment.created_at())?;
        let ended = deployment.finished_at().and_then(timestamp);
        Some(ServiceRelease { task_definition, rollout: rollout(deployment.status()), started, ended })
    };
    deployments.iter().filter_map(release).collect()
}

/// A deployment that was stopped, or rolled back, or is on its way there, did not bring what it was for.
fn rollout(status: Option<&ServiceDeploymentStatus>) -> Rollout {
    match status {
        Some(ServiceDeploymentStatus::Successful) => Rollout::Completed,
        Some(ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress) => Rollout::InProgress,
        _ => Rollout::Failed,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_ecs::types::error::{InvalidParameterException, ServiceNotFoundException, UnsupportedFeatureException};
    use aws_sdk_ecs::types::{Failure, ServiceRevision};
    use aws_smithy_types::DateTime;
    use jiff::Timestamp;
    use rstest::rstest;

    use super::*;

    const T0: i64 = 1_795_000_000;

    fn deployment(revision: &str, status: &str, second: i64) -> ServiceDeploymentBrief {
        ServiceDeploymentBrief::builder()
            .target_service_revision_arn(revision)
            .status(ServiceDeploymentStatus::from(status))
            .created_at(DateTime::from_secs(T0 + second - 1))
            .started_at(DateTime::from_secs(T0 + second))
            .set_finished_at((status == "SUCCESSFUL").then(|| DateTime::from_secs(T0 + second + 9)))
            .build()
    }

    fn revision(arn: &str, definition: &str) -> ServiceRevision {
        ServiceRevision::builder().service_revision_arn(arn).task_definition(definition).build()
    }

    fn revisions() -> Revisions {
        let answer = DescribeServiceRevisionsOutput::builder();
        let answer = answer.service_revisions(revision("r1", "td:1")).service_revisions(revision("r2", "td:2"));
        read_revisions(&answer.build()).unwrap()
    }

    #[test]
    fn the_newest_release_comes_first_whatever_the_order_of_the_answer() {
        let deployments = [deployment("r1", "SUCCESSFUL", 0), deployment("r2", "IN_PROGRESS", 60)];
        let expected = |definition: &str, rollout, second| ServiceRelease {
            task_definition: TaskDefinition::new(definition),
            rollout,
            started: Timestamp::from_second(T0 + second).unwrap(),
            ended: (rollout == Rollout::Completed).then(|| Timestamp::from_second(T0 + second + 9).unwrap()),
        };
        let releases = [expected("td:2", Rollout::InProgress, 60), expected("td:1", Rollout::Completed, 0)];
        assert_eq!(history(&newest(deployments.to_vec()), &revisions()), releases);
    }

    #[test]
    fn what_completed_is_found_behind_any_number_of_failures() {
        let failures = (1..=150).map(|n| deployment("r2", "ROLLBACK_SUCCESSFUL", 60 * n));
        // AWS does not say in which order it lists them.
        let deployments: Vec<_> = [deployment("r1", "SUCCESSFUL", 0)].into_iter().chain(failures).collect();
        let found = history(&newest(deployments), &revisions());
        assert_eq!(found.len(), NEWEST + 1);
        assert_eq!(found[0].started, Timestamp::from_second(T0 + 60 * 150).unwrap());
        assert_eq!(found[NEWEST].task_definition.arn(), "td:1");
        let many = newest((0..500).map(|n| deployment("r1", "SUCCESSFUL", n)).collect());
        assert_eq!(many.len(), RELEASES_MAX);
    }

    #[rstest]
    #[case("SUCCESSFUL", Rollout::Completed)]
    #[case("PENDING", Rollout::InProgress)]
    #[case("IN_PROGRESS", Rollout::InProgress)]
    #[case("STOP_REQUESTED", Rollout::Failed)]
    #[case("STOPPED", Rollout::Failed)]
    #[case("ROLLBACK_REQUESTED", Rollout::Failed)]
    #[case("ROLLBACK_IN_PROGRESS", Rollout::Failed)]
    #[case("ROLLBACK_SUCCESSFUL", Rollout::Failed)]
    #[case("ROLLBACK_FAILED", Rollout::Failed)]
    #[case("SOMETHING_NEW", Rollout::Failed)]
    fn only_what_succeeded_is_completed(#[case] status: &str, #[case] expected: Rollout) {
        assert_eq!(rollout(Some(&ServiceDeploymentStatus::from(status))), expected);
    }

    #[test]
    fn a_deployment_that_has_not_started_counts_from_its_creation() {
        let waiting = ServiceDeploymentBrief::builder().target_service_revision_arn("r1");
        let waiting = waiting.status(ServiceDeploymentStatus::Pending).created_at(DateTime::from_secs(T0)).build();
        assert_eq!(history(&[waiting], &revisions())[0].started, Timestamp::from_second(T0).unwrap());
    }

    #[test]
    fn a_deployment_whose_revision_is_forgotten_is_left_out() {
        let deployments = [deployment("gone", "SUCCESSFUL", 60), deployment("r1", "SUCCESSFUL", 0)];
        let found = history(&deployments, &revisions());
        assert_eq!(found.iter().map(|release| release.task_definition.arn()).collect::<Vec<_>>(), ["td:1"]);
    }

    #[test]
    fn a_revision_is_asked_for_once() {
        let deployments = [deployment("r2", "SUCCESSFUL", 60), deployment("r1", "STOPPED", 30)];
        let again = [deployments.clone(), deployments].concat();
        assert_eq!(revision_arns(&again), ["r1", "r2"]);
    }

    #[test]
    fn a_missing_revision_is_left_out_and_any_other_failure_is_an_error() {
        let failure = |reason: &str| Failure::builder().arn("arn:x").reason(reason).build();
        let with = |reason| DescribeServiceRevisionsOutput::builder().failures(failure(reason)).build();
        assert!(read_revisions(&with("MISSING")).unwrap().is_empty());
        let error = read_revisions(&with("ACCESS")).unwrap_err();
        assert!(error.contains("\"ACCESS\" for arn:x"), "{error}");
    }

    #[test]
    fn only_a_service_without_history_has_an_empty_one() {
        type Error = ListServiceDeploymentsError;
        let unsupported = UnsupportedFeatureException::builder().message("no").build();
        let invalid = InvalidParameterException::builder().message("no").build();
        let missing = ServiceNotFoundException::builder().message("no").build();
        assert!(keeps_no_history(&Error::UnsupportedFeatureException(unsupported)));
        assert!(keeps_no_history(&Error::InvalidParameterException(invalid)));
        assert!(!keeps_no_history(&Error::ServiceNotFoundException(missing)));
    }
}
