//! Promote: databases become writers here.

use jiff::SignedDuration;
use watchkeeper_domain::failover::{Phase, Promoted, Promotion, promotion};

use super::super::MoveError;
use super::super::mover::{Mover, Work};
use super::super::ports::{Prober, Promotions, Sight, Switches};
use super::super::turn::Turn;
use crate::backup::BackupLog;
use crate::ledger::Ledger;
use crate::ports::{Announcer, AwsError, Clock, ExecutionStates, Executions, Fault};

/// How long a promotion may take: a read replica applies what it has, and restarts.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// Between two looks, in seconds.
const LOOK: i64 = 5;

impl<L, S, P, W, H, N, K, X, E> Mover<L, S, P, W, H, N, K, X, E>
where
    L: Ledger + BackupLog,
    S: Sight + Promotions,
    P: Sight,
    W: Switches,
    H: Prober,
    N: Announcer,
    K: Clock,
    X: Executions,
    E: ExecutionStates,
{
    pub(super) async fn promote(&self, work: &mut Work<'_>) -> Result<Turn, MoveError> {
        let databases: Vec<Promoted> = work.half.failover.databases.iter().filter_map(Promoted::of).collect();
        let mut waits = Vec::new();
        for database in &databases {
            let role = self.here.role(database).await?;
            match promotion(database, role.as_ref()) {
                Promotion::Nothing => {}
                Promotion::Impossible(why) => return Ok(Turn::Fail(why)),
                Promotion::Wait(what) => waits.push(what),
                Promotion::Promote if !work.record.irreversible && !database.reversible(work.record.graceful) => {
                    // It is in the record before it is done: after it, nothing goes back by itself.
                    work.record.irreversible = true;
                    return Ok(Turn::Again(0, format!("{database} is to be promoted, which cannot be taken back")));
                }
                Promotion::Promote if !work.record.promoted.contains(database) => {
                    // It is in the record before it is done, and goes back with the move.
                    work.record.promoted.insert(database.clone());
                    return Ok(Turn::Again(0, format!("{database} is to be promoted")));
                }
                Promotion::Promote => match self.make_writer(work, database).await {
                    // It changes already, or its source does.
                    Err(error) if error.fault == Fault::Conflict => waits.push(error.to_string()),
                    answer => {
                        answer?;
                        work.record.note(self.clock.now(), format!("{database} is being promoted"));
                        waits.push(format!("{database} is being promoted"));
                    }
                },
            }
        }
        match () {
            () if waits.is_empty() => Ok(Turn::Enter(Phase::Scale)),
            () if self.age(work) >= PATIENCE => Ok(Turn::Fail(format!("not promoted in time: {}", waits.join("; ")))),
            () => Ok(Turn::Again(LOOK, waits.join("; "))),
        }
    }

    async fn make_writer(&self, work: &Work<'_>, database: &Promoted) -> Result<(), AwsError> {
        match database {
            Promoted::Replica(name) => self.here.promote_replica(name).await,
            Promoted::AuroraGlobal(name) => self.here.move_writer(name, &work.half.region, work.record.graceful).await,
        }
    }
}
