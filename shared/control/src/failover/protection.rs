//! Protected again, in the region that was left: its stack looks at it as at any standby, lists what a move has cost, and where the
//! document says so does what it can, a step at a look. Every write is in its own region, and only the next move, which it would
//! make itself, could want that region for anything else.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};
use jiff::Timestamp;
use watchkeeper_domain::failover::protection::{
    ProtectionFacts, ProtectionMemory, ReplicaSituation, ReplicaStep, left_name, protection_work,
};
use watchkeeper_domain::failover::readiness::Read;
use watchkeeper_domain::failover::{PairDatabase, Placement, Pointer, WatchState};
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::value::ResourceName;

use super::FailoverRunbook;
use super::gather::why;
use super::ports::StandbyReplicas;
use super::watch::PairTick;
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::AwsError;
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    /// Looks what this region lacks, given the readiness that was just looked at. The step that follows is for the caller to take
    /// once this memory, in which its try is counted, is kept: of two ticks one keeps it.
    pub(super) async fn protect(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        pointer: &Pointer,
        watch: &mut WatchState,
        at: Timestamp,
    ) -> Result<Option<ReplicaStep>, RunbookError> {
        if !ProtectionMemory::is_due(watch.protection.as_ref(), pointer.epoch, at) || pointer.revision == 0 {
            return Ok(None);
        }
        let Some(readiness) = &watch.readiness else { return Ok(None) };
        let seen = self.ledger.load(&member.scope()).await?;
        let wanted = member.placement(pair, &seen, at)?;
        let mark = wanted.as_ref().and_then(Intent::placement).map(Placement::mark);
        let fenced = seen.standing.settled.and_then(|settled| settled.placement) == mark;
        let (replicas, resynchronizing) =
            join(self.replicas(member, pointer.epoch), self.resynchronizing(member)).await;
        let facts = ProtectionFacts {
            epoch: pointer.epoch,
            active: member.other(),
            readiness,
            replicas: &replicas,
            resynchronizing: &resynchronizing,
            fenced,
            halted: seen.halt.is_some(),
        };
        let work = protection_work(&member.failover, facts);
        let set_aside = replicas.iter().filter(|(_, found)| matches!(found.left, Ok(Some(_))));
        let left: BTreeSet<ResourceName> = set_aside.filter_map(|(name, _)| left_name(name, pointer.epoch)).collect();
        let mut memory = ProtectionMemory::of(watch.protection.take(), pointer.epoch, at);
        let step = memory.look(work, left, fenced, at);
        watch.protection = Some(memory);
        Ok(step)
    }

    /// Takes a step, and remembers why it failed if it did: the next look sees what came of it.
    pub(super) async fn take_protection_step(
        &self,
        member: &PairMember,
        step: &ReplicaStep,
        mut watch: WatchState,
        version: u64,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        let taken = match step {
            ReplicaStep::Rename { from, to } => self.here.rename_instance(from, to).await,
            ReplicaStep::Stop(name) => self.here.stop_instance(name).await,
            ReplicaStep::Create(new) => self.here.create_replica(new).await,
        };
        let what = step.key();
        match taken {
            Ok(()) => ticked.did.push(format!("to be protected again: {what}")),
            Err(error) => {
                ticked.did.push(format!("to be protected again: {what}: {error}"));
                if let Some(memory) = &mut watch.protection {
                    memory.failed(step, error.to_string());
                }
                self.ledger.keep_watch(&member.id, &member.region, &watch, version).await?;
            }
        }
        Ok(())
    }

    async fn replicas(&self, member: &PairMember, epoch: u64) -> BTreeMap<ResourceName, ReplicaSituation> {
        let databases = member.failover.databases.iter().filter_map(PairDatabase::of);
        let names = databases.filter_map(|database| match database {
            PairDatabase::Replica(name) => Some(name),
            PairDatabase::AuroraGlobal(_) => None,
        });
        let looked = names.map(async |name| {
            let left = async {
                match left_name(&name, epoch) {
                    Some(left) => self.here.instance(&left).await,
                    None => Ok(None),
                }
            };
            let (here, left) = join(self.here.instance(&name), left).await;
            (name, ReplicaSituation { here: here.map_err(why), left: left.map_err(why) })
        });
        join_all(looked).await.into_iter().collect()
    }

    async fn resynchronizing(&self, member: &PairMember) -> BTreeMap<ResourceName, Read<bool>> {
        let databases = member.failover.databases.iter().filter_map(PairDatabase::of);
        let names = databases.filter_map(|database| match database {
            PairDatabase::AuroraGlobal(name) => Some(name),
            PairDatabase::Replica(_) => None,
        });
        let looked = names.map(async |name| {
            let found: Result<bool, AwsError> = self.here.resynchronizes(&name).await;
            (name, found.map_err(why))
        });
        join_all(looked).await.into_iter().collect()
    }
}
