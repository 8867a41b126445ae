//! What the program's commands do.

pub(crate) mod draft;
pub(crate) mod verify_report;
