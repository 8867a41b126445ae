//! Report: what is news is decided against the memory, told, and then remembered. A crash in between tells it again, and
//! never not at all.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::estate::{ReportTarget, Unblock};
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RunTrigger;
use watchkeeper_domain::unblock::{
    EscalationNews, FindingSource, UnblockEnd, UnblockKind, UnblockMemory, UnblockStage, detail, escalate, escalated,
    freed_capacity, message,
};

use super::call::worked;
use super::{OpenRecord, UnblockEnvironment, UnblockRunbook, passes, told};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Notifier};
use crate::runbook::{FormerWord, RunbookError, StepOutcome};
use crate::unblock::ports::EventBuses;

/// The detail type of the event about a finished run on our own bus; the estate's has the name that its document gives it.
pub const UNBLOCK_FINISHED: &str = "Watchkeeper Unblock Finished";
/// The detail type of the event about capacity that was freed.
pub const CAPACITY_RELEASED: &str = "WIP Capacity Released";
/// The detail type of the event about an item that somebody has to hear of.
pub const BLOCKER_ESCALATED: &str = "Blocker Escalated";
/// The detail type of the event about one that was escalated and is not blocked any more.
pub const BLOCKER_RESOLVED: &str = "Blocker Resolved";

/// The code of the finding that a bus did not take what was put on it.
const UNPUBLISHED: &str = "unpublished";

/// The longest mark of findings that is remembered, in characters.
const MARK: usize = 1000;

impl<P: Platform> UnblockRunbook<P> {
    /// Tells of the run, and closes it.
    ///
    /// # Errors
    /// [`RunbookError`] when the ledger, the topic or a bus does not answer; then nothing is remembered as told.
    pub async fn report(
        &self,
        scoped: &UnblockEnvironment<'_>,
        run: &RunRef,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        let mut open = self.open(scoped, &run.id).await?;
        if open.record.end.is_none() {
            self.close(&mut open).await?;
        }
        let zone = scoped.hour.zone().rules();
        let summary = message(&scoped.scope, &open.record, zone, self.clock.now()).subject;
        Ok(worked(run, None, summary))
    }

    async fn close(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        let (scoped, now) = (open.scoped, self.clock.now());
        if open.record.stage != UnblockStage::Report {
            open.record.note(
                "cut-short",
                &open.record.header.id.clone(),
                "the run took too long; the next one goes on",
                None,
            );
            open.record.stage = UnblockStage::Report;
        }
        if !open.record.decided {
            // What is news is decided once: after a crash the memory may know it already.
            let (memory, _) = self.memory(&scoped.scope).await?;
            open.record.before.clone_from(&memory.last);
            open.record.news = remembered(open, &mut memory.clone(), now);
            open.record.told = is_news(open, &memory);
            open.record.decided = true;
            self.save(open).await?;
        }
        let partly =
            ["unreadable", "cut-short"].iter().any(|code| open.record.findings.all.iter().any(|f| f.code == *code));
        open.record.header.note(now, "finished");
        open.record.end = Some((if partly { UnblockEnd::Partly } else { UnblockEnd::Done }, now));
        if let Some(section) = scoped.section.filter(|_| open.record.kind == UnblockKind::Free) {
            self.publish(open, section).await?;
        }
        let event = detail(&scoped.scope, &open.record, scoped.section, now).to_string();
        self.notifier.publish(UNBLOCK_FINISHED, &event).await?;
        if open.record.told {
            let message = message(&scoped.scope, &open.record, scoped.hour.zone().rules(), now);
            self.notifier.notify(&message).await?;
        }
        // A plan by hand leaves nothing behind; one of the schedule was made, and held back.
        if open.record.applies() || open.record.header.trigger == RunTrigger::Schedule {
            // What the bus did not take is no escalation yet: the next run tells it again.
            let published = !open.record.findings.has(FindingSource::Report, UNPUBLISHED);
            self.remember(open, |memory| {
                if published {
                    remembered(open, memory, now);
                }
                memory.told = mark(open);
                if open.record.kind == UnblockKind::Free && open.record.applies() {
                    memory.last = Some(open.record.figures());
                }
                if open.record.header.trigger == RunTrigger::Schedule {
                    memory.done = memory.done.max(Some(open.record.instant));
                }
            })
            .await?;
        }
        self.save(open).await
    }

    /// The events: each escalation, what was freed, and the report itself.
    async fn publish(&self, open: &mut OpenRecord<'_, '_>, section: &Unblock) -> Result<(), RunbookError> {
        let Some(bus) = &section.report else { return Ok(()) };
        let scope = open.scoped.scope.clone();
        let mut events: Vec<(&str, Value)> = Vec::new();
        if open.record.applies() {
            if let Some(news) = &open.record.news {
                let id = &open.record.header.id;
                events.extend(news.escalated.iter().map(|it| (BLOCKER_ESCALATED, escalated(&scope, id, Ok(it)))));
                events.extend(news.withdrawn.iter().map(|it| (BLOCKER_RESOLVED, escalated(&scope, id, Err(it)))));
            }
            if open.record.locks.released > 0 {
                events.push((CAPACITY_RELEASED, freed_capacity(&scope, &open.record, section)));
            }
        }
        let report = detail(&scope, &open.record, Some(section), self.clock.now());
        events.push((bus.detail_type.as_str(), report));
        for (detail_type, event) in events {
            if let Err(error) = self.emit(bus, detail_type, &event).await {
                return unpublished(open, bus, error);
            }
        }
        Ok(())
    }

    async fn emit(&self, bus: &ReportTarget, detail_type: &str, event: &Value) -> Result<(), AwsError> {
        self.sources.emit(&bus.bus, &bus.source, detail_type, &event.to_string()).await
    }
}

/// What is news about what blocks, and the memory after it was told. A plan tells nobody, so it changes no memory.
fn remembered(open: &OpenRecord<'_, '_>, memory: &mut UnblockMemory, now: Timestamp) -> Option<EscalationNews> {
    let section = open.scoped.section?.blockers.as_ref().filter(|_| open.record.kind == UnblockKind::Free)?;
    let record = &open.record;
    let mut aside = memory.clone();
    let memory = if record.applies() { memory } else { &mut aside };
    Some(escalate(memory, &record.blockers, record.blockers_complete, section, now))
}

/// A mark of the findings of a run; nothing where there are none.
fn mark(open: &OpenRecord<'_, '_>) -> Option<String> {
    let all = open.record.findings.all.iter();
    let mut findings: Vec<String> = all.map(|finding| format!("{} {}", finding.code, finding.subject)).collect();
    findings.sort();
    (!findings.is_empty()).then(|| findings.join("; ").chars().take(MARK).collect())
}

/// Whether people have to hear of the run: of one by hand, and of the daily one of an environment with a section, always;
/// else of what it freed or found, once.
fn is_news(open: &OpenRecord<'_, '_>, memory: &UnblockMemory) -> bool {
    let asked = open.scoped.section.is_some() || open.record.header.trigger != RunTrigger::Schedule;
    let mark = mark(open);
    asked || (mark.is_some() && mark != memory.told) || !open.record.done().is_empty()
}

/// A bus that takes nothing keeps nobody from hearing of the rest.
fn unpublished(open: &mut OpenRecord<'_, '_>, bus: &ReportTarget, error: AwsError) -> Result<(), RunbookError> {
    if passes(&error) {
        return Err(error.into());
    }
    open.record.note(UNPUBLISHED, &bus.bus, format!("the report is not on the bus: {}", told(&error)), None);
    Ok(())
}
