//! What raw events say: every shape that AWS documents, what is refused, and thousands of damaged ones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod damage;
mod fixtures;
mod invariants;
mod properties;
mod shapes;
