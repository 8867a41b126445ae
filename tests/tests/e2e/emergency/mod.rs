//! Emergencies, in the account that `clos-v2` production lives in.

mod approval;
mod asks;
mod chat;
mod delivery;
pub(crate) mod field;
mod layers;
mod noise;
mod rollback;
mod scenarios;
mod trouble;
mod veto;
mod window;
