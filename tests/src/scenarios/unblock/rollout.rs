//! Deployments that take too long.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::unblock::UnblockFinding;
use watchkeeper_domain::value::Duration;

use super::stuck::Morning;
use super::{UnblockHarness, needs};
use crate::scenarios::{Played, later};

/// A deployment may take as long as the document says, and is then reported in the words of ECS.
pub async fn a_deployment_that_does_not_end(harness: &mut impl UnblockHarness) -> Played {
    let morning = Morning::of(harness).await?;
    let service = needs::deployed_service(harness.environment())?;
    harness.hold_rollout(&service).await?;
    let early = stuck(harness).await?;
    harness.check("for a while it is nobody's business", early.is_none(), format!("{early:?}"));
    let limit = morning.section.deployment_limit.map_or(SignedDuration::from_hours(1), Duration::signed);
    harness.at(later(harness.now().await?, limit + SignedDuration::from_mins(10))).await?;
    let late = stuck(harness).await?;
    harness.end_rollout(&service).await?;
    let words =
        |finding: &UnblockFinding| finding.subject == service.to_string() && finding.detail.contains("in progress");
    harness.check("then it is named, in the words of ECS", late.as_ref().is_some_and(words), format!("{late:?}"));
    Ok(())
}

/// What a plan finds of deployments.
async fn stuck(harness: &mut impl UnblockHarness) -> Played<Option<UnblockFinding>> {
    let run = harness.unblock(&harness.input(json!({ "mode": "plan" }))).await?;
    let found = harness.record(&run.name).await?.findings.all;
    Ok(found.into_iter().find(|finding| finding.code == "deployment-stuck"))
}
