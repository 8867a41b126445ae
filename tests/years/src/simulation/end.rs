//! What lasts ends, and what was put off happens.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_control::unblock::ports::DeadLetter;
use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::capacity::{DatabaseState, ResourceId, Rollout};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::{Environment, LockSchema};
use watchkeeper_domain::name::{EnvironmentName, Region};
use watchkeeper_domain::unblock::{ItemAttribute, LetterStamps, LockItem, UnblockHour};

use super::{Later, REDELIVERIES, Simulation};
use crate::invariant::{Actor, Violation};
use crate::owner::Changed;
use crate::story::Event;

/// After how many minutes a person looks whether a halt is lifted.
const LOOKS_AGAIN: u32 = 10;

/// How long after a run of the unblock a lock runs out that was still held at it.
const SHORTLY: SignedDuration = SignedDuration::from_mins(40);

impl Simulation {
    pub(super) fn happens_later(&mut self, later: Later) -> Result<(), Violation> {
        self.judge.news(self.now());
        match later {
            Later::End(event) => {
                self.say(|| format!("over: {event}"));
                self.livens();
                self.ends(event)?;
            }
            Later::Deployed => {
                self.livens();
                self.deployed();
            }
            Later::PutBack(number) => {
                if self.documents.put_back(number) {
                    self.say(|| "the document is as before that edit".to_owned());
                    self.livens();
                    self.deployed();
                }
            }
            Later::Invoke(function, event, left) => self.invoke(function, event, left)?,
            Later::Alarm(alarm, on) => self.alarm(&alarm, on)?,
            Later::Released(environment, release) => {
                let over = json!({ "want": "as-scheduled", "for-release": release });
                self.by_hand("Reconcile", Some(&environment), over)?;
            }
            Later::Lift(environment) if self.judge.halted(&self.stack.sim) => self.lift(environment)?,
            Later::Lift(_) => {}
            Later::Answer(name, answer) => self.answers(&name, answer)?,
        }
        self.acted(&Actor::Somebody)
    }

    fn ends(&mut self, event: Event) -> Result<(), Violation> {
        let sim = self.sim();
        match event {
            Event::Deployment(id, _, fails) if sim.service(&id).is_some() => {
                sim.change_rollout(&id, if fails { Rollout::Failed } else { Rollout::Completed });
            }
            Event::Untag(what, _) => self.tagged(&what, true),
            Event::Deny(what, _) => self.denied(&what, false),
            Event::Database(id, state, _)
                if sim.database(&id).is_some_and(|it| it.state == DatabaseState::of(state)) =>
            {
                let resource = ResourceId::Database(id.clone());
                self.owned(&resource, Changed::All, || sim.change_database(&id, DatabaseState::Available));
            }
            Event::Halt(environment, _) => {
                self.lift(environment)?;
            }
            Event::Alarm(alarm, ..) => self.alarm(&alarm, false)?,
            Event::Mute(alarm, _) => sim.mute(&alarm, false),
            Event::Stale(..) | Event::Slow(_) => sim.set_settings(self.site.timing),
            Event::Weather(..) => self.set_faults(),
            Event::SilentShelf(_) => self.shelves_silent(false),
            Event::FullShelf(_) => sim.unlimit_copies(),
            _ => {}
        }
        Ok(())
    }

    /// A person lifts a halt, and looks later whether that came to be.
    fn lift(&mut self, environment: Option<EnvironmentName>) -> Result<(), Violation> {
        self.troubled = self.troubled.max(self.now());
        self.moved = self.moved.max(self.now());
        self.judge.moved();
        self.by_hand("Reconcile", environment.as_ref(), json!({ "halt": false, "by": "Ada" }))?;
        self.soon(LOOKS_AGAIN, Later::Lift(environment));
        Ok(())
    }

    fn alarm(&mut self, alarm: &str, on: bool) -> Result<(), Violation> {
        let (state, word) = if on { (AlarmState::Alarm, "ALARM") } else { (AlarmState::Ok, "OK") };
        self.stack.sim.set_alarm(alarm, state);
        let event = self.alarm_event(alarm, word);
        self.invoke("AlarmResponse", event, REDELIVERIES)
    }

