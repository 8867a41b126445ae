//! Event sources within a move, each step a look and a write that may be repeated: off in the region that is left before data
//! is promoted, on in this one once traffic is here, and on again over there where the move goes back.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::SignedDuration;
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::failover::{
    MovePhase, MoveStage, SourceDeparture, SourceMove, SourceNext, SourceState, event_sources, keeps_sources_off,
    source_names, source_next,
};

use super::FailoverRunbook;
use super::advance::MoveStep;
use super::outcome::PhaseOutcome;
use super::ports::EventSources;
use super::watch::PairTick;
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Fault};
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

/// Between two looks, in seconds.
const LOOK: i64 = 3;

/// How long sources may take to be switched: an event source mapping takes seconds, and one that is being changed already a
/// minute (AWS Lambda developer guide, event source mappings).
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// How long a move that is forced waits for a region that answers: it is worth no more of its time to recover.
const FORCED: SignedDuration = SignedDuration::from_secs(60);

/// How long a move that is forced asks a region that does not answer: one look may fail by chance.
const UNHEARD: SignedDuration = SignedDuration::from_secs(5);

/// What came of one pass over sources.
#[derive(Default)]
struct SourcePass {
    /// Sources that are on their way.
    waits: Vec<String>,
    /// Sources whose region did not answer, or not now.
    unheard: Vec<String>,
    /// What cannot be done, however often it is tried.
    refused: Vec<String>,
}

impl SourcePass {
    fn is_over(&self) -> bool {
        self.waits.is_empty() && self.unheard.is_empty() && self.refused.is_empty()
    }

    fn text(&self) -> String {
        [&self.refused, &self.unheard, &self.waits].into_iter().flatten().cloned().collect::<Vec<_>>().join("; ")
    }

    fn failed(&mut self, error: &AwsError) {
        match error.fault {
            // It is being changed already: the answer to an earlier call may have been lost.
            Fault::Conflict => self.waits.push(error.to_string()),
            Fault::Denied | Fault::Invalid | Fault::NotFound => self.refused.push(error.to_string()),
            _ => self.unheard.push(error.to_string()),
        }
    }
}

impl<P: Platform> FailoverRunbook<P> {
    /// What a phase waits for of the event sources; nothing once they are as the phase needs them.
    pub(super) async fn sources(&self, work: &mut MoveStep<'_>) -> Result<Option<PhaseOutcome>, RunbookError> {
        match work.record.phase {
            _ if work.record.rehearsal.is_some() => Ok(None),
            MovePhase::Promote => Ok(self.sources_leave(work).await),
            MovePhase::Outside | MovePhase::Settle => self.sources_arrive(work).await,
            _ => Ok(None),
        }
    }

    /// Off in the region that is left, before anything is promoted.
    async fn sources_leave(&self, work: &mut MoveStep<'_>) -> Option<PhaseOutcome> {
        if work.record.sources.is_empty() {
            return self.find_sources(work).await;
        }
        let pass = self.quiet(work).await;
        let age = self.age(work);
        if pass.is_over() {
            return None;
        }
        if work.record.graceful {
            let late = age >= PATIENCE || !pass.refused.is_empty();
            let why = format!("event sources are not off in {}: {}", work.record.from, pass.text());
            return Some(if late { PhaseOutcome::Fail(why) } else { PhaseOutcome::Again(LOOK, why) });
        }
        let waits = (!pass.waits.is_empty() && age < FORCED)
            || (!pass.unheard.is_empty() && work.record.silent_since.is_none() && age < UNHEARD);
        if waits {
            return Some(PhaseOutcome::Again(LOOK, pass.text()));
        }
        let why = format!("event sources in {} are left as they are: {}", work.record.from, pass.text());
        self.note_once(work, why);
        None
    }

