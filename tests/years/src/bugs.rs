//! Deliberate bugs: each is a change of one place in the sources that breaks a promise, and has to be found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What stands for the question whether this bug is switched on.
const SWITCH: &str = "{bug}";

/// Added to the domain's sources: what the switches of all bugs ask.
const SWITCHES: &str = r#"
extern crate self as watchkeeper_domain;
/// Whether this bug is switched on.
pub fn planted(bug: &str) -> bool {
    static ON: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("DELIBERATE_BUG").ok()).as_deref() == Some(bug)
}
"#;

/// A bug, as `bugs.json` has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliberateBug {
    /// Its name.
    pub bug: String,
    /// What it does, for people.
    pub what: String,
    /// The file, from the root of the repository.
    pub file: PathBuf,
    /// What stands there, once.
    pub find: String,
    /// What stands there instead; `{bug}` is whether the bug is switched on.
    pub replace: String,
    /// The names of what must hold that it breaks, whichever is seen first.
    pub breaks: Vec<String>,
}

/// Every bug that is known.
///
/// # Errors
/// What does not read, and where.
pub fn deliberate_bugs() -> Result<Vec<DeliberateBug>, String> {
    serde_json::from_str(include_str!("../bugs.json")).map_err(|error| format!("bugs.json: {error}"))
}

/// The files of a tree of sources with all of these bugs in them, each switched on by its name in `DELIBERATE_BUG`.
///
/// # Errors
/// A file that cannot be read, or one in which a bug does not have its place exactly once.
pub fn planted(bugs: &[DeliberateBug], tree: &Path) -> Result<BTreeMap<PathBuf, String>, String> {
    let read =
        |file: &Path| std::fs::read_to_string(tree.join(file)).map_err(|why| format!("{}: {why}", file.display()));
    let domain = PathBuf::from("shared/domain/src/lib.rs");
    let mut files = BTreeMap::from([(domain.clone(), read(&domain)? + SWITCHES)]);
    for DeliberateBug { bug, file, find, replace, .. } in bugs {
        let text = match files.get(file) {
            Some(text) => text.clone(),
            None => read(file)?,
        };
        let found = text.matches(find).count();
        if found != 1 {
            return Err(format!("{bug}: in {}: found {find:?} {found} times, expected it once", file.display()));
        }
        let switched = replace.replace(SWITCH, &format!("::watchkeeper_domain::planted({bug:?})"));
        files.insert(file.clone(), text.replace(find, &switched));
    }
    Ok(files)
}
