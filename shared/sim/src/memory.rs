//! What the ledger in memory holds, as JSON: what does not survive being written down does not survive here either.

use std::collections::BTreeMap;
use std::io::Write as _;

use jiff::Timestamp;
use watchkeeper_control::ledger::{Change, Draft, Entry, Key, LedgerError, ListPage, Number};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::name::Scope;

/// The largest item, in bytes (DynamoDB quotas: 400 KB).
pub(crate) const ITEM_MAX: usize = 400 * 1024;

/// The most items in one transaction (DynamoDB API reference, `TransactWriteItems`).
const TRANSACTION_MAX: usize = 100;

/// Items on one page: few, so that tests turn pages.
const PAGE: usize = 3;

/// What tells which of two writes was the later one: its time, and at the same time its number.
pub(crate) type Stamp = (Timestamp, u64);

/// A partition, and the name of an item in it.
pub(crate) type ItemPlace = (String, String);

/// An item of this replica; one that was removed is kept as nothing.
#[derive(Debug, Clone)]
pub(crate) struct LedgerItem {
    kept: Option<Draft>,
    /// Which write it is of; `None` until that is known.
    stamp: Option<Stamp>,
}

/// Every item.
#[derive(Debug, Default)]
pub(crate) struct LedgerMemory {
    items: BTreeMap<ItemPlace, LedgerItem>,
    /// Those that were written here, and not stamped yet.
    fresh: Vec<ItemPlace>,
}

fn place(key: &Key) -> ItemPlace {
    (key.partition.key.clone(), key.sort.clone())
}

fn entry(kept: &Draft) -> Entry {
    let Draft { key, text, form, number, .. } = kept.clone();
    Entry { key, text: Ok(text), form, number: number.map(|raised| raised.to) }
}

impl LedgerMemory {
    pub(crate) fn get(&self, key: &Key) -> Option<Entry> {
        self.items.get(&place(key)).and_then(|item| item.kept.as_ref()).map(entry)
    }

    /// Everything whose key begins like this one.
    pub(crate) fn list(&self, like: &Key) -> Vec<Entry> {
        self.kept(like).map(entry).collect()
    }

    fn kept<'a>(&'a self, like: &'a Key) -> impl Iterator<Item = &'a Draft> {
        let from = self.items.range(place(like)..);
        let of_it =
            from.take_while(|((partition, sort), _)| *partition == like.partition.key && sort.starts_with(&like.sort));
        of_it.filter_map(|(_, item)| item.kept.as_ref())
    }

    /// One page of what has not this mark.
    pub(crate) fn page(&self, like: &Key, without: &str, after: Option<&str>) -> ListPage<Entry> {
        let rest = self.kept(like).filter(|kept| after.is_none_or(|after| kept.key.sort.as_str() > after));
        let page: Vec<&Draft> = rest.take(PAGE).collect();
        let last = page.get(PAGE - 1).map(|kept| kept.key.sort.clone());
        let open = page.into_iter().filter(|kept| kept.mark.as_ref().is_none_or(|(name, _)| *name != without));
        let next = last.filter(|last| self.kept(like).any(|kept| kept.key.sort > *last));
        ListPage { items: open.map(entry).collect(), next }
    }

    pub(crate) fn put(&mut self, draft: Draft) -> Result<(), LedgerError> {
        check_size(&draft)?;
        if draft.number.is_some_and(|raised| self.number(&draft.key) != raised.from) {
            return Err(draft.key.conflict());
        }
        self.apply(Change::Put(draft));
        Ok(())
    }

    /// All of them or none.
    pub(crate) fn put_all(&mut self, drafts: Vec<Draft>) -> Result<(), LedgerError> {
        for draft in &drafts {
            check_size(draft)?;
            if draft.number.is_some_and(|raised| self.number(&draft.key) != raised.from) {
                return Err(draft.key.conflict());
            }
        }
        for draft in drafts {
            self.apply(Change::Put(draft));
        }
        Ok(())
    }

    pub(crate) fn delete(&mut self, key: &Key) {
        self.apply(Change::Delete(key.clone()));
    }

