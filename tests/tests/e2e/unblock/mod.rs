//! The daily unblock, in the account that `clos-v2` production lives in.

mod field;
mod large;
mod own;
mod race;
mod scenarios;
mod trouble;
