//! What the program's commands do.

pub(crate) mod draft;
