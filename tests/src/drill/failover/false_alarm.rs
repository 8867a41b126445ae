//! The probe fails, and the region is well by all other evidence: nothing fails over, and it says so.

use crate::drill::scene::SandboxScene;
use crate::harness::HarnessError;
use crate::sandbox::{SiteFace, SiteTrouble};
use crate::scenarios::line;

use super::PairUnderTest;
use super::moving::{detected, ending};

/// The way to the primary is broken, the primary is not.
pub(super) async fn play(drill: &mut SandboxScene<'_>, voyage: &PairUnderTest<'_>) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    stacks.control().trouble_site(stacks.site(), SiteFace::Primary, SiteTrouble::Fail).await?;
    drill.prepare("the primary's health paths answer 503, and its tasks run").await?;
    let mut move_execution = detected(drill, voyage, &[stacks.home, stacks.standby]).await?;
    let ended = drill.step("the failover that was started looks for other evidence", move_execution.run_out()).await?;
    let says = ended.says().to_owned();
    drill.check("it is a false alarm", ending(&ended) == "false-alarm", says.clone());
    let evidence = says.contains("is not lost") && says.contains("ECS");
    drill.check("it says why: the region's own ECS is well", evidence, says);
    let untouched = stacks.capacity().await? == voyage.original && stacks.pointer(stacks.standby).await?.revision == 0;
    let detail = line(&stacks.home.capacity(stacks.environment).await?);
    drill.check("nothing was changed", untouched, detail);
    let letters = stacks.standby.notifications().letters().await?;
    let letter = letters.iter().find(|letter| letter.subject.contains("false alarm"));
    drill.check("a person is told", letter.is_some(), letter.map_or("no message", |letter| letter.subject.as_str()));
    stacks.control().trouble_site(stacks.site(), SiteFace::Primary, SiteTrouble::None).await?;
    stacks.tick(&[stacks.home, stacks.standby]).await?;
    Ok(())
}
