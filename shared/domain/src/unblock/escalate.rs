//! Who has to hear of what blocks: once a level, remembered from day to day, and withdrawn when it is over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Blocker, EscalatedItem, UnblockMemory};
use crate::estate::BlockerPolicy;

/// How far an item has been escalated, least far first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum EscalationLevel {
    /// To its owner, and to those who integrate.
    Owner,
    /// To those who lead.
    Leadership,
}

/// An item that somebody has to hear of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// What waits.
    #[serde(flatten)]
    pub blocker: Blocker,
    /// How far it goes with this.
    pub level: EscalationLevel,
    /// Who has to hear of it.
    pub to: Vec<String>,
}

/// An item that was escalated before and is not blocked any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationWithdrawal {
    /// The item that is not blocked any more.
    pub item: String,
    /// How far it had gone.
    pub level: EscalationLevel,
    /// Who had heard of it, and hears of this.
    pub to: Vec<String>,
}

/// Several items that wait for the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockerPattern {
    /// What they have in common.
    pub pattern: String,
    /// The oldest one's own words.
    pub reason: String,
    /// How many they are.
    pub items: u32,
    /// Since when the oldest waits.
    pub since: Timestamp,
}

/// What is news about what blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationNews {
    /// To be told now, the oldest first; an item that goes two levels at once is there twice.
    pub escalated: Vec<Escalation>,
    /// To be taken back now.
    pub withdrawn: Vec<EscalationWithdrawal>,
    /// Every pattern that there is.
    pub patterns: Vec<BlockerPattern>,
    /// Those of them that were not told before.
    pub new_patterns: BTreeSet<String>,
    /// What waits since then, or longer, is somebody's task.
    pub tell_before: Option<Timestamp>,
}

/// Who hears of an item at a level.
fn recipients(section: &BlockerPolicy, owner: Option<&String>, level: EscalationLevel) -> Vec<String> {
    match level {
        EscalationLevel::Owner => owner.cloned().into_iter().chain([section.integrator.to_string()]).collect(),
        EscalationLevel::Leadership => vec![section.leadership.to_string()],
    }
}

/// Compares what blocks with what was told before, and remembers what is told now. Nothing is withdrawn unless all that
/// blocks was read: `complete`. An item that is blocked anew, since another time, begins anew.
pub fn escalate(
    memory: &mut UnblockMemory,
    blockers: &[Blocker],
    complete: bool,
    section: &BlockerPolicy,
    now: Timestamp,
) -> EscalationNews {
    let tell_before = now.saturating_sub(section.tell_after.signed()).ok();
    let mut news = EscalationNews { tell_before, ..EscalationNews::default() };
    let mut oldest: Vec<&Blocker> = blockers.iter().collect();
    oldest.sort_by_key(|blocker| (blocker.since, &blocker.item));
    for blocker in &oldest {
        let Some(level) = blocker.level(section, now) else { continue };
        let before = memory.escalated.get(&blocker.item).filter(|before| before.since == blocker.since);
        let told = before.map(|before| before.level);
        for level in
            [EscalationLevel::Owner, EscalationLevel::Leadership].into_iter().filter(|l| *l <= level && told < Some(*l))
        {
            let to = recipients(section, blocker.owner.as_ref(), level);
            news.escalated.push(Escalation { blocker: (*blocker).clone(), level, to });
        }
        let level = told.map_or(level, |told| told.max(level));
        let owner = blocker.owner.clone();
        memory.escalated.insert(blocker.item.clone(), EscalatedItem { since: blocker.since, level, owner });
    }
    if complete {
        let still: BTreeMap<&str, Timestamp> = oldest.iter().map(|b| (b.item.as_str(), b.since)).collect();
        memory.escalated.retain(|item, before| {
            let blocks = still.get(item.as_str()) == Some(&before.since);
            if !blocks {
                let levels = [EscalationLevel::Owner, EscalationLevel::Leadership]
                    .into_iter()
                    .filter(|level| *level <= before.level);
                let to = levels.flat_map(|level| recipients(section, before.owner.as_ref(), level)).collect();
                news.withdrawn.push(EscalationWithdrawal { item: item.clone(), level: before.level, to });
            }
            blocks
        });
    }
    patterns(&mut news, memory, &oldest, complete, section);
    news
}

fn patterns(
    news: &mut EscalationNews,
    memory: &mut UnblockMemory,
    oldest: &[&Blocker],
    complete: bool,
    section: &BlockerPolicy,
) {
    let mut alike: BTreeMap<String, BlockerPattern> = BTreeMap::new();
    for blocker in oldest {
        let pattern = blocker.pattern();
        let (reason, since) = (blocker.reason.clone(), blocker.since);
        let found = alike.entry(pattern.clone()).or_insert(BlockerPattern { pattern, reason, items: 0, since });
        found.items += 1;
    }
    alike.retain(|pattern, found| !pattern.is_empty() && found.items >= section.systemic);
    news.new_patterns = alike.keys().filter(|pattern| !memory.patterns.contains(*pattern)).cloned().collect();
    if complete {
        memory.patterns.retain(|pattern| alike.contains_key(pattern));
    }
    memory.patterns.extend(alike.keys().cloned());
    news.patterns = alike.into_values().collect();
    news.patterns.sort_by_key(|pattern| pattern.since);
}
