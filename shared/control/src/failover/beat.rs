//! The heartbeat: a sign of life, the standby's grants, and what the home's dead man's switches could do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::FencePolicy;
use watchkeeper_domain::failover::{Heartbeat, Pointer, SwitchArming, arming};
use watchkeeper_domain::guardrail::Allowance;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::ServiceName;

use super::FailoverRunbook;
use super::gather::observed;
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    /// A sign of life; of a standby that sees the pair at home the grant that a dead man's switch listens to; and of the home
    /// that it hears that, as long as each switch could do what it is for. The instant is that of the tick that read the
    /// pointer, so that one that comes late grants nothing new.
    pub(super) async fn beat(
        &self,
        member: &PairMember,
        allowance: &Allowance,
        pair: &PairReplica,
        pointer: &Pointer,
        at: Timestamp,
    ) -> Result<(), RunbookError> {
        let last = pair.heartbeats.get(&member.region);
        if last.is_some_and(|last| last.at >= at) {
            return Ok(());
        }
        let grants = member.region == member.standby && pointer.active == member.home && pointer.moving.is_none();
        let granted = if grants { Some(at) } else { last.and_then(|last| last.granted) };
        let switches =
            if member.region == member.home { self.dead_mans(member, allowance, at).await? } else { BTreeMap::new() };
        let armed = switches.is_empty() || switches.values().any(|switch| matches!(switch, SwitchArming::Armed { .. }));
        let heard = pair.heartbeats.get(member.other()).and_then(|heartbeat| heartbeat.granted).filter(|_| armed);
        let heartbeat = Heartbeat { at, epoch: pointer.epoch, heard, granted, switches };
        Ok(self.ledger.beat(&member.id, &member.region, &heartbeat).await?)
    }

    /// The dead man's switches of this home, each looked at.
    async fn dead_mans(
        &self,
        member: &PairMember,
        allowance: &Allowance,
        at: Timestamp,
    ) -> Result<BTreeMap<ServiceName, SwitchArming>, RunbookError> {
        let dead_man =
            member.failover.singletons.iter().filter(|singleton| singleton.fence == Some(FencePolicy::DeadMan));
        let ids: Vec<&ServiceId> = dead_man.filter_map(|singleton| member.own.get(&singleton.service)).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let observed = observed(&self.here, &self.pace(Layer::Schedule), &ids).await;
        let refused = self.ledger.load(&member.scope()).await?.standing.refused;
        Ok(arming(&member.failover, &member.own, &observed, &refused, allowance, at))
    }
}
