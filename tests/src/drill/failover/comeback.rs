//! The lost region comes back with its old counts: its own stack puts it on standby, without a person and without a
//! second failover.

use watchkeeper_domain::capacity::{Capacity, ResourceId, ServiceId, Suspensions};
use watchkeeper_domain::estate::Environment;

use super::PairUnderTest;
use crate::drill::scene::SandboxScene;
use crate::harness::HarnessError;
use crate::sandbox::EmulatorSettings;
use crate::scenarios::line;

/// How long ECS takes to start tasks after the region is back: as long as AWS does, longer than a tick's run.
const START: f64 = 45.0;
/// How long it takes otherwise: the emulator's own figure.
const USUAL: f64 = 0.3;
/// Ticks within which it has to stand by.
const TICKS: u64 = 2;

/// The region is there again, and its stack ticks.
pub(super) async fn play(drill: &mut SandboxScene<'_>, voyage: &PairUnderTest<'_>) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    let serving = stacks.standby.capacity(stacks.environment).await?;
    let moves = stacks.pointer(stacks.standby).await?.revision;
    settle(voyage, START).await?;
    stacks.regain_home().await?;
    let back = stacks.home.capacity(stacks.environment).await?;
    drill.prepare(&format!("{} is back, with its old counts: {}", stacks.home.region(), line(&back))).await?;
    let mut ticks = 0;
    while ticks < TICKS && !stands_by(stacks.environment, &stacks.home.capacity(stacks.environment).await?) {
        ticks += 1;
        drill.step(&format!("tick {ticks} of its own watch"), stacks.tick(&[stacks.home])).await?;
    }
    let found = stacks.home.capacity(stacks.environment).await?;
    let old = back == voyage.original[0];
    let name = format!("it stands by within {TICKS} ticks of its own stack");
    drill.check(&name, old && stands_by(stacks.environment, &found), format!("after {ticks}: {}", line(&found)));
    drill.report.figures.insert("standby_after_ticks", ticks);
    settle(voyage, USUAL).await?;
    stacks.tick(&[stacks.home, stacks.standby]).await?;
    let pointer = stacks.pointer(stacks.standby).await?;
    let one = pointer.revision == moves && stacks.standby.capacity(stacks.environment).await? == serving;
    drill.check("no second failover, and the other region serves on", one, pointer.to_string());
    Ok(())
}

async fn settle(voyage: &PairUnderTest<'_>, seconds: f64) -> Result<(), HarnessError> {
    let settings = EmulatorSettings { ecs_settle_seconds: Some(seconds), ..EmulatorSettings::default() };
    Ok(voyage.stacks.control().change(&settings).await?)
}

/// Nothing runs, and nothing can be started by an autoscaler; but what is protected.
fn stands_by(environment: &Environment, capacity: &Capacity) -> bool {
    let free = |id: &ServiceId| !environment.protects(&ResourceId::Service(id.clone()));
    capacity.services.iter().filter(|(id, _)| free(id)).all(|(_, service)| {
        service.desired == 0
            && service.scaling.is_none_or(|scaling| scaling.min == 0 && scaling.suspended == Suspensions::ALL)
    })
}
