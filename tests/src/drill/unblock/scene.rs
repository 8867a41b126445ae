//! An environment in which everything is stuck that can be: built by hand, in the tables and queues of its document.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Ledger as _, LedgerError};
use watchkeeper_domain::estate::{BlockerPolicy, LockSchema, QueuePolicy, ReportTarget, Unblock};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LockItem, UnblockHour};

use crate::drill::step::DrillStep;
use crate::estate::{SiteError, UnblockFixtures};
use crate::harness::{EmergencyExecution, StageError, scope};

/// What of an environment plays, and when.
pub(super) struct UnblockScene {
    pub(super) section: Unblock,
    pub(super) locks: LockSchema,
    pub(super) blockers: BlockerPolicy,
    pub(super) queue: QueuePolicy,
    pub(super) bus: ReportTarget,
    pub(super) yard: UnblockFixtures,
    /// When the run is due.
    pub(super) due: Timestamp,
    /// A pod with a limit, the type it is for, and the limit.
    limited: Option<(String, String, u32)>,
}

impl UnblockScene {
    /// The scene of an act; nothing where its document has no section.
    pub(super) fn of(act: &DrillStep<'_>) -> Option<Self> {
        let section = act.environment.document().unblock.clone()?;
        let queue = section.queues.iter().find(|queue| queue.redrive).cloned();
        let (locks, blockers, queue) = (section.locks.clone()?, section.blockers.clone()?, queue?);
        let bus = section.report.clone()?;
        let limited = section.limits.iter().find_map(|(pod, types)| {
            let (kind, limit) = types.iter().next()?;
            Some((pod.to_string(), kind.to_string(), *limit))
        });
        let config = act.stage.sandbox().sdk_config(act.scope.region.as_str());
        let yard = UnblockFixtures::new(&config);
        Some(Self { section, locks, blockers, queue, bus, yard, due: Timestamp::UNIX_EPOCH, limited })
    }

    /// Build it, some hours before the next run is due.
    pub(super) async fn set(&self, act: &mut DrillStep<'_>) -> Result<(), StageError> {
        act.prepare("tables, queues and the bus of the estate are built").await?;
        self.yard.build(&self.section).await?;
        Ok(())
    }

    /// The same scene before the first run that is due an hour after this instant or later.
    pub(super) fn at(&self, instant: Timestamp) -> Self {
        let hour = UnblockHour::of(&self.section);
        let soon = later(instant, SignedDuration::from_hours(1));
        // A week has a day of every name.
        let days = (0..=8).map(|day| later(soon, SignedDuration::from_hours(24 * day)));
        let due = days.filter_map(|day| hour.last_due(day)).find(|due| *due >= soon).unwrap_or(soon);
        let Self { section, locks, blockers, queue, bus, yard, limited, .. } = self;
        Self {
            section: section.clone(),
            locks: locks.clone(),
            blockers: blockers.clone(),
            queue: queue.clone(),
            bus: bus.clone(),
            yard: yard.clone(),
            limited: limited.clone(),
            due,
        }
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

    /// An item that waits since so many hours before the run.
    pub(super) fn blocker(&self, item: &str, hours: i64) -> BlockerItem {
        let since = text(&later(self.due, SignedDuration::from_hours(-hours)).to_string());
        BlockerItem {
            item: text(item),
            activity: since.clone(),
            since,
            owner: text("grace"),
            reason: text(&format!("the answer about {item}")),
            status: text("open"),
        }
    }

    /// The lease of a run that died: its execution was ended from outside. Returns the execution's name.
    pub(super) async fn dead_run(&self, act: &DrillStep<'_>) -> Result<String, StageError> {
        let input = json!({ "estate": act.scope.estate, "environment": act.scope.environment, "profile": "none" });
        // It fails at its first step, for there is no such profile: it is over, and not in order.
        let mut siren = act.stack.raise(&input).await?;
        siren.goes_on().await?;
        let name = siren.name().to_owned();
        let taken = later(self.due, SignedDuration::from_hours(-2));
        let ledger = act.stack.ledger();
        let before = ledger.lease(&act.scope).await.map_err(failed)?;
        let generation = Lease::generation_of(before.as_ref());
        let expires = later(taken, SignedDuration::from_mins(3));
        let lease =
            Lease { holder: name.clone(), layer: Layer::Schedule, generation: generation + 1, usable: taken, expires };
        ledger.take_lease(&act.scope, &lease, generation).await.map_err(failed)?;
        Ok(name)
    }
}

/// A lease that is over, and whose execution runs all the same.
pub(super) struct LivingLease<'a> {
    /// Of another environment of the region.
    pub(super) scope: Scope,
    /// The lease.
    pub(super) lease: Lease,
    siren: EmergencyExecution<'a>,
}

impl<'a> LivingLease<'a> {
    /// One of another environment; its holder waits for a person's answer. Nothing where there is no such environment, or
    /// nothing that asks.
    pub(super) async fn of(act: &DrillStep<'a>, due: Timestamp) -> Result<Option<Self>, StageError> {
        let others = act.stage.at_home().filter(|(_, other)| other.document().regions.primary == act.scope.region);
        let mut scopes = others.map(|(estate, other)| scope(estate, other, &act.scope.region));
        let emergency = act.environment.document().emergency.as_ref();
        let asking = emergency.and_then(|all| all.profiles.iter().find(|(_, profile)| profile.ask));
        let (Some(scope), Some((profile, _))) = (scopes.find(|scope| *scope != act.scope), asking) else {
            return Ok(None);
        };
        let Scope { estate, environment, .. } = &act.scope;
        let input = json!({ "estate": estate, "environment": environment, "profile": profile });
        let mut siren = act.stack.raise(&input).await?;
        siren.goes_on().await?;
        let taken = later(due, SignedDuration::from_hours(-2));
        let ledger = act.stack.ledger();
        let before = Lease::generation_of(ledger.lease(&scope).await.map_err(failed)?.as_ref());
        let expires = later(taken, SignedDuration::from_mins(3));
        let holder = siren.name().to_owned();
        let lease = Lease { holder, layer: Layer::Emergency, generation: before + 1, usable: taken, expires };
        ledger.take_lease(&scope, &lease, before).await.map_err(failed)?;
        Ok(Some(Self { scope, lease, siren }))
    }

    /// The lease as it is now; its holder is ended then.
    pub(super) async fn end(self, act: &DrillStep<'_>) -> Result<Option<Lease>, StageError> {
        let lease = act.stack.ledger().lease(&self.scope).await.map_err(failed)?;
        self.siren.stop().await?;
        Ok(lease)
    }
}

pub(super) fn failed(error: LedgerError) -> StageError {
    SiteError::new("reach the ledger", error).into()
}

pub(super) fn text(text: &str) -> ItemAttribute {
    ItemAttribute::Text(text.to_owned())
}

pub(super) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}
