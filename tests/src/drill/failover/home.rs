//! The way home: its own plan, gracefully, to exactly what was there before.

use serde_json::Value;

use super::moving::ending;
use super::{PairUnderTest, about};
use crate::drill::scene::SandboxScene;
use crate::harness::HarnessError;
use crate::scenarios::{difference, line, millis};

/// The failback machine, started by hand in the home region.
pub(super) async fn play(drill: &mut SandboxScene<'_>, voyage: &PairUnderTest<'_>) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    stacks.tick(&[stacks.home, stacks.standby]).await?;
    let mut move_execution = stacks.home.fail_back(&about(voyage, Value::Null)).await?;
    let ended =
        drill.step("the failback machine waits until home is ready, and moves", move_execution.run_out()).await?;
    drill.check("the failback is done", ending(&ended) == "done", ended.says());
    drill.report.figures.insert("home_after_ms", millis(ended.worked));
    // The region that was left gives back what it was lent as soon as its stack sees the pointer.
    drill.step("both regions tick", stacks.tick(&[stacks.home, stacks.standby])).await?;
    let [home, standby] = stacks.capacity().await?;
    for (stack, found, original) in
        [(stacks.home, &home, &voyage.original[0]), (stacks.standby, &standby, &voyage.original[1])]
    {
        let detail = if found == original { line(found) } else { difference(original, found) };
        drill.check(&format!("{} is exactly as before", stack.region()), found == original, detail);
    }
    let (status, region) = stacks.reached().await?;
    let at_home = status == 200 && region.as_ref() == Some(stacks.home.region());
    let detail = region.map_or_else(|| format!("{status}"), |region| format!("{status} from {region}"));
    drill.check("people reach home again", at_home, detail);
    for stack in [stacks.home, stacks.standby] {
        let pointer = stacks.pointer(stack).await?;
        let steady = pointer.moving.is_none() && pointer.active == *stacks.home.region() && pointer.serving.is_empty();
        drill.check(&format!("the pointer in {} is steady at home", stack.region()), steady, pointer.to_string());
    }
    Ok(())
}
