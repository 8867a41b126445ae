//! Which environment each thing belongs to.
//!
//! The first that applies: what was said for the file, or for all of them; the tag `Environment` of the service, or of its cluster;
//! a word of the cluster's name, such as `dev` or `prod`. Whatever is no service belongs to one of the environments that the
//! services tell: by its tag, by its own name, or because its file, or the whole draft, has only one. What cannot be told is left
//! out. Where there are no services at all, databases tell.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::name::{EnvironmentName, Region};
use watchkeeper_domain::value::AccountId;

use super::called::Called;
use super::facts::{AlarmFacts, AlarmSubject, Facts, Found, LeftOut};
use super::options::{DraftNames, DraftOrigin};
use super::words;

/// What was given, and what services have told so far, of where things belong.
pub(crate) struct EnvironmentRules<'a> {
    origin: DraftOrigin<'a>,
    names: &'a DraftNames,
    /// Environments that services, or else databases, have told, by file.
    told: BTreeMap<usize, BTreeSet<String>>,
}

impl<'a> EnvironmentRules<'a> {
    pub(crate) fn new(origin: DraftOrigin<'a>, names: &'a DraftNames) -> Self {
        Self { origin, names, told: BTreeMap::new() }
    }

    /// What was given for a file, or for all of them.
    fn given(&self, file: usize) -> Option<String> {
        self.origin.environment(file).or(self.names.environment.as_ref()).map(ToString::to_string)
    }

    fn all(&self) -> BTreeSet<&str> {
        self.told.values().flatten().map(String::as_str).collect()
    }

    /// The environment of something that tells one itself.
    fn determine(&mut self, file: usize, tags: [Option<&str>; 2], name: &str) -> Option<String> {
        let tag = tags.into_iter().flatten().map(str::to_ascii_lowercase).find(|tag| EnvironmentName::new(tag).is_ok());
        let told = self.given(file).or(tag).or_else(|| words::environment(name))?;
        self.told.entry(file).or_default().insert(told.clone());
        Some(told)
    }

    /// The environment of anything else, or why it cannot be told.
    fn assign<T: Called>(&self, found: &Found<T>) -> Result<String, &'static str> {
        if let Some(given) = self.given(found.file) {
            return Ok(given);
        }
        let all = self.all();
        if let Some(tag) = found.tag.as_deref().map(str::to_ascii_lowercase) {
            let unknown = "its tag names an environment that has no service here";
            return if all.contains(tag.as_str()) { Ok(tag) } else { Err(unknown) };
        }
        let only = |told: &BTreeSet<&str>| told.first().filter(|_| told.len() == 1).map(|one| (*one).to_owned());
        let named: BTreeSet<&str> = all.iter().copied().filter(|told| words::names(found.item.name(), told)).collect();
        let of_file =
            self.told.get(&found.file).map(|told| told.iter().map(String::as_str).collect()).unwrap_or_default();
        let told = only(&named).or_else(|| only(&of_file)).or_else(|| only(&all));
        told.ok_or("its environment cannot be told: it has no tag `Environment`, and its name does not say")
    }
}

/// Facts by the environment that they belong to; what belongs to none is noted as left out.
pub(crate) fn by_environment(
    facts: &Facts,
    rules: &mut EnvironmentRules<'_>,
) -> (BTreeMap<String, Facts>, Vec<LeftOut>) {
    let mut sorted = Sorted { by: BTreeMap::new(), left_out: facts.left_out.clone(), facts };
    let tags: BTreeMap<_, _> =
        facts.clusters.iter().map(|it| ((&it.account, &it.region, &it.item), it.tag.as_deref())).collect();
    for it in &facts.services {
        let cluster = tags.get(&(&it.account, &it.region, &it.item.cluster)).copied().flatten();
        let told = rules.determine(it.file, [it.tag.as_deref(), cluster], it.item.cluster.as_str());
        let why = "its environment cannot be told: neither it nor its cluster has a tag `Environment`, and the name does not say";
        sorted.put(told.ok_or(why), it, |facts| &mut facts.services);
    }
    let databases_tell = facts.services.is_empty();
    for it in &facts.databases {
        let tell =
            |rules: &mut EnvironmentRules<'_>| rules.determine(it.file, [it.tag.as_deref(), None], it.item.name());
        let told = databases_tell.then(|| tell(rules)).flatten();
        sorted.put(told.map_or_else(|| rules.assign(it), Ok), it, |facts| &mut facts.databases);
    }
    for it in &facts.alarms {
        let told = sorted.spoken_of(it).map_or_else(|| rules.assign(it), Ok);
        sorted.put(told, it, |facts| &mut facts.alarms);
    }
    sorted.put_all(rules, &facts.tables, |facts| &mut facts.tables);
    sorted.put_all(rules, &facts.queues, |facts| &mut facts.queues);
    sorted.put_all(rules, &facts.streams, |facts| &mut facts.streams);
    sorted.put_all(rules, &facts.images, |facts| &mut facts.images);
    sorted.put_all(rules, &facts.caches, |facts| &mut facts.caches);
    sorted.put_all(rules, &facts.domains, |facts| &mut facts.domains);
    (sorted.by, sorted.left_out)
}

/// Facts, as far as they have been sorted.
struct Sorted<'a> {
    by: BTreeMap<String, Facts>,
    left_out: Vec<LeftOut>,
    facts: &'a Facts,
}

impl Sorted<'_> {
    fn put<T: Called + Clone>(
        &mut self,
        told: Result<String, &'static str>,
        found: &Found<T>,
        list: impl Fn(&mut Facts) -> &mut Vec<Found<T>>,
    ) {
        match told {
            Ok(environment) => list(self.by.entry(environment).or_default()).push(found.clone()),
            Err(why) => self.left_out.push(found.left_out(why)),
        }
    }

    fn put_all<T: Called + Clone>(
        &mut self,
        rules: &EnvironmentRules<'_>,
        all: &[Found<T>],
        list: impl Fn(&mut Facts) -> &mut Vec<Found<T>>,
    ) {
        for it in all {
            self.put(rules.assign(it), it, &list);
        }
    }

    /// The environment of the services and databases that an alarm speaks of, if it is one.
    fn spoken_of(&self, alarm: &Found<AlarmFacts>) -> Option<String> {
        let here = |account: &AccountId, region: &Region| alarm.account == *account && alarm.region == *region;
        let speaks = |subject: &AlarmSubject, facts: &Facts| {
            let mut services = facts.services.iter().filter(|it| here(&it.account, &it.region));
            let mut databases = facts.databases.iter().filter(|it| here(&it.account, &it.region));
            services.any(|it| self.facts.speaks_of(subject, &it.item))
                || databases.any(|it| subject.is_database(it.item.id.name()))
        };
        let mut found = self.by.iter().filter(|(_, facts)| alarm.item.about.iter().any(|it| speaks(it, facts)));
        let (first, _) = found.next()?;
        found.next().is_none().then(|| first.clone())
    }
}
