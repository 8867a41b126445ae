//! Promote: databases become writers here.

use jiff::SignedDuration;
use watchkeeper_domain::failover::{MovePhase, PairDatabase, Promotion, promotion};

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use super::super::ports::DatabasePromotions;
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Fault};
use crate::runbook::RunbookError;

/// How long a promotion may take: a read replica applies what it has, and restarts.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// Between two looks, in seconds.
const LOOK: i64 = 5;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn promote(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let databases: Vec<PairDatabase> = work.member.failover.databases.iter().filter_map(PairDatabase::of).collect();
        let mut waits = Vec::new();
        for database in &databases {
            let role = self.here.role(database).await?;
            match promotion(database, role.as_ref()) {
                Promotion::Nothing => {}
                Promotion::Impossible(why) => return Ok(PhaseOutcome::Fail(why)),
                Promotion::Wait(what) => waits.push(what),
                Promotion::Promote if !work.record.irreversible && !database.reversible(work.record.graceful) => {
                    // It is in the record before it is done: after it, nothing goes back by itself.
                    work.record.irreversible = true;
                    return Ok(PhaseOutcome::Again(
                        0,
                        format!("{database} is to be promoted, which cannot be taken back"),
                    ));
                }
                Promotion::Promote if !work.record.promoted.contains(database) => {
                    // It is in the record before it is done, and goes back with the move.
                    work.record.promoted.insert(database.clone());
                    return Ok(PhaseOutcome::Again(0, format!("{database} is to be promoted")));
                }
                Promotion::Promote => match self.make_writer(work, database).await {
                    // It changes already, or its source does.
                    Err(error) if error.fault == Fault::Conflict => waits.push(error.to_string()),
                    answer => {
                        answer?;
                        work.record.header.note(self.clock.now(), format!("{database} is being promoted"));
                        waits.push(format!("{database} is being promoted"));
                    }
                },
            }
        }
        match () {
            () if waits.is_empty() => Ok(PhaseOutcome::Enter(MovePhase::Scale)),
            () if self.age(work) >= PATIENCE => {
                Ok(PhaseOutcome::Fail(format!("not promoted in time: {}", waits.join("; "))))
            }
            () => Ok(PhaseOutcome::Again(LOOK, waits.join("; "))),
        }
    }

    async fn make_writer(&self, work: &MoveStep<'_>, database: &PairDatabase) -> Result<(), AwsError> {
        match database {
            PairDatabase::Replica(name) => self.here.promote_replica(name).await,
            PairDatabase::AuroraGlobal(name) => {
                self.here.move_writer(name, &work.member.region, work.record.graceful).await
            }
        }
    }
}