    /// How the sources stand where the pair is served, into the record before anything is switched; nothing where there are none.
    async fn find_sources(&self, work: &mut MoveStep<'_>) -> Option<PhaseOutcome> {
        let sources = event_sources(&work.member.failover);
        if sources.is_empty() {
            return None;
        }
        // All at once: a region that hangs costs its bound once.
        let found = join_all(sources.iter().map(|source| self.peer.source(source))).await;
        let from = work.record.from.clone();
        let mut pass = SourcePass::default();
        for (source, found) in sources.iter().zip(&found) {
            match found {
                Err(error) => pass.failed(error),
                Ok(Some(SourceState::Changing(what))) => pass.waits.push(format!("{source}: {what}")),
                Ok(Some(SourceState::Unfit(why))) => pass.refused.push(format!("{source}: {why}")),
                Ok(None) => pass.refused.push(format!("{source} does not exist")),
                Ok(Some(SourceState::On | SourceState::Off)) => {}
            }
        }
        let age = self.age(work);
        if work.record.graceful && !pass.is_over() {
            let why = format!("event sources in {from} cannot be switched off: {}", pass.text());
            let late = age >= PATIENCE || !pass.refused.is_empty();
            return Some(if late { PhaseOutcome::Fail(why) } else { PhaseOutcome::Again(LOOK, why) });
        }
        if !pass.unheard.is_empty() && work.record.silent_since.is_none() && age < UNHEARD {
            return Some(PhaseOutcome::Again(LOOK, pass.text()));
        }
        let none = BTreeSet::new();
        let known_off = work.pair.samples.get(&from).map_or(&none, |sample| &sample.sources_off);
        let of = |(source, found): (_, &Result<Option<SourceState>, AwsError>)| {
            SourceMove::of(source, found.as_ref().ok().map(Option::as_ref), known_off)
        };
        work.record.sources = sources.iter().zip(&found).map(of).collect();
        let on = work.record.sources.iter().filter(|source| source.was_on).map(|source| &source.source);
        let names = source_names(on);
        let what = if names.is_empty() { "no event source".to_owned() } else { names };
        // It is in the record before it is done, and goes back with the move.
        Some(PhaseOutcome::Again(0, format!("{what} to be off in {from}, and on in {}", work.record.to)))
    }

    /// One pass over the sources that are still to be seen off in the region that is left.
    async fn quiet(&self, work: &mut MoveStep<'_>) -> SourcePass {
        let waiting: Vec<usize> = places(work, SourceMove::is_to_leave);
        let (pass, done) = self.switch_there(work, &waiting, false).await;
        for place in done {
            work.record.sources[place].departure = SourceDeparture::Off;
        }
        pass
    }

    /// On in this region, once traffic is here. What is not off over there yet, though that region answers, comes first.
    async fn sources_arrive(&self, work: &mut MoveStep<'_>) -> Result<Option<PhaseOutcome>, RunbookError> {
        // A region that hangs is not asked each time: it has been by the time that the first source is on here, and once more.
        let asks = work.record.phase == MovePhase::Settle || work.record.sources.iter().all(|source| !source.arrived);
        if asks && work.record.sources.iter().any(SourceMove::is_to_leave) {
            let pass = self.quiet(work).await;
            if !pass.waits.is_empty() && self.age(work) < FORCED {
                return Ok(Some(PhaseOutcome::Again(LOOK, pass.text())));
            }
        }
        let mut pass = SourcePass::default();
        for place in places(work, SourceMove::is_to_arrive) {
            let source = work.record.sources[place].source.clone();
            let state = self.here.source(&source).await?;
            match source_next(&source, state.as_ref(), true) {
                SourceNext::Nothing => {
                    work.record.sources[place].arrived = true;
                    let what = format!("{source} is on in {}", work.record.to);
                    work.record.header.note(self.clock.now(), what);
                }
                SourceNext::Switch => match self.here.switch_source(&source, true).await {
                    Err(error) if error.fault == Fault::Conflict => pass.waits.push(error.to_string()),
                    answer => {
                        answer?;
                        pass.waits.push(format!("{source} is being switched on"));
                    }
                },
                SourceNext::Wait(what) => pass.waits.push(what),
                SourceNext::Impossible(why) => pass.refused.push(why),
            }
        }
        let why = format!("event sources are not on in {}: {}", work.record.to, pass.text());
        Ok(match () {
            () if pass.is_over() => None,
            // People come first: what is on its way is waited for once they are there.
            () if pass.refused.is_empty() && work.record.phase == MovePhase::Outside => None,
            () if !pass.refused.is_empty() || self.age(work) >= PATIENCE => Some(PhaseOutcome::Fail(why)),
            () => Some(PhaseOutcome::Again(LOOK, why)),
        })
    }

