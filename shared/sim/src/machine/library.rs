//! The definitions of this repository, read once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use super::definition::Machine;

/// The machines by the name that `template.yaml` gives them without `Machine`, and their files.
pub const MACHINES: [(&str, &str); 7] = [
    ("Reconcile", "reconcile"),
    ("Emergency", "emergency-scale"),
    ("Failover", "failover"),
    ("Failback", "failback"),
    ("Backup", "backup"),
    ("Restore", "restore-drill"),
    ("Unblock", "daily-unblock"),
];

/// A definition, if the interpreter knows all that is in it.
///
/// # Errors
/// What it does not know, or cannot parse.
pub fn read(definition: &str) -> Result<Machine, String> {
    serde_json::from_str(definition).map_err(|error| error.to_string())
}

/// A machine by its logical name, with that.
///
/// # Panics
/// When there is none of this name, or it does not read: the definition, or this interpreter, is to be mended.
pub(super) fn machine(name: &str) -> (&'static str, &'static Machine) {
    static ALL: LazyLock<BTreeMap<&'static str, Machine>> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../statemachines");
        let of_file = |(name, file): (&'static str, &str)| {
            let path = folder.join(format!("{file}.asl.json"));
            let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
            let found = text.and_then(|text| read(&text));
            (name, found.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        };
        MACHINES.into_iter().map(of_file).collect()
    });
    let found = ALL.get_key_value(name).unwrap_or_else(|| panic!("there is no machine {name}"));
    (found.0, found.1)
}
