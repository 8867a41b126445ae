//! The deployed stack in the sandbox does what it is for: one sandbox for all tests, which play one after the other,
//! because they share its clock.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod calendars;
mod contract;
mod crash;
mod drift;
mod field;
mod hand;
mod large;
mod night;
