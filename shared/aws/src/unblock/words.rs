//! What ECS says of a deployment.

use watchkeeper_control::ports::AwsError;
use watchkeeper_control::unblock::ports::ServiceDeployments;
use watchkeeper_domain::capacity::ServiceId;

use super::AwsUnblockSources;
use crate::fault::failed;

/// How many events of a service are told: the newest say what is wrong now.
const EVENTS: usize = 3;

impl ServiceDeployments for AwsUnblockSources {
    async fn words(&self, service: &ServiceId) -> Result<Vec<String>, AwsError> {
        let ecs = &self.capacity.ecs;
        let call = ecs.describe_services().cluster(service.cluster.as_str()).services(service.service.as_str());
        let answer = call.send().await.map_err(|error| failed("DescribeServices", service, error))?;
        let Some(found) = answer.services().first() else { return Ok(Vec::new()) };
        let newest = found.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
        let reason = newest.and_then(|deployment| deployment.rollout_state_reason());
        let events = found.events().iter().take(EVENTS).filter_map(|event| event.message());
        Ok(reason.into_iter().chain(events).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }
}
