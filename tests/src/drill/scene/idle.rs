//! How much an environment is used, as CloudWatch has it in the sandbox.

use jiff::Timestamp;
use watchkeeper_domain::estate::UsageMeasure;
use watchkeeper_domain::intent::idle::{USAGE_PERIOD, UsagePoint, UsageSubject};

use super::SandboxScene;
use crate::harness::HarnessError;
use crate::scenarios::Harness as _;
use crate::scenarios::schedule::UsageHarness;

impl SandboxScene<'_> {
    /// What the environment is measured by.
    async fn usage_subjects(&self) -> Result<Vec<UsageSubject>, HarnessError> {
        let document = self.environment.document();
        let by_requests = document.sleep_when_idle.is_some_and(|rule| rule.by == UsageMeasure::RequestCount);
        if let Some(page) = document.wake_page.as_ref().filter(|_| by_requests) {
            let groups = self.stack.site().serving_groups(&page.listener_rule).await?;
            return Ok(groups.iter().map(|group| UsageSubject::of_group(&page.listener_rule, group)).collect());
        }
        let services = self.capacity().await?.services.into_iter().filter(|(_, service)| service.desired > 0);
        Ok(services.map(|(id, _)| UsageSubject::Cpu(id)).collect())
    }
}

impl UsageHarness for SandboxScene<'_> {
    async fn report_unused(&mut self, from: Timestamp, to: Timestamp) -> Result<(), HarnessError> {
        let subjects = self.usage_subjects().await?;
        let mut at = from;
        while at < to {
            for subject in &subjects {
                // Of a CPU something is always there; of requests nothing where there are none.
                let figure = matches!(subject, UsageSubject::Cpu(_)).then_some(40);
                let point = UsagePoint { figure, healthy: true };
                self.stack.control().put_usage(self.scope.region.as_str(), subject, at, point).await?;
            }
            at += USAGE_PERIOD;
        }
        Ok(())
    }
}
