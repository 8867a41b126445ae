//! What a run carries out changes on: services, their scalable targets and releases, and databases.

mod databases;
mod ports;
mod releases;
mod rules;
mod services;
