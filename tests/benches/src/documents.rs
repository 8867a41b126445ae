//! The documents of the environments that are measured.

use std::fmt::Write as _;
use std::path::Path;

use tempfile::TempDir;
use watchkeeper_estates::compile_dir;

use crate::error::BenchError;

/// The region of all of them, and the home of the example pair.
pub(crate) const REGION: &str = "us-west-2";
/// The account of all of them.
pub(crate) const ACCOUNT: &str = "123456789012";

/// One environment with one cluster of its name.
pub(crate) struct MeasuredEnvironment {
    pub(crate) name: String,
    pub(crate) services: usize,
    /// Until when it is awake from Monday to Friday, by the clocks of Dublin.
    pub(crate) until: &'static str,
}

impl MeasuredEnvironment {
    pub(crate) fn new(name: impl Into<String>, services: usize, until: &'static str) -> Self {
        Self { name: name.into(), services, until }
    }
}

/// A folder with one estate of these environments, compiled as in a deployment. Each service has one task and a scalable target,
/// because no capacity is declared.
pub(crate) fn folder(estate: &str, environments: &[MeasuredEnvironment]) -> Result<TempDir, BenchError> {
    let folder = tempfile::tempdir().map_err(BenchError::io("cannot make a folder for the documents"))?;
    add(folder.path(), estate, environments)?;
    Ok(folder)
}

/// One estate more in a folder.
pub(crate) fn add(folder: &Path, estate: &str, environments: &[MeasuredEnvironment]) -> Result<(), BenchError> {
    let mut text = format!("estate: {estate}\nenvironments:\n");
    for MeasuredEnvironment { name, services, until } in environments {
        let services: Vec<String> = (0..*services).map(|n| format!("{name}-{n:04}")).collect();
        let services = services.join(", ");
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "  {name}:\n    kind: development\n    regions: {{ primary: {REGION} }}\n    clusters:\n      {REGION}: {{ {name}: \
             [{services}] }}\n    awake: {{ zone: Europe/Dublin, weekly: {{ mon-fri: \"08:00-{until}\" }} }}"
        );
    }
    let path = folder.join(estate).with_extension("yaml");
    std::fs::write(&path, text).map_err(BenchError::io(format!("cannot write {}", path.display())))?;
    compiled(folder)
}

/// The documents of a folder as a deployment has them.
pub(crate) fn compiled(folder: &Path) -> Result<(), BenchError> {
    compile_dir(folder).map(drop).map_err(|error| BenchError::found(error.to_string()))
}
