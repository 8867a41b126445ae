//! What a story tells of the ledger: which baselines it keeps, and forgets.

use std::collections::BTreeMap;

use watchkeeper_domain::capacity::ResourceId;
use watchkeeper_sim::SimRegion;

use super::Judge;
use crate::owner::right;

/// The baselines of a site, as a story has told them last.
pub(super) type ToldBaselines = BTreeMap<ResourceId, String>;

impl Judge {
    /// What has changed of the baselines since the last time.
    pub(crate) fn new_baselines(&mut self, sim: &SimRegion) -> Vec<String> {
        let mut now = ToldBaselines::new();
        for view in self.views.values() {
            let kept = sim.remembered(&view.scope).ok().and_then(|found| found.baseline);
            let Some(kept) = kept.map(|kept| kept.capacity) else { continue };
            now.extend(kept.resources().filter_map(|it| Some((it.clone(), right(&it, &kept)?.to_string()))));
        }
        let before = std::mem::replace(&mut self.told_baselines, now.clone());
        let kept = now
            .iter()
            .filter(|(it, was)| before.get(*it) != Some(*was))
            .map(|(it, was)| format!("kept of {it}: {was}"));
        let forgotten = before.keys().filter(|it| !now.contains_key(*it)).map(|it| format!("forgotten of {it}"));
        kept.chain(forgotten).collect()
    }
}
