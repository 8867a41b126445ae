//! Metrics of backups.

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::name::Scope;

use super::{Metrics, emit, metadata};

/// What is measured of one resource's backups.
#[derive(Debug, Clone, Copy)]
pub struct BackupFigures<'a> {
    /// Whose it is.
    pub scope: &'a Scope,
    /// The resource, as `kind:name`.
    pub resource: &'a str,
    /// How old its newest good copy is, in seconds; nothing where there is none.
    pub age_seconds: Option<i64>,
}

impl Metrics {
    /// Measures how old a resource's newest good copy is. Where there is none, there is nothing to measure: it counts as
    /// stale.
    pub fn backup(&self, figures: &BackupFigures<'_>, at: Timestamp) {
        if let Some(document) = self.backup_document(figures, at) {
            emit(&document);
        }
    }

    /// Counts the resources whose newest good copy is older than it may be: an alarm is raised on any, and on silence.
    pub fn stale_backups(&self, stale: usize, at: Timestamp) {
        emit(&self.stale_document(stale, at));
    }

    fn backup_document(&self, figures: &BackupFigures<'_>, at: Timestamp) -> Option<Value> {
        let BackupFigures { scope, resource, age_seconds } = *figures;
        let dimensions: &[&[&str]] = &[&["Estate", "Environment", "Resource"]];
        let directive = self.directive(dimensions, &[("BackupAgeSeconds", "Seconds")]);
        Some(json!({
            "_aws": metadata(at, &[directive]),
            "Estate": scope.estate.as_str(),
            "Environment": scope.environment.as_str(),
            "Resource": resource,
            "BackupAgeSeconds": age_seconds?,
        }))
    }

    pub(super) fn stale_document(&self, stale: usize, at: Timestamp) -> Value {
        let directive = self.directive(&[&["Function"]], &[("StaleBackups", "Count")]);
        json!({ "_aws": metadata(at, &[directive]), "Function": "backups", "StaleBackups": stale })
    }

    #[cfg(test)]
    pub(super) fn backup_sample(&self, at: Timestamp) -> Value {
        let scope = super::tests::scope();
        let resource = "dynamodb:clos-v2-ideas";
        let figures = BackupFigures { scope: &scope, resource, age_seconds: Some(3600) };
        self.backup_document(&figures, at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const AT: Timestamp = Timestamp::constant(1_795_000_000, 500_000_000);

    #[test]
    fn the_age_belongs_to_its_resource_and_what_has_none_has_no_age() {
        let metrics = Metrics::new("Watchkeeper");
        let document = metrics.backup_sample(AT);
        assert_eq!(document["BackupAgeSeconds"], json!(3600));
        assert_eq!(document["Resource"], json!("dynamodb:clos-v2-ideas"));
        let scope = super::super::tests::scope();
        let none = BackupFigures { scope: &scope, resource: "rds:a", age_seconds: None };
        assert_eq!(metrics.backup_document(&none, AT), None);
    }

    #[test]
    fn no_stale_one_is_a_figure_too() {
        let document = Metrics::new("Watchkeeper").stale_document(0, AT);
        assert_eq!((&document["StaleBackups"], &document["Function"]), (&json!(0), &json!("backups")));
    }
}
