//! Detection, and what came of a move.

use serde_json::json;
use watchkeeper_domain::estate::DetectionMode;

use crate::drill::scene::SandboxScene;
use crate::harness::{DeployedStack, EndedExecution, HarnessError, MoveExecution};

use super::{PairUnderTest, about};

/// Probes in a row that a document asks for where it does not say.
const FAILURES: u32 = 3;

/// The probes that have to fail, a minute apart, and the failover that the last of them starts. `ticking` are the regions
/// whose watch can tick.
pub(super) async fn detected<'a>(
    drill: &mut SandboxScene<'_>,
    voyage: &PairUnderTest<'a>,
    ticking: &[&DeployedStack],
) -> Result<MoveExecution<'a>, HarnessError> {
    let stacks = &voyage.stacks;
    if stacks.failover()?.detect == DetectionMode::Off {
        let input = about(voyage, json!({ "reason": "drill" }));
        return drill.step("a person starts the failover, for nothing detects", stacks.standby.fail_over(&input)).await;
    }
    let failures = stacks.failover()?.probe.as_ref().and_then(|probe| probe.failures).unwrap_or(FAILURES);
    let since = stacks.control().now().await?;
    let scope = stacks.scope(stacks.standby);
    let mut did = String::new();
    for nth in 1..=failures {
        let ticked = drill.step(&format!("tick {nth} of the watch in the standby"), stacks.tick(ticking)).await?;
        did = ticked.last().map(|tick| tick.did(&scope)).unwrap_or_default();
        let early = nth < failures && !did.is_empty();
        if early {
            drill.check(&format!("after {nth} of {failures} probes nothing is started"), false, did.clone());
        }
    }
    let started = did.contains("failover was started");
    drill.check(&format!("after {failures} probes that failed a failover is started"), started, did);
    stacks.standby.move_execution(&scope, since).await
}

/// How a move ended: the word of its output, or its error.
pub(super) fn ending(ended: &EndedExecution) -> &str {
    ended.error.as_deref().or_else(|| ended.output["ending"].as_str()).unwrap_or("nothing that it says")
}
