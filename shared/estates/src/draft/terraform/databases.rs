//! RDS instances and Aurora clusters, and the databases of other services that look like them.

use watchkeeper_domain::name::DatabaseName;

use super::StateReader;
use super::attributes::Attributes;
use super::cursor::StateMistake;
use crate::draft::arn::Arn;
use crate::draft::facts::DatabaseFacts;

impl StateReader<'_> {
    pub(super) fn instance(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = resource.text("identifier")?.and_then(|name| DatabaseName::new(name).ok());
        let engine = resource.text("engine")?;
        let multi_az = resource.flag("multi_az")?;
        let (source, kept_days, window) = (
            resource.text("replicate_source_db")?,
            resource.count("backup_retention_period")?,
            resource.text("backup_window")?,
        );
        let facts =
            name.map(|name| DatabaseFacts::instance(name, engine, source, multi_az).backed_up(kept_days, window));
        let found = self.found(resource, arn.as_ref(), facts)?;
        self.facts.databases.extend(found);
        Ok(())
    }

    pub(super) fn database_cluster(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let engine = resource.text("engine")?.unwrap_or("aurora");
        if let Some(why) = DatabaseFacts::foreign(engine) {
            return self.not_looked_after(resource, why);
        }
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = resource.text("cluster_identifier")?.and_then(|name| DatabaseName::new(name).ok());
        let replica_of = resource.text("replication_source_identifier")?;
        let global = resource.text("global_cluster_identifier")?;
        let mode = resource.text("engine_mode")?;
        let (kept_days, window) =
            (resource.count("backup_retention_period")?, resource.text("preferred_backup_window")?);
        let facts = name
            .map(|name| DatabaseFacts::cluster(name, engine, replica_of, global, mode).backed_up(kept_days, window));
        let found = self.found(resource, arn.as_ref(), facts)?;
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
