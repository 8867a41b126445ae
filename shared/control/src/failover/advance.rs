//! A move: takes one step of it, as the `failover` machine asks.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::emergency::PersonReply;
use watchkeeper_domain::failover::rehearsal::CapacityCertificate;
use watchkeeper_domain::failover::{
    FailoverRequest, Move, MoveEnding, MoveManner, MovePause, MovePhase, MoveStage, PauseKind, Pointer, QUESTION,
    none_forgotten, report, same_home,
};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::reconcile::run::{RunError, RunRecord, RunRef};
use watchkeeper_domain::request::RunRequest;
use watchkeeper_window::report::{DueReport, Evidence, SentIds};

use super::call::{Advanced, ChildResult};
use super::outcome::{PhaseOutcome, end, resume};
use super::{FailoverRunbook, MOVE_FINISHED, rehearse};
use crate::ledger::{Ledger, LedgerError, PairReplica, ScopeState};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Executions, Notifier};
use crate::report::note_sent;
use crate::runbook::{NextStep, Question, RunbookError, StepOutcome};
use crate::scoped::PairMember;

/// How often the other region's hand is asked to look while its answer is waited for: as long as it may have to wait for a
/// lease that it takes over.
const NUDGE_EVERY: SignedDuration = SignedDuration::from_secs(20);

/// The step that goes on, by its name.
const ADVANCE: &str = "advance";

/// How many phases one invocation goes through at most: a few calls each, well within its minute.
const PHASES: usize = 4;

/// One step that is asked for.
#[derive(Debug, Clone)]
pub struct MoveRequest<'a> {
    /// The execution's name.
    pub execution: &'a str,
    /// When it started.
    pub start: Timestamp,
    /// What a person answered, as it came.
    pub answer: Option<serde_json::Value>,
    /// What became of the child.
    pub child: Option<ChildResult>,
    /// The error of the step before this one, if it failed for good.
    pub error: Option<RunError>,
}

/// A step at work: the pair as it is, and the record that changes.
pub(super) struct MoveStep<'a> {
    pub(super) member: &'a PairMember,
    pub(super) request: &'a FailoverRequest,
    pub(super) pair: PairReplica,
    pub(super) pointer: Pointer,
    pub(super) record: Move,
    pub(super) child: Option<ChildResult>,
    /// The record of that child, where it left one.
    pub(super) made: Option<RunRecord>,
}

/// What is asked after the move has begun: without a yes, it goes back.
fn midway(asked: &BTreeSet<GuardrailCode>) -> Option<&'static str> {
    match asked.iter().collect::<Vec<_>>()[..] {
        [GuardrailCode::FenceUnproved] => Some("the fence of a singleton is not proved"),
        [GuardrailCode::Held] => Some("the move was held"),
        _ => None,
    }
}

impl<P: Platform> FailoverRunbook<P> {
    /// Takes the next step of a move.
    ///
    /// # Errors
    /// [`RunbookError`]: it may be asked for again, and what was done before is in the ledger.
    pub async fn advance(
        &self,
        member: &PairMember,
        request: &FailoverRequest,
        call: MoveRequest<'_>,
    ) -> Result<StepOutcome<Advanced>, RunbookError> {
        request.check()?;
        let pair = self.ledger.pair(&member.id).await?;
        let pointer = member.pointer(&pair);
        // A pointer that cannot be followed moves nothing.
        member.placement(&pair, &ScopeState::default(), self.clock.now())?;
        same_home(&pointer, &member.home)?;
        none_forgotten(&pointer, &member.services)?;
        if request.mode == MoveManner::Steer {
            return self.steer(member, request, &pointer, &call).await;
        }
        let found = self.ledger.moved(&member.id, call.execution).await?;
        let (record, mut version) = match found {
            Some((record, version)) => (record, version),
            None => (self.start(member, request, &pointer, &call).await?, 0),
        };
        let pointer = self.inherit(member, pointer, &record, &mut version).await?;
        let mut work = MoveStep { member, request, pair, pointer, record, child: None, made: None };
        let paused = resume(&mut work.record, self.clock.now());
        self.hear(&mut work, paused, &call).await?;
        self.hear_word(&mut work).await?;
        // What failed once it was over can only be the telling of it.
        let failed = call.error.as_ref().filter(|_| work.record.phase != MovePhase::Over);
        let mut turn = failed.map(|error| PhaseOutcome::Fail(format!("{}: {}", error.name, error.message)));
        turn = self.taken_over(&mut work).or(turn);
        for _ in 0..PHASES {
            let outcome = match turn.take() {
                Some(turn) => Some(turn),
                None if work.record.phase == MovePhase::Over => None,
                None => Some(self.turn(&mut work).await?),
            };
            let was_over = work.record.phase == MovePhase::Over;
            let goes_on = outcome.is_some_and(|turn| self.settle(&mut work, turn));
            if !was_over {
                self.certify(&mut work).await?;
            }
            match self.due(member, &work.record).filter(|_| !was_over) {
                Some(due) => self.ledger.end_move(&member.id, &work.record, version, &due).await?,
                None => self.ledger.keep_move(&member.id, &work.record, version).await?,
            }
            version += 1;
            if !goes_on {
                break;
            }
        }
        self.answer(work, call.error.is_some()).await
    }

