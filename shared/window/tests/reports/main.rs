//! Reports as they leave the crate: what verifying finds of them, and their pages.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod files;
mod scene;
mod sheets;
