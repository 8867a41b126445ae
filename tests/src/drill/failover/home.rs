//! The way home: its own plan, gracefully, to exactly what was there before.

use serde_json::Value;

use super::moving::ending;
use super::{PairUnderTest, about};
use crate::drill::report::millis;
use crate::drill::step::{DrillStep, difference, line};
use crate::harness::StageError;

/// The failback machine, started by hand in the home region.
pub(super) async fn play(act: &mut DrillStep<'_>, voyage: &PairUnderTest<'_>) -> Result<(), StageError> {
    let duo = &voyage.duo;
    duo.tick(&[duo.home, duo.standby]).await?;
    let mut crossing = duo.home.fail_back(&about(voyage, Value::Null)).await?;
    let ended = act.step("the failback machine waits until home is ready, and moves", crossing.run_out()).await?;
    act.check("the failback is done", ending(&ended) == "done", ended.says());
    act.report.figures.insert("home_after_ms", millis(ended.worked));
    // The region that was left gives back what it was lent as soon as its stack sees the pointer.
    act.step("both regions tick", duo.tick(&[duo.home, duo.standby])).await?;
    let [home, standby] = duo.capacity().await?;
    for (stack, found, original) in
        [(duo.home, &home, &voyage.original[0]), (duo.standby, &standby, &voyage.original[1])]
    {
        let detail = if found == original { line(found) } else { difference(original, found) };
        act.check(&format!("{} is exactly as before", stack.region()), found == original, detail);
    }
    let (status, region) = duo.reached().await?;
    let at_home = status == 200 && region.as_ref() == Some(duo.home.region());
    let detail = region.map_or_else(|| format!("{status}"), |region| format!("{status} from {region}"));
    act.check("people reach home again", at_home, detail);
    for stack in [duo.home, duo.standby] {
        let pointer = duo.pointer(stack).await?;
        let steady = pointer.moving.is_none() && pointer.active == *duo.home.region() && pointer.serving.is_empty();
        act.check(&format!("the pointer in {} is steady at home", stack.region()), steady, pointer.to_string());
    }
    Ok(())
}
