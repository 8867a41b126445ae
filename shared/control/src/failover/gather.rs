//! Gathering: what readiness judges, read from this region alone, and what this region says of itself for the other.
//! What cannot be read is a fact too: it keeps nothing else from being read.

mod look;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, join5};
use jiff::Timestamp;
use watchkeeper_domain::backup::{BackupMemory, Freshness, JobPolicy};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::FencePolicy;
use watchkeeper_domain::failover::readiness::{Read, ReadinessFacts, TrafficFacts};
use watchkeeper_domain::failover::rehearsal::CapacityCertificate;
use watchkeeper_domain::failover::{
    ObservedSwitches, PairDatabase, RegionSample, ServiceSample, SourceState, SwitchArming, event_sources,
};
use watchkeeper_domain::name::ServiceName;
use watchkeeper_domain::value::AlarmName;

pub(super) use self::look::PacedRegion;
pub(super) use self::look::why;
use super::ports::{DatabasePromotions, EventSources, RegionReader};
use crate::ledger::{Ledger, LedgerError, PairReplica};
use crate::pacing::Pace;
use crate::ports::{Alarms, AwsError, Clock};
use crate::scoped::PairMember;

/// What the ledger has, of the other region above all: nothing here asks that one.
#[derive(Debug, Clone)]
pub(super) struct LedgerFacts {
    /// What the other region last said of itself.
    pub(super) sample: Option<RegionSample>,
    /// When its stack was last heard of.
    pub(super) heard: Option<Timestamp>,
    /// How fresh the backups are.
    pub(super) backups: Read<Vec<Freshness>>,
    /// Dead man's switches in the other region that would not stop their singletons, and why.
    pub(super) unarmed: BTreeMap<ServiceName, String>,
    /// What this region was last seen to start.
    pub(super) certificate: Read<Option<Box<CapacityCertificate>>>,
}

