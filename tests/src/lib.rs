//! The sandbox, the drill and the end-to-end tests.
