//! The whole decision, as a table of situations.
#![allow(clippy::unwrap_used)]

mod obstacles;
mod releases;
pub(crate) mod scene;
mod transitions;
