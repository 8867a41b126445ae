//! Where an environment is: one account, and one region or a pair of them.
//!
//! Two regions are taken for a pair only if every service of one stands at 0 and some of the other does not. Otherwise each region
//! becomes an environment of its own, and so does each account: their names get the region or account as an ending.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::name::{EnvironmentName, Region};
use watchkeeper_domain::value::AccountId;

use super::called::Called;
use super::facts::{Facts, Found, LeftOut};

/// An environment with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct DraftEnvironment {
    pub(crate) name: EnvironmentName,
    pub(crate) account: AccountId,
    pub(crate) primary: Region,
    pub(crate) standby: Option<Region>,
    /// Why it has an ending, if it has one.
    pub(crate) ending: Option<&'static str>,
    pub(crate) facts: Facts,
}

/// The environments of what was told to belong to one name.
pub(crate) fn environments(by: BTreeMap<String, Facts>, left_out: &mut Vec<LeftOut>) -> Vec<DraftEnvironment> {
    let mut found = Vec::new();
    for (name, facts) in by {
        let accounts = accounts(&facts);
        for account in &accounts {
            let own = only(&facts, |other, _| other == account);
            let regions = regions(&own);
            let groups = groups(&own, &regions);
            let split = groups.len() > 1;
            for (primary, standby) in groups {
                let (name, ending) = match (accounts.len() > 1, split) {
                    (false, false) => (name.clone(), None),
                    (true, false) => (format!("{name}-{account}"), Some("it is in several accounts")),
                    (false, true) => (format!("{name}-{primary}"), Some("it runs in several regions at once")),
                    (true, true) => (
                        format!("{name}-{account}-{primary}"),
                        Some("it is in several accounts, and runs in several regions at once"),
                    ),
                };
                let Ok(name) = EnvironmentName::new(&name) else { continue };
                let here = only(&own, |_, region| *region == primary || Some(region) == standby.as_ref());
                found.push(DraftEnvironment { name, account: account.clone(), primary, standby, ending, facts: here });
            }
            elsewhere(&own, &regions, left_out);
        }
    }
    found
}

/// Accounts of services, else of databases.
fn accounts(facts: &Facts) -> BTreeSet<AccountId> {
    let services: BTreeSet<_> = facts.services.iter().map(|it| it.account.clone()).collect();
    if services.is_empty() { facts.databases.iter().map(|it| it.account.clone()).collect() } else { services }
}

/// Regions of services, else of databases.
fn regions(facts: &Facts) -> BTreeSet<Region> {
    let services: BTreeSet<_> = facts.services.iter().map(|it| it.region.clone()).collect();
    if services.is_empty() { facts.databases.iter().map(|it| it.region.clone()).collect() } else { services }
}

/// Primary and standby of each environment that the regions make.
fn groups(facts: &Facts, regions: &BTreeSet<Region>) -> Vec<(Region, Option<Region>)> {
    let idle = |region: &&Region| {
        let mut own = facts.services.iter().filter(|it| it.region == **region).peekable();
        own.peek().is_some() && own.all(|it| it.it.desired == Some(0))
    };
    let (idle, busy): (Vec<&Region>, Vec<&Region>) = regions.iter().partition(idle);
    match (busy.as_slice(), idle.as_slice()) {
        ([primary], [standby]) => vec![((*primary).clone(), Some((*standby).clone()))],
        _ => regions.iter().map(|region| (region.clone(), None)).collect(),
    }
}

/// The part of the facts that lies in these places.
fn only(facts: &Facts, here: impl Fn(&AccountId, &Region) -> bool) -> Facts {
    fn part<T: Clone>(all: &[Found<T>], here: &impl Fn(&AccountId, &Region) -> bool) -> Vec<Found<T>> {
        all.iter().filter(|it| here(&it.account, &it.region)).cloned().collect()
    }
    Facts {
        services: part(&facts.services, &here),
        databases: part(&facts.databases, &here),
        alarms: part(&facts.alarms, &here),
        tables: part(&facts.tables, &here),
        queues: part(&facts.queues, &here),
        streams: part(&facts.streams, &here),
        images: part(&facts.images, &here),
        caches: part(&facts.caches, &here),
        domains: part(&facts.domains, &here),
        ..Facts::default()
    }
}

/// Notes what lies in regions in which the environment runs nothing.
fn elsewhere(facts: &Facts, regions: &BTreeSet<Region>, left_out: &mut Vec<LeftOut>) {
    fn note<T: Called>(rest: &[Found<T>], left_out: &mut Vec<LeftOut>) {
        left_out.extend(rest.iter().map(|it| it.left_out("its environment runs nothing there")));
    }
    let rest = only(facts, |_, region| !regions.contains(region));
    note(&rest.databases, left_out);
    note(&rest.alarms, left_out);
    note(&rest.tables, left_out);
    note(&rest.queues, left_out);
    note(&rest.streams, left_out);
    note(&rest.images, left_out);
    note(&rest.caches, left_out);
    note(&rest.domains, left_out);
}
