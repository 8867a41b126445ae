//! In what a document differs from the files, in what the files know. What people decide (kind, calendar, profiles, the rest) is
//! theirs, and no difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use watchkeeper_domain::estate::{DeclaredCapacity, EnvironmentDocument, EstateDocument};
use watchkeeper_domain::finding::FieldPath;

/// Something that the document and the files do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The files have it, and the document has not.
    New {
        /// Where it would stand in the document.
        path: FieldPath,
        /// What it is.
        what: String,
    },
    /// The document has it, and the draft has not.
    Gone {
        /// Where it stands.
        path: FieldPath,
        /// What it is.
        what: String,
    },
    /// Both have it, and differ.
    Changed {
        /// Where it stands.
        path: FieldPath,
        /// What the document says.
        document: String,
        /// What the files say.
        files: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New { path, what } => write!(f, "+ {path}: {what}"),
            Self::Gone { path, what } => write!(f, "- {path}: {what}, which is not in the draft"),
            Self::Changed { path, document, files } => write!(f, "~ {path}: {document}, and the draft has {files}"),
        }
    }
}

/// The differences of a document that is there from a draft, in the order of the document's fields.
pub(crate) fn differences(document: &EstateDocument, draft: &EstateDocument) -> Vec<Difference> {
    let place = FieldPath::root().key("environments");
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for (name, drafted) in &draft.environments {
        // An environment that was renamed still has the same resources.
        let same = |other: &&EnvironmentDocument| drafted.shares(other).is_some();
        let own = document.environments.get_key_value(name);
        let own = own.or_else(|| document.environments.iter().find(|(_, other)| same(other)));
        if let Some((own, there)) = own {
            seen.insert(own);
            environment(&place.clone().key(own), there, drafted, &mut found);
        } else {
            found.push(Difference::New { path: place.clone(), what: name.to_string() });
        }
    }
    let gone = document.environments.keys().filter(|name| !seen.contains(name));
    found.extend(gone.map(|name| Difference::Gone { path: place.clone(), what: name.to_string() }));
    found
}

fn environment(
    place: &FieldPath,
    document: &EnvironmentDocument,
    draft: &EnvironmentDocument,
    found: &mut Vec<Difference>,
) {
    if let (Some(own), Some(account)) = (&document.account, &draft.account) {
        changed(place.clone().key("account"), own, account, found);
    }
    let regions = place.clone().key("regions");
    changed(regions.clone().key("primary"), &document.regions.primary, &draft.regions.primary, found);
    let standby = |environment: &EnvironmentDocument| {
        environment.regions.standby.as_ref().map_or("none".to_owned(), ToString::to_string)
    };
    changed(regions.key("standby"), &standby(document), &standby(draft), found);
    sets(&services(place, document), &services(place, draft), found);
    sets(&databases(place, document), &databases(place, draft), found);
    let capacity = |environment: &EnvironmentDocument| -> BTreeMap<String, String> {
        environment.capacity.iter().map(|(name, figures)| (name.to_string(), self::figures(figures))).collect()
    };
    let (own, drafted) = (capacity(document), capacity(draft));
    for (service, figures) in &drafted {
        let path = place.clone().key("capacity").key(service);
        match own.get(service) {
            Some(known) => changed(path, known, figures, found),
            None => found.push(Difference::New { path, what: figures.clone() }),
        }
    }
    let alarms = |environment: &EnvironmentDocument| {
        environment.alarms.iter().map(|alarm| (place.clone().key("alarms"), alarm.to_string())).collect()
    };
    sets(&alarms(document), &alarms(draft), found);
}

type Entries = BTreeSet<(FieldPath, String)>;

fn services(place: &FieldPath, environment: &EnvironmentDocument) -> Entries {
    let mut all = Entries::new();
    for (region, clusters) in &environment.clusters {
        for (cluster, services) in clusters {
            let place = place.clone().key("clusters").key(region).key(cluster);
            all.extend(services.named().iter().map(|service| (place.clone(), service.to_string())));
        }
    }
    all
}

fn databases(place: &FieldPath, environment: &EnvironmentDocument) -> Entries {
    let entry = |entry: &watchkeeper_domain::estate::DatabaseEntry| {
        let region = entry.region.as_ref().unwrap_or(&environment.regions.primary);
        Some((place.clone().key("databases"), format!("{} in {region}", String::from(entry.database()?))))
    };
    environment.databases.named().iter().filter_map(entry).collect()
}

fn figures(capacity: &DeclaredCapacity) -> String {
    let bound = |name: &str, bound: Option<u32>| bound.map(|bound| format!(", {name} {bound}")).unwrap_or_default();
    format!("desired {}{}{}", capacity.desired, bound("min", capacity.min), bound("max", capacity.max))
}

fn sets(document: &Entries, draft: &Entries, found: &mut Vec<Difference>) {
    let own = |(path, what): &(FieldPath, String)| (path.clone(), what.clone());
    found.extend(draft.difference(document).map(own).map(|(path, what)| Difference::New { path, what }));
    found.extend(document.difference(draft).map(own).map(|(path, what)| Difference::Gone { path, what }));
}

fn changed<T: PartialEq + ToString>(path: FieldPath, document: &T, files: &T, found: &mut Vec<Difference>) {
    if document != files {
        found.push(Difference::Changed { path, document: document.to_string(), files: files.to_string() });
    }
}
