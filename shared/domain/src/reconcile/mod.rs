//! The reconciliation of a scope with its target: the decision, the record of the run that carries it out, what people
//! and programs read of it, and what is told of a run that could not begin.

pub mod assess;
pub mod facts;
pub mod history;
mod progress;
pub mod releases;
mod remarks;
pub mod report;
pub mod run;
pub mod trouble;
