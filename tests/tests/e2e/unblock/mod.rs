//! The daily unblock, in the account that `clos-v2` production lives in.

mod field;
mod hand;
mod large;
mod own;
mod race;
mod trouble;
