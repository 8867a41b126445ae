//! How much an environment is used, as AWS tells CloudWatch.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::intent::idle::{UsagePoint, UsageSubject};

use super::{EmulatorControl, PostedMetric, SandboxError};

impl EmulatorControl {
    /// Write what is known of a subject in the period that begins then.
    ///
    /// # Errors
    /// [`SandboxError`] when the emulator does not take it.
    pub async fn put_usage(
        &self,
        region: &str,
        subject: &UsageSubject,
        at: Timestamp,
        point: UsagePoint,
    ) -> Result<(), SandboxError> {
        let (namespace, dimensions) = match subject {
            UsageSubject::Requests { balancer, group } => {
                ("AWS/ApplicationELB", [("LoadBalancer", balancer.clone()), ("TargetGroup", group.clone())])
            }
            UsageSubject::Cpu(id) => {
                ("AWS/ECS", [("ClusterName", id.cluster.to_string()), ("ServiceName", id.service.to_string())])
            }
        };
        let dimensions: BTreeMap<String, String> =
            dimensions.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let datum = |name: &str, value| PostedMetric {
            name: name.to_owned(),
            dimensions: dimensions.clone(),
            value,
            at: Some(at),
        };
        #[allow(clippy::cast_precision_loss, reason = "figures of tests are small")]
        let figure = point.figure.map(|figure| figure as f64);
        let data: Vec<PostedMetric> = match subject {
            UsageSubject::Requests { .. } => {
                let healthy = datum("HealthyHostCount", f64::from(u8::from(point.healthy)));
                figure.map(|figure| datum("RequestCount", figure)).into_iter().chain([healthy]).collect()
            }
            UsageSubject::Cpu(_) => figure.map(|figure| datum("CPUUtilization", figure / 100.0)).into_iter().collect(),
        };
        self.put_metrics(region, namespace, &data).await
    }
}
