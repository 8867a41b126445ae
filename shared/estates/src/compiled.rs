//! Documents that were checked before they were deployed: as JSON beside the YAML, which a function reads in a millisecond instead
//! of checking them anew. What was compiled from other documents, or by another version, counts for nothing.

use std::collections::BTreeMap;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use fnv::FnvHasher;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::estate::{Estate, EstateDocument, EstateFolder};
use watchkeeper_domain::value::Sha256;

use crate::load::{CheckedDocument, checked, files, load_dir};
use crate::problem::FileProblem;

/// The file of a folder that holds its documents as they were compiled.
pub const COMPILED: &str = "compiled.json";

/// What documents meant when this was built: those of another schema may mean something else.
const SCHEMA: &[u8] = include_bytes!("../estate.schema.json");

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompiledFolder<D> {
    version: String,
    documents: BTreeMap<String, CompiledDocument<D>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompiledDocument<D> {
    /// Of the file's bytes.
    hash: u64,
    document: D,
}

/// Why documents were not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// They are not right.
    #[error("{} problems: {}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Wrong(Vec<FileProblem>),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A document that is no JSON.
    #[error("a document cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Checks the documents of a folder, and puts them as [`COMPILED`] beside themselves.
///
/// # Errors
/// [`CompileError`]; then nothing was written.
pub fn compile_dir(folder: &Path) -> Result<PathBuf, CompileError> {
    let checked = checked(folder).map_err(CompileError::Wrong)?;
    let compile = |CheckedDocument { path, text, document, .. }| {
        (name(&path), CompiledDocument { hash: hash(text.as_bytes()), document })
    };
    let documents = checked.into_iter().map(compile).collect();
    let text = serde_json::to_string(&CompiledFolder { version: version(), documents })?;
    let path = folder.join(COMPILED);
    fs::write(&path, text + "\n").map_err(|source| CompileError::File { path: path.clone(), source })?;
    Ok(path)
}

/// The documents of a folder as a function starts with them: as they were compiled, where that is of these very files.
///
/// # Errors
/// As [`load_dir`].
pub fn load_deployed(folder: &Path) -> Result<EstateFolder, Vec<FileProblem>> {
    match compiled(folder) {
        Some(estates) => Ok(estates),
        None => load_dir(folder),
    }
}

fn compiled(folder: &Path) -> Option<EstateFolder> {
    let text = fs::read(folder.join(COMPILED)).ok()?;
    let CompiledFolder { version: by, mut documents } =
        serde_json::from_slice::<CompiledFolder<EstateDocument>>(&text).ok()?;
    let files = files(folder).ok()?;
    if by != version() || files.len() != documents.len() {
        return None;
    }
    let estate = |path: &PathBuf| {
        let CompiledDocument { hash: of, document } = documents.remove(&name(path))?;
        let text = fs::read(path).ok()?;
        if of != hash(&text) {
            return None;
        }
        Some(Estate::new(document).ok()?.read_from(Sha256::of(&text)))
    };
    files.iter().map(estate).collect()
}

fn version() -> String {
    format!("{} {:016x}", env!("CARGO_PKG_VERSION"), hash(SCHEMA))
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FnvHasher::default();
    hasher.write(bytes);
    hasher.finish()
}
