//! Items that wait for somebody, and items that nobody touches.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lock::instant;
use super::{EscalationLevel, ItemAttribute};
use crate::estate::BlockerPolicy;

/// The longest name, owner or reason that is kept, in characters: what a message shows.
const TEXT: usize = 200;

/// An item's attributes as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockerItem {
    /// Its name.
    pub item: ItemAttribute,
    /// When something last happened.
    pub activity: ItemAttribute,
    /// Since when it is blocked, where the document names an attribute for that.
    pub since: ItemAttribute,
    /// Who owns it.
    pub owner: ItemAttribute,
    /// What it waits for.
    pub reason: ItemAttribute,
    /// How it stands.
    pub status: ItemAttribute,
}

/// An item that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// Its name.
    pub item: String,
    /// Who owns it, where that is told.
    pub owner: Option<String>,
    /// What it waits for.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// An item that nobody touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StuckItem {
    /// Its name.
    pub item: String,
    /// Who owns it, where that is told.
    pub owner: Option<String>,
    /// When something last happened.
    pub activity: Timestamp,
}

/// What a look at an item finds; nothing of it for an item that goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockerEvaluation {
    /// It waits for somebody.
    pub blocker: Option<Blocker>,
    /// Nobody touches it.
    pub stuck: Option<StuckItem>,
    /// It waits, but nobody can tell since when: what was found, and what was expected.
    pub malformed: Option<String>,
}

/// Looks at an item. One that is finished waits for nobody.
pub fn look(found: &BlockerItem, section: &BlockerPolicy, now: Timestamp) -> BlockerEvaluation {
    let status = found.status.key();
    if section.finished.iter().any(|value| Some(value.as_str()) == status) {
        return BlockerEvaluation::default();
    }
    let item = shortened(&found.item.key().map_or_else(|| found.item.to_string(), str::to_owned));
    let owner = found.owner.key().map(shortened);
    let activity = found.activity.text().and_then(instant);
    let mut look = BlockerEvaluation::default();
    if let Some(activity) = activity.filter(|at| now.duration_since(*at) >= section.stuck_after.signed()) {
        look.stuck = Some(StuckItem { item: item.clone(), owner: owner.clone(), activity });
    }
    if let Some(reason) = found.reason.key() {
        // Without an attribute of its own, an item is blocked since somebody last touched it.
        let told = if section.since.is_some() { found.since.text().and_then(instant) } else { None };
        match told.or(activity) {
            Some(since) => look.blocker = Some(Blocker { item, owner, reason: shortened(reason), since }),
            None => {
                look.malformed = Some(format!("since when: found {}, expected an ISO 8601 time", found.since));
            }
        }
    }
    look
}

impl Blocker {
    /// Who has to hear of it by now.
    pub fn level(&self, section: &BlockerPolicy, now: Timestamp) -> Option<EscalationLevel> {
        let age = now.duration_since(self.since);
        if age >= section.escalate_after.signed() {
            Some(EscalationLevel::Leadership)
        } else if age >= section.tell_after.signed() {
            Some(EscalationLevel::Owner)
        } else {
            None
        }
    }

    /// What it waits for, without what makes each case different: numbers, capitals, spaces and punctuation.
    pub fn pattern(&self) -> String {
        let words = self.reason.to_lowercase();
        let words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let is_number = |word: &str| word.chars().any(|c| c.is_ascii_digit());
        let mut kept: Vec<&str> = words.map(|word| if is_number(word) { "#" } else { word }).collect();
        kept.dedup();
        kept.join(" ")
    }
}

fn shortened(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT).collect()
}
