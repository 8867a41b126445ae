//! A rehearsal: the phases of a move that are about the standby alone. Nothing here writes to the region that serves, nor to the
//! pointer, the traffic, the fences or the data; capacity is asked of the own hand, in the layer of rehearsals.

mod assess;
mod back;
mod hold;
mod scale;

use watchkeeper_domain::failover::{Move, MoveEnding, MovePhase};
use watchkeeper_domain::name::ServiceName;
use watchkeeper_domain::request::RehearsalDemand;

use super::FailoverRunbook;
use super::advance::MoveStep;
use super::outcome::PhaseOutcome;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;

/// Why its runs are made, as messages say it.
pub(super) const REASON: &str = "a rehearsal of a failover";

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn rehearse(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        match work.record.phase {
            MovePhase::Assess => self.rehearse_assess(work).await,
            MovePhase::Scale => Ok(self.rehearse_scale(work)),
            MovePhase::Verify => self.rehearse_verify(work).await,
            MovePhase::Hold => self.hold(work).await,
            MovePhase::Back => self.give_back(work).await,
            _ => Ok(PhaseOutcome::Enter(MovePhase::Over)),
        }
    }

    /// A move to this region goes before a rehearsal, whatever that is doing: what is up is its head start, and is not given back.
    pub(super) fn taken_over(&self, work: &mut MoveStep<'_>) -> Option<PhaseOutcome> {
        let region = &work.member.region;
        let moved = work.pointer.is_moving_to(region) || work.pointer.active == *region;
        let begun = work.record.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.begun);
        if !moved || !begun || work.record.phase == MovePhase::Over {
            return None;
        }
        let by = work.pointer.by.clone();
        work.record.header.note(self.clock.now(), format!("{by} moves to {region}, and goes on with what is up"));
        work.record.rehearsal.as_mut()?.handed_over = Some(by);
        Some(PhaseOutcome::End(MoveEnding::Done))
    }
}

/// What a rehearsal asks of the own hand where it stands; nothing of a move.
pub(super) fn demand(record: &Move) -> Option<RehearsalDemand> {
    let rehearsal = record.rehearsal.as_ref()?;
    let by = record.header.id.clone();
    if record.phase == MovePhase::Back {
        return Some(RehearsalDemand::GiveBack { by });
    }
    let up = record.waves.iter().take(record.wave + 1).flatten();
    let tasks = |name: &ServiceName| Some((name.clone(), record.serving.get(name)?.desired));
    Some(RehearsalDemand::Hold { services: up.filter_map(tasks).collect(), until: rehearsal.until, by })
}
