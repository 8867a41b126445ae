//! A folder of documents.

use std::fs;
use std::path::{Path, PathBuf};

use watchkeeper_domain::estate::{Estate, EstateDocument, EstateFolder};
use watchkeeper_domain::finding::{DocumentFinding, FieldPath};
use watchkeeper_domain::value::Sha256;

use crate::{
    parse::{self, DocumentReading},
    problem::{FileMistake, FileProblem},
};

/// A document that is in order.
pub(crate) struct CheckedDocument {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) document: EstateDocument,
    estate: Estate,
}

/// Every document (`*.yaml`, `*.yml`) of a folder, its sub-folders left alone.
///
/// # Errors
/// Every problem of every document at once; and a folder that cannot be read, or holds no document.
pub fn load_dir(folder: &Path) -> Result<EstateFolder, Vec<FileProblem>> {
    Ok(checked(folder)?.into_iter().map(|checked| checked.estate).collect())
}

/// The same with what each was read from.
pub(crate) fn checked(folder: &Path) -> Result<Vec<CheckedDocument>, Vec<FileProblem>> {
    let (mut texts, mut readings) = (Vec::new(), Vec::new());
    for path in files(folder)? {
        let name = path.display().to_string();
        let (text, reading) = match fs::read_to_string(&path) {
            Ok(text) => (text.clone(), parse::read(&name, &text)),
            Err(error) => (String::new(), DocumentReading::failed(&name, unreadable(&error))),
        };
        texts.push((path, text));
        readings.push(reading);
    }
    across(&mut readings);
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for ((path, text), reading) in texts.into_iter().zip(readings) {
        let document = reading.document.clone();
        match (reading.finish(), document) {
            (Ok(estate), Some(document)) => {
                let estate = estate.read_from(Sha256::of(text.as_bytes()));
                good.push(CheckedDocument { path, text, document, estate });
            }
            (Ok(_), None) => {}
            (Err(found), _) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(good) } else { Err(problems) }
}

fn unreadable(error: &std::io::Error) -> FileMistake {
    FileMistake::of_document(1, error.to_string(), "something that can be read")
}

/// The documents of a folder, by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Vec<FileProblem>> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let name = folder.display().to_string();
    let entries = entries.map_err(|error| vec![unreadable(&error).in_file(&name)])?;
    let is_document = |path: &PathBuf| {
        path.is_file()
            && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"))
    };
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(is_document).collect();
    files.sort();
    if files.is_empty() {
        return Err(vec![FileMistake::of_document(1, "no document", "at least one *.yaml file").in_file(&name)]);
    }
    Ok(files)
}

/// What no document shows by itself: the same estate twice, or the same resource in two estates.
fn across(readings: &mut [DocumentReading]) {
    for later in 1..readings.len() {
        let (before, rest) = readings.split_at_mut(later);
        let Some(reading) = rest.first_mut() else { continue };
        let Some(document) = reading.document.clone() else { continue };
        let known = before.iter().filter_map(|r| Some((r.file.as_str(), r.document.as_ref()?)));
        let findings: Vec<DocumentFinding> = known.flat_map(|(file, other)| clashes(file, other, &document)).collect();
        for finding in findings {
            reading.note(finding);
        }
    }
}

fn clashes(file: &str, other: &EstateDocument, document: &EstateDocument) -> Vec<DocumentFinding> {
    if other.estate == document.estate {
        let found = format!("{}, which {file} describes too", document.estate);
        return vec![DocumentFinding::new(FieldPath::root().key("estate"), found, "one document for each estate")];
    }
    let mut findings = Vec::new();
    for (name, environment) in &document.environments {
        for (other_name, other_environment) in &other.environments {
            if let Some((region, resource)) = environment.shares(other_environment) {
                let found = format!("{resource} in {region}, which {} {other_name} names too ({file})", other.estate);
                let expected = "resources of its own, or a different `account` in each of the two environments";
                let place = FieldPath::root().key("environments").key(name);
                findings.push(DocumentFinding::new(place, found, expected));
            }
        }
    }
    findings
}
