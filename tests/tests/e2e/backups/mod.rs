//! Backups of `clos-v2` production, and of what lies under keys of its own.

mod checks;
mod field;
mod keys;
mod lost;
mod scenarios;