    /// What a rehearsal, or a move to the standby that is over, has proved. It is kept before the record says that it is over, so
    /// that a step that died in between is made again; a move is not kept from its end by it.
    async fn certify(&self, work: &mut MoveStep<'_>) -> Result<(), RunbookError> {
        let (member, now) = (work.member, self.clock.now());
        let earned = CapacityCertificate::of(&work.record, &member.failover, &member.standby, now);
        let Some(certificate) = earned else { return Ok(()) };
        let kept = self.ledger.certify(&member.id, &certificate).await;
        work.record.certificate = Some(Box::new(certificate));
        match kept {
            Err(error) if work.record.rehearsal.is_none() => {
                tracing::warn!(pair = %member.id, %error, "the certificate could not be kept");
                Ok(())
            }
            kept => Ok(kept?),
        }
    }

    /// What came back from what was waited for.
    async fn hear(
        &self,
        work: &mut MoveStep<'_>,
        paused: Option<PauseKind>,
        call: &MoveRequest<'_>,
    ) -> Result<(), RunbookError> {
        let now = self.clock.now();
        match (paused, &call.answer) {
            (Some(PauseKind::Person(asked)), Some(answer)) => {
                let reply = PersonReply::read(answer, &asked);
                work.record.header.note(now, reply.to_string());
                if let PersonReply::Approved { by, approve } = reply {
                    if approve.contains(&GuardrailCode::FenceUnproved) {
                        work.record.word = Some(by.to_string());
                    }
                    // A word about one hold is none about the next.
                    if approve.contains(&GuardrailCode::Held) {
                        work.record.passed.insert(work.record.phase);
                        work.record.hold = false;
                    }
                    let approve = approve.into_iter().filter(|code| *code != GuardrailCode::Held);
                    work.record.header.approved.extend(approve);
                    work.record.by = Some(by.to_string());
                    work.record.asks.clear();
                    if work.record.phase == MovePhase::Approve {
                        // An approval acts on evidence that is looked at again.
                        let phase =
                            if work.record.lost_since.is_some() { MovePhase::Confirm } else { MovePhase::Assess };
                        work.record.enter(phase, now);
                    }
                } else if matches!(reply, PersonReply::Unsigned(_)) && !work.record.again {
                    // The answer has used its token up: what is still asked is asked once more.
                    work.record.again = true;
                } else if let Some(why) = midway(&asked) {
                    work.record.asks.clear();
                    work.record.failure = Some(format!("{why}, and {reply}"));
                    self.go_back(work);
                } else {
                    work.record.refused = matches!(reply, PersonReply::Refused { .. }).then(|| reply.to_string());
                    work.record.end(MoveEnding::Declined, now);
                }
            }
            (Some(PauseKind::Child(suffix)), _) => {
                let name = child_name(&work.record.header.id, &suffix);
                let run = self.ledger.run(&work.member.scope(), &name).await?;
                work.record.waited(run.as_ref().map_or(0, |run| run.progress.waited_ms()));
                work.made = run;
                // Without a word of it, what it reached is looked at again by another one.
                work.child = Some(call.child.clone().unwrap_or_else(|| {
                    ChildResult::Failed("Run.Unknown".to_owned(), "nothing was heard of it".to_owned())
                }));
            }
            // Nothing was waited for, or the answer was lost on the way: then it is asked again.
            _ => {}
        }
        Ok(())
    }

