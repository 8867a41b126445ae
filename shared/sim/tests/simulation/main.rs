//! What the simulated AWS does, and what runs over it, in one program.

mod bucket;
mod budget;
mod contract;
mod emergency;
mod failover;
mod faults;
mod pair;
mod region;
mod resources;
