//! Ready: before a pair goes home, its home has to stand by as it should, with everything there and all data caught up.

use jiff::SignedDuration;
use watchkeeper_domain::failover::readiness::{FindingGrade, Readiness};
use watchkeeper_domain::failover::{FailoverRequest, MoveManner, Placement, none_forgotten, same_home};
use watchkeeper_domain::intent::{Intent, Layer};
use watchkeeper_domain::message::{Message, MessageContext};
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RequestError;

use super::FailoverRunbook;
use super::call::readied;
use super::gather::{LedgerFacts, gather};
use super::traffic_switch;
use crate::failover::ports::ReplicatedStores;
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{ErrorName, FormerWord, MachineExecution, NextStep, RunbookError, StepOutcome};
use crate::scoped::PairMember;

/// How long a way home waits until its region is ready. What takes longer needs a person.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// Between two looks, in seconds.
const LOOK: i64 = 15;

/// The step that looks, by its name.
const READY: &str = "ready";

impl<P: Platform> FailoverRunbook<P> {
    /// Looks whether the pair can go home.
    ///
    /// # Errors
    /// [`RunbookError`]; it may be asked for again.
    pub async fn ready(
        &self,
        member: &PairMember,
        request: &FailoverRequest,
        execution: &MachineExecution,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        request.check()?;
        if member.region != member.home {
            let found = format!("{} in {}", member.id, member.region);
            let expected = format!("to be started in its home, {}", member.home);
            return Err(RequestError { field: "environment", found, expected }.into());
        }
        let run = RunRef::new(member.scope(), &execution.name);
        let go = || {
            let request = FailoverRequest {
                mode: if request.mode == MoveManner::Plan { MoveManner::Plan } else { MoveManner::Graceful },
                reason: Some(request.reason.clone().unwrap_or_else(|| "the way home".to_owned())),
                ..request.clone()
            };
            NextStep::Child { suffix: "-move".to_owned(), request: request.into() }
        };
        let pair = self.ledger.pair(&member.id).await?;
        let pointer = member.pointer(&pair);
        same_home(&pointer, &member.home)?;
        none_forgotten(&pointer, &member.services)?;
        // Whether it serves already, or a move is to be taken over, the failover machine says.
        if request.mode == MoveManner::Plan
            || request.take_over
            || pointer.active == member.home
            || pointer.moving.is_some()
        {
            return Ok(readied(run, go(), pointer.to_string()));
        }
        let missing = self.missing(member, &pair).await?;
        let late = self.clock.now().duration_since(execution.start) >= PATIENCE;
        Ok(match missing {
            None => readied(run, go(), format!("{} is ready to serve again", member.home)),
            Some(why) if late => {
                let tell = stays(member, &why);
                let refused = NextStep::failed("refused", &ErrorName::GuardrailRefused);
                readied(run, refused, why).telling(Some(tell))
            }
            Some(why) => readied(run, NextStep::Again { step: READY, wait_seconds: LOOK }, why),
        })
    }

    async fn missing(&self, member: &PairMember, pair: &PairReplica) -> Result<Option<String>, RunbookError> {
        let now = self.clock.now();
        let seen = self.ledger.load(&member.scope()).await?;
        let wanted = member.placement(pair, &seen, now)?;
        let mark = wanted.as_ref().and_then(Intent::placement).map(Placement::mark);
        if seen.standing.settled.and_then(|settled| settled.placement) != mark {
            return Ok(Some(format!("{} has not reached its standby target yet", member.home)));
        }
        let kept = LedgerFacts::of(&self.ledger, member, pair, now).await;
        let traffic = traffic_switch::facts(&self.switches, member).await;
        let facts = gather(&self.here, &self.pace(Layer::Failover), member, kept, traffic).await;
        let readiness = Readiness::of(&facts, &member.failover);
        let blocking: Vec<String> = readiness
            .findings
            .iter()
            .filter(|finding| finding.grade == FindingGrade::Blocks)
            .map(ToString::to_string)
            .collect();
        if !blocking.is_empty() {
            return Ok(Some(format!("{} is not ready: {}", member.home, blocking.join("; "))));
        }
        let promised = member.failover.rpo.signed();
        for table in &member.failover.tables {
            match self.peer.lag(&table.table, &member.home, now).await {
                Ok(Some(lag)) if lag <= promised => {}
                Ok(Some(lag)) => {
                    return Ok(Some(format!("{} lags by {lag:#}, expected {promised:#} at most", table.table)));
                }
                Ok(None) => return Ok(Some(format!("how far {} lags is not known", table.table))),
                Err(error) => return Ok(Some(format!("how far {} lags cannot be read: {error}", table.table))),
            }
        }
        Ok(None)
    }
}

/// What a person is told where it does not go home.
fn stays(member: &PairMember, why: &str) -> Message {
    let subject = format!("{}: it does not go home", member.id);
    let text = format!("{}: nothing was changed, and {} serves on.\n\n{why}", member.id, member.other());
    Message::new(&subject, text).with(MessageContext::about(&member.scope()))
}
