//! Items that may wait, in a table of an estate or in an index of it.

use watchkeeper_control::ledger::ListPage;
use watchkeeper_control::ports::AwsError;
use watchkeeper_control::unblock::ports::BlockerSource;
use watchkeeper_domain::estate::BlockerPolicy;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute};
use watchkeeper_domain::value::ResourceName;

use super::AwsUnblockSources;
use super::field::{Item, cursor, field, start};
use super::locks::projection;
use crate::fault::{failed, odd};

const SCAN: &str = "Scan";

impl BlockerSource for AwsUnblockSources {
    async fn items(
        &self,
        source: &BlockerPolicy,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<BlockerItem>, AwsError> {
        let name = source.table.as_str();
        let optional = source.since.iter().chain(&source.status);
        let fields = [&source.item, &source.activity, &source.owner, &source.reason].into_iter().chain(optional);
        let mut attributes: Vec<&str> = fields.map(ResourceName::as_str).collect();
        attributes.sort_unstable();
        attributes.dedup();
        let (names, wanted) = projection(&attributes);
        // An index is always a little behind its table; that does not matter for what waits for days.
        let call = self.dynamodb.scan().table_name(name).set_index_name(source.index.as_ref().map(ToString::to_string));
        let call = call.consistent_read(source.index.is_none()).limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let call = call.projection_expression(wanted).set_expression_attribute_names(Some(names));
        let call = call.set_exclusive_start_key(start(after).map_err(|what| odd(SCAN, name, what))?);
        let answer = call.send().await.map_err(|error| failed(SCAN, name, error))?;
        let next = cursor(answer.last_evaluated_key).map_err(|what| odd(SCAN, name, what))?;
        let items = answer.items.unwrap_or_default();
        Ok(ListPage { items: items.iter().map(|item| read(source, item)).collect(), next })
    }
}

fn read(source: &BlockerPolicy, item: &Item) -> BlockerItem {
    let named = |name: Option<&ResourceName>| name.map_or(ItemAttribute::Absent, |name| field(item, name.as_str()));
    BlockerItem {
        item: named(Some(&source.item)),
        activity: named(Some(&source.activity)),
        since: named(source.since.as_ref()),
        owner: named(Some(&source.owner)),
        reason: named(Some(&source.reason)),
        status: named(source.status.as_ref()),
    }
}
