//! Data: replicas of tables and databases, and how far they are behind.

use jiff::SignedDuration;

use super::{ReadinessCase, about, known, words};
use crate::estate::{GlobalTable, PairDatabase};
use crate::failover::data::DatabaseRole;
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding, TableFacts};
use crate::name::Region;

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    for table in &case.failover.tables {
        let resource = format!("table {}", table.table);
        found.extend(lag(case, table, &resource));
        let Some(fact) = known(&case.facts.tables, &table.table, FindingGrade::Blocks, &resource, found) else {
            continue;
        };
        match fact {
            Some(facts) => replicas(case, table, facts, &resource, found),
            None => found.push(about(FindingGrade::Blocks, ReadinessCode::TableMissing, resource).found(
                format!("no such table in {}", case.facts.region),
                format!("a replica of the table of {}", case.facts.active),
                format!("Add a replica in {}; DynamoDB copies what is there", case.facts.region),
            )),
        }
    }
    for database in case.failover.databases.iter().filter_map(PairDatabase::of) {
        let Some(role) = known(&case.facts.databases, &database, FindingGrade::Blocks, &database, found) else {
            continue;
        };
        found.extend(self::database(case, &database, role.as_ref()));
    }
}

fn replicas(
    case: ReadinessCase<'_>,
    table: &GlobalTable,
    facts: &TableFacts,
    resource: &str,
    found: &mut Vec<ReadinessFinding>,
) {
    let (region, active) = (&case.facts.region, &case.facts.active);
    // A replica that is updated is read and written as before; and that of a region that is lost says so itself.
    let here = |status: &str| if status == "UPDATING" { FindingGrade::Degrades } else { FindingGrade::Blocks };
    found.extend(replica(region, facts, resource, here));
    found.extend(replica(active, facts, resource, |_| FindingGrade::Degrades).filter(|_| region != active));
    let missing = table.indexes.iter().filter(|index| !facts.indexes.contains(index.as_str()));
    found.extend(missing.map(|index| {
        about(FindingGrade::Blocks, ReadinessCode::IndexMissing, format!("{resource}, index {index}")).found(
            format!("no such index in {region}"),
            "the index, ready to be queried",
            "Create the index on the replica and wait until it is filled: queries that use it fail without it",
        )
    }));
}

/// A replica that is not there, or whose status is not ACTIVE: `grade` says what a status means.
fn replica(
    region: &Region,
    facts: &TableFacts,
    table: &str,
    grade: impl Fn(&str) -> FindingGrade,
) -> Option<ReadinessFinding> {
    let resource = format!("{table}, replica {region}");
    match facts.replicas.get(region).map(String::as_str) {
        Some("ACTIVE") => None,
        None => Some(about(FindingGrade::Blocks, ReadinessCode::ReplicaMissing, resource).found(
            format!("no replica in {region}"),
            "an ACTIVE one in both regions",
            format!("Add the replica in {region}, and wait until it is ACTIVE"),
        )),
        Some(status) => {
            let advice = "Wait until it is ACTIVE; if it stays so, look at the table's key and its replication rights";
            Some(about(grade(status), ReadinessCode::ReplicaInactive, resource).found(status, "ACTIVE", advice))
        }
    }
}

/// What the active region last told of its replication. Without a sample that is said once, and not of each table.
fn lag(case: ReadinessCase<'_>, table: &GlobalTable, resource: &str) -> Option<ReadinessFinding> {
    let sample = case.facts.sample.as_ref()?;
    let rpo = case.failover.rpo;
    let when = format!("{} ago", words(case.facts.now.duration_since(sample.at)));
    let Some(millis) = sample.lag_ms.get(&table.table) else {
        return Some(about(FindingGrade::Degrades, ReadinessCode::LagUnknown, resource).found(
            format!("no replication lag in the sample of {when}"),
            format!("a lag of at most {rpo}"),
            "CloudWatch has no ReplicationLatency where nothing is written; else see that the function may read it. A \
             failover asks whether data may be lost",
        ));
    };
    let lag = SignedDuration::from_millis(i64::try_from(*millis).unwrap_or(i64::MAX));
    (lag > rpo.signed()).then(|| {
        about(FindingGrade::Degrades, ReadinessCode::LagAboveRpo, resource).found(
            format!("{lag:#} behind, {when}"),
            format!("at most {rpo}, the promised RPO"),
            "Look for throttling of the replica's writes; until it has caught up a failover asks whether that much may \
             be lost",
        )
    })
}

fn database(case: ReadinessCase<'_>, database: &PairDatabase, role: Option<&DatabaseRole>) -> Option<ReadinessFinding> {
    let (region, active) = (&case.facts.region, &case.facts.active);
    let follows = format!("one that follows the writer in {active}");
    match role {
        Some(DatabaseRole::Follower) => None,
        Some(DatabaseRole::Changing(what)) => {
            let about = about(FindingGrade::Degrades, ReadinessCode::DatabaseChanging, database);
            Some(about.found(what, follows, "Wait until it is available: a failover would have to wait for it too"))
        }
        Some(DatabaseRole::Writer) => Some(about(FindingGrade::Blocks, ReadinessCode::DatabaseApart, database).found(
            format!("one that takes writes of its own in {region}"),
            follows,
            format!("Make it a replica of the one in {active} again: what was written there since is not here"),
        )),
        None => Some(about(FindingGrade::Blocks, ReadinessCode::DatabaseMissing, database).found(
            format!("no such database in {region}"),
            follows,
            format!("Create the replica in {region}, under the name of the estate document"),
        )),
    }
}
