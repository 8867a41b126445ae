//! Back: what the new region opened is closed, and proved to be, and then the pointer is steady where it was.

use std::collections::BTreeSet;

use watchkeeper_domain::failover::{DatabaseRole, MoveEnding, MoveStage, PairDatabase};

use super::super::ChildResult;
use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use super::super::ports::DatabasePromotions;
use super::fence::singletons;
use super::{CHILD_TRIES, is_own_failure};
use crate::failover::ports::RegionTasks;
use crate::platform::Platform;
use crate::ports::{Clock, Fault};
use crate::runbook::RunbookError;

/// Between two looks, in seconds.
const LOOK: i64 = 5;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn back(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let id = work.record.header.id.clone();
        match work.pointer.own(&id).map(|moving| moving.stage) {
            // An answer that was lost on the way: it is back already.
            None => return Ok(PhaseOutcome::End(MoveEnding::Compensated)),
            Some(MoveStage::Traffic) => return Ok(PhaseOutcome::End(MoveEnding::Held)),
            Some(MoveStage::Opening) => {
                let next = work.pointer.turn_back(&id)?;
                work.pointer = self.point(work.member, &work.pointer, next).await?;
                work.record.epoch = Some(work.pointer.epoch);
                work.record.failed_children = 0;
                work.record.tries += 1;
                return Ok(PhaseOutcome::Child(
                    format!("-back-{}", work.record.tries),
                    "closing what was opened".to_owned(),
                ));
            }
            Some(MoveStage::Back) => {}
        }
        match work.child.take() {
            Some(ChildResult::Failed(name, cause)) => {
                work.record.failed_children += u32::from(is_own_failure(&name));
                if work.record.failed_children >= CHILD_TRIES {
                    work.record.failure = Some(format!("what was opened could not be closed: {name}: {cause}"));
                    return Ok(PhaseOutcome::End(MoveEnding::Held));
                }
                work.record.tries += 1;
                return Ok(PhaseOutcome::Child(
                    format!("-back-{}", work.record.tries),
                    format!("{name}: {cause}; again"),
                ));
            }
            None if !work.record.looked_back => {
                work.record.tries += 1;
                return Ok(PhaseOutcome::Child(
                    format!("-back-{}", work.record.tries),
                    "closing what was opened".to_owned(),
                ));
            }
            Some(ChildResult::Done) | None => {}
        }
        work.record.looked_back = true;
        if let Some(why) = self.still_open(work).await? {
            return Ok(PhaseOutcome::Again(LOOK, why));
        }
        if let Some(why) = self.writers_back(work).await? {
            return Ok(PhaseOutcome::Again(LOOK, why));
        }
        if let Some(turn) = self.sources_go_back(work).await {
            return Ok(turn);
        }
        let now = self.clock.now();
        let next = work.pointer.restore(&id, now)?;
        work.pointer = self.point(work.member, &work.pointer, next).await?;
        work.record.header.note(now, work.pointer.to_string());
        work.record.nudged = None;
        self.nudge(work, "the move went back").await;
        Ok(PhaseOutcome::End(MoveEnding::Compensated))
    }

    /// A singleton that still runs here: the old region may not start its own before that is over.
    async fn still_open(&self, work: &MoveStep<'_>) -> Result<Option<String>, RunbookError> {
        for singleton in singletons(work.member, &work.pointer) {
            let Some(id) = work.member.own.get(&singleton.service) else { continue };
            let alive = self.here.tasks_alive(id).await?;
            if alive > 0 {
                return Ok(Some(format!("{id}: {alive} tasks have not stopped yet")));
            }
        }
        Ok(None)
    }

    /// Global databases that a planned move had switched here go back, without loss.
    async fn writers_back(&self, work: &mut MoveStep<'_>) -> Result<Option<String>, RunbookError> {
        if !work.record.graceful {
            return Ok(None);
        }
        let declared = work.member.failover.databases.iter().filter_map(PairDatabase::of);
        let all: BTreeSet<PairDatabase> = declared.chain(work.record.promoted.iter().cloned()).collect();
        for database in all {
            let PairDatabase::AuroraGlobal(name) = &database else { continue };
            match self.here.role(&database).await? {
                Some(DatabaseRole::Writer) => {
                    match self.here.move_writer(name, &work.pointer.active, true).await {
                        // It changes already: the answer to an earlier call may have been lost.
                        Err(error) if error.fault == Fault::Conflict => return Ok(Some(error.to_string())),
                        answer => answer?,
                    }
                    return Ok(Some(format!("{database} goes back to {}", work.pointer.active)));
                }
                Some(DatabaseRole::Changing(what)) => return Ok(Some(format!("{database}: {what}"))),
                Some(DatabaseRole::Follower) | None => {}
            }
        }
        Ok(None)
    }
}
