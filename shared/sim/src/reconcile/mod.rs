//! What a run carries out changes on: services, their scalable targets and releases, and databases.

pub(crate) mod database;
mod ports;
pub(crate) mod release;
pub(crate) mod service;
