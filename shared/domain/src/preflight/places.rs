//! What is written to, or taken from, by its name: buses, buckets, repositories, keys, vaults.

use super::row::existing;
use super::services::of_tag;
use super::{BucketFacts, Check, KeyFacts, MANAGED, PreflightCase, Read, ReportRow};
use crate::value::ResourceName;

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    for bus in &case.wanted.buses {
        of_bus(case, bus, rows);
    }
    for (bucket, versions) in &case.wanted.buckets {
        of_bucket(case, bucket, *versions, rows);
    }
    for repository in &case.wanted.repositories {
        let create = ["ecr", "create-repository", "--repository-name", repository.as_str()];
        rows.extend(there(case, &format!("repository {repository}"), case.facts.repositories.get(repository), &create));
    }
    for key in &case.wanted.keys {
        rows.extend(case.facts.keys.get(key).map(|found| of_key(case, key, found)));
    }
    for vault in &case.wanted.vaults {
        let create = ["backup", "create-backup-vault", "--backup-vault-name", vault.as_str()];
        rows.extend(there(case, &format!("vault {vault}"), case.facts.vaults.get(vault), &create));
    }
}

/// The ARN of an event bus.
pub(super) fn bus_arn(case: PreflightCase<'_>, bus: &ResourceName) -> String {
    case.facts.place.arn("events", &format!("event-bus/{bus}"))
}

/// Events are put only on a bus that carries our tag.
fn of_bus(case: PreflightCase<'_>, bus: &ResourceName, rows: &mut Vec<ReportRow>) {
    let subject = format!("event bus {bus}");
    let tag = format!("Key={MANAGED},Value=true");
    let missing = || {
        let create = case.aws(&["events", "create-event-bus", "--name", bus.as_str(), "--tags", &tag]);
        ReportRow::bad(Check::Exists, subject.as_str(), "does not exist", "one of that name", create)
    };
    let tags = match existing(case.facts.buses.get(bus), &subject, missing) {
        Ok(tags) => tags,
        Err(row) => return rows.push(row),
    };
    rows.push(ReportRow::good(Check::Exists, subject.as_str(), "is there"));
    rows.push(match tags {
        Err(unread) => ReportRow::unread(Check::Tagged, subject, unread),
        Ok(tags) => of_tag(&subject, tags, || {
            case.aws(&["events", "tag-resource", "--resource-arn", &bus_arn(case, bus), "--tags", &tag])
        }),
    });
}

fn there(case: PreflightCase<'_>, subject: &str, found: Option<&Read<bool>>, create: &[&str]) -> Option<ReportRow> {
    Some(match found? {
        Err(unread) => ReportRow::unread(Check::Exists, subject, unread),
        Ok(true) => ReportRow::good(Check::Exists, subject, "is there"),
        Ok(false) => ReportRow::bad(Check::Exists, subject, "does not exist", "one of that name", case.aws(create)),
    })
}

fn of_bucket(case: PreflightCase<'_>, name: &ResourceName, versions: bool, rows: &mut Vec<ReportRow>) {
    let (subject, region) = (format!("bucket {name}"), case.region());
    let missing = || {
        let place = format!("LocationConstraint={region}");
        let mut words = vec!["s3api", "create-bucket", "--bucket", name.as_str()];
        // The oldest region is the one that may not be named (Amazon S3 API reference, CreateBucket).
        if region != "us-east-1" {
            words.extend(["--create-bucket-configuration", &place]);
        }
        ReportRow::bad(Check::Exists, subject.as_str(), "does not exist", "one of that name", case.aws(&words))
    };
    let bucket = match existing(case.facts.buckets.get(name), &subject, missing) {
        Ok(bucket) => bucket,
        Err(row) => return rows.push(row),
    };
    rows.push(of_place(case, name, &subject, bucket));
    if versions {
        rows.push(match &bucket.versions {
            Err(unread) => ReportRow::unread(Check::KeepsVersions, subject, unread),
            Ok(true) => ReportRow::good(Check::KeepsVersions, subject, "keeps versions"),
            Ok(false) => {
                let mut words = vec!["s3api", "put-bucket-versioning", "--bucket", name.as_str()];
                words.extend(["--versioning-configuration", "Status=Enabled"]);
                ReportRow::bad(Check::KeepsVersions, subject, "keeps none", "that it keeps versions", case.aws(&words))
            }
        });
    }
}

fn of_place(case: PreflightCase<'_>, name: &ResourceName, subject: &str, bucket: &BucketFacts) -> ReportRow {
    match bucket.region.as_deref() {
        Some(region) if region != case.region() => {
            let words = ["s3api", "get-bucket-location", "--bucket", name.as_str()];
            let expected = format!("one in {}, or another name in the document", case.region());
            ReportRow::bad(Check::Region, subject, format!("lies in {region}"), expected, case.aws(&words))
        }
        _ => ReportRow::good(Check::Exists, subject, "is there"),
    }
}

fn of_key(case: PreflightCase<'_>, key: &ResourceName, found: &Read<Option<KeyFacts>>) -> ReportRow {
    let subject = format!("key {key}");
    match found {
        Err(unread) => ReportRow::unread(Check::Usable, subject, unread),
        Ok(Some(found)) if found.state == "Enabled" => ReportRow::good(Check::Usable, subject, "Enabled"),
        Ok(Some(found)) => {
            let mend = if found.state == "PendingDeletion" { "cancel-key-deletion" } else { "enable-key" };
            let words = ["kms", mend, "--key-id", key.as_str()];
            ReportRow::bad(Check::Usable, subject, found.state.as_str(), "Enabled", case.aws(&words))
        }
        Ok(None) => {
            let names = case.aws(&["kms", "list-aliases"]);
            ReportRow::missing(Check::Usable, subject, names)
        }
    }
}
