#![allow(clippy::unwrap_used)]

use aws_sdk_ecs::types::builders::ServiceBuilder;
use aws_sdk_ecs::types::error::ClusterNotFoundException;
use aws_sdk_ecs::types::{DeploymentLifecycleHook, Tag};
use rstest::rstest;

use super::*;

const T0: i64 = 1_795_000_000;

fn cluster() -> ClusterName {
    ClusterName::new("clos-v2-cluster").unwrap()
}

fn service(name: &str) -> ServiceBuilder {
    Service::builder().service_name(name).status("ACTIVE").desired_count(2).running_count(2).pending_count(0)
}

fn deployment(state: Option<&str>) -> Deployment {
    Deployment::builder()
        .status("PRIMARY")
        .set_rollout_state(state.map(DeploymentRolloutState::from))
        .created_at(DateTime::from_secs(T0))
        .updated_at(DateTime::from_secs(T0 + 60))
        .build()
}

fn answer(services: Vec<Service>) -> DescribeServicesOutput {
    DescribeServicesOutput::builder().set_services(Some(services)).build()
}

fn read(service: Service) -> ObservedService {
    let mut all = read_services(&cluster(), &answer(vec![service])).unwrap();
    all.pop_first().unwrap().1
}

#[test]
fn counts_and_the_tag_are_read() {
    let tag = Tag::builder().key("watchkeeper:managed").value("true").build();
    let found = service("api").desired_count(3).running_count(1).pending_count(2).tags(tag).build();
    let all = read_services(&cluster(), &answer(vec![found])).unwrap();
    let (id, observed) = all.first_key_value().unwrap();
    assert_eq!(id.to_string(), "clos-v2-cluster/api");
    assert_eq!(observed.capacity, ServiceCapacity { desired: 3, scaling: None });
    assert_eq!((observed.running, observed.pending, observed.managed), (1, 2, true));
    assert!(!read(service("api").build()).managed);
}

#[rstest]
#[case("INACTIVE")]
#[case("DRAINING")]
fn a_service_that_cannot_be_changed_any_more_is_left_out(#[case] status: &str) {
    let gone = service("gone").status(status).build();
    let all = read_services(&cluster(), &answer(vec![gone, service("api").build()])).unwrap();
    assert_eq!(all.keys().map(|id| id.service.as_str()).collect::<Vec<_>>(), ["api"]);
}

#[test]
fn a_missing_service_is_left_out_and_any_other_failure_is_an_error() {
    let failure = |reason: &str| Failure::builder().arn("arn:x").reason(reason).build();
    let with = |reason| DescribeServicesOutput::builder().failures(failure(reason)).build();
    assert!(read_services(&cluster(), &with("MISSING")).unwrap().is_empty());
    let error = read_services(&cluster(), &with("ACCESS")).unwrap_err();
    assert!(error.contains("\"ACCESS\" for arn:x"), "{error}");
}

#[test]
fn a_negative_count_names_its_field() {
    let broken = service("api").desired_count(-1).build();
    let error = read_services(&cluster(), &answer(vec![broken])).unwrap_err();
    assert!(error.starts_with("desiredCount: found -1"), "{error}");
}

#[test]
fn what_the_newest_deployment_rolls_out_is_read() {
    let rolls_out = |status: &str, definition: &str| {
        Deployment::builder().status(status).task_definition(definition).desired_count(1).build()
    };
    let deployments = [rolls_out("ACTIVE", "td:1"), rolls_out("PRIMARY", "td:2")];
    let found = service("api").task_definition("td:1").set_deployments(Some(deployments.to_vec())).build();
    assert_eq!(read(found).task_definition, Some(TaskDefinition::new("td:2")));
    let task_set = TaskSet::builder().status("PRIMARY").task_definition("td:3").build();
    let found = service("api").task_definition("td:1").task_sets(task_set).build();
    assert_eq!(read(found).task_definition, Some(TaskDefinition::new("td:3")));
    assert_eq!(read(service("api").task_definition("td:1").build()).task_definition, Some(TaskDefinition::new("td:1")));
    assert_eq!(read(service("api").build()).task_definition, None);
}

