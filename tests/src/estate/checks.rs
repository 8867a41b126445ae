//! The tasks that check what a drill restored: their clusters, and task definitions whose container ends as the sandbox is told.

use aws_sdk_ecs::types::{ContainerDefinition, LogConfiguration, LogDriver};
use watchkeeper_domain::estate::{CheckTask, Environment};

use super::{RegionFixtures, SiteError};

/// What the container of a check does, whatever it is told. The labels are the emulator's own.
#[derive(Debug, Clone, Copy)]
pub struct CheckContainer<'a> {
    /// How long it runs, in seconds of the sandbox's clock; for ever where there is nothing.
    pub seconds: Option<u32>,
    /// The exit code that it ends with.
    pub code: u8,
    /// What it writes into its log.
    pub says: &'a str,
}

impl CheckContainer<'static> {
    /// One that finds nothing wrong.
    pub const PROVES: Self = Self { seconds: Some(5), code: 0, says: "looking at what was restored\nrows: 5" };
}

/// The log group of a check.
pub(crate) fn log_group(check: &CheckTask) -> String {
    format!("/ecs/{}", check.task_definition)
}

/// The role that the task of a check has, and that starts it.
pub(crate) fn role(account: &str, check: &CheckTask) -> String {
    format!("arn:aws:iam::{account}:role/{}", check.task_definition)
}

/// The checks of an environment's drills.
pub(crate) fn of(environment: &Environment) -> impl Iterator<Item = &CheckTask> {
    let jobs = environment.document().backups.iter().flat_map(|backups| &backups.jobs);
    jobs.filter_map(|job| job.drill.as_ref()?.check.as_ref())
}

impl RegionFixtures {
    /// Make the clusters and the task definitions of an environment's checks: each of them finds nothing wrong.
    pub(super) async fn make_checks(&self, environment: &Environment) -> Result<(), SiteError> {
        for check in of(environment) {
            self.make_check(check, CheckContainer::PROVES).await?;
        }
        Ok(())
    }

    /// Makes the cluster of a check, and its task definition.
    ///
    /// # Errors
    /// [`SiteError`] when ECS refuses.
    pub async fn make_check(&self, check: &CheckTask, does: CheckContainer<'_>) -> Result<(), SiteError> {
        let call = self.ecs.create_cluster().cluster_name(check.cluster.as_str());
        call.send().await.map_err(SiteError::aws(format!("make cluster {}", check.cluster)))?;
        self.define_check(check, does).await
    }

    /// Makes the newest revision of a check's task definition one whose container does this.
    ///
    /// # Errors
    /// [`SiteError`] when ECS refuses.
    pub async fn define_check(&self, check: &CheckTask, does: CheckContainer<'_>) -> Result<(), SiteError> {
        let what = || format!("register the task definition {}", check.task_definition);
        let log = [("awslogs-group", log_group(check)), ("awslogs-stream-prefix", "check".to_owned())];
        let log = log.into_iter().chain([("awslogs-create-group", "true".to_owned())]);
        let log = log.fold(LogConfiguration::builder().log_driver(LogDriver::Awslogs), |log, (key, value)| {
            log.options(key, value)
        });
        let log = log.build().map_err(|error| SiteError::new(what(), error))?;
        let container = ContainerDefinition::builder().name("check").image("check").memory(64).log_configuration(log);
        let container = container.docker_labels("sandbox.exit-code", does.code.to_string());
        let mut container = container.docker_labels("sandbox.log", does.says);
        if let Some(seconds) = does.seconds {
            container = container.docker_labels("sandbox.seconds", seconds.to_string());
        }
        let role = role(&self.account_of(check).await?, check);
        let call = self.ecs.register_task_definition().family(check.task_definition.as_str()).task_role_arn(&role);
        let call = call.execution_role_arn(&role).container_definitions(container.build());
        // In a box: the call's own future is large.
        Box::pin(call.send()).await.map_err(SiteError::aws(what()))?;
        Ok(())
    }

    /// The tasks of a check that have not stopped.
    ///
    /// # Errors
    /// [`SiteError`] when ECS does not answer.
    pub async fn running_checks(&self, check: &CheckTask) -> Result<usize, SiteError> {
        let call = self.ecs.list_tasks().cluster(check.cluster.as_str()).family(check.task_definition.as_str());
        let listed = call.send().await.map_err(SiteError::aws("list the tasks of a check"))?;
        Ok(listed.task_arns().len())
    }

    /// The account, as the ARN of the cluster has it.
    async fn account_of(&self, check: &CheckTask) -> Result<String, SiteError> {
        let what = || format!("find cluster {}", check.cluster);
        let call = self.ecs.describe_clusters().clusters(check.cluster.as_str()).send().await;
        let answer = call.map_err(SiteError::aws(what()))?;
        let arn = answer.clusters().first().and_then(|cluster| cluster.cluster_arn());
        let account = arn.and_then(|arn| arn.split(':').nth(4));
        account.map(str::to_owned).ok_or_else(|| SiteError::new(what(), "there is none"))
    }
}
