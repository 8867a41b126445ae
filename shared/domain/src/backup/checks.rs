//! The checks of a restore: what came back is compared with what it came from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BackupSource, CheckRun, ObservedSource};
use crate::estate::RestoreDrill;

/// Something that was looked at in what was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreCheck {
    /// What was looked at, in words.
    pub name: String,
    /// Whether it is as it should be; nothing where it was not asked.
    pub ok: Option<bool>,
    /// What was found, and what was expected.
    pub detail: String,
    /// The last lines of the log of what looked, where something of the estate's own did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

impl RestoreCheck {
    fn new(name: &str, ok: Option<bool>, detail: String) -> Self {
        Self { name: name.to_owned(), ok, detail, log: Vec::new() }
    }

    /// The verdict, in a word.
    pub fn verdict(&self) -> &'static str {
        match self.ok {
            Some(true) => "ok",
            Some(false) => "NOT OK",
            None => "NOT ASKED",
        }
    }
}

/// What was looked at in what was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoredFacts {
    /// Items that were counted, and whether all were.
    pub items: Option<(u64, bool)>,
    /// Whether the known item is there.
    pub known_item: Option<bool>,
    /// Its settings.
    pub settings: BTreeMap<String, String>,
}

/// The checks of a restored resource: its settings against those of its source, and the document's own assertions.
pub fn checks(
    drill: Option<&RestoreDrill>,
    source: Option<&ObservedSource>,
    restored: &RestoredFacts,
    task: Option<&CheckRun>,
) -> Vec<RestoreCheck> {
    let mut checks = Vec::new();
    for (name, expected) in source.iter().flat_map(|source| &source.settings) {
        let found = restored.settings.get(name);
        let detail = format!("found {}, expected {expected}", found.map_or("nothing", String::as_str));
        checks.push(RestoreCheck::new(name, Some(found == Some(expected)), detail));
    }
    if let Some((items, all)) = restored.items {
        let (least, most) = (drill.and_then(|it| it.items_at_least), drill.and_then(|it| it.items_at_most));
        let enough = least.is_none_or(|least| items >= least);
        let few = most.is_none_or(|most| all && items <= most);
        let bounds = match (least, most) {
            (None, None) => "no bounds in the document".to_owned(),
            (Some(least), None) => format!("expected at least {least}"),
            (None, Some(most)) => format!("expected at most {most}"),
            (Some(least), Some(most)) => format!("expected {least} to {most}"),
        };
        let more = if all { "" } else { " or more" };
        let detail = format!("{items}{more}, {bounds}");
        checks.push(RestoreCheck::new("items", Some(enough && few), detail));
    }
    if let Some(there) = restored.known_item {
        let detail = if there { "the known item is there" } else { "the known item is missing" };
        checks.push(RestoreCheck::new("known item", Some(there), detail.to_owned()));
    }
    if drill.is_some_and(|drill| drill.query.is_some()) {
        // No data API is called: status and settings are the proof, and the report says so.
        let detail = "not asked: no data API is reached from here, so status and settings are the proof".to_owned();
        checks.push(RestoreCheck::new("query", None, detail));
    }
    match (task, drill.and_then(|drill| drill.check.as_ref())) {
        (Some(task), _) => checks.push(task.verdict()),
        // The document got its check while the drill was under way.
        (None, Some(_)) => {
            checks.push(RestoreCheck::new("check task", None, "not asked: its task was not run".to_owned()));
        }
        (None, None) => {}
    }
    checks
}

/// What a restore was compared with, in words.
pub fn compared(
    name: &BackupSource,
    source: Option<&ObservedSource>,
    drill: Option<&RestoreDrill>,
    now: Timestamp,
) -> String {
    let settings = source.map(|source| source.settings.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
    let original = match settings {
        None => format!("nothing of {name}, which is gone"),
        Some(settings) if settings.is_empty() => format!("nothing of {name}: it has no settings to compare"),
        Some(settings) => format!("{name} as it was at {now} ({settings})"),
    };
    let asserted = drill.map(|drill| {
        let bounds = drill.items_at_least.is_some() || drill.items_at_most.is_some();
        let parts = [
            (bounds, "the number of items"),
            (!drill.known_item.is_empty(), "the known item"),
            (drill.check.is_some(), "the check task"),
        ];
        parts.into_iter().filter(|(has, _)| *has).map(|(_, what)| what).collect::<Vec<_>>().join(", ")
    });
    match asserted.filter(|asserted| !asserted.is_empty()) {
        None => original,
        Some(asserted) => format!("{original}; and by the document: {asserted}"),
    }
}
