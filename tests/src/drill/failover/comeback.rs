//! The lost region comes back with its old counts: its own stack puts it on standby, without a person and without a
//! second failover.

use watchkeeper_domain::capacity::{Capacity, Suspensions};

use super::PairUnderTest;
use crate::drill::step::{DrillStep, line};
use crate::harness::StageError;
use crate::sandbox::EmulatorSettings;

/// How long ECS takes to start tasks after the region is back: as long as AWS does, longer than a tick's run.
const START: f64 = 45.0;
/// How long it takes otherwise: the emulator's own figure.
const USUAL: f64 = 0.3;
/// Ticks within which it has to stand by.
const TICKS: u64 = 2;

/// The region is there again, and its stack ticks.
pub(super) async fn play(act: &mut DrillStep<'_>, voyage: &PairUnderTest<'_>) -> Result<(), StageError> {
    let duo = &voyage.duo;
    let serving = duo.standby.capacity(duo.environment).await?;
    let moves = duo.pointer(duo.standby).await?.revision;
    settle(voyage, START).await?;
    duo.regain_home().await?;
    let back = duo.home.capacity(duo.environment).await?;
    act.prepare(&format!("{} is back, with its old counts: {}", duo.home.region(), line(&back))).await?;
    let mut ticks = 0;
    while ticks < TICKS && !stands_by(&duo.home.capacity(duo.environment).await?) {
        ticks += 1;
        act.step(&format!("tick {ticks} of its own watch"), duo.tick(&[duo.home])).await?;
    }
    let found = duo.home.capacity(duo.environment).await?;
    let old = back == voyage.original[0];
    let name = format!("it stands by within {TICKS} ticks of its own stack");
    act.check(&name, old && stands_by(&found), format!("after {ticks}: {}", line(&found)));
    act.report.figures.insert("standby_after_ticks", ticks);
    settle(voyage, USUAL).await?;
    duo.tick(&[duo.home, duo.standby]).await?;
    let pointer = duo.pointer(duo.standby).await?;
    let one = pointer.revision == moves && duo.standby.capacity(duo.environment).await? == serving;
    act.check("no second failover, and the other region serves on", one, pointer.to_string());
    Ok(())
}

async fn settle(voyage: &PairUnderTest<'_>, seconds: f64) -> Result<(), StageError> {
    let settings = EmulatorSettings { ecs_settle_seconds: Some(seconds), ..EmulatorSettings::default() };
    Ok(voyage.duo.control().change(&settings).await?)
}

/// Nothing runs, and nothing can be started by an autoscaler.
fn stands_by(capacity: &Capacity) -> bool {
    capacity.services.values().all(|service| {
        service.desired == 0
            && service.scaling.is_none_or(|scaling| scaling.min == 0 && scaling.suspended == Suspensions::ALL)
    })
}
