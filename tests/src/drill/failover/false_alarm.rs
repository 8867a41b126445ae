//! The probe fails, and the region is well by all other evidence: nothing fails over, and it says so.

use crate::drill::step::{DrillStep, line};
use crate::harness::StageError;
use crate::sandbox::{SiteFace, SiteTrouble};

use super::PairUnderTest;
use super::moving::{detected, ending};

/// The way to the primary is broken, the primary is not.
pub(super) async fn play(act: &mut DrillStep<'_>, voyage: &PairUnderTest<'_>) -> Result<(), StageError> {
    let duo = &voyage.duo;
    duo.control().trouble_site(duo.site(), SiteFace::Primary, SiteTrouble::Fail).await?;
    act.prepare("the primary's health paths answer 503, and its tasks run").await?;
    let mut crossing = detected(act, voyage, &[duo.home, duo.standby]).await?;
    let ended = act.step("the failover that was started looks for other evidence", crossing.run_out()).await?;
    let says = ended.says().to_owned();
    act.check("it is a false alarm", ending(&ended) == "false-alarm", says.clone());
    let evidence = says.contains("is not lost") && says.contains("ECS");
    act.check("it says why: the region's own ECS is well", evidence, says);
    let untouched = duo.capacity().await? == voyage.original && duo.pointer(duo.standby).await?.revision == 0;
    let detail = line(&duo.home.capacity(duo.environment).await?);
    act.check("nothing was changed", untouched, detail);
    let letters = duo.standby.mailbox().letters().await?;
    let letter = letters.iter().find(|letter| letter.subject.contains("false alarm"));
    act.check("a person is told", letter.is_some(), letter.map_or("no message", |letter| letter.subject.as_str()));
    duo.control().trouble_site(duo.site(), SiteFace::Primary, SiteTrouble::None).await?;
    duo.tick(&[duo.home, duo.standby]).await?;
    Ok(())
}
