//! An environment in which everything is stuck that can be: built by hand, in the tables and queues of its document.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Ledger as _, LedgerError};
use watchkeeper_domain::estate::{BlockerPolicy, LockSchema, QueuePolicy, ReportTarget, Unblock};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LockItem, UnblockHour};

use crate::drill::choice::unblock::UnblockParts;
use crate::drill::scene::SandboxScene;
use crate::estate::{SiteError, UnblockFixtures};
use crate::harness::{EmergencyExecution, HarnessError, scope};

/// An item that waits, and nobody has to hear of it yet.
pub(super) const YOUNG: &str = "blocked-lately";
/// One of which the owner hears.
pub(super) const OLD: &str = "blocked-for-long";
/// One of which leadership hears.
pub(super) const OLDEST: &str = "blocked-for-ever";

/// What of an environment plays, and when; nothing of what its document lacks.
#[derive(Clone)]
pub(super) struct UnblockScene {
    pub(super) section: Unblock,
    pub(super) locks: Option<LockSchema>,
    pub(super) blockers: Option<BlockerPolicy>,
    pub(super) queue: Option<QueuePolicy>,
    pub(super) bus: Option<ReportTarget>,
    pub(super) fixtures: UnblockFixtures,
    /// When the run is due.
    pub(super) due: Timestamp,
    /// A pod with a limit, the type it is for, and the limit.
    limited: Option<(String, String, u32)>,
}

impl UnblockScene {
    /// The scene of an act; nothing where its document has no section. What the section lacks is left out, by name.
    pub(super) fn of(drill: &mut SandboxScene<'_>) -> Option<Self> {
        let section = drill.environment.document().unblock.clone()?;
        let parts = UnblockParts::of(&section);
        for (part, why) in parts.left_out() {
            drill.leave_out(part, &why);
        }
        let config = drill.harness.sandbox().sdk_config(drill.scope.region.as_str());
        let scene = Self {
            locks: parts.locks.ok().cloned(),
            blockers: parts.blockers.ok().cloned(),
            queue: parts.queue.ok().cloned(),
            bus: parts.bus.ok().cloned(),
            fixtures: UnblockFixtures::new(&config),
            due: Timestamp::UNIX_EPOCH,
            limited: parts.limit.ok(),
            section: section.clone(),
        };
        Some(scene)
    }

    /// Build it, some hours before the next run is due.
    pub(super) async fn set(&self, drill: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
        drill.prepare("tables, queues and the bus of the estate are built").await?;
        self.fixtures.build(&self.section).await?;
        Ok(())
    }

    /// The same scene before the first run that is due an hour after this instant or later.
    pub(super) fn at(&self, instant: Timestamp) -> Self {
        let hour = UnblockHour::of(&self.section);
        let soon = later(instant, SignedDuration::from_hours(1));
        // A week has a day of every name.
        let days = (0..=8).map(|day| later(soon, SignedDuration::from_hours(24 * day)));
        let due = days.filter_map(|day| hour.last_due(day)).find(|due| *due >= soon).unwrap_or(soon);
        Self { due, ..self.clone() }
    }

    /// The events of the estate's own bus since the last look; none where it has none.
    pub(super) async fn heard(&self) -> Result<Vec<Value>, HarnessError> {
        let Some(bus) = &self.bus else { return Ok(Vec::new()) };
        let all = self.fixtures.heard(bus.bus.as_str()).await?;
        Ok(all.into_iter().filter(|event| event["source"] == bus.source.as_str()).collect())
    }

    /// How many locks are released.
    pub(super) async fn released(&self) -> Result<usize, HarnessError> {
        let Some(locks) = &self.locks else { return Ok(0) };
        Ok(self.fixtures.released(locks).await?)
    }

    /// A lock as it is now.
    pub(super) async fn lock_now(&self, lock: &LockItem) -> Result<Option<LockItem>, HarnessError> {
        let Some(locks) = &self.locks else { return Ok(None) };
        Ok(self.fixtures.lock(locks, lock).await?)
    }

    /// Items that wait: not yet long enough for anybody, for the owner, and for leadership; with the hours that they wait.
    pub(super) fn waiting(&self) -> Vec<(&'static str, SignedDuration)> {
        let Some(blockers) = &self.blockers else { return Vec::new() };
        let (tell, escalate) = (blockers.tell_after.signed(), blockers.escalate_after.signed());
        vec![(YOUNG, tell / 2), (OLD, (tell + escalate) / 2), (OLDEST, escalate + tell / 2)]
    }

    /// The pod with a limit, and how many locks of the type it is for are one too many.
    pub(super) fn too_many(&self) -> Option<(&str, &str, u32)> {
        self.limited.as_ref().map(|(pod, kind, limit)| (pod.as_str(), kind.as_str(), limit + 1))
    }

