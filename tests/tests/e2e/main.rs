//! The deployed stack in the sandbox does what it is for. There are several sandboxes: emergencies and backups are played in
//! another account, pairs over ledgers of their own, and most tests on two of a kind; the tests of each play one after the other,
//! because they share its clock.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod backups;
mod browser;
mod by_tag;
mod contract;
mod crash;
mod crowd;
mod denied;
mod emergency;
mod failover;
mod failures;
mod field;
mod idle;
mod large;
mod ordered;
mod own_alarms;
mod schedule;
mod small;
mod unblock;
mod wake;
mod window;
