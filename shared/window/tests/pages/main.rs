//! The pages as they leave the crate: kept copies of each, their size, what they say, and what hostile texts make of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hostile;
mod kept;
mod limits;
mod moment;
mod shown;
