//! Building what the stacks look after.

use super::output::DrillOutput;
use crate::harness::{DeployedStack, HarnessError, SandboxHarness};
use crate::sandbox::Progress as _;

/// Build everything that a region's stack may look at.
pub(super) async fn build_all(
    harness: &SandboxHarness,
    stack: &DeployedStack,
    show: &DrillOutput,
) -> Result<(), HarnessError> {
    let began = stack.control().now().await?;
    let here: Vec<_> = harness.at_home().filter(|(_, e)| e.has_resources(stack.region())).collect();
    let names: Vec<String> = here.iter().map(|(estate, e)| format!("{} {}", estate.name(), e.name())).collect();
    let step = format!("building {} in {}", names.join(", "), stack.region());
    show.begin(&step);
    for (_, environment) in here {
        stack.site().build(environment).await?;
    }
    show.end(&step, stack.control().now().await?.duration_since(began).unsigned_abs());
    Ok(())
}
