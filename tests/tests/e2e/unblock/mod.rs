//! The daily unblock, in the account that `clos-v2` production lives in.

mod by_hand;
mod field;
mod large;
mod own;
mod race;
mod trouble;
