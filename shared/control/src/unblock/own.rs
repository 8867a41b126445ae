//! Our own: leases and records of dead runs, intents past their expiry, questions that nobody answers, and environments
//! whose last reconcile failed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use watchkeeper_domain::execution::{ExecutionStatus, execution_name};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::{RunError, RunOutcome, RunRecord};
use watchkeeper_domain::request::RunRequest;
use watchkeeper_domain::unblock::{RunFate, expired, run_fate};
use watchkeeper_domain::value::Duration;
use watchkeeper_window::report::Evidence;

use super::{OpenRecord, UnblockRunbook, later, passes, unreadable};
use crate::lease::{Lease, MARGIN, TERM};
use crate::ledger::{Ledger, LedgerError, LedgerWrite, ScopeState, WriteOutcome};
use crate::platform::Platform;
use crate::ports::ExecutionStates;
use crate::ports::{AwsError, Clock, Executions};
use crate::runbook::{ErrorName, RunbookError};
use crate::unblock::ports::ExecutionReader;
use crate::unblock::ports::PendingQuestion;

/// How long a question may stand before it is named, unless the document says otherwise, in hours.
const WAITING: SignedDuration = SignedDuration::from_hours(8);

/// How long a question stands at most, unless the document has it stand longer: one day. It should have answered itself
/// long before.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

/// The marks of a last run that did not reach its target, as a run leaves them in the standing.
const FAILED: [&str; 2] = ["failed-", "unverified-"];

/// How executions stand, asked once in a run: what cannot be read now is not read a moment later either, or a run could be
/// closed whose lease is kept.
type Known = BTreeMap<String, Option<ExecutionStatus>>;

impl<P: Platform> UnblockRunbook<P> {
    /// All of it: it is small. What was done is saved at once, so that a step that is taken again does not forget it.
    pub(super) async fn own(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        let seen = self.ledger.load(&open.scoped.scope).await?;
        self.runs(open, &seen).await?;
        self.intents(open, &seen).await?;
        self.questions(open).await?;
        self.again(open, &seen).await?;
        open.record.next_stage(open.scoped.section);
        Ok(())
    }

