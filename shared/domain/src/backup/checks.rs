//! The checks of a restore: what came back is compared with what it came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ObservedSource;
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
}

impl RestoreCheck {
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
) -> Vec<RestoreCheck> {
    let mut checks = Vec::new();
    for (name, expected) in source.iter().flat_map(|source| &source.settings) {
        let found = restored.settings.get(name);
        let detail = format!("found {}, expected {expected}", found.map_or("nothing", String::as_str));
        checks.push(RestoreCheck { name: name.clone(), ok: Some(found == Some(expected)), detail });
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
        checks.push(RestoreCheck { name: "items".to_owned(), ok: Some(enough && few), detail });
    }
    if let Some(there) = restored.known_item {
        let detail = if there { "the known item is there" } else { "the known item is missing" };
        checks.push(RestoreCheck { name: "known item".to_owned(), ok: Some(there), detail: detail.to_owned() });
    }
    if drill.is_some_and(|drill| drill.query.is_some()) {
        // No data API is called: status and settings are the proof, and the report says so.
        let detail = "not asked: no data API is reached from here, so status and settings are the proof".to_owned();
        checks.push(RestoreCheck { name: "query".to_owned(), ok: None, detail });
    }
    checks
}
