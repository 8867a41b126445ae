//! Databases: whether they can sleep, be promoted and be backed up.

use super::row::existing;
use super::services::{of_scheduler, of_tag};
use super::{Check, DatabaseFacts, MANAGED, PreflightCase, ReportRow, Tags};
use crate::backup::{BACKUP_TAG, JobPolicy, ObservedSource, RESTORE_TAG, ResourceKind, SourceState};
use crate::capacity::{DatabaseId, EnvironmentTag, ResourceId};
use crate::estate::EnvironmentKind;
use crate::failover::{DatabaseRole, PairDatabase};

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    if let Some(tag) = &case.wanted.databases_by_tag {
        rows.push(of_tagged(case, tag));
    }
    for id in &case.wanted.databases {
        of_database(case, id, rows);
    }
    for promoted in &case.wanted.promoted {
        of_promoted(case, promoted, rows);
    }
    for policy in &case.wanted.policies {
        of_source(case, policy, rows);
    }
}

/// What was found by its tags: an empty selection is never meant.
fn of_tagged(case: PreflightCase<'_>, tag: &EnvironmentTag) -> ReportRow {
    let subject = format!("databases of {tag} by tag");
    match &case.facts.listed_databases {
        Some(Err(unread)) => ReportRow::unread(Check::Exists, subject, unread),
        listed => {
            let found = case.wanted.databases.len();
            let all = listed.as_ref().map_or(0, |listed| listed.as_ref().map_or(0, |all| *all));
            let counts = format!("{found} of {all} databases have the tags and are not excluded");
            let expected = format!("at least one database with {MANAGED} = true and {} = {tag}", EnvironmentTag::KEY);
            match found {
                0 => ReportRow::bad(
                    Check::Exists,
                    subject,
                    counts,
                    expected,
                    case.aws(&["rds", "describe-db-instances"]),
                ),
                _ => ReportRow::good(Check::Exists, subject, counts),
            }
        }
    }
}