    /// The lease, and the records without an outcome.
    async fn runs(&self, open: &mut OpenRecord<'_, '_>, seen: &ScopeState) -> Result<(), RunbookError> {
        let mut known = Known::new();
        if let Some(lease) = seen.lease.as_ref().filter(|lease| lease.expires > lease.usable) {
            self.lease(open, lease, &mut known).await?;
        }
        let generation = Lease::generation_of(seen.lease.as_ref());
        let mut cursor = None;
        loop {
            let page = self.ledger.open_runs(&open.scoped.scope, cursor.as_deref()).await?;
            for run in page.items {
                self.run(open, run, generation, &mut known).await?;
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn lease(&self, open: &mut OpenRecord<'_, '_>, lease: &Lease, known: &mut Known) -> Result<(), RunbookError> {
        let scope = open.scoped.scope.clone();
        let (now, ended) = (self.clock.now(), later(lease.expires, MARGIN));
        if now < ended {
            return Ok(());
        }
        let run = self.ledger.run(&scope, &lease.holder).await?;
        if run.as_ref().is_some_and(|run| run.outcome.is_some()) {
            return Ok(());
        }
        let Some(status) = self.status(open, &lease.holder, known).await? else { return Ok(()) };
        match run_fate(ended, &status, now) {
            // One that ended in order, and had nothing to record, has nothing left either.
            RunFate::Over(how) if run.is_none() && how == "SUCCEEDED" => Ok(()),
            RunFate::Over(how) => {
                if open.record.applies() {
                    // Given back: an end before its beginning frees it, and the generation stays what it was.
                    let freed = Lease { expires: lease.usable, ..lease.clone() };
                    if !self.write(open, lease.generation, &[LedgerWrite::PutLease(freed)]).await? {
                        return Ok(());
                    }
                }
                open.record.own.leases += 1;
                let detail = format!("its execution is over ({how}); the lease of a dead run is freed");
                died(open, "lease-freed", &lease.holder, detail, lease.expires);
                self.save(open).await
            }
            fate => {
                leave(open, &fate, &lease.holder, lease.expires);
                Ok(())
            }
        }
    }

    /// A record without an outcome whose run is over gets one.
    async fn run(
        &self,
        open: &mut OpenRecord<'_, '_>,
        run: RunRecord,
        generation: u64,
        known: &mut Known,
    ) -> Result<(), RunbookError> {
        let (now, ended) = (self.clock.now(), later(run.header.started, TERM + MARGIN));
        if run.outcome.is_some() || now < ended {
            return Ok(());
        }
        let Some(status) = self.status(open, &run.header.id, known).await? else { return Ok(()) };
        match run_fate(ended, &status, now) {
            RunFate::Over(how) => {
                let (id, started) = (run.header.id.clone(), run.header.started);
                if open.record.applies() {
                    let closed = closed(run, &how, now);
                    // Read anew: a run may have ended since, or the record before this one was closed.
                    let kept = self.ledger.load(&open.scoped.scope).await?.history;
                    let history = kept.with(|history| history.note_closed(&closed, now));
                    let desk = self.reports.as_ref().filter(|_| closed.facts.is_some());
                    let due = desk.map(|desk| {
                        let evidence = Evidence::Run(Box::new(closed.clone()));
                        LedgerWrite::PutDue(Box::new(desk.due(&open.scoped.scope, now, evidence)))
                    });
                    let record = LedgerWrite::PutRun(Box::new(closed));
                    let writes: Vec<_> = history.into_iter().chain(due).chain([record]).collect();
                    if !self.write(open, generation, &writes).await? {
                        return Ok(());
                    }
                }
                open.record.own.runs += 1;
                let detail = format!("it ended without a word ({how}); its record is closed");
                died(open, "run-closed", &id, detail, started);
                self.save(open).await
            }
            // A run that works renews its lease: that it runs is no news.
            RunFate::Lingers | RunFate::Alone => Ok(()),
            fate @ RunFate::Unproved => {
                leave(open, &fate, &run.header.id, run.header.started);
                Ok(())
            }
        }
    }

    /// Whether it was written; another run that takes over in this moment looks after it then.
    async fn write(
        &self,
        open: &OpenRecord<'_, '_>,
        generation: u64,
        writes: &[LedgerWrite],
    ) -> Result<bool, RunbookError> {
        match self.ledger.commit(&open.scoped.scope, generation, writes).await {
            Ok(()) => Ok(true),
            Err(LedgerError::LeaseLost { .. } | LedgerError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// How an execution stands; nothing where that cannot be read, which is a finding.
    async fn status(
        &self,
        open: &mut OpenRecord<'_, '_>,
        name: &str,
        known: &mut Known,
    ) -> Result<Option<ExecutionStatus>, RunbookError> {
        if let Some(status) = known.get(name) {
            return Ok(status.clone());
        }
        let status = match self.sources.status(name).await {
            Ok(status) => Some(status),
            Err(error) => {
                unreadable(open, name, error)?;
                None
            }
        };
        known.insert(name.to_owned(), status.clone());
        Ok(status)
    }

    async fn intents(&self, open: &mut OpenRecord<'_, '_>, seen: &ScopeState) -> Result<(), RunbookError> {
        for intent in expired(&seen.intents, self.clock.now()) {
            let out = if open.record.applies() {
                self.ledger.take_out(&open.scoped.scope, intent).await? == WriteOutcome::Done
            } else {
                true
            };
            if out {
                open.record.own.intents += 1;
                self.save(open).await?;
            }
        }
        Ok(())
    }

    async fn questions(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        let questions = match self.sources.questions().await {
            Ok(questions) => questions,
            Err(error) => return unreadable(open, "questions", error),
        };
        let now = self.clock.now();
        let limit = open.scoped.section.and_then(|section| section.waiting_limit).map_or(WAITING, Duration::signed);
        let forgotten = open.scoped.answer_within.map_or(FORGOTTEN, |within| within.max(FORGOTTEN));
        let scope = open.scoped.scope.clone();
        for question in questions.iter().filter(|question| is_about(question, &scope)) {
            let waits = now.duration_since(question.since);
            if waits > forgotten {
                self.end(open, question).await?;
            } else if waits >= limit {
                let detail = "it waits for a person's answer; the message that asked has the two commands";
                open.record.note("unanswered", &question.name, detail, Some(question.since));
            }
        }
        Ok(())
    }

    async fn end(&self, open: &mut OpenRecord<'_, '_>, question: &PendingQuestion) -> Result<(), RunbookError> {
        if open.record.applies() {
            let why = "nobody answered; ended by the daily unblock, and nothing was changed";
            match self.sources.end(question, why).await {
                Ok(()) => {}
                Err(error) if passes(&error) => return Err(error.into()),
                Err(error) => return unreadable(open, &question.name, error),
            }
        }
        open.record.own.questions += 1;
        let detail = "nobody answered, so it is ended; start it again if it is still wanted";
        open.record.note("question-ended", &question.name, detail, Some(question.since));
        self.save(open).await
    }

    /// A scope whose last reconcile failed, or died, is compared with its target again.
    async fn again(&self, open: &mut OpenRecord<'_, '_>, seen: &ScopeState) -> Result<(), RunbookError> {
        let dead = open.record.own.leases + open.record.own.runs > 0;
        let told = seen.standing.told.as_deref();
        let failed = told.is_some_and(|mark| FAILED.iter().any(|failed| mark.starts_with(failed)));
        if !failed && !dead {
            return Ok(());
        }
        if failed {
            let detail = "its last reconcile did not reach the target; it is started again, and its message says why";
            open.record.note("reconcile-failed", &open.scoped.scope.clone(), detail, None);
        }
        if open.record.applies() {
            let scope = &open.scoped.scope;
            let name =
                execution_name(&[scope.estate.as_str(), scope.environment.as_str(), "again"], open.record.instant);
            let input = RunRequest::of_tick(scope, self.clock.now()).to_string();
            if let Err(error) = self.reconcile.start(&name, &input).await {
                return not_started(open, error);
            }
        }
        open.record.own.again += 1;
        Ok(())
    }
}

fn not_started(open: &mut OpenRecord<'_, '_>, error: AwsError) -> Result<(), RunbookError> {
    if passes(&error) {
        return Err(error.into());
    }
    let scope = open.scoped.scope.clone();
    open.record.note("not-started", &scope, format!("reconcile could not be started again: {error}"), None);
    Ok(())
}

/// What is freed of our own is news for a person, too: something died.
fn died(open: &mut OpenRecord<'_, '_>, code: &str, subject: &str, detail: String, since: Timestamp) {
    open.record.note(code, subject, detail, Some(since));
}

fn leave(open: &mut OpenRecord<'_, '_>, fate: &RunFate, subject: &str, since: Timestamp) {
    match fate {
        RunFate::Lingers => {
            let detail = "its lease is over, and its execution runs all the same; look at where it is";
            open.record.note("lingers", subject, detail, Some(since));
        }
        RunFate::Unproved => {
            let detail = "it should be over, but no machine of ours knows its execution; nothing is freed";
            open.record.note("unproved", subject, detail, Some(since));
        }
        RunFate::Alone | RunFate::Over(_) => {}
    }
}

fn closed(mut run: RunRecord, how: &str, now: Timestamp) -> RunRecord {
    run.outcome = Some(RunOutcome::Failed);
    let message = format!("the execution ended without closing its run: {how}");
    run.error = Some(RunError { name: ErrorName::RunUnverified.to_string(), message });
    run.header.note(now, "closed by the daily unblock");
    run
}

/// Whether a question is about this environment: by its input, which both machines and people write.
fn is_about(question: &PendingQuestion, scope: &Scope) -> bool {
    let input: Value = serde_json::from_str(&question.input).unwrap_or_default();
    input["estate"] == scope.estate.as_str() && input["environment"] == scope.environment.as_str()
}