    /// Writes a turn into the record. Tells whether this invocation may go on.
    fn settle(&self, work: &mut MoveStep<'_>, turn: PhaseOutcome) -> bool {
        let now = self.clock.now();
        let pause = |kind: PauseKind| Some(MovePause { since: now, kind });
        match turn {
            PhaseOutcome::Enter(phase) => {
                work.record.enter(phase, now);
                return phase != MovePhase::Over;
            }
            PhaseOutcome::Again(seconds, why) => {
                if work.record.header.timeline.last().is_none_or(|moment| moment.what != why) {
                    work.record.header.note(now, why);
                }
                work.record.pause = pause(PauseKind::Look(seconds));
            }
            PhaseOutcome::Child(suffix, why) => {
                work.record.header.note(now, why);
                work.record.pause = pause(PauseKind::Child(suffix));
            }
            PhaseOutcome::Ask(why) => {
                work.record.header.note(now, why);
                work.record.pause = pause(PauseKind::Person(work.record.asks.keys().copied().collect()));
            }
            PhaseOutcome::Fail(why) => {
                work.record.header.note(now, why.clone());
                work.record.failure = Some(why);
                self.go_back(work);
                return true;
            }
            PhaseOutcome::End(ending) => work.record.end(ending, now),
        }
        false
    }

    /// What follows from a failure: before the pointer moved nothing was changed; before traffic moved everything is taken
    /// back; after that, and where something cannot be taken back, a person has to go on.
    fn go_back(&self, work: &mut MoveStep<'_>) {
        let now = self.clock.now();
        if let Some(rehearsal) = &work.record.rehearsal {
            return match work.record.phase {
                MovePhase::Back => work.record.end(MoveEnding::Held, now),
                _ if rehearsal.begun => work.record.enter(MovePhase::Back, now),
                _ => work.record.end(MoveEnding::Compensated, now),
            };
        }
        let stage = work.pointer.own(&work.record.header.id).map(|moving| moving.stage);
        match stage {
            None => work.record.end(MoveEnding::Refused, now),
            Some(MoveStage::Opening) if !work.record.irreversible => work.record.enter(MovePhase::Back, now),
            Some(MoveStage::Back) if work.record.phase != MovePhase::Back => work.record.enter(MovePhase::Back, now),
            Some(_) => work.record.end(MoveEnding::Held, now),
        }
    }

    /// What the machine is told; where it is over, people and programs are told first.
    async fn answer(&self, work: MoveStep<'_>, stumbled: bool) -> Result<StepOutcome<Advanced>, RunbookError> {
        let MoveStep { member, pointer, record, .. } = work;
        let mut summary = record.header.timeline.last().map_or_else(String::new, |moment| moment.what.clone());
        let then = match &record.pause {
            _ if record.phase == MovePhase::Over => {
                summary = report::summary(&member.scope(), &record);
                // The telling is tried as often as the machine tries a step; after that what was done counts for itself.
                match self.notify(member, &record).await {
                    Err(error) if stumbled => summary = format!("{summary} (nobody was told of it: {error})"),
                    told => told?,
                }
                end(record.ending.unwrap_or(MoveEnding::Held))
            }
            None => NextStep::at_once(ADVANCE),
            Some(MovePause { kind: PauseKind::Look(seconds), .. }) => {
                NextStep::Again { step: ADVANCE, wait_seconds: *seconds }
            }
            Some(MovePause { kind: PauseKind::Child(suffix), .. }) => {
                // Whoever has the pointer acts: a run that was left with the lease, its parent dead, is taken the place of, be it
                // over or still at work. Not to know of one costs the time that its lease has left.
                let request = if let Some(demand) = rehearse::demand(&record) {
                    RunRequest::of_rehearsal(&member.scope(), demand, rehearse::REASON.to_owned())
                } else {
                    let left = self.ledger.lease(&member.scope()).await.ok().flatten().map(|lease| lease.holder);
                    RunRequest::of_failover(&member.scope(), pointer.to_string(), left)
                };
                NextStep::Child { suffix: suffix.clone(), request: request.into() }
            }
            Some(MovePause { kind: PauseKind::Person(_), .. }) => NextStep::Ask(Question {
                why: record.asked(),
                plan: report::plan(&member.id.to_string(), &member.failover, &record),
                answer_seconds: QUESTION.as_secs(),
                request: None,
            }),
        };
        let details = Advanced::of(&record, &then);
        Ok(StepOutcome::new(RunRef::new(member.scope(), record.header.id), then, summary, details))
    }

