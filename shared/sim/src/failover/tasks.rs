//! The tasks of a region: those that are alive, their images, and the target groups that they answer in.

use watchkeeper_control::failover::ports::RegionTasks;
use watchkeeper_control::ports::{AwsError, TargetHealth};
use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};
use watchkeeper_domain::failover::readiness::TargetGroupFacts;
use watchkeeper_domain::failover::rehearsal::TaskStart;

use crate::operation::Operation;
use crate::region::SimRegion;
use crate::state::SimState;

impl RegionTasks for SimRegion {
    async fn tasks_alive(&self, service: &ServiceId) -> Result<u32, AwsError> {
        self.ask(Operation::ListTasks, service, |state| Ok(state.read_alive(service))).await
    }

    async fn slowest_start(&self, service: &ServiceId) -> Result<Option<TaskStart>, AwsError> {
        self.ask(Operation::ListTasks, service, |state| {
            let took_ms = i64::try_from(state.settings.task_start.as_millis()).unwrap_or(i64::MAX);
            let runs = state.service(service).is_some_and(|service| service.running > 0);
            Ok(runs.then_some(TaskStart { took_ms, pull_ms: None }))
        })
        .await
    }

    async fn task_images(&self, definition: &TaskDefinition) -> Result<Vec<String>, AwsError> {
        self.ask(Operation::DescribeTaskImages, definition, |state| state.images(definition)).await
    }

    async fn target_groups(&self, service: &ServiceId) -> Result<Vec<TargetGroupFacts>, AwsError> {
        self.ask(Operation::DescribeTargetHealth, service, |state| {
            let found = state.service(service);
            let groups = found
                .into_iter()
                .flat_map(|service| service.target_groups.iter().map(|group| group.facts(service.running)));
            Ok(groups.collect())
        })
        .await
    }
}

impl TargetHealth for SimRegion {
    async fn unhealthy_targets(&self, service: &ServiceId, groups: &[String]) -> Result<Option<String>, AwsError> {
        let found = self.target_groups(service).await?;
        let ill = found.iter().find(|it| groups.contains(&it.name) && (it.healthy == 0 || it.unhealthy > 0));
        Ok(ill.map(|it| format!("{} of {} targets of {} are healthy", it.healthy, it.healthy + it.unhealthy, it.name)))
    }
}

impl SimState {
    fn read_alive(&mut self, id: &ServiceId) -> u32 {
        let (now, lag) = (self.now, self.lag());
        self.services.get_mut(id).and_then(|service| service.seen_alive.read(now, lag).copied()).unwrap_or(0)
    }

    /// Sets the most of a group's targets that are healthy; tells whether there is such a group.
    pub(crate) fn set_healthy(&mut self, id: &ServiceId, group: &str, most: Option<u32>) -> bool {
        let mut found = false;
        self.change_service(id, |service| {
            for of in service.target_groups.iter_mut().filter(|of| of.name == group) {
                (of.healthy, found) = (most, true);
            }
        });
        found
    }
}
