//! The list of work: what the region that is to stand by lacks, with the command of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command;
use super::replica::{ReplicaPlace, ReplicaSituation, ReplicaStep};
use crate::estate::{Failover, PairDatabase};
use crate::failover::readiness::{FindingGrade, Read, Readiness, ReadinessCode, ReadinessFinding};
use crate::name::Region;
use crate::value::ResourceName;

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtectionHand {
    /// The stack of the region that is to stand by.
    Stack,
    /// AWS is at it.
    Aws,
    /// A person.
    Person,
}

/// One thing that a pair lacks after a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProtectionItem {
    /// What it is about, such as `replica orders`.
    pub resource: String,
    /// What is missing.
    pub missing: String,
    /// What is to be done.
    pub advice: String,
    /// The command that does it, whole; nothing where no one command does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Who does it.
    pub by: ProtectionHand,
    /// Why the stack does not do what it could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
}

impl ProtectionItem {
    /// Something that a person has to do.
    pub(super) fn of(resource: impl Into<String>, missing: impl Into<String>, advice: impl Into<String>) -> Self {
        let (resource, missing, advice) = (resource.into(), missing.into(), advice.into());
        Self { resource, missing, advice, command: None, by: ProtectionHand::Person, hindrance: None }
    }
}

/// The same with the step by which the stack could do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionWork {
    /// What people read of it.
    pub item: ProtectionItem,
    /// The step; nothing where it is not the stack's, or only follows another one.
    pub step: Option<ReplicaStep>,
}

impl From<ProtectionItem> for ProtectionWork {
    fn from(item: ProtectionItem) -> Self {
        Self { item, step: None }
    }
}

/// What protection is judged by.
#[derive(Debug, Clone, Copy)]
pub struct ProtectionFacts<'a> {
    /// The epoch of the pointer since the move.
    pub epoch: u64,
    /// The region that serves.
    pub active: &'a Region,
    /// What was found of the region that is to stand by: the same that is asked of any standby.
    pub readiness: &'a Readiness,
    /// Each read replica of the document there.
    pub replicas: &'a BTreeMap<ResourceName, ReplicaSituation>,
    /// Whether the cluster of each global database of the document there is still to catch up, as AWS says it.
    pub resynchronizing: &'a BTreeMap<ResourceName, Read<bool>>,
    /// Whether the region's own hand has settled what the pointer wants of it.
    pub fenced: bool,
    /// Whether the halt switch holds everything up there.
    pub halted: bool,
}

/// Everything that is left to do, the fence first; nothing once the pair is protected again.
pub fn protection_work(failover: &Failover, facts: ProtectionFacts<'_>) -> Vec<ProtectionWork> {
    let (region, active) = (&facts.readiness.region, facts.active);
    let mut all = Vec::new();
    if !facts.fenced {
        let item = ProtectionItem::of(
            region.to_string(),
            "its stack has not closed everything there yet that the other region runs",
            "Wait; if it lasts, look at the runs of reconcile there",
        );
        all.push(ProtectionItem { by: ProtectionHand::Stack, ..item }.into());
    }
    for (name, situation) in facts.replicas {
        let (epoch, ours, halted) = (facts.epoch, failover.protect_again, facts.halted);
        all.extend(ReplicaPlace { name, epoch, region, active, ours, halted }.work(situation));
    }
    for (name, resynchronizing) in facts.resynchronizing {
        all.extend(global_database(name, region, resynchronizing).map(ProtectionWork::from));
    }
    let replicas: Vec<String> =
        facts.replicas.keys().map(|name| PairDatabase::Replica(name.clone()).to_string()).collect();
    let others = facts.readiness.findings.iter().filter(|finding| !replicas.contains(&finding.resource));
    all.extend(
        others.filter(|finding| costs_protection(finding)).map(|it| of_finding(failover, region, active, it).into()),
    );
    all
}

/// A region that blocks a move protects nothing; nor does one whose data is still on its way.
fn costs_protection(finding: &ReadinessFinding) -> bool {
    let on_its_way = [ReadinessCode::DatabaseChanging, ReadinessCode::ReplicaInactive].contains(&finding.code);
    finding.grade == FindingGrade::Blocks || on_its_way
}

/// After a failover Aurora makes the old primary a secondary again by itself once its region is back, on a new volume, and
/// snapshots the old one before that (Amazon Aurora user guide, "Performing managed failovers for Aurora global databases").
fn global_database(name: &ResourceName, region: &Region, resynchronizing: &Read<bool>) -> Option<ProtectionItem> {
    let resource = PairDatabase::AuroraGlobal(name.clone()).to_string();
    match resynchronizing {
        Ok(false) => None,
        Ok(true) => {
            let advice = format!(
                "Wait, Aurora catches it up by itself. What was not replicated may be in a snapshot that it took in {region}, \
                 rds:unplanned-global-failover-…: copy that before it expires"
            );
            let item = ProtectionItem::of(resource, format!("its cluster in {region} has not caught up yet"), advice);
            Some(ProtectionItem { by: ProtectionHand::Aws, ..item })
        }
        Err(why) => {
            let missing = format!("whether its cluster in {region} has caught up could not be read: {why}");
            Some(ProtectionItem::of(
                resource,
                missing,
                "See that the function may read it; the next look reads it again",
            ))
        }
    }
}

fn of_finding(failover: &Failover, region: &Region, active: &Region, finding: &ReadinessFinding) -> ProtectionItem {
    let ReadinessFinding { code, resource, found, expected, advice, .. } = finding;
    let item = ProtectionItem::of(resource.clone(), format!("found {found}, expected {expected}"), advice.clone());
    let waits = [ReadinessCode::DatabaseChanging, ReadinessCode::ReplicaInactive].contains(code);
    ProtectionItem {
        command: command_of(failover, region, active, finding),
        by: if waits { ProtectionHand::Aws } else { ProtectionHand::Person },
        ..item
    }
}

/// The command, where one does it.
fn command_of(failover: &Failover, region: &Region, active: &Region, finding: &ReadinessFinding) -> Option<String> {
    let resource = finding.resource.as_str();
    match finding.code {
        ReadinessCode::TableMissing | ReadinessCode::ReplicaMissing => {
            let (table, to) =
                resource.strip_prefix("table ")?.split_once(", replica ").unwrap_or((&resource[6..], region.as_str()));
            let table = failover.tables.iter().map(|it| &it.table).find(|name| name.as_str() == table)?;
            // Where the other one's replica is missing, it is asked of this region, which has the table.
            let at = if to == active.as_str() { region } else { active };
            Some(command::replicate(table, at, to))
        }
        ReadinessCode::StreamMissing => {
            let stream = failover.streams.iter().find(|it| resource == format!("stream {}", it.stream))?;
            Some(format!(
                "aws kinesis create-stream --region {region} --stream-name {} --shard-count {}",
                stream.stream, stream.shards
            ))
        }
        ReadinessCode::RepositoryMissing => {
            let repository = failover.images.iter().find(|it| resource == format!("repository {it}"))?;
            Some(format!("aws ecr create-repository --region {region} --repository-name {repository}"))
        }
        _ => None,
    }
}