    async fn notify(&self, member: &PairMember, record: &Move) -> Result<(), AwsError> {
        let due = self.due(member, record);
        let mut sent = SentIds::default();
        if let Some(message) = report::message(&member.scope(), &member.failover, record) {
            let message = match self.reports.as_ref().zip(due.as_ref()) {
                Some((desk, due)) => desk.announce(message, &due.name()),
                None => message,
            };
            sent.message = Some(self.notifier.notify(&message).await?);
        }
        let event = report::event(&member.scope(), &member.failover, record, self.clock.now());
        sent.event = Some(self.notifier.publish(MOVE_FINISHED, &event.to_string()).await?);
        if let Some(due) = &due {
            note_sent(&self.ledger, &due.name(), sent).await;
        }
        Ok(())
    }

    /// What the report of a move that is over is made of; of a plan, and of one that found nothing to do, there is none.
    fn due(&self, member: &PairMember, record: &Move) -> Option<DueReport> {
        let reported = |ending: &MoveEnding| !matches!(ending, MoveEnding::Planned | MoveEnding::Nothing);
        let (desk, _) = self.reports.as_ref().zip(record.ending.as_ref().filter(|it| reported(it)))?;
        let ended = record.spells.last().map_or(record.header.started, |spell| spell.began);
        Some(desk.due(&member.scope(), ended, Evidence::Move(Box::new(record.clone()))))
    }

    /// Puts the pointer; another one that was faster is a conflict.
    pub(super) async fn point(
        &self,
        member: &PairMember,
        before: &Pointer,
        next: Pointer,
    ) -> Result<Pointer, LedgerError> {
        self.ledger.point(&member.id, &next, before.revision).await?;
        Ok(next)
    }

    /// Asks the other region's own hand to look at the pointer. Bounded, and nothing depends on its answer.
    pub(super) async fn nudge(&self, work: &mut MoveStep<'_>, why: &str) {
        let member = work.member;
        let lately = |at: Timestamp| self.clock.now().duration_since(at) < NUDGE_EVERY;
        if work.record.nudged.is_some_and(lately) {
            return;
        }
        work.record.nudged = Some(self.clock.now());
        let scope = member.scope_in(member.other());
        work.record.tries += 1;
        let name = child_name(&work.record.header.id, &format!("-peer-{}", work.record.tries));
        let request = RunRequest::of_failover(&scope, format!("{why}: {}", work.pointer), None).to_string();
        let now = self.clock.now();
        match self.peer_reconcile_machine.start(&name, &request).await {
            Ok(_) => work.record.header.note(now, format!("the hand of {} was asked to look", scope.region)),
            Err(error) => {
                work.record.header.note(now, format!("the hand of {} could not be asked: {error}", scope.region));
            }
        }
    }
}

/// The name of a child of an execution: as the machine makes it.
pub(super) fn child_name(execution: &str, suffix: &str) -> String {
    let kept: String = execution.chars().take(68).collect();
    format!("{kept}{suffix}")
}
