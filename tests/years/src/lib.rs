//! Whole histories of estates in simulated time: the real handlers and the real state machines over the simulated AWS, while
//! people, AWS and the calendar do what they do. A seed and an estate are one history, on every machine.

pub mod bugs;
pub mod coverage;
pub mod estates;
mod generated;
pub mod history;
pub mod invariant;
mod owner;
pub mod pair;
pub mod shrink;
pub mod simulation;
pub mod story;
