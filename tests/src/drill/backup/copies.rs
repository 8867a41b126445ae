//! Copies of documents, without the jobs and assertions that the sandbox cannot do.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tempfile::TempDir;
use watchkeeper_domain::estate::{BackupJob, EnvironmentDocument, Estate, EstateDocument};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Scope};
use watchkeeper_estates::EstateFolder;

use crate::estate::ITEMS;
use crate::harness::{HarnessError, write_document};
use crate::sandbox::CheckoutLayout;
use crate::scenarios::Unplayed;
use crate::scenarios::backup::needs::can;

/// What of a document is left out.
type LeftOut = BTreeMap<(EstateName, EnvironmentName), Vec<(String, Unplayed)>>;

/// The documents as the sandbox can play their backups.
#[derive(Debug)]
pub(super) struct PlayableDocuments {
    /// The folder of the copies, where any document needs one.
    folder: Option<TempDir>,
    left_out: LeftOut,
}

impl PlayableDocuments {
    /// Copies of these, where one has something that the sandbox cannot do.
    pub(super) fn of(estates: &EstateFolder) -> Result<Self, HarnessError> {
        let mut left_out = LeftOut::new();
        let documents: Vec<EstateDocument> =
            estates.iter().filter_map(|estate| document(estate, &mut left_out)).collect();
        if left_out.is_empty() {
            return Ok(Self { folder: None, left_out });
        }
        let failed =
            |error: std::io::Error| HarnessError::Unknown(format!("cannot make a folder of documents: {error}"));
        let sandboxes = CheckoutLayout::find()?.sandbox();
        std::fs::create_dir_all(&sandboxes).map_err(failed)?;
        let folder = tempfile::Builder::new().prefix("documents-").tempdir_in(sandboxes).map_err(failed)?;
        for document in &documents {
            write_document(folder.path(), document)?;
        }
        Ok(Self { folder: Some(folder), left_out })
    }

    /// The folder of the copies, where there are any.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.path().to_owned())
    }

    /// What of an environment's backups is left out.
    pub(super) fn left_out(&self, scope: &Scope) -> impl Iterator<Item = (&str, &Unplayed)> {
        let of_ours = self.left_out.get(&(scope.estate.clone(), scope.environment.clone()));
        of_ours.into_iter().flatten().map(|(part, why)| (part.as_str(), why))
    }
}

/// The copy of an estate's document; nothing where nothing of it is left.
fn document(estate: &Estate, left_out: &mut LeftOut) -> Option<EstateDocument> {
    let mut environments = BTreeMap::new();
    for environment in estate.environments() {
        let mut copy = environment.document().clone();
        let left = strip(&mut copy);
        if !left.is_empty() {
            left_out.insert((estate.name().clone(), environment.name().clone()), left);
        }
        let holds = copy.backups.is_some() || copy.unblock.is_some();
        if holds || !copy.clusters.is_empty() || !copy.databases.is_empty() {
            environments.insert(environment.name().clone(), copy);
        }
    }
    let (about, owner) = (estate.about().cloned(), estate.owner().cloned());
    (!environments.is_empty()).then(|| EstateDocument { estate: estate.name().clone(), about, owner, environments })
}

/// Take out what the sandbox cannot do, and say what.
fn strip(document: &mut EnvironmentDocument) -> Vec<(String, Unplayed)> {
    let mut left = Vec::new();
    let Some(backups) = &mut document.backups else { return left };
    backups.jobs.retain(|job| match can(job) {
        Ok(()) => true,
        Err(why) => {
            left.push((format!("the backups of {}", named(job)), why));
            false
        }
    });
    for job in &mut backups.jobs {
        let name = named(job);
        let Some(drill) = &mut job.drill else { continue };
        if drill.query.take().is_some() {
            let found = "`drill.query`, which no database of the sandbox answers";
            left.push((format!("the query of {name}"), Unplayed::new(found, "the database itself")));
        }
        let items = ITEMS as u64;
        if drill.items_at_least.is_some_and(|least| least > items)
            || drill.items_at_most.is_some_and(|most| most < items)
        {
            drill.items_at_least = drill.items_at_least.map(|least| least.min(items));
            drill.items_at_most = drill.items_at_most.map(|most| most.max(items));
            let found = format!("a number of items that is not that of the sandbox's tables, {items}");
            left.push((format!("the number of items of {name}"), Unplayed::new(found, "the table itself")));
        }
    }
    if backups.jobs.is_empty() {
        document.backups = None;
    }
    left
}

fn named(job: &BackupJob) -> String {
    watchkeeper_domain::backup::BackupSource::of(job).map_or_else(|| "a job".to_owned(), |source| source.to_string())
}
