//! Drafts of estate documents: what is written, what never is, and what is said where a file cannot be read.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod command;
mod environments;
mod figures;
mod fixtures;
mod generated;
mod hostile;
mod pieces;
mod second;
mod states;