/// The words that name a database in a command: what to call, the option of its name, and its name.
fn named(id: &DatabaseId) -> ([&'static str; 2], &str) {
    match id {
        DatabaseId::Aurora(name) => (["describe-db-clusters", "--db-cluster-identifier"], name.as_str()),
        DatabaseId::Rds(name) => (["describe-db-instances", "--db-instance-identifier"], name.as_str()),
    }
}

/// Its ARN (service authorization reference, resource types of Amazon RDS).
pub(super) fn arn(case: PreflightCase<'_>, id: &DatabaseId) -> String {
    let kind = if matches!(id, DatabaseId::Aurora(_)) { "cluster" } else { "db" };
    case.facts.place.arn("rds", &format!("{kind}:{}", id.name()))
}

fn of_database(case: PreflightCase<'_>, id: &DatabaseId, rows: &mut Vec<ReportRow>) {
    let subject = format!("database {id}");
    let ([describe, option], name) = named(id);
    let missing = || ReportRow::missing(Check::Exists, subject.as_str(), case.aws(&["rds", describe]));
    let database = match existing(case.facts.databases.get(id), &subject, missing) {
        Ok(database) => database,
        Err(row) => return rows.push(row),
    };
    rows.push(ReportRow::good(Check::Exists, subject.as_str(), database.observed.state.to_string()));
    foreign_tags(case, id, &subject, database, rows);
    if case.environment.kind() == EnvironmentKind::Production
        || case.environment.protects(&ResourceId::Database(id.clone()))
    {
        return;
    }
    let tags = match (&database.tags, database.observed.managed) {
        (Ok(tags), _) => tags.clone(),
        (Err(_), true) => Tags::from([(MANAGED.to_owned(), "true".to_owned())]),
        (Err(_), false) => Tags::new(),
    };
    rows.push(of_tag(&subject, &tags, || {
        let (arn, tag) = (arn(case, id), format!("Key={MANAGED},Value=true"));
        case.aws(&["rds", "add-tags-to-resource", "--resource-name", &arn, "--tags", &tag])
    }));
    rows.extend(of_scheduler(case, &subject, database.observed.scheduler, |tag| untag(case, id, tag)));
    rows.push(match &database.observed.cannot_stop {
        None => ReportRow::good(Check::Stops, subject, "can be stopped"),
        Some(why) => {
            let expected = "one that AWS stops; name it in `protected`, and it stays up without a word";
            ReportRow::bad(Check::Stops, subject, why, expected, case.aws(&["rds", describe, option, name]))
        }
    });
}

/// A tag by which our own roles tell what they made, and may remove, has no business on an original.
fn foreign_tags(
    case: PreflightCase<'_>,
    id: &DatabaseId,
    subject: &str,
    database: &DatabaseFacts,
    rows: &mut Vec<ReportRow>,
) {
    let tags = match &database.tags {
        Ok(tags) => tags,
        Err(unread) => return rows.push(ReportRow::unread(Check::NotOurs, subject, unread)),
    };
    for tag in [BACKUP_TAG, RESTORE_TAG].into_iter().filter(|tag| tags.contains_key(*tag)) {
        let found = format!("carries {tag}, by which what we made is known and removed");
        rows.push(ReportRow::bad(Check::NotOurs, subject, found, "no such tag on an original", untag(case, id, tag)));
    }
}

/// What takes a tag away.
fn untag(case: PreflightCase<'_>, id: &DatabaseId, tag: &str) -> String {
    case.aws(&["rds", "remove-tags-from-resource", "--resource-name", &arn(case, id), "--tag-keys", tag])
}

fn of_promoted(case: PreflightCase<'_>, promoted: &PairDatabase, rows: &mut Vec<ReportRow>) {
    let Some(found) = case.facts.promoted.get(promoted) else { return };
    let subject = promoted.to_string();
    let show = || match promoted {
        PairDatabase::Replica(_) => case.aws(&["rds", "describe-db-instances"]),
        PairDatabase::AuroraGlobal(_) => case.aws(&["rds", "describe-global-clusters"]),
    };
    let found = match found {
        Err(unread) => return rows.push(ReportRow::unread(Check::Exists, subject, unread)),
        Ok(None) => {
            let expected = "a member of it in both regions";
            return rows.push(ReportRow::bad(Check::Exists, subject, "is not in this region", expected, show()));
        }
        Ok(Some(found)) => found,
    };
    let role = match &found.role {
        DatabaseRole::Writer => "takes writes",
        DatabaseRole::Follower => "follows a writer",
        DatabaseRole::Changing(words) => words,
    };
    rows.push(ReportRow::good(Check::Exists, subject.as_str(), role));
    let (PairDatabase::Replica(name), Some(tags)) = (promoted, &found.tags) else { return };
    rows.push(match tags {
        Err(unread) => ReportRow::unread(Check::Tagged, subject, unread),
        Ok(tags) => of_tag(&subject, tags, || {
            let (arn, tag) = (case.facts.place.arn("rds", &format!("db:{name}")), format!("Key={MANAGED},Value=true"));
            case.aws(&["rds", "add-tags-to-resource", "--resource-name", &arn, "--tags", &tag])
        }),
    });
}

fn of_source(case: PreflightCase<'_>, policy: &JobPolicy, rows: &mut Vec<ReportRow>) {
    let source = &policy.subject.source;
    // Tables are looked at as tables, and databases that sleep as such.
    let named_above = |id: &DatabaseId| id.to_string() == source.to_string();
    if source.kind == ResourceKind::Dynamodb {
        return;
    }
    let seen = case.wanted.databases.iter().any(named_above);
    let subject = if seen { format!("database {source}") } else { format!("source {source}") };
    let read = case.facts.sources.get(source);
    if seen && matches!(read, Some(Ok(None))) {
        return;
    }
    let found = match existing(read, &subject, || missing(case, policy, &subject)) {
        Ok(found) => found,
        Err(row) => return rows.push(row),
    };
    if !seen {
        rows.push(ReportRow::good(
            Check::Exists,
            subject.as_str(),
            match &found.state {
                SourceState::Available => "can be backed up",
                SourceState::Stopped => "stopped: it is backed up once it runs",
                SourceState::Busy(words) => words,
            },
        ));
    }
    rows.extend(of_recovery(case, policy, subject, found));
}

fn missing(case: PreflightCase<'_>, policy: &JobPolicy, subject: &str) -> ReportRow {
    let source = &policy.subject.source;
    let name = source.name.as_str();
    let bucket = name.split_once('/').map_or(name, |(bucket, _)| bucket);
    let list = match source.kind {
        ResourceKind::Aurora => {
            case.aws(&["rds", "describe-db-clusters", "--query", "DBClusters[].DBClusterIdentifier"])
        }
        ResourceKind::Rds => {
            case.aws(&["rds", "describe-db-instances", "--query", "DBInstances[].DBInstanceIdentifier"])
        }
        ResourceKind::Dynamodb => case.aws(&["dynamodb", "list-tables"]),
        ResourceKind::Elasticache => {
            let query = "ReplicationGroups[].ReplicationGroupId";
            case.aws(&["elasticache", "describe-replication-groups", "--query", query])
        }
        ResourceKind::Opensearch => case.aws(&["opensearch", "list-domain-names"]),
        ResourceKind::S3 => case.aws(&["s3api", "list-objects-v2", "--bucket", bucket, "--query", "Contents[].Key"]),
    };
    ReportRow::missing(Check::Exists, subject, list)
}

/// Point-in-time recovery of a database is its automated backups.
fn of_recovery(
    case: PreflightCase<'_>,
    policy: &JobPolicy,
    subject: String,
    found: &ObservedSource,
) -> Option<ReportRow> {
    let source = &policy.subject.source;
    let modify = match source.kind {
        ResourceKind::Aurora => ["modify-db-cluster", "--db-cluster-identifier"],
        ResourceKind::Rds => ["modify-db-instance", "--db-instance-identifier"],
        _ => return None,
    };
    if !policy.verify.point_in_time {
        return None;
    }
    if found.window.is_some() {
        return Some(ReportRow::good(Check::PointInTimeRecovery, subject, "on"));
    }
    let words =
        ["rds", modify[0], modify[1], source.name.as_str(), "--backup-retention-period", "7", "--apply-immediately"];
    Some(ReportRow::bad(
        Check::PointInTimeRecovery,
        subject,
        "no automated backups",
        "on, for `verify.point-in-time`",
        case.aws(&words),
    ))
}
