//! The one-off tasks of the estate's own that check what was restored: ECS runs them.

use aws_sdk_ecs::operation::describe_tasks::DescribeTasksOutput;
use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, Compatibility, Container, ContainerOverride, KeyValuePair, LaunchType,
    NetworkConfiguration, Tag, Task, TaskDefinition, TaskOverride,
};
use watchkeeper_control::backup::CheckTasks;
use watchkeeper_control::backup::ports::{CheckOrder, StartedCheck};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{CheckRun, JobPolicy, ObservedCheckTask, RESTORE_TAG};
use watchkeeper_domain::estate::CheckTask;
use watchkeeper_domain::value::ResourceName;

use super::{BackupClients, BackupEngines, check_log};
use crate::fault::{failed, invalid, odd};

const RUN: &str = "RunTask";
const DESCRIBE: &str = "DescribeTasks";
const DEFINITION: &str = "DescribeTaskDefinition";

impl CheckTasks for BackupEngines {
    async fn run_check(&self, policy: &JobPolicy, order: CheckOrder<'_>) -> Result<StartedCheck, AwsError> {
        let clients = self.home(policy).clients;
        let CheckOrder { check, run, restore, .. } = order;
        let definition = clients.definition(check.task_definition.as_str()).await?;
        let container =
            container(&definition, check.container.as_ref()).map_err(|what| invalid(RUN, check_of(check), what))?;
        let told = ContainerOverride::builder().name(container.as_str()).set_environment(Some(environment(order)));
        let command = check.command.iter().map(ToString::to_string).collect::<Vec<_>>();
        let told = told.set_command((!command.is_empty()).then_some(command)).build();
        let tag = Tag::builder().key(RESTORE_TAG).value(&restore.mark).build();
        let call = clients.ecs.run_task().cluster(run.cluster.as_str()).task_definition(check.task_definition.as_str());
        let call = call.client_token(&run.token).started_by(&run.token).tags(tag).count(1);
        let call = call.overrides(TaskOverride::builder().container_overrides(told).build());
        let call = call.set_network_configuration(network(check)).set_launch_type(launch_type(&definition));
        // In a box: the call's own future is large.
        let answer = Box::pin(call.send()).await.map_err(|error| failed(RUN, check_of(check), error))?;
        match (answer.tasks().first().and_then(|task| task.task_arn()), answer.failures().first()) {
            (Some(task), _) => Ok(StartedCheck { task: task.to_owned(), container }),
            (None, failure) => {
                let reason = failure.and_then(|failure| failure.reason()).unwrap_or("no reason");
                Err(odd(RUN, check_of(check), format!("ECS started no task: {reason}")))
            }
        }
    }

    async fn describe_check(&self, policy: &JobPolicy, run: &CheckRun) -> Result<Option<ObservedCheckTask>, AwsError> {
        let clients = self.home(policy).clients;
        let mut task = run.task.clone();
        if task.is_none() {
            // This filter takes no other beside it, and what is not told to stop is listed (Amazon ECS API reference, ListTasks).
            let call = clients.ecs.list_tasks().cluster(run.cluster.as_str()).started_by(&run.token);
            let listed = call.send().await.map_err(|error| failed("ListTasks", &run.token, error))?;
            task = listed.task_arns().first().cloned();
        }
        let Some(task) = task else { return Ok(None) };
        let call = clients.ecs.describe_tasks().cluster(run.cluster.as_str()).tasks(&task);
        let answer = call.send().await.map_err(|error| failed(DESCRIBE, &task, error))?;
        let found = described(&answer).map_err(|what| odd(DESCRIBE, &task, what))?;
        Ok(found.map(|found| observed(&task, found, run.container.as_ref())))
    }

    async fn stop_check(&self, policy: &JobPolicy, run: &CheckRun, task: &str) -> Result<(), AwsError> {
        let call = self.home(policy).clients.ecs.stop_task().cluster(run.cluster.as_str()).task(task);
        let call = call.reason("Watchkeeper: the restore drill needs it no more");
        call.send().await.map(drop).map_err(|error| failed("StopTask", task, error))
    }

    async fn check_log(&self, policy: &JobPolicy, run: &CheckRun, task: &str) -> Result<Vec<String>, AwsError> {
        let clients = self.home(policy).clients;
        let call = clients.ecs.describe_tasks().cluster(run.cluster.as_str()).tasks(task);
        let answer = call.send().await.map_err(|error| failed(DESCRIBE, task, error))?;
        let Ok(Some(found)) = described(&answer) else { return Ok(Vec::new()) };
        // The definition that the task runs: its family may have a newer one by now.
        let definition = clients.definition(found.task_definition_arn().unwrap_or_default()).await?;
        check_log::lines(&clients, &definition, run.container.as_ref(), task).await
    }
}

impl BackupClients {
    async fn definition(&self, name: &str) -> Result<TaskDefinition, AwsError> {
        let answer = self.ecs.describe_task_definition().task_definition(name).send().await;
        let answer = answer.map_err(|error| failed(DEFINITION, name, error))?;
        answer.task_definition.ok_or_else(|| odd(DEFINITION, name, "found no task definition".to_owned()))
    }
}

fn check_of(check: &CheckTask) -> String {
    format!("{} in {}", check.task_definition, check.cluster)
}

