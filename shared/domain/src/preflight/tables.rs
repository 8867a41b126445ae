//! Tables of `DynamoDB`.

use super::services::of_tag;
use super::{Case, Check, MANAGED, Row, TableFacts, TableNeed};
use crate::backup::{BACKUP_TAG, RESTORE_TAG};
use crate::value::ResourceName;

pub(super) fn judge(case: Case<'_>, rows: &mut Vec<Row>) {
    for (name, need) in &case.wanted.tables {
        of_table(case, name, need, rows);
    }
    if case.wanted.tables.values().any(|need| need.tagged) {
        rows.push(abac(case));
    }
}

/// No API tells whether tag conditions apply to tables: the right to read it, `dynamodb:GetAbacStatus`, belongs to the
/// console alone (Amazon DynamoDB developer guide, "Enabling ABAC in DynamoDB").
fn abac(case: Case<'_>) -> Row {
    let region = case.region();
    let why = format!(
        "no API tells it: if Settings of the DynamoDB console in {region} shows \"Attribute-based access control: Off\", turn it on, \
         or our roles open no table"
    );
    let console = format!("https://{region}.console.aws.amazon.com/dynamodbv2/home?region={region}#settings");
    Row::untold(Check::Abac, "tables of the account", why, Some(console))
}

pub(super) fn arn(case: Case<'_>, name: &ResourceName) -> String {
    case.facts.place.arn("dynamodb", &format!("table/{name}"))
}

fn of_table(case: Case<'_>, name: &ResourceName, need: &TableNeed, rows: &mut Vec<Row>) {
    let subject = format!("table {name}");
    let table = match case.facts.tables.get(name) {
        None => return rows.push(Row::untold(Check::Exists, subject, "was not looked at", None)),
        Some(Err(unread)) => return rows.push(Row::unread(Check::Exists, subject, unread)),
        Some(Ok(None)) => {
            let names = case.aws(&["dynamodb", "list-tables"]);
            return rows.push(Row::bad(
                Check::Exists,
                subject,
                "does not exist",
                "one of the names that this lists",
                names,
            ));
        }
        Some(Ok(Some(table))) => table,
    };
    let here = table.replicas.get(&case.facts.place.region).map_or("UNKNOWN", String::as_str);
    rows.push(Row::good(Check::Exists, subject.as_str(), here));
    of_tags(case, name, need, &subject, table, rows);
    of_recovery(case, name, need, &subject, table, rows);
    of_indexes(case, name, need, &subject, table, rows);
    of_replicas(case, name, need, &subject, table, rows);
}

fn of_tags(
    case: Case<'_>,
    name: &ResourceName,
    need: &TableNeed,
    subject: &str,
    table: &TableFacts,
    rows: &mut Vec<Row>,
) {
    let tags = match &table.tags {
        Ok(tags) => tags,
        Err(unread) => return rows.push(Row::unread(Check::Tagged, subject, unread)),
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
        rows.push(Row::bad(Check::NotOurs, subject, found, "no such tag on an original", remove));
    }
}

fn of_recovery(
    case: Case<'_>,
    name: &ResourceName,
    need: &TableNeed,
    subject: &str,
    table: &TableFacts,
    rows: &mut Vec<Row>,
) {
    if !need.recovers {
        return;
    }
    rows.push(match &table.recovers {
        Err(unread) => Row::unread(Check::Recovers, subject, unread),
        Ok(true) => Row::good(Check::Recovers, subject, "on"),
        Ok(false) => {
            let mut words = vec!["dynamodb", "update-continuous-backups", "--table-name", name.as_str()];
            words.extend(["--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled=true"]);
            Row::bad(Check::Recovers, subject, "off", "on, for `verify.point-in-time`", case.aws(&words))
        }
    });
}

fn of_indexes(
    case: Case<'_>,
    name: &ResourceName,
    need: &TableNeed,
    subject: &str,
    table: &TableFacts,
    rows: &mut Vec<Row>,
) {
    for index in &need.indexes {
        rows.push(if table.indexes.contains(index) {
            Row::good(Check::Index, subject, index)
        } else {
            let query = "Table.GlobalSecondaryIndexes[].[IndexName,IndexStatus]";
            let show = ["dynamodb", "describe-table", "--table-name", name.as_str(), "--query", query];
            let found = format!("no index {index} that can be queried");
            Row::bad(Check::Index, subject, found, "the index of the document, or another name there", case.aws(&show))
        });
    }
}

fn of_replicas(
    case: Case<'_>,
    name: &ResourceName,
    need: &TableNeed,
    subject: &str,
    table: &TableFacts,
    rows: &mut Vec<Row>,
) {
    for region in need.replicas.iter().filter(|region| **region != case.facts.place.region) {
        rows.push(match table.replicas.get(region).map(String::as_str) {
            Some(status @ ("ACTIVE" | "UPDATING")) => {
                Row::good(Check::Replica, subject, format!("{status} in {region}"))
            }
            Some(status) => {
                let query = "Table.Replicas[].[RegionName,ReplicaStatus]";
                let show = ["dynamodb", "describe-table", "--table-name", name.as_str(), "--query", query];
                Row::bad(Check::Replica, subject, format!("{status} in {region}"), "ACTIVE", case.aws(&show))
            }
            None => {
                let create = format!(r#"[{{"Create":{{"RegionName":"{region}"}}}}]"#);
                let words = ["dynamodb", "update-table", "--table-name", name.as_str(), "--replica-updates", &create];
                let found = format!("none in {region}");
                Row::bad(Check::Replica, subject, found, "one in each region of the pair", case.aws(&words))
            }
        });
    }
}
