//! What a row has from other partitions of the ledger, and from alarms.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use watchkeeper_domain::backup::{Freshness, JobPolicy};
use watchkeeper_domain::emergency::alarm::{AlarmState, AlarmStatus};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::failover::{MoveEnding, Pointer};
use watchkeeper_domain::intent::{DesiredState, Intent};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::unblock::{UnblockFinding, UnblockMemory, UnblockRecord};
use watchkeeper_domain::value::AlarmName;
use watchkeeper_window::facts::{BackupFreshness, PairState, Reading};

use super::pages::failed_since;
use super::{WindowReader, unread};
use crate::ledger::{Ledger, LedgerError, LedgerNote, PairReplica};
use crate::platform::Platform;
use crate::ports::Alarms;
use crate::scoped::PairMember;

impl<P: Platform> WindowReader<P> {
    /// Since when each alarm behind an emergency is quiet. Those of another region are not asked, and not said.
    pub(super) async fn quiet(
        &self,
        scope: &Scope,
        intents: &[Intent],
        now: Timestamp,
    ) -> BTreeMap<AlarmName, Option<Timestamp>> {
        let behind = intents.iter().filter(|intent| intent.holds(now)).filter_map(|intent| match &intent.want {
            DesiredState::Scaled(requested) => Some(requested.alarms.iter().cloned()),
            _ => None,
        });
        let names: BTreeSet<AlarmName> = behind.flatten().collect();
        if names.is_empty() || scope.region != *self.own.window.region() {
            return BTreeMap::new();
        }
        let Ok(states) = self.alarms.alarm_states(&names).await else { return BTreeMap::new() };
        let since = |(name, status): (AlarmName, AlarmStatus)| {
            let rings = status.state == AlarmState::Alarm;
            // Quiet, and nobody says since when, is as good as not known.
            if rings { Some((name, None)) } else { status.since.map(|since| (name, Some(since))) }
        };
        states.into_iter().filter_map(since).collect()
    }

    pub(super) async fn freshness(
        &self,
        environment: &Environment,
        scope: &Scope,
        pair: Option<&Pointer>,
        now: Timestamp,
    ) -> Reading<Vec<BackupFreshness>> {
        let serves = pair.map_or(&scope.region, |pointer| &pointer.active);
        let policies = JobPolicy::all(scope, environment).into_iter().map(|policy| policy.served_in(serves));
        let policies: Vec<JobPolicy> = policies.collect();
        if policies.is_empty() {
            return Reading::Now(Vec::new());
        }
        let memories = match self.ledger.backups(scope).await {
            Ok(memories) => memories,
            Err(error) => return unread(&error),
        };
        let fresh = policies.iter().map(|policy| {
            let memory = memories.get(&policy.subject.source).cloned().unwrap_or_default();
            let Freshness { source, newest, within, .. } = Freshness::of(policy, &memory, now);
            let failed = failed_since(&memory, newest);
            BackupFreshness { resource: source, newest, within_seconds: within.as_secs(), failed }
        });
        Reading::Now(fresh.collect())
    }

    pub(super) async fn findings(&self, environment: &Environment, scope: &Scope) -> Reading<Vec<UnblockFinding>> {
        if environment.document().unblock.is_none() {
            return Reading::Now(Vec::new());
        }
        let found = async {
            let memory = self.ledger.read::<UnblockMemory>(scope, LedgerNote::Memory).await?;
            let Some(last) = memory.and_then(|(memory, _)| memory.last) else { return Ok(Vec::new()) };
            let record = self.ledger.read::<UnblockRecord>(scope, LedgerNote::Run(&last.run)).await?;
            Ok(record.map(|(record, _)| record.findings.all).unwrap_or_default())
        };
        found.await.map_or_else(|error: LedgerError| unread(&error), Reading::Now)
    }

    pub(super) async fn standing(&self, member: &PairMember, replica: Reading<PairReplica>) -> Reading<PairState> {
        let replica = match replica {
            Reading::Now(replica) => replica,
            other => return Reading::Unread { why: other.why().unwrap_or_default().to_owned() },
        };
        let pointer = member.pointer(&replica);
        let standing = async {
            let idle = if pointer.active == member.home { &member.standby } else { &member.home };
            let readiness = self.ledger.watch(&member.id, idle).await?.0.readiness;
            let held = self.held(member, &pointer).await?;
            Ok(PairState {
                heard: replica.heartbeats.clone(),
                heard_since: None,
                readiness,
                held,
                pointer: pointer.clone(),
            })
        };
        standing.await.map_or_else(|error: LedgerError| unread(&error), Reading::Now)
    }

    async fn held(
        &self,
        member: &PairMember,
        pointer: &Pointer,
    ) -> Result<Option<(String, Timestamp, String)>, LedgerError> {
        if pointer.moving.is_none() {
            return Ok(None);
        }
        let moved = self.ledger.moved(&member.id, &pointer.by).await?.map(|(moved, _)| moved);
        let held = moved.filter(|moved| moved.ending == Some(MoveEnding::Held));
        Ok(held.map(|moved| {
            let since = moved.spells.last().map_or(moved.header.started, |spell| spell.began);
            (moved.header.id, since, moved.failure.unwrap_or_default())
        }))
    }
}