#[rstest]
#[case("COMPLETED", Rollout::Completed, 60)]
#[case("FAILED", Rollout::Failed, 60)]
#[case("IN_PROGRESS", Rollout::InProgress, 0)]
fn the_primary_deployment_says_how_it_stands(#[case] state: &str, #[case] rollout: Rollout, #[case] after: i64) {
    let old = Deployment::builder().status("ACTIVE").rollout_state(DeploymentRolloutState::Failed).build();
    let found = read(service("api").deployments(old).deployments(deployment(Some(state))).build());
    assert_eq!(found.rollout, rollout);
    assert_eq!(found.rollout_since, Timestamp::from_second(T0 + after).ok());
}

#[test]
fn the_primary_deployment_says_when_it_was_made_and_touched() {
    let found = read(service("api").deployments(deployment(None)).build()).deployed.unwrap();
    let at = |seconds| Timestamp::from_second(T0 + seconds).unwrap();
    assert_eq!((found.created, found.updated), (at(0), at(60)));
    assert_eq!(read(service("api").build()).deployed, None);
}

#[test]
fn without_a_rollout_state_the_counts_decide() {
    let steady = read(service("api").deployments(deployment(None)).build());
    assert_eq!(steady.rollout, Rollout::Completed);
    let moving = read(service("api").running_count(1).deployments(deployment(None)).build());
    assert_eq!((moving.rollout, moving.rollout_since), (Rollout::InProgress, Timestamp::from_second(T0).ok()));
    assert_eq!(read(service("api").build()).rollout, Rollout::Completed);
}

#[test]
fn a_task_set_of_an_external_controller_says_how_it_stands() {
    let task_set = |stability| {
        TaskSet::builder()
            .status("PRIMARY")
            .stability_status(stability)
            .stability_status_at(DateTime::from_secs(T0))
            .build()
    };
    let steady = read(service("api").task_sets(task_set(StabilityStatus::SteadyState)).build());
    assert_eq!((steady.rollout, steady.rollout_since), (Rollout::Completed, Timestamp::from_second(T0).ok()));
    let moving = read(service("api").task_sets(task_set(StabilityStatus::Stabilizing)).build());
    assert_eq!(moving.rollout, Rollout::InProgress);
}

#[test]
fn only_an_unknown_cluster_is_an_empty_one() {
    let unknown = ClusterNotFoundException::builder().message("no").build();
    assert!(is_unknown_cluster(Some(&DescribeServicesError::ClusterNotFoundException(unknown))));
    let other = aws_smithy_types::error::ErrorMetadata::builder().code("ServerException").build();
    assert!(!is_unknown_cluster(Some(&DescribeServicesError::generic(other))));
    assert!(!is_unknown_cluster(None));
}

#[test]
fn a_deployment_waits_while_a_hook_of_it_awaits_an_answer() {
    let hook =
        |status: &str| DeploymentLifecycleHookDetail::builder().hook_id("ecs-pause-1").status(status.into()).build();
    let waits = |statuses: &[&str]| {
        let hooks = statuses.iter().map(|status| hook(status)).collect();
        waits_in_a_hook(&ServiceDeployment::builder().set_lifecycle_hook_details(Some(hooks)).build())
    };
    assert!(waits(&["SUCCEEDED", "AWAITING_ACTION"]));
    for others in [&[][..], &["IN_PROGRESS"], &["SUCCEEDED", "TIMED_OUT"]] {
        assert!(!waits(others), "{others:?}");
    }
}

#[test]
fn only_a_service_with_a_pause_hook_is_asked_about() {
    let with = |kind: &str| {
        let hook = DeploymentLifecycleHook::builder().target_type(kind.into()).build();
        let configuration = DeploymentConfiguration::builder().lifecycle_hooks(hook).build();
        may_pause(&service("api").deployment_configuration(configuration).build())
    };
    assert!(with("PAUSE"));
    assert!(!with("AWS_LAMBDA"));
    assert!(!may_pause(&service("api").build()));
}