    /// All changes or none: every one is checked before the first is made.
    pub(crate) fn transact(&mut self, scope: &Scope, generation: u64, changes: Vec<Change>) -> Result<(), LedgerError> {
        let lease = Key::lease(scope);
        if self.get(&lease).is_none() || self.number(&lease) != generation {
            return Err(LedgerError::LeaseLost { scope: scope.to_string() });
        }
        check_transaction(scope, &lease, &changes)?;
        for change in &changes {
            if let Change::Put(Draft { key, number: Some(raised), .. }) = change
                && self.number(key) != raised.from
            {
                return Err(key.conflict());
            }
        }
        for change in changes {
            self.apply(change);
        }
        Ok(())
    }

    /// The number of what is there; 0 where nothing is.
    fn number(&self, key: &Key) -> u64 {
        self.get(key).and_then(|found| found.number).unwrap_or(0)
    }

    /// Makes a change as it is, readable or not.
    pub(crate) fn apply(&mut self, change: Change) {
        let (place, kept) = match change {
            Change::Put(draft) => (place(&draft.key), Some(draft)),
            Change::Delete(key) => (place(&key), None),
        };
        self.items.insert(place.clone(), LedgerItem { kept, stamp: None });
        self.fresh.push(place);
    }

    /// What was written here since the last call, stamped: what the other replica has to learn of.
    pub(crate) fn written(&mut self, mut stamp: impl FnMut() -> Stamp) -> Vec<(ItemPlace, LedgerItem)> {
        let mut written = Vec::new();
        for place in std::mem::take(&mut self.fresh) {
            if let Some(item) = self.items.get_mut(&place).filter(|item| item.stamp.is_none()) {
                item.stamp = Some(stamp());
                written.push((place, item.clone()));
            }
        }
        written
    }

    /// Nobody has to learn of what was written here.
    pub(crate) fn forget_written(&mut self) {
        self.fresh.clear();
    }

    /// Takes what the other replica has written, unless what is here was written later.
    pub(crate) fn receive(&mut self, place: ItemPlace, item: LedgerItem) {
        if self.items.get(&place).is_none_or(|own| own.stamp < item.stamp) {
            self.items.insert(place, item);
        }
    }
}

fn check_size(draft: &Draft) -> Result<(), LedgerError> {
    let bytes = stored(&draft.text).map_err(|flaw| draft.key.corrupt(flaw.into()))?;
    if bytes > ITEM_MAX {
        let scope = draft.key.partition.owner.clone();
        return Err(LedgerError::TooLarge { item: draft.key.kind.name(), scope, bytes, limit: ITEM_MAX });
    }
    Ok(())
}

/// What an item takes, in bytes: the ledger compresses what would not fit.
fn stored(text: &str) -> std::io::Result<usize> {
    if text.len() <= ITEM_MAX {
        return Ok(text.len());
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?.len())
}

/// Refuses what `TransactWriteItems` would: too large an item, too many of them, or one twice; and a lease of another
/// generation, which is a mistake of the caller. One item is the lease, checked or put.
fn check_transaction(scope: &Scope, lease: &Key, changes: &[Change]) -> Result<(), LedgerError> {
    let mut keys = Vec::new();
    for change in changes {
        match change {
            Change::Put(draft) => {
                check_size(draft)?;
                let of_lease = draft.number.filter(|_| draft.key == *lease);
                if let Some(Number { from, to, .. }) = of_lease.filter(|raised| raised.from != raised.to) {
                    return Err(invalid(scope, format!("a lease of generation {to} put under generation {from}")));
                }
                keys.push(&draft.key);
            }
            Change::Delete(key) => keys.push(key),
        }
    }
    keys.sort_unstable();
    if let Some([twice, ..]) = keys.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(invalid(scope, format!("item {twice} twice in one transaction")));
    }
    let items = keys.len() + usize::from(!keys.contains(&lease));
    if items > TRANSACTION_MAX {
        return Err(invalid(scope, format!("{items} items in one transaction, at most {TRANSACTION_MAX} expected")));
    }
    Ok(())
}

fn invalid(scope: &Scope, found: String) -> LedgerError {
    let (operation, subject) = ("TransactWriteItems", scope.to_string());
    AwsError { operation, subject, fault: Fault::Invalid, source: Some(found.into()) }.into()
}