impl LedgerFacts {
    pub(super) async fn of<L: Ledger>(ledger: &L, member: &PairMember, pair: &PairReplica, now: Timestamp) -> Self {
        Self {
            sample: pair.samples.get(member.other()).cloned(),
            heard: pair.heartbeats.get(member.other()).map(|heartbeat| heartbeat.at),
            backups: freshness(ledger, member, pair, now).await.map_err(|error| error.to_string()),
            unarmed: unarmed(member, pair),
            certificate: match ledger.certificate(&member.id, &member.region).await {
                Ok(found) => Ok(found.map(Box::new)),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// Singletons of the home that have a dead man's switch which the home does not say would stop them.
fn unarmed(member: &PairMember, pair: &PairReplica) -> BTreeMap<ServiceName, String> {
    let heartbeat = pair.heartbeats.get(&member.home).filter(|_| member.region == member.standby);
    let dead_man = member.failover.singletons.iter().filter(|singleton| singleton.fence == Some(FencePolicy::DeadMan));
    let why = |service: &ServiceName| match heartbeat?.switches.get(service) {
        Some(SwitchArming::Hindered { why }) => Some(why.clone()),
        Some(SwitchArming::Armed { .. }) => None,
        None => Some("its home says nothing of it".to_owned()),
    };
    dead_man.filter_map(|singleton| Some((singleton.service.clone(), why(&singleton.service)?))).collect()
}

/// How fresh the backups are where the pair is served.
async fn freshness<L: Ledger>(
    ledger: &L,
    member: &PairMember,
    pair: &PairReplica,
    now: Timestamp,
) -> Result<Vec<Freshness>, LedgerError> {
    if member.backups.is_empty() {
        return Ok(Vec::new());
    }
    let (memories, none) = (ledger.backups(&member.scope_in(&member.home)).await?, BackupMemory::default());
    let serves = member.pointer(pair).active;
    let of = |policy: JobPolicy| Freshness::of(&policy, memories.get(&policy.subject.source).unwrap_or(&none), now);
    Ok(member.backups.iter().map(|policy| of(policy.clone().served_in(&serves))).collect())
}

/// The facts about this region as the one that would have to serve.
pub(super) async fn gather<S: RegionReader + DatabasePromotions + EventSources, L: Ledger, K: Clock>(
    reader: &S,
    pace: &Pace<'_, L, K>,
    member: &PairMember,
    kept: LedgerFacts,
    traffic: Read<TrafficFacts>,
) -> ReadinessFacts {
    let look = PacedRegion { reader, pace };
    let failover = &member.failover;
    // All at once: an API that does not answer costs its time-out once.
    let (services, tables, databases, streams, (quota, alarms)) = join5(
        look.services(member),
        join_all(failover.tables.iter().map(async |t| (t.table.clone(), reader.table(&t.table).await.map_err(why)))),
        join_all(failover.databases.iter().filter_map(PairDatabase::of).map(async |database| {
            let role = reader.role(&database).await.map_err(why);
            (database, role)
        })),
        join_all(
            failover.streams.iter().map(async |s| (s.stream.clone(), reader.stream(&s.stream).await.map_err(why))),
        ),
        join(look.quota(), evidence(reader, member, kept.sample.as_ref())),
    )
    .await;
    let sources = event_sources(failover);
    let sources = join_all(sources.into_iter().map(async |source| {
        let state = reader.source(&source).await.map_err(why);
        (source, state)
    }))
    .await;
    let images = look.images(&failover.images, &services, kept.sample.as_ref()).await;
    ReadinessFacts {
        region: member.region.clone(),
        active: member.other().clone(),
        services,
        tables: tables.into_iter().collect(),
        databases: databases.into_iter().collect(),
        streams: streams.into_iter().collect(),
        images,
        quota,
        traffic,
        alarms,
        unarmed: kept.unarmed,
        backups: kept.backups,
        sample: kept.sample,
        certificate: kept.certificate,
        heard: kept.heard,
        sources: sources.into_iter().collect(),
        now: pace.clock.now(),
    }
}

/// Alarms that the document counts as evidence and that neither region has: this one by its own word, the other one by what
/// it last told.
async fn evidence<S: Alarms>(
    reader: &S,
    member: &PairMember,
    sample: Option<&RegionSample>,
) -> Read<BTreeSet<AlarmName>> {
    let mut missing: BTreeSet<AlarmName> = member.failover.evidence.iter().cloned().collect();
    let Some(there) = sample.and_then(|sample| sample.alarms.as_ref()).filter(|_| !missing.is_empty()) else {
        return Ok(BTreeSet::new());
    };
    let here = reader.alarm_states(&missing).await.map_err(why)?;
    missing.retain(|alarm| !here.contains_key(alarm) && !there.contains(alarm));
    Ok(missing)
}

/// These services as they are, for a judgement, with the tags of their scalable targets. Tags that cannot be read are a matter
/// of that one service.
///
/// # Errors
/// Why they cannot be seen.
pub(super) async fn observed<S: RegionReader, L: Ledger, K: Clock>(
    reader: &S,
    pace: &Pace<'_, L, K>,
    ids: &[&ServiceId],
) -> Result<ObservedSwitches, String> {
    let look = PacedRegion { reader, pace };
    let ObservedSwitches { scope: mut observed, mut unread } = ObservedSwitches::default();
    for (_, answer) in look.describe(ids.iter().copied()).await {
        observed.services.extend(answer.map_err(why)?);
    }
    for (_, answer) in look.targets(ids.iter().copied()).await {
        for (id, scaling) in answer.map_err(why)? {
            match look.target_is_managed(&id).await {
                Ok(true) => {}
                Ok(false) => drop(observed.untagged.insert(id.clone())),
                Err(why) => drop(unread.insert(id.clone(), why)),
            }
            observed.services.entry(id).and_modify(|service| service.capacity.scaling = Some(scaling));
        }
    }
    Ok(ObservedSwitches { scope: observed, unread })
}

/// What this region says of itself, for a time when it cannot; `before` is what it said last.
///
/// # Errors
/// [`AwsError`] when counts or bounds cannot be read: an older sample that is whole is better than a newer one that is
/// not. What else cannot be read is left out.
pub(super) async fn sample<S: RegionReader + EventSources, L: Ledger, K: Clock>(
    reader: &S,
    pace: &Pace<'_, L, K>,
    member: &PairMember,
    before: Option<&RegionSample>,
) -> Result<RegionSample, AwsError> {
    let look = PacedRegion { reader, pace };
    let at = pace.clock.now();
    let kept = before.filter(|before| before.has_figures(at));
    let mut found = BTreeMap::new();
    for (_, answer) in look.describe(member.own.values()).await {
        found.extend(answer?);
    }
    for (_, answer) in look.targets(found.keys()).await {
        for (id, scaling) in answer? {
            found.entry(id).and_modify(|service| service.capacity.scaling = Some(scaling));
        }
    }
    let services = join_all(found.into_iter().map(async |(id, service)| {
        let images = look.task_images(&service).await.unwrap_or_default();
        (id.service, ServiceSample { capacity: service.capacity, images })
    }));
    let tables = member.failover.tables.iter().filter(|_| kept.is_none());
    let lags = join_all(tables.map(async |table| {
        let lag = reader.lag(&table.table, member.other(), at).await.ok()??;
        Some((table.table.clone(), u64::try_from(lag.as_millis()).unwrap_or(0)))
    }));
    let was_off = before.map(|before| &before.sources_off);
    let sources = event_sources(&member.failover).into_iter().map(async |source| {
        // One that cannot be read is taken at what was said of it last.
        let off = match reader.source(&source).await {
            Ok(found) => found == Some(SourceState::Off),
            Err(_) => was_off.is_some_and(|off| off.contains(&source)),
        };
        off.then_some(source)
    });
    let names: BTreeSet<AlarmName> = member.failover.evidence.iter().cloned().collect();
    let alarms = if names.is_empty() { None } else { reader.alarm_states(&names).await.ok() };
    Ok(RegionSample {
        at,
        alarms: alarms.map(|alarms| alarms.into_keys().collect()),
        services: services.await.into_iter().collect(),
        lag_ms: match kept {
            Some(before) => before.lag_ms.clone(),
            None => lags.await.into_iter().flatten().collect(),
        },
        vcpu: match kept {
            Some(before) => before.vcpu,
            None => look.quota().await.ok().and_then(|quota| quota.vcpu),
        },
        figures_at: kept.map_or(Some(at), |before| before.figures_at),
        sources_off: join_all(sources).await.into_iter().flatten().collect(),
    })
}
