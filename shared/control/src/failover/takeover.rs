//! Moves that were left: one whose execution is dead is taken over, and one that asks what has become known asks no more.

use jiff::Timestamp;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failover::fence::FenceState;
use watchkeeper_domain::failover::{FailoverRequest, Move, MoveEnding, MovePause, MoveWord, PauseKind, Pointer};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::message::{Message, MessageContext};

use super::FailoverRunbook;
use super::phases::fence;
use super::ports::OpenQuestions;
use super::watch::PairTick;
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::{ExecutionStates, Notifier};
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    /// Goes on with a move to this region whose execution is dead. One that waits for a person is left alone, unless what it
    /// asks has become known by now.
    pub(super) async fn take_over(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        pointer: &Pointer,
        at: Timestamp,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        let record = self.ledger.moved(&member.id, &pointer.by).await?;
        let held = record.as_ref().is_some_and(|(record, _)| record.ending == Some(MoveEnding::Held));
        if held {
            return Ok(());
        }
        if self.machine.status(&pointer.by).await? == ExecutionStatus::Running {
            let Some((record, _)) = record else { return Ok(()) };
            let said = self.said_since(member, &record).await?;
            let why = match said {
                Some(why) => Some(why),
                None => self.needless(member, pair, pointer, &record, at).await?,
            };
            let Some(why) = why else { return Ok(()) };
            // The next tick finds it over, and goes on with its move.
            self.machine.end(&pointer.by, &why).await?;
            let what = format!("the question of {} needs no answer any more: {why}", pointer.by);
            let subject = format!("{}: the question is withdrawn", member.id);
            let message = Message::new(&subject, format!("{what}. The move goes on by itself."))
                .with(MessageContext::of_run(&member.scope(), &pointer.by));
            let told = self.notifier.notify(&message).await;
            ticked.did.push(what);
            ticked.note(told.map(drop).map_err(RunbookError::from));
            return Ok(());
        }
        let request = FailoverRequest {
            take_over: true,
            reason: Some(format!("{} is dead", pointer.by)),
            ..FailoverRequest::about(member.id.estate.clone(), member.id.environment.clone())
        };
        self.launch(member, "take-over", &request, at).await?;
        ticked.did.push(format!("the move of {}, which is dead, was taken over", pointer.by));
        Ok(())
    }

    /// What a person has said to a move that waits for an answer, where that is more than the question it waits with.
    async fn said_since(&self, member: &PairMember, record: &Move) -> Result<Option<String>, RunbookError> {
        let Some(MovePause { kind: PauseKind::Person(asked), .. }) = &record.pause else { return Ok(None) };
        let (watch, _) = self.ledger.watch(&member.id, &member.region).await?;
        let word = watch.word.filter(|word| record.is_new(word));
        let lets_go = |word: &MoveWord| word.hold == Some(false) && asked.contains(&GuardrailCode::Held);
        let changes = |word: &MoveWord| lets_go(word) || (word.force && record.graceful);
        Ok(word.filter(changes).map(|word| format!("{} has said more", word.by)))
    }

    /// Why a person's word about a fence is not needed any more: every singleton that the move waits for has been proved
    /// stopped since. Nothing where somebody is still to answer.
    async fn needless(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        pointer: &Pointer,
        record: &Move,
        at: Timestamp,
    ) -> Result<Option<String>, RunbookError> {
        let asks = record.pause.as_ref().is_some_and(
            |pause| matches!(&pause.kind, PauseKind::Person(codes) if codes.contains(&GuardrailCode::FenceUnproved)),
        );
        let waiting = record.waves.get(record.wave).filter(|_| asks).into_iter().flatten();
        let known = fence::singletons(member, pointer);
        let singletons = waiting.filter_map(|name| known.iter().find(|it| it.service == *name));
        let mut why = Vec::new();
        for singleton in singletons {
            let tasks = fence::tasks_of(&self.peer, member, &singleton.service).await.ok();
            match fence::proof(&self.ledger, member, pair, record, singleton, tasks, at).await? {
                FenceState::Holds(proved) => why.push(proved),
                FenceState::Wait(..) | FenceState::Ask(_) | FenceState::Fails(_) => return Ok(None),
            }
        }
        Ok((!why.is_empty()).then(|| why.join("; ")))
    }
}
