//! A checked environment and what the engine asks of it.

use jiff::tz::TimeZone;

use super::document::DatabaseEntry;
use super::{ClusterServices, EnvironmentDatabases, EnvironmentDocument, EnvironmentKind, EnvironmentLimits, WakePage};
use crate::capacity::{DatabaseId, EnvironmentTag, PagePlace, ResourceId};
use crate::finding::{DocumentFinding, FieldPath};
use crate::name::{ClusterName, EnvironmentName, EstateName, Region, ServiceName};
use crate::order::{StartOrder, WITHIN, waves_of};
use crate::schedule::{AwakeHours, Calendar};
use crate::value::{AccountId, Zone};

impl DatabaseEntry {
    /// The database; nothing if the entry names none or two.
    pub fn database(&self) -> Option<DatabaseId> {
        match (&self.aurora, &self.rds) {
            (Some(name), None) => Some(DatabaseId::Aurora(name.clone())),
            (None, Some(name)) => Some(DatabaseId::Rds(name.clone())),
            _ => None,
        }
    }
}

/// One environment whose meaning is checked.
#[derive(Debug, Clone)]
pub struct Environment {
    name: EnvironmentName,
    document: EnvironmentDocument,
    calendar: Option<Calendar>,
    limits: EnvironmentLimits,
}

impl Environment {
    /// The environment of a document that `check` found nothing in.
    pub(super) fn new(name: EnvironmentName, document: EnvironmentDocument) -> Result<Self, Vec<DocumentFinding>> {
        let calendar = document.awake.as_ref().map(AwakeHours::calendar).transpose()?;
        let guardrails = document.guardrails.clone().unwrap_or_default();
        let zone = calendar.as_ref().map_or(TimeZone::UTC, |c| c.zone().rules().clone());
        let limits = EnvironmentLimits::of(document.kind, &guardrails, &zone);
        Ok(Self { name, document, calendar, limits })
    }

    /// Its name.
    pub fn name(&self) -> &EnvironmentName {
        &self.name
    }

    /// Which of the three it is.
    pub fn kind(&self) -> EnvironmentKind {
        self.document.kind
    }

    /// The account that it lives in, where the document says so.
    pub fn account(&self) -> Option<&AccountId> {
        self.document.account.as_ref()
    }

    /// Whether a stack of this account looks after it.
    pub fn is_of_account(&self, account: &AccountId) -> bool {
        self.document.account.as_ref().is_none_or(|own| own == account)
    }

    /// Everything that the document says of it, for the parts that need a section of it.
    pub fn document(&self) -> &EnvironmentDocument {
        &self.document
    }

    /// When it is awake; nothing if it always is.
    pub fn calendar(&self) -> Option<&Calendar> {
        self.calendar.as_ref()
    }

    /// The zone in which people of this environment tell the time: the calendar's, else UTC.
    pub fn zone(&self) -> Zone {
        self.calendar.as_ref().map_or_else(Zone::utc, |calendar| calendar.zone().clone())
    }

    /// Its limits, defaults filled in.
    pub fn limits(&self) -> &EnvironmentLimits {
        &self.limits
    }

    /// Its regions: the primary, then the standby if there is one.
    pub fn regions(&self) -> Vec<Region> {
        let regions = &self.document.regions;
        std::iter::once(&regions.primary).chain(&regions.standby).cloned().collect()
    }

    /// Its services in a region that the document names, by cluster.
    pub fn services(&self, region: &Region) -> Vec<(ClusterName, ServiceName)> {
        let clusters = self.document.clusters.get(region).into_iter().flatten();
        clusters.flat_map(|(cluster, services)| services.named().iter().map(|s| (cluster.clone(), s.clone()))).collect()
    }

    /// Its clusters in a region whose services are found by their tag.
    pub fn managed_clusters(&self, region: &Region) -> Vec<ClusterName> {
        let clusters = self.document.clusters.get(region).into_iter().flatten();
        let managed = clusters.filter(|(_, services)| **services == ClusterServices::Managed);
        managed.map(|(cluster, _)| cluster.clone()).collect()
    }

    /// The order in which its services come up.
    pub fn order(&self) -> StartOrder {
        let EnvironmentDocument { order, after, wave_within, .. } = &self.document;
        let waves = if after.is_empty() { order.clone() } else { waves_of(after).unwrap_or_default() };
        StartOrder { waves, within: wave_within.unwrap_or(WITHIN) }
    }

    /// Whether its databases in a region are found by their tags.
    fn finds_databases(&self, region: &Region) -> bool {
        self.document.databases == EnvironmentDatabases::Managed && *region == self.document.regions.primary
    }

    /// The tag by which its databases in a region are found; nothing where the document names them.
    pub fn databases_by_tag(&self, estate: &EstateName, region: &Region) -> Option<EnvironmentTag> {
        self.finds_databases(region).then(|| EnvironmentTag::of(estate, &self.name))
    }

    /// Its databases in a region that the document names.
    pub fn databases(&self, region: &Region) -> Vec<DatabaseId> {
        let primary = &self.document.regions.primary;
        let here = |entry: &&DatabaseEntry| entry.region.as_ref().unwrap_or(primary) == region;
        self.document.databases.named().iter().filter(here).filter_map(DatabaseEntry::database).collect()
    }

    /// The page that is shown in a region while it sleeps.
    pub fn page(&self, region: &Region) -> Option<PagePlace> {
        self.document.wake_page.as_ref().filter(|_| *region == self.document.regions.primary).map(WakePage::place)
    }

    /// Whether it has anything in a region.
    pub fn has_resources(&self, region: &Region) -> bool {
        let services = !self.services(region).is_empty() || !self.managed_clusters(region).is_empty();
        services || !self.databases(region).is_empty() || self.finds_databases(region)
    }

    /// Whether a service, or a database in any spelling, must never be changed.
    pub fn protects(&self, resource: &ResourceId) -> bool {
        self.document.protected.iter().any(|name| match resource {
            ResourceId::Service(id) => id.service.as_str() == name.as_str(),
            ResourceId::Database(id) => id.is_called(name.as_str()),
            ResourceId::Rule(_) => false,
        })
    }

    /// The place of a finding about it in the estate's document.
    pub(super) fn place(name: &EnvironmentName) -> FieldPath {
        FieldPath::root().key("environments").key(name)
    }
}