    /// What is kept, and what gets stuck.
    pub(super) fn kept_and_stuck(&mut self, event: &Event) {
        let sim = self.sim();
        match event {
            Event::Lock(environment, lock, hours) | Event::Renew(environment, lock, hours) => {
                if let Some(schema) = self.locks(environment) {
                    let renew = matches!(event, Event::Renew(..));
                    let expires = match hours {
                        0 => self.after_unblock(environment),
                        hours => self.now() + SignedDuration::from_hours((*hours).into()),
                    };
                    self.put_lock(&schema, &format!("lock-{lock}"), expires, renew);
                }
            }
            Event::Letter(environment, number) => {
                let first = self.site.own_folder();
                let found = first.environments().find(|(_, it)| it.name() == environment);
                let queue = found.and_then(|(_, it)| it.document().unblock.as_ref()?.queues.first().cloned());
                if let Some(queue) = queue {
                    sim.put_letter(queue.dead_letters.as_str(), letter(*number, queue.queue.as_str()));
                }
            }
            Event::ForeignCopy(store) => {
                if let Some(source) = self.store(*store) {
                    sim.make_foreign_copy(&source, &self.site.region, &format!("by-hand-{}", self.now().as_second()));
                }
            }
            Event::BadCopy(store) => {
                if let Some(source) = self.store(*store) {
                    sim.fail_newest_copy(&source, "storage");
                }
            }
            Event::SilentShelf(_) => self.shelves_silent(true),
            Event::FullShelf(_) => sim.limit_copies(1),
            _ => {}
        }
    }

    fn store(&self, number: u32) -> Option<BackupSource> {
        let first = self.site.own_folder();
        let jobs = first.environments().flat_map(|(_, it)| it.document().backups.iter().flat_map(|it| &it.jobs));
        let all: Vec<BackupSource> = jobs.filter_map(BackupSource::of).collect();
        all.get(number as usize % all.len().max(1)).cloned()
    }

    fn shelves_silent(&self, silent: bool) {
        let first = self.site.own_folder();
        let jobs = first.environments().flat_map(|(_, it)| it.document().backups.iter().flat_map(|it| &it.jobs));
        let regions: Vec<Region> = jobs.filter_map(|job| Some(job.copy.as_ref()?.region.clone())).collect();
        for region in regions {
            self.stack.sim.silence_shelf(&region, silent);
        }
    }

    fn locks(&self, environment: &EnvironmentName) -> Option<LockSchema> {
        let first = self.site.own_folder();
        let of = |it: &Environment| it.document().unblock.as_ref()?.locks.clone();
        first.environments().find(|(_, it)| it.name() == environment).and_then(|(_, it)| of(it))
    }

    /// Shortly after the next run of the unblock.
    fn after_unblock(&self, environment: &EnvironmentName) -> Timestamp {
        let (first, now) = (self.site.own_folder(), self.now());
        let of = |it: &Environment| it.document().unblock.as_ref().map(UnblockHour::of);
        let hour = first.environments().find(|(_, it)| it.name() == environment).and_then(|(_, it)| of(it));
        let later = |hours: i64| now + SignedDuration::from_hours(hours);
        let due = (1..96).filter_map(|hours| hour.as_ref()?.last_due(later(hours))).find(|due| *due > now);
        due.unwrap_or(later(24)) + SHORTLY
    }

    fn put_lock(&self, schema: &LockSchema, item: &str, expires: Timestamp, renew: bool) {
        let now = self.now();
        let text = |text: &str| ItemAttribute::Text(text.to_owned());
        let there = self.stack.sim.lock_of(schema.table.as_str(), "Ratio", item);
        let held = there.as_ref().is_some_and(|it| it.released_at == ItemAttribute::Absent);
        if held != renew {
            return;
        }
        let acquired = there.filter(|_| renew).map_or_else(|| text(&now.to_string()), |it| it.acquired_at);
        self.stack.sim.put_lock(
            schema.table.as_str(),
            LockItem {
                pod: text("Ratio"),
                item: text(item),
                lock_type: text("projects"),
                acquired_by: text("ada"),
                acquired_at: acquired,
                expires_at: ItemAttribute::Number(expires.as_second().to_string()),
                released_at: ItemAttribute::Absent,
            },
        );
    }
}

fn letter(number: u32, queue: &str) -> DeadLetter {
    DeadLetter {
        id: format!("letter-{number}"),
        receipt: String::new(),
        body: format!("body of {number}"),
        attributes: std::collections::BTreeMap::new(),
        stamps: LetterStamps { returns: None, parked: None, others: 0 },
        group: None,
        source: Some(queue.to_owned()),
    }
}