    /// On again where the move came from; nothing once they are. Only what was on, and may have been switched off by this move.
    pub(super) async fn sources_go_back(&self, work: &mut MoveStep<'_>) -> Option<PhaseOutcome> {
        let own = work.pointer.own(&work.record.header.id);
        if own.is_none_or(|moving| moving.stage == MoveStage::Traffic) {
            return None;
        }
        let waiting = places(work, SourceMove::is_to_return);
        let (pass, done) = self.switch_there(work, &waiting, true).await;
        for place in done {
            // It is as it was: nothing of it goes back any more.
            work.record.sources[place].departure = SourceDeparture::Unseen;
        }
        let why = format!("event sources are not on again in {}: {}", work.record.from, pass.text());
        match () {
            () if pass.is_over() => None,
            () if self.age(work) >= PATIENCE => Some(PhaseOutcome::Fail(why)),
            () => Some(PhaseOutcome::Again(LOOK, why)),
        }
    }

    /// Switches sources of the other region, and tells which of them are as they should be.
    async fn switch_there(&self, work: &mut MoveStep<'_>, waiting: &[usize], on: bool) -> (SourcePass, Vec<usize>) {
        let sources: Vec<_> = waiting.iter().map(|place| work.record.sources[*place].source.clone()).collect();
        let looks = join_all(sources.iter().map(|source| self.peer.source(source))).await;
        let (mut pass, mut done) = (SourcePass::default(), Vec::new());
        let (how, from) = (if on { "on" } else { "off" }, work.record.from.clone());
        for ((place, source), look) in waiting.iter().zip(&sources).zip(looks) {
            let state = match look {
                Ok(state) => state,
                Err(error) => {
                    pass.failed(&error);
                    continue;
                }
            };
            match source_next(source, state.as_ref(), on) {
                SourceNext::Nothing => {
                    work.record.header.note(self.clock.now(), format!("{source} is {how} in {from}"));
                    done.push(*place);
                }
                SourceNext::Switch => match self.peer.switch_source(source, on).await {
                    Ok(()) => pass.waits.push(format!("{source} is being switched {how} in {from}")),
                    Err(error) => pass.failed(&error),
                },
                SourceNext::Wait(what) => pass.waits.push(what),
                SourceNext::Impossible(why) => pass.refused.push(why),
            }
        }
        (pass, done)
    }

    fn note_once(&self, work: &mut MoveStep<'_>, what: String) {
        if work.record.header.timeline.iter().all(|moment| moment.what != what) {
            work.record.header.note(self.clock.now(), what);
        }
    }

    /// Keeps the sources of a region off that does not serve any more, as a region that was lost and comes back has to. A tick
    /// that came late switches nothing: the pointer is read anew before a write.
    pub(super) async fn keep_sources_off(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        if !keeps_sources_off(&member.pointer(pair), &member.region) {
            return Ok(());
        }
        let sources = event_sources(&member.failover);
        let looks = join_all(sources.iter().map(|source| self.here.source(source))).await;
        let mut failed = None;
        for (source, look) in sources.iter().zip(looks) {
            let done = match look {
                Ok(Some(SourceState::On)) => self.keep_off(member, source).await,
                Ok(_) => Ok(false),
                Err(error) => Err(error.into()),
            };
            match done {
                Ok(true) => ticked.did.push(format!("{source} was switched off: {} does not serve", member.region)),
                Ok(false) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn keep_off(&self, member: &PairMember, source: &EventSource) -> Result<bool, RunbookError> {
        let pair = self.ledger.pair(&member.id).await?;
        if !keeps_sources_off(&member.pointer(&pair), &member.region) {
            return Ok(false);
        }
        self.here.switch_source(source, false).await?;
        Ok(true)
    }
}

/// The places of sources in the record.
fn places(work: &MoveStep<'_>, which: impl Fn(&SourceMove) -> bool) -> Vec<usize> {
    work.record.sources.iter().enumerate().filter(|(_, source)| which(source)).map(|(place, _)| place).collect()
}
