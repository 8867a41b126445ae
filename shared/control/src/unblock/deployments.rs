//! Deployments that do not come to an end, in the words of ECS. Nothing of them is freed here.

use std::collections::BTreeMap;

use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::name::{ClusterName, ServiceName};
use watchkeeper_domain::unblock::{StuckDeployment, stuck_since};

use super::{OpenRecord, UnblockRunbook, passes, unreadable};
use crate::platform::Platform;
use crate::ports::Services;
use crate::ports::{Clock, DESCRIBE_SERVICES_MAX, all_services};
use crate::runbook::RunbookError;
use crate::unblock::ports::ServiceDeployments;

impl<P: Platform> UnblockRunbook<P> {
    /// All services of the environment in this region.
    pub(super) async fn deployments(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        let (named, by_tag) = (open.scoped.services.clone(), open.scoped.found_by_tag.clone());
        let mut clusters: BTreeMap<&ClusterName, Vec<ServiceName>> = BTreeMap::new();
        for id in &named {
            clusters.entry(&id.cluster).or_default().push(id.service.clone());
        }
        for cluster in &by_tag.clusters {
            match all_services(&self.sources, cluster).await {
                Ok(found) => _ = clusters.insert(cluster, found),
                Err(error) => unreadable(open, cluster.as_str(), error)?,
            }
        }
        let now = self.clock.now();
        for (cluster, services) in clusters {
            for services in services.chunks(DESCRIBE_SERVICES_MAX) {
                match self.sources.describe_services(cluster, services).await {
                    Ok(found) => {
                        let ours = |id: &ServiceId, it: &_| named.contains(id) || by_tag.means(id, it);
                        for (id, service) in found.into_iter().filter(|(id, it)| ours(id, it)) {
                            if let Some(rolling) = stuck_since(open.scoped.section, &service, now) {
                                let tasks = format!(
                                    "{} of {} tasks run, {} are starting",
                                    service.running, service.capacity.desired, service.pending
                                );
                                self.deployment(open, &id, rolling, &tasks).await?;
                            }
                        }
                    }
                    Err(error) => unreadable(open, cluster.as_str(), error)?,
                }
            }
        }
        open.record.next_stage(open.scoped.section);
        Ok(())
    }

    async fn deployment(
        &self,
        open: &mut OpenRecord<'_, '_>,
        id: &ServiceId,
        rolling: StuckDeployment,
        tasks: &str,
    ) -> Result<(), RunbookError> {
        let words = match self.sources.words(id).await {
            Ok(words) => words.join("; "),
            Err(error) if passes(&error) => return Err(error.into()),
            Err(error) => format!("nothing: {error}"),
        };
        let (code, what, since) = match rolling {
            StuckDeployment::Stuck(since) => ("deployment-stuck", "its deployment is still in progress", Some(since)),
            StuckDeployment::Paused(since) => {
                let what = "its deployment waits in a lifecycle hook: continue it, or roll it back";
                ("deployment-paused", what, Some(since))
            }
            StuckDeployment::Failed(since) => ("deployment-failed", "its last deployment failed", since),
        };
        open.record.note(code, id, format!("{what}; {tasks}. ECS says: {words}"), since);
        Ok(())
    }
}
