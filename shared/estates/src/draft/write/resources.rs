//! What is there: clusters with their services, and databases.

use watchkeeper_domain::capacity::DatabaseId;

use super::EnvironmentWriter;
use super::text::scalar;
use crate::draft::facts::{DatabaseFacts, Found};

/// A database as an entry of a document: `aurora: NAME` or `rds: NAME`.
pub(super) fn database(id: &DatabaseId) -> String {
    let kind = match id {
        DatabaseId::Aurora(_) => "aurora",
        DatabaseId::Rds(_) => "rds",
    };
    format!("{kind}: {}", scalar(id.name().as_str()))
}

impl EnvironmentWriter<'_> {
    pub(super) fn clusters(&mut self) {
        let (mut region, mut cluster) = (None, None);
        for service in &self.environment.facts.services {
            if region.is_none() {
                self.out.value(2, "clusters:", None);
            }
            if region != Some(&service.region) {
                self.out.value(3, &format!("{}:", scalar(service.region.as_str())), None);
                (region, cluster) = (Some(&service.region), None);
            }
            if cluster != Some(&service.item.cluster) {
                self.out.value(4, &format!("{}:", scalar(service.item.cluster.as_str())), None);
                cluster = Some(&service.item.cluster);
            }
            let mut remarks: Vec<String> =
                self.all.paths(&service.item).iter().map(|path| format!("health path {path}")).collect();
            match service.item.controller.as_deref() {
                Some("CODE_DEPLOY") => remarks.push("CODE_DEPLOY: everything but emergency.rollback".to_owned()),
                Some("EXTERNAL") => remarks.push("EXTERNAL: everything but emergency.rollback".to_owned()),
                _ => {}
            }
            if self.all.is_scheduled(&service.item) {
                remarks.push("a scheduled action moves it: end that first".to_owned());
            }
            self.out.value(5, &format!("- {}", scalar(service.item.name.as_str())), Some(&remarks.join("; ")));
        }
    }

    pub(super) fn databases(&mut self) {
        for (number, found) in self.environment.facts.databases.iter().enumerate() {
            if number == 0 {
                self.out.value(2, "databases:", Some("stopped after the last task, started before the first"));
            }
            let entry = database(&found.item.id);
            let entry = if found.region == self.environment.primary {
                format!("- {entry}")
            } else {
                format!("- {{ {entry}, region: {} }}", scalar(found.region.as_str()))
            };
            self.out.value(3, &entry, Some(&self.remark(found)));
        }
    }

    fn remark(&self, found: &Found<DatabaseFacts>) -> String {
        let engine = found.item.engine.clone().unwrap_or_default();
        let name = found.item.id.name().as_str();
        let source = |other: &Found<DatabaseFacts>| {
            let of = other.item.replica_of.as_deref().and_then(|of| of.rsplit(':').next());
            of.is_some_and(|of| of.eq_ignore_ascii_case(name)) && other.account == found.account
        };
        let replicas = self.all.databases.iter().any(source).then(|| "an instance with read replicas".to_owned());
        match found.item.cannot_stop.clone().or(replicas) {
            Some(why) if engine.is_empty() => format!("cannot be stopped: {why}"),
            Some(why) => format!("{engine}; cannot be stopped: {why}"),
            None => engine,
        }
    }
}
