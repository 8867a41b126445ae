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

/// Why something is left out whose environment is nothing by itself.
pub(crate) const NOTHING: &str = "its environment has neither a service nor a database";

/// The environments of what was told to belong to one name.
pub(crate) fn environments(by: BTreeMap<String, Facts>, left_out: &mut Vec<LeftOut>) -> Vec<DraftEnvironment> {
    let mut found = Vec::new();
    for (name, facts) in by {
        let accounts = accounts(&facts);
        let why = if accounts.is_empty() { NOTHING } else { "its environment runs nothing in this account" };
        only(&facts, |account, _| !accounts.contains(account)).all_left_out(why, left_out);
        for account in &accounts {
            let own = only(&facts, |other, _| other == account);
            let regions = regions(&own);
            only(&own, |_, region| !regions.contains(region))
                .all_left_out("its environment runs nothing there", left_out);
            let groups = groups(&own, &regions);
            let split = groups.len() > 1;
            for (primary, standby) in groups {
                let (name, ending) = named(&name, (accounts.len() > 1).then_some(account), split.then_some(&primary));
                let facts = only(&own, |_, region| *region == primary || Some(region) == standby.as_ref());
                let Ok(name) = EnvironmentName::new(&name) else {
                    facts.all_left_out("the name of its environment is too long", left_out);
                    continue;
                };
                let environment = DraftEnvironment { name, account: account.clone(), primary, standby, ending, facts };
                environment.note_standby(left_out);
                found.push(environment);
            }
        }
    }
    found
}

/// The name of an environment with what it needs to be told apart, and why that is so.
fn named(name: &str, account: Option<&AccountId>, region: Option<&Region>) -> (String, Option<&'static str>) {
    match (account, region) {
        (None, None) => (name.to_owned(), None),
        (Some(account), None) => (format!("{name}-{account}"), Some("it is in several accounts")),
        (None, Some(region)) => (format!("{name}-{region}"), Some("it runs in several regions at once")),
        (Some(account), Some(region)) => (
            format!("{name}-{account}-{region}"),
            Some("it is in several accounts, and runs in several regions at once"),
        ),
    }
}

impl DraftEnvironment {
    /// Notes what backups and unblock do not look at, because it is in the standby region.
    fn note_standby(&self, left_out: &mut Vec<LeftOut>) {
        let standby = only(&self.facts, |_, region| Some(region) == self.standby.as_ref());
        let Facts { tables, queues, caches, domains, .. } = standby;
        let facts = Facts { tables, queues, caches, domains, ..Facts::default() };
        facts.all_left_out("it is in the standby region, and backups and unblock look at the primary one", left_out);
    }
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
        own.peek().is_some() && own.all(|it| it.item.desired == Some(0))
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

impl Facts {
    /// Notes all of it as left out.
    pub(crate) fn all_left_out(&self, why: &str, left_out: &mut Vec<LeftOut>) {
        fn note<T: Called>(all: &[Found<T>], why: &str, left_out: &mut Vec<LeftOut>) {
            left_out.extend(all.iter().map(|it| it.left_out(why)));
        }
        note(&self.services, why, left_out);
        note(&self.databases, why, left_out);
        note(&self.alarms, why, left_out);
        note(&self.tables, why, left_out);
        note(&self.queues, why, left_out);
        note(&self.streams, why, left_out);
        note(&self.images, why, left_out);
        note(&self.caches, why, left_out);
        note(&self.domains, why, left_out);
    }
}
