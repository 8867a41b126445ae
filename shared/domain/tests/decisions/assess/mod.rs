//! The whole decision, as a table of situations.
#![allow(clippy::unwrap_used)]

mod obstacles;
pub(crate) mod scene;
mod transitions;
