//! Preflight: the example is clean, and each fact corrupted alone is exactly one finding, with the command that mends it.
#![allow(clippy::unwrap_used)]

mod faults;
mod pages;
mod reads;
mod scene;
mod simulated;
