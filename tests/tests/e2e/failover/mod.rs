//! Pairs of regions: one is lost, or leaves, and the other one takes over; and the way home.

mod calm;
mod clean;
mod deadman;
mod event_sources;
pub(crate) mod field;
mod order;
mod own_steps;
mod protection;
mod rivals;
mod scenarios;
mod trouble;
mod window;
