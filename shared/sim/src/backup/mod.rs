//! Backups, simulated: every kind of resource behaves alike here, but for what the decisions have to know: names are not
//! unique at `DynamoDB`, which cannot tag either, and a stopped database cannot be backed up.

mod checks;
mod ports;
mod restores;
mod vault;
