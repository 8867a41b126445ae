//! RDS instances and Aurora clusters, and the databases of other services that look like them.

use watchkeeper_domain::capacity::DatabaseId;
use watchkeeper_domain::name::DatabaseName;

use super::StateReader;
use super::arn::{Arn, last_part};
use super::attributes::Attributes;
use super::cursor::StateMistake;
use crate::draft::facts::DatabaseFacts;

impl StateReader<'_> {
    pub(super) fn instance(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = resource.text("identifier")?.and_then(|name| DatabaseName::new(name).ok());
        let engine = resource.text("engine")?.map(str::to_owned);
        let replica_of = resource.text("replicate_source_db")?.map(str::to_owned);
        let (sql_server, multi_az) =
            (engine.as_ref().is_some_and(|engine| engine.contains("sqlserver")), resource.flag("multi_az")?);
        // "Stopping an Amazon RDS DB instance temporarily" (Amazon RDS user guide), limitations.
        let cannot_stop = match &replica_of {
            Some(source) => Some(format!("a read replica of {}", printable(last_part(source)))),
            None => (sql_server && multi_az).then(|| "a SQL Server in a Multi-AZ deployment".to_owned()),
        };
        let facts = name.map(|name| {
            Ok::<_, StateMistake>(DatabaseFacts {
                id: DatabaseId::Rds(name),
                engine: engine.map(|engine| printable(&engine)),
                cannot_stop,
                replica_of,
                global: None,
                kept_days: resource.count("backup_retention_period")?,
                window: resource.text("backup_window")?.map(printable),
            })
        });
        let found = self.found(resource, arn.as_ref(), facts.transpose()?)?;
        self.facts.databases.extend(found);
        Ok(())
    }

    pub(super) fn database_cluster(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let engine = resource.text("engine")?.unwrap_or("aurora");
        if !engine.starts_with("aurora") {
            return self.not_looked_after(resource, "a Multi-AZ DB cluster, which RDS cannot stop");
        }
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = resource.text("cluster_identifier")?.and_then(|name| DatabaseName::new(name).ok());
        let replica_of = resource.text("replication_source_identifier")?.map(str::to_owned);
        let global = resource.text("global_cluster_identifier")?.and_then(|name| name.parse().ok());
        let mode = resource.text("engine_mode")?;
        // "AWS-StartStopAuroraCluster" (AWS Systems Manager Automation runbook reference) lists what cannot be stopped.
        let cannot_stop = match (mode, &global, &replica_of) {
            (Some("serverless"), ..) => Some("Aurora Serverless v1"),
            (Some("multimaster"), ..) => Some("a multi-master cluster"),
            (Some("parallelquery"), ..) => Some("a cluster with parallel query"),
            (_, Some(_), _) => Some("part of an Aurora global database"),
            (_, _, Some(_)) => Some("a replica of another cluster"),
            _ => None,
        };
        let facts = name.map(|name| {
            Ok::<_, StateMistake>(DatabaseFacts {
                id: DatabaseId::Aurora(name),
                engine: Some(printable(engine)),
                cannot_stop: cannot_stop.map(str::to_owned),
                replica_of,
                global,
                kept_days: resource.count("backup_retention_period")?,
                window: resource.text("preferred_backup_window")?.map(printable),
            })
        });
        let found = self.found(resource, arn.as_ref(), facts.transpose()?)?;
        self.facts.databases.extend(found);
        Ok(())
    }

    pub(super) fn not_looked_after(&mut self, resource: &Attributes<'_>, why: &str) -> Result<(), StateMistake> {
        let name = resource.text("cluster_identifier")?.and_then(|name| DatabaseName::new(name).ok());
        let what = name.map_or_else(|| resource.address().to_owned(), |name| format!("database {name}"));
        self.facts.leave_out(what, format!("it is {why}"));
        Ok(())
    }
}

/// A word of the state as a comment may show it: short, and of one line.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(63).collect()
}
