//! Records of Route 53 that choose a region by health or by weight.

use std::collections::BTreeSet;

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecordSet, ResourceRecordSetFailover};
use aws_smithy_types::error::operation::BuildError;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::failover::{DnsRecord, DnsRouting};
use watchkeeper_domain::value::ResourceName;

use crate::fault::failed;

const LIST: &str = "ListResourceRecordSets";
const CHANGE: &str = "ChangeResourceRecordSets";

/// The failover and weighted records of a zone with this DNS name.
pub(super) async fn list(client: &Client, zone: &ResourceName, name: &str) -> Result<Vec<DnsRecord>, AwsError> {
    Ok(sets(client, zone, name).await?.iter().filter_map(read).collect())
}

/// Changes how records are chosen, all of them or none; those that are as they should be are left alone. A batch cannot be
/// sent twice, for what it deletes is gone the second time: whatever the answer was, what the zone lists afterwards counts.
/// It lists changes as soon as they were accepted (Amazon Route 53 API reference, `ListResourceRecordSets`).
pub(super) async fn change(client: &Client, zone: &ResourceName, records: &[DnsRecord]) -> Result<(), AwsError> {
    match swap(client, zone, records).await {
        Err(_) if settled(client, zone, records).await => Ok(()),
        answer => answer,
    }
}

/// Whether nothing is left to swap.
async fn settled(client: &Client, zone: &ResourceName, records: &[DnsRecord]) -> bool {
    let found = named(client, zone, records).await;
    found.is_ok_and(|found| swaps(&found, records).is_ok_and(|swaps| swaps.is_empty()))
}

/// The record sets of a zone that have the names of these records.
async fn named(
    client: &Client,
    zone: &ResourceName,
    records: &[DnsRecord],
) -> Result<Vec<ResourceRecordSet>, AwsError> {
    let mut found = Vec::new();
    let names: BTreeSet<String> = records.iter().map(|record| plain(&record.name)).collect();
    for name in names {
        found.extend(sets(client, zone, &name).await?);
    }
    Ok(found)
}

async fn swap(client: &Client, zone: &ResourceName, records: &[DnsRecord]) -> Result<(), AwsError> {
    let found = named(client, zone, records).await?;
    let error = |fault, what: String| AwsError {
        operation: CHANGE,
        subject: zone.to_string(),
        fault,
        source: Some(what.into()),
    };
    let swaps = swaps(&found, records).map_err(|what| error(Fault::NotFound, what))?;
    if swaps.is_empty() {
        return Ok(());
    }
    let batch = batch(swaps).map_err(|flaw| error(Fault::Invalid, flaw.to_string()))?;
    let call = client.change_resource_record_sets().hosted_zone_id(zone.as_str()).change_batch(batch);
    call.send().await.map_err(|error| failed(CHANGE, zone, error))?;
    Ok(())
}

/// The record sets of a zone with this name. Route 53 lists them in the order of their names, beginning with this one.
async fn sets(client: &Client, zone: &ResourceName, name: &str) -> Result<Vec<ResourceRecordSet>, AwsError> {
    let name = plain(name);
    let mut found = Vec::new();
    let mut call = client.list_resource_record_sets().hosted_zone_id(zone.as_str()).start_record_name(&name);
    loop {
        let page = call.send().await.map_err(|error| failed(LIST, format!("{name} in {zone}"), error))?;
        found.extend(page.resource_record_sets().iter().filter(|set| plain(set.name()) == name).cloned());
        match page.next_record_name().filter(|next| page.is_truncated() && plain(next) == name) {
            None => return Ok(found),
            Some(next) => {
                call = client.list_resource_record_sets().hosted_zone_id(zone.as_str()).start_record_name(next);
                call = call.set_start_record_type(page.next_record_type().cloned());
                call = call.set_start_record_identifier(page.next_record_identifier().map(ToOwned::to_owned));
            }
        }
    }
}

/// A name without what may differ between two ways to write it: case, the last dot, and escapes such as `\052` for `*`.
fn plain(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, escaped)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = escaped.get(..3).and_then(|code| u8::from_str_radix(code, 8).ok());
        plain.push(code.map_or('\\', char::from));
        rest = if code.is_some() { &escaped[3..] } else { escaped };
    }
    plain.push_str(rest);
    plain.to_ascii_lowercase()
}

/// A record set as a record, if it is chosen by health or by weight.
fn read(set: &ResourceRecordSet) -> Option<DnsRecord> {
    let routing = match (set.failover(), set.weight()) {
        (Some(failover), _) => DnsRouting::Failover { primary: *failover == ResourceRecordSetFailover::Primary },
        (None, Some(weight)) => DnsRouting::Weighted(u64::try_from(weight).unwrap_or(0)),
        (None, None) => return None,
    };
    let (kind, set_identifier) = (set.r#type().as_str().to_owned(), set.set_identifier()?.to_owned());
    Some(DnsRecord { name: plain(set.name()), kind, set: set_identifier, routing })
}

/// Each record set that has to change, as it is and as it is to be.
type Swap = (ResourceRecordSet, ResourceRecordSet);

/// What has to change of `found`. `Err` says which record is not there.
fn swaps(found: &[ResourceRecordSet], records: &[DnsRecord]) -> Result<Vec<Swap>, String> {
    let mut swaps = Vec::new();
    for record in records {
        let DnsRecord { name, kind, set, .. } = record;
        let is = |now: &DnsRecord| plain(name) == now.name && *kind == now.kind && *set == now.set;
        let present = found.iter().find_map(|found| read(found).filter(is).map(|now| (found, now)));
        let (present, now) = present.ok_or_else(|| {
            format!("found no failover or weighted record {name} {kind} with the set identifier {set:?}, expected one")
        })?;
        if now.routing != record.routing {
            swaps.push((present.clone(), routed(present, record.routing)));
        }
    }
    Ok(swaps)
}

/// The same record set, chosen otherwise.
fn routed(set: &ResourceRecordSet, routing: DnsRouting) -> ResourceRecordSet {
    let mut set = set.clone();
    match routing {
        DnsRouting::Failover { primary: true } => set.failover = Some(ResourceRecordSetFailover::Primary),
        DnsRouting::Failover { primary: false } => set.failover = Some(ResourceRecordSetFailover::Secondary),
        DnsRouting::Weighted(weight) => set.weight = Some(i64::try_from(weight).unwrap_or(i64::MAX)),
    }
    set
}

/// First every old one goes, then every new one comes, in one batch: so two records of a name are never both primary on
/// the way, and a record that somebody changed in the meantime fails the batch, because what goes has to be as it was read.
fn batch(swaps: Vec<Swap>) -> Result<ChangeBatch, BuildError> {
    let change = |action, set| Change::builder().action(action).resource_record_set(set).build();
    let (old, new): (Vec<_>, Vec<_>) = swaps.into_iter().unzip();
    let old = old.into_iter().map(|set| change(ChangeAction::Delete, set));
    let new = new.into_iter().map(|set| change(ChangeAction::Create, set));
    let changes = old.chain(new).collect::<Result<Vec<_>, _>>()?;
    ChangeBatch::builder().comment("Watchkeeper moves traffic").set_changes(Some(changes)).build()
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
