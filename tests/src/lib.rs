//! The sandbox, the drill and the end-to-end tests.

pub mod drill;
pub mod estate;
pub mod rehearsal;
pub mod sandbox;
pub mod stage;