    /// A lock of a pod without limits that runs out so many hours after the run.
    pub(super) fn lock(&self, item: &str, hours: i64) -> LockItem {
        let expires = later(self.due, SignedDuration::from_hours(hours));
        LockItem {
            pod: text("drill"),
            item: text(item),
            lock_type: text("projects"),
            acquired_by: text("ada"),
            acquired_at: text(&later(self.due, SignedDuration::from_hours(-300)).to_string()),
            expires_at: ItemAttribute::Number(expires.as_second().to_string()),
            released_at: ItemAttribute::Absent,
        }
    }

    /// An item that has waited for so long before the run.
    pub(super) fn blocker(&self, item: &str, waits: SignedDuration) -> BlockerItem {
        let since = text(&later(self.due, -waits).to_string());
        BlockerItem {
            item: text(item),
            activity: since.clone(),
            since,
            owner: text("grace"),
            reason: text(&format!("the answer about {item}")),
            status: text("waits for an answer"),
        }
    }

    /// The lease of a run that died: its execution was ended from outside. Returns the execution's name.
    pub(super) async fn dead_run(&self, drill: &SandboxScene<'_>) -> Result<String, HarnessError> {
        let input = json!({ "estate": drill.scope.estate, "environment": drill.scope.environment, "profile": "none" });
        // It fails at its first step, for there is no such profile: it is over, and not in order.
        let mut emergency_run = drill.stack.raise(&input).await?;
        emergency_run.goes_on().await?;
        let name = emergency_run.name().to_owned();
        let taken = later(self.due, SignedDuration::from_hours(-2));
        let ledger = drill.stack.ledger();
        let before = ledger.lease(&drill.scope).await.map_err(failed)?;
        let generation = Lease::generation_of(before.as_ref());
        let expires = later(taken, SignedDuration::from_mins(3));
        let holder = name.clone();
        let lease =
            Lease { holder, layer: Layer::Schedule, generation: generation + 1, usable: taken, expires, at_work: true };
        ledger.take_lease(&drill.scope, &lease, generation).await.map_err(failed)?;
        Ok(name)
    }
}

/// A lease that is over, and whose execution runs all the same.
pub(super) struct LivingLease<'a> {
    /// Of another environment of the region.
    pub(super) scope: Scope,
    /// The lease.
    pub(super) lease: Lease,
    emergency_run: EmergencyExecution<'a>,
}

impl<'a> LivingLease<'a> {
    /// One of another environment; its holder waits for a person's answer. Nothing where there is no such environment, or
    /// nothing that asks.
    pub(super) async fn of(drill: &SandboxScene<'a>, due: Timestamp) -> Result<Option<Self>, HarnessError> {
        let others =
            drill.harness.at_home().filter(|(_, other)| other.document().regions.primary == drill.scope.region);
        let mut scopes = others.map(|(estate, other)| scope(estate, other, &drill.scope.region));
        let emergency = drill.environment.document().emergency.as_ref();
        let asking = emergency.and_then(|all| all.profiles.iter().find(|(_, profile)| profile.ask));
        let (Some(scope), Some((profile, _))) = (scopes.find(|scope| *scope != drill.scope), asking) else {
            return Ok(None);
        };
        let Scope { estate, environment, .. } = &drill.scope;
        let input = json!({ "estate": estate, "environment": environment, "profile": profile });
        let mut emergency_run = drill.stack.raise(&input).await?;
        emergency_run.goes_on().await?;
        let taken = later(due, SignedDuration::from_hours(-2));
        let ledger = drill.stack.ledger();
        let before = Lease::generation_of(ledger.lease(&scope).await.map_err(failed)?.as_ref());
        let expires = later(taken, SignedDuration::from_mins(3));
        let holder = emergency_run.name().to_owned();
        let generation = before + 1;
        let lease = Lease { holder, layer: Layer::Emergency, generation, usable: taken, expires, at_work: false };
        ledger.take_lease(&scope, &lease, before).await.map_err(failed)?;
        Ok(Some(Self { scope, lease, emergency_run }))
    }

    /// The lease as it is now; its holder is ended then.
    pub(super) async fn end(self, drill: &SandboxScene<'_>) -> Result<Option<Lease>, HarnessError> {
        let lease = drill.stack.ledger().lease(&self.scope).await.map_err(failed)?;
        self.emergency_run.stop().await?;
        Ok(lease)
    }
}

pub(super) fn failed(error: LedgerError) -> HarnessError {
    SiteError::new("reach the ledger", error).into()
}

pub(super) fn text(text: &str) -> ItemAttribute {
    ItemAttribute::Text(text.to_owned())
}

pub(super) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}
