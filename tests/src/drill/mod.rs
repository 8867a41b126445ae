//! The drill: the runbooks, each played in the sandbox on the estate that needs it most.

mod act;
mod backup;
mod build;
pub mod command;
mod failover;
mod figures;
mod report;
mod rights;
mod show;
mod sleep;
mod surge;
mod unblock;
mod up;

pub use command::{Arguments, run};
pub use report::{Check, Moment, Report};
