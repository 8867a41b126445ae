//! Not protected, as the region that serves tells it: a move stays open in its record, and is told of once a day, until the stack of
//! the other region has found nothing missing any more. All of it is in the ledger: nothing here asks that region.

use jiff::Timestamp;
use watchkeeper_domain::failover::protection::{
    MoveProtection, ProtectionItem, ProtectionStanding, ProtectionTold, protected_text, protection_mark,
    unprotected_text,
};
use watchkeeper_domain::failover::{MoveEnding, Pointer};

use super::FailoverRunbook;
use super::watch::{PairTick, said};
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::Notifier;
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    /// Looks how the protection of a pair that has moved stands, and tells of it.
    pub(super) async fn tell_protection(
        &self,
        member: &PairMember,
        pair: &PairReplica,
        pointer: &Pointer,
        at: Timestamp,
        ticked: &mut PairTick,
    ) -> Result<(), RunbookError> {
        if pointer.revision == 0 {
            return Ok(());
        }
        let (mut watch, version) = self.ledger.watch(&member.id, &member.region).await?;
        let mut told = ProtectionTold::of(watch.told_protection.take(), pointer.epoch);
        if told.closed {
            return Ok(());
        }
        let other = member.other();
        let (theirs, _) = self.ledger.watch(&member.id, other).await?;
        let theirs = theirs.protection.as_ref();
        let heard = pair.heartbeats.get(other).map(|heartbeat| heartbeat.at);
        let standing = ProtectionStanding::of(theirs, pointer, other, heard);
        self.keep_open(member, pointer, &standing).await?;
        match &standing {
            ProtectionStanding::Protected(since) => {
                if told.at.is_some() {
                    let subject = format!("{}: protected again", member.id);
                    let left = theirs.map(|memory| memory.left.clone()).unwrap_or_default();
                    self.notifier
                        .notify(&said(member, &subject, protected_text(&member.region, other, *since, &left)))
                        .await?;
                }
                told.closed = true;
                ticked.did.push(format!("{other} could take over again"));
            }
            ProtectionStanding::Missing(items) => {
                ticked.unprotected = Some(items.len());
                let mark = protection_mark(items);
                if !told.is_due(&mark, pointer.since, at) {
                    return Ok(());
                }
                let subject = format!("{}: not protected", member.id);
                let text = unprotected_text(&member.region, other, pointer.since, items);
                self.notifier.notify(&said(member, &subject, text)).await?;
                (told.mark, told.at) = (Some(mark), Some(at));
            }
        }
        watch.told_protection = Some(told);
        Ok(self.ledger.keep_watch(&member.id, &member.region, &watch, version).await?)
    }

    /// The record of the move says what is missing, until nothing is. One that went back, or was lost, has nothing to keep open.
    async fn keep_open(
        &self,
        member: &PairMember,
        pointer: &Pointer,
        standing: &ProtectionStanding,
    ) -> Result<(), RunbookError> {
        let found = self.ledger.moved(&member.id, &pointer.by).await?;
        let Some((mut record, version)) = found.filter(|(record, _)| record.ending == Some(MoveEnding::Done)) else {
            return Ok(());
        };
        let protection = match standing {
            ProtectionStanding::Protected(at) => MoveProtection { missing: Vec::new(), protected: Some(*at) },
            ProtectionStanding::Missing(items) => MoveProtection { missing: resources(items), protected: None },
        };
        if record.protection.as_ref() == Some(&protection) {
            return Ok(());
        }
        record.protection = Some(protection);
        Ok(self.ledger.keep_move(&member.id, &record, version).await?)
    }
}

/// What is missing, each resource once.
fn resources(items: &[ProtectionItem]) -> Vec<String> {
    let mut found: Vec<String> = items.iter().map(|item| item.resource.clone()).collect();
    found.dedup();
    found
}
