//! The beginning of a run: which resources it is about.

use jiff::Timestamp;
use watchkeeper_domain::backup::{BackupRequest, Line, Memory, Policy, Run, plan};
use watchkeeper_domain::request::{Mode, Trigger};

use super::{BackupError, BackupLog, Backups, Jobs, Keeper};
use crate::ledger::Ledger;

/// What a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its resources; none where nothing is due, and in a plan.
    pub jobs: usize,
    /// What will be done, in a sentence; in a plan, why each copy stays or goes.
    pub summary: String,
}

/// What a resource's backup of a run would be due at; nothing where none is due.
pub(super) fn wanted(policy: &Policy, memory: &Memory, instant: Timestamp) -> Option<Timestamp> {
    if let Some(attempt) = &memory.attempt {
        let superseded = policy.dues.last(instant).filter(|due| *due > attempt.due && attempt.asked.is_none());
        let free = !attempt.is_alive(instant) && !attempt.is_parked(instant);
        return superseded.or(free.then_some(attempt.due));
    }
    policy.dues.last(instant).filter(|due| memory.owes(*due))
}

impl Jobs {
    /// The resources whose backups a tick has to see to, with the instants at which they were due.
    pub fn wanted(
        &self,
        memories: &std::collections::BTreeMap<watchkeeper_domain::backup::Source, Memory>,
        instant: Timestamp,
    ) -> Vec<Line> {
        let none = Memory::default();
        let line = |policy: &Policy| {
            let source = &policy.subject.source;
            let due = wanted(policy, memories.get(source).unwrap_or(&none), instant)?;
            Some(Line { source: source.clone(), due })
        };
        self.policies.iter().filter_map(line).collect()
    }
}

impl<C: Backups, L: Ledger + BackupLog, N> Keeper<'_, C, L, N> {
    /// Begins a run: what a tick finds due, or what a person names. A plan writes nothing.
    ///
    /// # Errors
    /// [`BackupError`] for a request that cannot be followed, the halt switch, or a ledger or AWS that does not answer.
    pub async fn begin(
        &self,
        jobs: &Jobs,
        request: &BackupRequest,
        id: &str,
        start: Timestamp,
    ) -> Result<Begun, BackupError> {
        let instant = request.instant.unwrap_or(start);
        let memories = self.ledger.backups(&jobs.scope).await?;
        if request.mode == Mode::Plan {
            return self.planned(jobs, request, instant).await;
        }
        self.not_halted(&jobs.scope).await?;
        let mut lines = if request.trigger == Trigger::Schedule {
            jobs.wanted(&memories, instant)
        } else {
            // To the second: a name carries no more, and what is begun twice within one is one.
            let second = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
            let of = |policy: &Policy| {
                let source = policy.subject.source.clone();
                let under_way = memories.get(&source).and_then(|memory| memory.attempt.as_ref());
                Line { due: under_way.map_or(second, |attempt| attempt.due), source }
            };
            jobs.policies.iter().map(of).collect()
        };
        if let Some(source) = &request.resource {
            jobs.policy(source)?;
            lines.retain(|line| line.source == *source);
        }
        if lines.is_empty() {
            return Ok(Begun { jobs: 0, summary: format!("{}: no backup is due", jobs.scope) });
        }
        let named: Vec<String> = lines.iter().map(|line| line.source.to_string()).collect();
        let summary = format!("{}: backups of {}", jobs.scope, named.join(", "));
        let run = Run { id: id.to_owned(), trigger: request.trigger, started: start, jobs: lines };
        self.ledger.put_backup_run(&jobs.scope, &run).await?;
        Ok(Begun { jobs: run.jobs.len(), summary })
    }

    async fn planned(&self, jobs: &Jobs, request: &BackupRequest, now: Timestamp) -> Result<Begun, BackupError> {
        let mut text = format!("{}: the plan\n", jobs.scope);
        let mut policies: Vec<&Policy> = jobs.policies.iter().collect();
        if let Some(source) = &request.resource {
            policies = vec![jobs.policy(source)?];
        }
        for policy in policies {
            let (mut memory, _) = self.ledger.backup(&jobs.scope, &policy.subject.source).await?;
            let seen = self.see(policy).await?;
            seen.sync(policy, &mut memory, now);
            let doing = match wanted(policy, &memory, now) {
                Some(due) => format!("a backup is due since {due}"),
                None if memory.attempt.is_some() => "a backup is under way".to_owned(),
                None => "no backup is due".to_owned(),
            };
            let shelves: Vec<_> = seen.shelves().collect();
            text.push_str(&plan(policy, &memory, &shelves, &doing, now));
        }
        Ok(Begun { jobs: 0, summary: text })
    }
}
