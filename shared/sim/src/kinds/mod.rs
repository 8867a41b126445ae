//! What is simulated, kind by kind. A kind knows itself and nothing of the state that holds it: what happens to it is
//! above, in the folder of the runbook that it happens in.

pub(crate) mod database;
pub(crate) mod loss;
pub(crate) mod machines;
pub(crate) mod outside;
pub(crate) mod pile;
pub(crate) mod release;
pub(crate) mod rule;
pub(crate) mod service;
pub(crate) mod site;
pub(crate) mod traffic_site;
pub(crate) mod vault;
