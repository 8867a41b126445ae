//! `cargo preflight`: whether an account is as the estate documents, and the template, need it. Nothing here writes: what
//! looks has no operation that does.
//!
//! What a document names in a region is read ([`Region`]), with the few checks that need an SDK of their own behind
//! [`Judge`]; what that comes to is decided in `watchkeeper_domain::preflight`.

mod command;
mod error;
mod gather;
mod judge;
mod parameters;
mod print;
mod region;
mod run;
mod template;
mod unread;

pub use command::{Arguments, play};
pub use error::PreflightError;
pub use judge::Judge;
pub use print::table;
pub use region::Region;
pub use run::{Selection, preflight};
pub use template::{Resolver, Template};
