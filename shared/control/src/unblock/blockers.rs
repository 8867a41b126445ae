//! Blockers: a page of items is looked at; the oldest are kept by name, the rest is counted.

use watchkeeper_domain::unblock::look;

use super::{OpenRecord, PAGE, UnblockRunbook, unreadable};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;
use crate::unblock::ports::BlockerSource;

impl<P: Platform> UnblockRunbook<P> {
    /// One page of items.
    pub(super) async fn blockers_page(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        let Some(source) = open.scoped.section.and_then(|section| section.blockers.as_ref()) else {
            open.record.next_stage(open.scoped.section);
            return Ok(());
        };
        let page = match self.sources.items(source, open.record.cursor.as_deref(), PAGE).await {
            Ok(page) => page,
            Err(error) => {
                unreadable(open, source.table.as_str(), error)?;
                open.record.next_stage(open.scoped.section);
                return Ok(());
            }
        };
        let now = self.clock.now();
        for item in &page.items {
            let found = look(item, source, now);
            if let Some(blocker) = found.blocker {
                open.record.add_blocker(blocker);
            }
            if let Some(stuck) = found.stuck {
                open.record.add_stuck(stuck);
            }
            if let Some(why) = found.malformed {
                let name = item.item.key().map_or_else(|| item.item.to_string(), str::to_owned);
                open.record.note("malformed", &name, format!("it waits, and nobody can tell {why}"), None);
            }
        }
        open.record.cursor = page.next;
        if open.record.cursor.is_none() {
            // What was only counted may be what was escalated before: then nothing is withdrawn.
            open.record.blockers_complete = open.record.more_blockers == 0;
            open.record.next_stage(open.scoped.section);
        }
        Ok(())
    }
}
