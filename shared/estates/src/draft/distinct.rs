//! One resource, one place: what the files have twice, and names that a document can give only once.

use std::collections::BTreeSet;

use watchkeeper_domain::name::Region;

use super::called::Called as _;
use super::facts::{Facts, Found, LeftOut};
use super::places::{DraftEnvironment, NOTHING};

/// Takes out what another environment has already, and services whose name their region has already; sorts the rest.
pub(crate) fn distinct(environments: &mut Vec<DraftEnvironment>, left_out: &mut Vec<LeftOut>) {
    let mut taken = BTreeSet::new();
    for environment in environments.iter_mut() {
        let facts = &mut environment.facts;
        sort(facts, &environment.primary);
        let (mut names, mut out) = (BTreeSet::new(), Vec::new());
        facts.services.retain(|it| {
            let key = (it.account.clone(), it.region.clone(), format!("{}/{}", it.item.cluster, it.item.name));
            let why = if !taken.insert(key) {
                "another environment has it already"
            } else if !names.insert((it.region.clone(), it.item.name.clone())) {
                "another cluster of its environment and region has a service of this name, and a document has each name once"
            } else {
                return true;
            };
            out.push(it.left_out(why));
            false
        });
        facts.databases.retain(|it| {
            let new = taken.insert((it.account.clone(), it.region.clone(), it.item.name().to_owned()));
            if !new {
                out.push(it.left_out("another environment has it already, or another kind of database has its name"));
            }
            new
        });
        left_out.extend(out);
    }
    environments.retain(|it| {
        let something = !it.facts.services.is_empty() || !it.facts.databases.is_empty();
        if !something {
            it.facts.all_left_out(NOTHING, left_out);
        }
        something
    });
}

/// By region, the primary one first, and by name.
fn sort(facts: &mut Facts, primary: &Region) {
    fn by<T, K: Ord>(all: &mut Vec<Found<T>>, primary: &Region, key: impl Fn(&T) -> K) {
        // By file last: what two files have is read from the first.
        all.sort_by_cached_key(|it| (it.region != *primary, it.region.clone(), key(&it.item), it.file));
        all.dedup_by_key(|it| (it.region.clone(), key(&it.item)));
    }
    by(&mut facts.services, primary, |it| (it.cluster.clone(), it.name.clone()));
    by(&mut facts.databases, primary, |it| it.id.clone());
    by(&mut facts.alarms, primary, |it| it.name.clone());
    by(&mut facts.tables, primary, |it| it.name.clone());
    by(&mut facts.queues, primary, |it| it.name.clone());
    by(&mut facts.streams, primary, |it| it.name.clone());
    by(&mut facts.images, primary, |it| it.name.clone());
    by(&mut facts.caches, primary, |it| it.name.clone());
    by(&mut facts.domains, primary, |it| it.name.clone());
}
