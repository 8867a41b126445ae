//! Tables of `DynamoDB`.

use super::row::existing;
use super::services::of_tag;
use super::{Check, FoundTable, MANAGED, PreflightCase, ReportRow, TableNeed};
use crate::backup::{BACKUP_TAG, RESTORE_TAG};
use crate::value::ResourceName;

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    for (name, need) in &case.wanted.tables {
        of_table(case, name, need, rows);
    }
    if case.wanted.tables.values().any(|need| need.tagged) {
        rows.push(abac(case));
    }
}

/// No API tells whether tag conditions apply to tables: the right to read it, `dynamodb:GetAbacStatus`, belongs to the
/// console alone (Amazon DynamoDB developer guide, "Enabling ABAC in DynamoDB").
fn abac(case: PreflightCase<'_>) -> ReportRow {
    let region = case.region();
    let why = format!(
        "no API tells it: if Settings of the DynamoDB console in {region} shows \"Attribute-based access control: Off\", turn it on, \
         or our roles open no table"
    );
    let console = format!("https://{region}.console.aws.amazon.com/dynamodbv2/home?region={region}#settings");
    ReportRow::untold(Check::TagConditionsOfTables, "tables of the account", why, Some(console))
}

pub(super) fn arn(case: PreflightCase<'_>, name: &ResourceName) -> String {
    case.facts.place.arn("dynamodb", &format!("table/{name}"))
}

fn of_table(case: PreflightCase<'_>, name: &ResourceName, need: &TableNeed, rows: &mut Vec<ReportRow>) {
    let subject = format!("table {name}");
    let missing = || ReportRow::missing(Check::Exists, subject.as_str(), case.aws(&["dynamodb", "list-tables"]));
    let table = match existing(case.facts.tables.get(name), &subject, missing) {
        Ok(table) => table,
        Err(row) => return rows.push(row),
    };
    let here = table.replicas.get(&case.facts.place.region).map_or("UNKNOWN", String::as_str);
    rows.push(ReportRow::good(Check::Exists, subject.as_str(), here));
    of_tags(case, name, need, &subject, table, rows);
    of_recovery(case, name, need, &subject, table, rows);
    of_indexes(case, name, need, &subject, table, rows);
    of_replicas(case, name, need, &subject, table, rows);
}

fn of_tags(
    case: PreflightCase<'_>,
    name: &ResourceName,
    need: &TableNeed,
    subject: &str,
    table: &FoundTable,
    rows: &mut Vec<ReportRow>,
) {
    let tags = match &table.tags {
        Ok(tags) => tags,
        Err(unread) => return rows.push(ReportRow::unread(Check::Tagged, subject, unread)),
    };
    let arn = arn(case, name);
    if need.tagged {
        rows.push(of_tag(subject, tags, || {
            let tag = format!("Key={MANAGED},Value=true");
            case.aws(&["dynamodb", "tag-resource", "--resource-arn", &arn, "--tags", &tag])
        }));
    }
    for tag in [BACKUP_TAG, RESTORE_TAG].into_iter().filter(|tag| tags.contains_key(*tag)) {
        let remove = case.aws(&["dynamodb", "untag-resource", "--resource-arn", &arn, "--tag-keys", tag]);
        let found = format!("carries {tag}, by which what we made is known and removed");
        rows.push(ReportRow::bad(Check::NotOurs, subject, found, "no such tag on an original", remove));
    }
}

fn of_recovery(
    case: PreflightCase<'_>,
    name: &ResourceName,
    need: &TableNeed,
    subject: &str,
    table: &FoundTable,
    rows: &mut Vec<ReportRow>,
) {
    if !need.recovers {
        return;
    }
    rows.push(match &table.recovers {
        Err(unread) => ReportRow::unread(Check::PointInTimeRecovery, subject, unread),
        Ok(true) => ReportRow::good(Check::PointInTimeRecovery, subject, "on"),
        Ok(false) => {
            let mut words = vec!["dynamodb", "update-continuous-backups", "--table-name", name.as_str()];
            words.extend(["--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled=true"]);
            ReportRow::bad(
                Check::PointInTimeRecovery,
                subject,
                "off",
                "on, for `verify.point-in-time`",
                case.aws(&words),
            )
        }
    });
}

fn of_indexes(
    case: PreflightCase<'_>,
    name: &ResourceName,
    need: &TableNeed,
    subject: &str,
    table: &FoundTable,
    rows: &mut Vec<ReportRow>,
) {
    for index in &need.indexes {
        rows.push(if table.indexes.contains(index) {
            ReportRow::good(Check::Index, subject, index)
        } else {
            let query = "Table.GlobalSecondaryIndexes[].[IndexName,IndexStatus]";
            let show = ["dynamodb", "describe-table", "--table-name", name.as_str(), "--query", query];
            let found = format!("no index {index} that can be queried");
            ReportRow::bad(
                Check::Index,
                subject,
                found,
                "the index of the document, or another name there",
                case.aws(&show),
            )
        });
    }
}

fn of_replicas(
    case: PreflightCase<'_>,
    name: &ResourceName,
    need: &TableNeed,
    subject: &str,
    table: &FoundTable,
    rows: &mut Vec<ReportRow>,
) {
    for region in need.replicas.iter().filter(|region| **region != case.facts.place.region) {
        rows.push(match table.replicas.get(region).map(String::as_str) {
            Some(status @ ("ACTIVE" | "UPDATING")) => {
                ReportRow::good(Check::Replica, subject, format!("{status} in {region}"))
            }
            Some(status) => {
                let query = "Table.Replicas[].[RegionName,ReplicaStatus]";
                let show = ["dynamodb", "describe-table", "--table-name", name.as_str(), "--query", query];
                ReportRow::bad(Check::Replica, subject, format!("{status} in {region}"), "ACTIVE", case.aws(&show))
            }
            None => {
                let create = format!(r#"[{{"Create":{{"RegionName":"{region}"}}}}]"#);
                let words = ["dynamodb", "update-table", "--table-name", name.as_str(), "--replica-updates", &create];
                let found = format!("none in {region}");
                ReportRow::bad(Check::Replica, subject, found, "one in each region of the pair", case.aws(&words))
            }
        });
    }
}
