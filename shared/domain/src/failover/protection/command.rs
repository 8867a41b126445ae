//! Commands of the AWS CLI, whole, as a person would run them.

use serde_json::{Map, Value};

use super::instance::{InstanceSettings, NewReplica};
use crate::name::Region;
use crate::value::ResourceName;

/// Renames an instance, at once.
pub(super) fn rename(region: &Region, from: &ResourceName, to: &ResourceName) -> String {
    format!(
        "aws rds modify-db-instance --region {region} --db-instance-identifier {from} --new-db-instance-identifier {to} \
         --apply-immediately"
    )
}

/// Stops an instance.
pub(super) fn stop(region: &Region, name: &ResourceName) -> String {
    format!("aws rds stop-db-instance --region {region} --db-instance-identifier {name}")
}

/// Starts an instance.
pub(super) fn start(region: &Region, name: &ResourceName) -> String {
    format!("aws rds start-db-instance --region {region} --db-instance-identifier {name}")
}

/// Deletes an instance that a person has looked into, with a last snapshot of it.
pub(super) fn delete(region: &Region, name: &ResourceName) -> String {
    format!(
        "aws rds delete-db-instance --region {region} --db-instance-identifier {name} --final-db-snapshot-identifier {name}-last"
    )
}

/// Makes a read replica of an instance of another region.
pub(super) fn create(region: &Region, active: &Region, new: &NewReplica) -> String {
    let NewReplica { name, source, settings } = new;
    let InstanceSettings { class, subnet_group, security_groups, parameter_group, key, tags, .. } = settings;
    let mut words = vec![
        "aws rds create-db-instance-read-replica".to_owned(),
        format!("--region {region} --source-region {active}"),
        format!("--db-instance-identifier {name} --source-db-instance-identifier {source}"),
        format!("--db-instance-class {class}"),
    ];
    words.extend(subnet_group.iter().map(|group| format!("--db-subnet-group-name {}", quoted(group))));
    if !security_groups.is_empty() {
        words.push(format!("--vpc-security-group-ids {}", security_groups.join(" ")));
    }
    words.extend(parameter_group.iter().map(|group| format!("--db-parameter-group-name {}", quoted(group))));
    words.extend(key.iter().map(|key| format!("--kms-key-id {key}")));
    let flags = [
        (settings.multi_az, "multi-az"),
        (settings.public, "publicly-accessible"),
        (settings.iam_authentication, "enable-iam-database-authentication"),
    ];
    words.extend(flags.map(|(on, flag)| match (on, flag.strip_prefix("enable-")) {
        (true, _) => format!("--{flag}"),
        (false, Some(what)) => format!("--no-enable-{what}"),
        (false, None) => format!("--no-{flag}"),
    }));
    if !tags.is_empty() {
        let tag = |(key, value): (&String, &String)| {
            Value::Object(Map::from_iter([
                ("Key".to_owned(), key.clone().into()),
                ("Value".to_owned(), value.clone().into()),
            ]))
        };
        let tags: Vec<Value> = tags.iter().map(tag).collect();
        words.push(format!("--tags {}", quoted(&Value::Array(tags).to_string())));
    }
    words.join(" ")
}

/// Adds a replica of a table in a region, asked where the table is.
pub(super) fn replicate(table: &ResourceName, at: &Region, to: &str) -> String {
    let updates = quoted(&format!("[{{\"Create\":{{\"RegionName\":\"{to}\"}}}}]"));
    format!("aws dynamodb update-table --region {at} --table-name {table} --replica-updates {updates}")
}

/// A text as one word of a shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
