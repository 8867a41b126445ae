//! A watch over a service that may run in one region only: how many of its tasks live, looked at again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_ecs::types::DesiredStatus;
use tokio::task::JoinHandle;
use watchkeeper_domain::capacity::ServiceId;

use super::{RegionFixtures, SiteError};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(150);

/// The watch, until it is ended.
#[derive(Debug)]
pub struct SingletonMonitor {
    over: Arc<AtomicBool>,
    looks: JoinHandle<Result<MonitorReport, SiteError>>,
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonitorReport {
    /// How often all regions were looked at.
    pub looks: u64,
    /// The looks at which more than one task lived, each as tasks by region.
    pub double: Vec<String>,
    /// The looks at which none did.
    pub none: u64,
}

impl SingletonMonitor {
    /// Begin to watch over the same service in these regions.
    pub fn keep(places: Vec<(RegionFixtures, ServiceId)>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let looks = tokio::spawn(watch(places, Arc::clone(&over)));
        Self { over, looks }
    }

    /// End it, and hear what was seen.
    ///
    /// # Errors
    /// [`SiteError`] when ECS did not answer at some time.
    pub async fn end(self) -> Result<MonitorReport, SiteError> {
        self.over.store(true, Ordering::Relaxed);
        self.looks.await.map_err(|error| SiteError::new("watch over a singleton", error))?
    }
}

#[allow(clippy::disallowed_methods, reason = "the sandbox runs in real time, and is looked at")]
async fn watch(places: Vec<(RegionFixtures, ServiceId)>, over: Arc<AtomicBool>) -> Result<MonitorReport, SiteError> {
    let mut sightings = MonitorReport::default();
    while !over.load(Ordering::Relaxed) {
        let (first, second) = (alive(&places).await?, alive(&places).await?);
        sightings.looks += 1;
        // A task that lived at both looks lived in between: only so are two regions seen at one time.
        let surely: Vec<u32> = first.iter().zip(&second).map(|(one, other)| *one.min(other)).collect();
        if surely.iter().sum::<u32>() > 1 {
            let line =
                |((site, _), tasks): (&(RegionFixtures, ServiceId), &u32)| format!("{tasks} in {}", site.region());
            sightings.double.push(places.iter().zip(&surely).map(line).collect::<Vec<_>>().join(" and "));
        }
        sightings.none += u64::from(first.iter().chain(&second).all(|tasks| *tasks == 0));
        tokio::time::sleep(LOOK).await;
    }
    Ok(sightings)
}

async fn alive(places: &[(RegionFixtures, ServiceId)]) -> Result<Vec<u32>, SiteError> {
    let mut found = Vec::with_capacity(places.len());
    for (site, id) in places {
        found.push(site.alive(id).await?);
    }
    Ok(found)
}

impl RegionFixtures {
    /// How many tasks of a service have not stopped, whatever is wanted of them.
    ///
    /// # Errors
    /// [`SiteError`] when ECS does not answer.
    pub async fn alive(&self, id: &ServiceId) -> Result<u32, SiteError> {
        let mut arns = Vec::new();
        for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let call = self.ecs.list_tasks().cluster(id.cluster.as_str()).service_name(id.service.as_str());
            let listed = call.desired_status(status).send().await;
            arns.extend(listed.map_err(SiteError::aws(format!("list tasks of {id}")))?.task_arns.unwrap_or_default());
        }
        if arns.is_empty() {
            return Ok(0);
        }
        // A hundred at most (Amazon ECS API reference, DescribeTasks); the newest come last.
        let arns = arns.split_off(arns.len().saturating_sub(100));
        let call = self.ecs.describe_tasks().cluster(id.cluster.as_str()).set_tasks(Some(arns));
        let described = call.send().await.map_err(SiteError::aws(format!("describe tasks of {id}")))?;
        let lives = |task: &&aws_sdk_ecs::types::Task| task.last_status() != Some("STOPPED");
        Ok(described.tasks().iter().filter(lives).count().try_into().unwrap_or(u32::MAX))
    }
}
