//! The documents that a stack carries: as they were first, and the edits that hold now.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_domain::estate::{EnvironmentDocument, EnvironmentKind, EstateFolder};
use watchkeeper_domain::name::EnvironmentName;

use super::{Later, Simulation};
use crate::estates::{Site, folder};
use crate::story::{Deployed, Edit};

/// What sections the environments of a stack have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sections {
    pub(super) emergency: bool,
    pub(super) backups: bool,
    pub(super) unblock: bool,
}

/// The documents.
pub(super) struct Documents {
    site: Site,
    current: EstateFolder,
    sections: Sections,
    edits: Vec<(u64, EnvironmentName, Edit, Timestamp)>,
}

impl Documents {
    pub(super) fn new(site: &Site) -> Self {
        let current = site.folder();
        let mut sections = Sections::default();
        for environment in site.environments(&current) {
            let document = environment.document();
            sections.emergency |= document.emergency.is_some();
            sections.backups |= document.backups.is_some();
            sections.unblock |= document.unblock.is_some();
        }
        Self { site: site.clone(), current, sections, edits: Vec::new() }
    }

    pub(super) fn current(&self) -> &EstateFolder {
        &self.current
    }

    pub(super) fn sections(&self) -> Sections {
        self.sections
    }

    /// Edits a document. Whether it still means something: else nobody could deploy it, and it stays as it was.
    pub(super) fn edit(&mut self, number: u64, environment: &EnvironmentName, edit: &Edit, now: Timestamp) -> bool {
        self.edits.push((number, environment.clone(), edit.clone(), now));
        let good = self.deploy();
        if !good {
            self.edits.pop();
        }
        good
    }

    /// Puts an edit back.
    pub(super) fn put_back(&mut self, number: u64) -> bool {
        let before = self.edits.len();
        self.edits.retain(|(it, ..)| *it != number);
        self.edits.len() < before && self.deploy()
    }

    fn deploy(&mut self) -> bool {
        let mut document = self.site.document.clone();
        for (_, name, edit, at) in &self.edits {
            if let Some(environment) = document.environments.get_mut(name) {
                apply(environment, edit, *at);
            }
        }
        let folder = folder(&document);
        if let Some(folder) = &folder {
            self.current = folder.clone();
        }
        folder.is_some()
    }
}

/// The functions that decide, and change no capacity.
const DECIDING: [&str; 5] = ["AutoShutdown", "AlarmResponse", "EmergencyScale", "Backups", "DailyUnblock"];

impl Simulation {
    /// The documents reach the functions. What must hold is held against those that `reconcile` has.
    pub(super) fn deploys(&mut self, deployed: Deployed) {
        let current = self.documents.current().clone();
        match deployed {
            Deployed::AtOnce => self.deployed(),
            Deployed::HandLast(minutes) => {
                self.stack.redocument_without(&["Reconcile"], current);
                self.soon(minutes, Later::Deployed);
            }
            Deployed::HandFirst(minutes) => {
                self.judge.moved();
                self.judge.documented(&self.site, &current);
                self.stack.redocument_without(&DECIDING, current);
                self.soon(minutes, Later::Deployed);
            }
        }
    }

    pub(super) fn deployed(&mut self) {
        self.judge.moved();
        self.stack.redocument(self.documents.current().clone());
        self.judge.documented(&self.site, self.documents.current());
    }
}

fn apply(environment: &mut EnvironmentDocument, edit: &Edit, at: Timestamp) {
    match edit {
        Edit::Protect(service) => {
            environment
                .protected
                .extend(service.service.as_str().parse::<watchkeeper_domain::value::ResourceName>().ok());
        }
        Edit::Freeze(hours, calendar) => {
            let (to, stops) = (at + SignedDuration::from_hours(*hours), if *calendar { "stops" } else { "goes-on" });
            let freeze = json!({ "from": at, "to": to, "reason": "a freeze", "calendar": stops });
            let guardrails = environment.guardrails.get_or_insert_default();
            guardrails.freeze.extend(serde_json::from_value(freeze));
        }
        Edit::TakeOut(service) => {
            let clusters = environment.clusters.values_mut();
            clusters.filter_map(|it| it.get_mut(&service.cluster)).for_each(|it| it.take_out(&service.service));
            environment.capacity.remove(&service.service);
        }
        Edit::Hours(None) => environment.awake = None,
        Edit::Hours(Some(hours)) => {
            if let Some(awake) = &mut environment.awake {
                let zone = serde_json::to_value(awake.clone()).map(|it| it["zone"].clone()).unwrap_or_default();
                if let Ok(new) = serde_json::from_value(json!({ "zone": zone, "weekly": { "mon-fri": hours } })) {
                    *awake = new;
                }
            }
        }
        Edit::Production => {
            environment.kind = EnvironmentKind::Production;
            environment.awake = None;
        }
        Edit::Profiles(tasks) => profiles(environment, &json!({ "desired": tasks, "max": tasks + 2, "for": "1h" })),
        Edit::Floor(tasks) => environment.guardrails.get_or_insert_default().floor = Some(*tasks),
        Edit::Ceiling(tasks) => {
            environment.guardrails.get_or_insert_default().ceiling = Some(*tasks);
            profiles(environment, &json!({ "desired": "400 %", "max": "400 %", "for": "1h" }));
        }
    }
}

/// All profiles of an environment become this one.
fn profiles(environment: &mut EnvironmentDocument, new: &serde_json::Value) {
    for profile in environment.emergency.iter_mut().flat_map(|it| it.profiles.values_mut()) {
        if let Ok(new) = serde_json::from_value(new.clone()) {
            *profile = new;
        }
    }
}