/// The container that checks. `Err` says what was found and expected.
fn container(definition: &TaskDefinition, named: Option<&ResourceName>) -> Result<ResourceName, String> {
    let there: Vec<&str> = definition.container_definitions().iter().filter_map(|it| it.name()).collect();
    let found = || if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    let wanted = match (named, there.as_slice()) {
        (Some(named), _) => there.iter().find(|name| **name == named.as_str()).copied(),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    let expected = named.map_or_else(|| "a single one, or `drill.check.container`".to_owned(), ToString::to_string);
    let wrong = || format!("the containers of the task definition: found {}, expected {expected}", found());
    wanted.and_then(|name| name.parse().ok()).ok_or_else(wrong)
}

/// What its container finds in its environment.
fn environment(order: CheckOrder<'_>) -> Vec<KeyValuePair> {
    let pair = |name: &str, value: String| KeyValuePair::builder().name(name).value(value).build();
    let restore = order.restore;
    let mut told = vec![
        pair("RESTORED_IDENTIFIER", restore.target.clone()),
        pair("RESTORED_TAKEN", restore.from.taken().to_string()),
    ];
    if let Some(endpoint) = order.endpoint {
        told.push(pair("RESTORED_ENDPOINT", endpoint.address.clone()));
        told.push(pair("RESTORED_PORT", endpoint.port.to_string()));
    }
    told
}

/// In subnets only where the document names some: the network mode awsvpc needs them, no other takes them.
fn network(check: &CheckTask) -> Option<NetworkConfiguration> {
    let names = |all: &[ResourceName]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let groups = (!check.security_groups.is_empty()).then(|| names(&check.security_groups));
    let subnets = (!check.subnets.is_empty()).then(|| names(&check.subnets))?;
    let vpc = AwsVpcConfiguration::builder().set_subnets(Some(subnets)).set_security_groups(groups);
    let vpc = vpc.assign_public_ip(AssignPublicIp::Disabled).build().ok()?;
    Some(NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
}

/// What is made for Fargate alone runs there; for the rest the cluster decides.
fn launch_type(definition: &TaskDefinition) -> Option<LaunchType> {
    (definition.requires_compatibilities() == [Compatibility::Fargate]).then_some(LaunchType::Fargate)
}

/// The task of an answer; nothing where ECS has forgotten it. `Err` says what is not as it should be.
fn described(answer: &DescribeTasksOutput) -> Result<Option<&Task>, String> {
    match (answer.tasks().first(), answer.failures().first()) {
        (Some(task), _) => Ok(Some(task)),
        (None, Some(failure)) if failure.reason() != Some("MISSING") => {
            Err(format!("found {:?}, expected the task", failure.reason()))
        }
        (None, _) => Ok(None),
    }
}

fn observed(arn: &str, task: &Task, checks: Option<&ResourceName>) -> ObservedCheckTask {
    let container = task.containers().iter().find(|it| it.name() == checks.map(ResourceName::as_str));
    // What kept a container from beginning is said of the container, else of the task.
    let why = container.and_then(|it| it.reason()).or_else(|| task.stopped_reason()).unwrap_or_default();
    ObservedCheckTask {
        task: arn.to_owned(),
        stopped: task.last_status() == Some("STOPPED"),
        code: container.and_then(Container::exit_code),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_ecs::types::{ContainerDefinition, Failure};

    use super::*;

    fn definition(names: &[&str]) -> TaskDefinition {
        let containers = names.iter().map(|name| ContainerDefinition::builder().name(*name).build()).collect();
        TaskDefinition::builder().set_container_definitions(Some(containers)).build()
    }

    #[test]
    fn the_container_is_the_only_one_or_the_one_that_the_document_names() {
        let named: ResourceName = "check".parse().unwrap();
        assert_eq!(container(&definition(&["app"]), None).unwrap().as_str(), "app");
        assert_eq!(container(&definition(&["app", "check"]), Some(&named)).unwrap(), named);
        let two = container(&definition(&["app", "agent"]), None).unwrap_err();
        assert!(two.ends_with("found app, agent, expected a single one, or `drill.check.container`"), "{two}");
        let other = container(&definition(&["app"]), Some(&named)).unwrap_err();
        assert!(other.ends_with("found app, expected check"), "{other}");
    }

    #[test]
    fn a_task_is_over_once_all_of_it_has_stopped_with_the_code_of_its_container() {
        let checks: ResourceName = "check".parse().unwrap();
        let with = |status: &str| {
            let container = |name: &str, code| Container::builder().name(name).exit_code(code).build();
            let task = Task::builder().last_status(status).containers(container("agent", 1));
            observed("arn", &task.containers(container("check", 0)).stopped_reason("done").build(), Some(&checks))
        };
        assert_eq!(
            (with("STOPPED").stopped, with("STOPPED").code, with("STOPPED").why.as_str()),
            (true, Some(0), "done")
        );
        assert!(!with("DEPROVISIONING").stopped);
    }

    #[test]
    fn a_task_that_ecs_has_forgotten_is_none_and_any_other_failure_is_an_error() {
        let with =
            |reason: &str| DescribeTasksOutput::builder().failures(Failure::builder().reason(reason).build()).build();
        assert!(described(&with("MISSING")).unwrap().is_none());
        assert!(described(&with("ACCESS")).unwrap_err().contains("ACCESS"));
    }
}
