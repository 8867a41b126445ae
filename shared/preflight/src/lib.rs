//! `cargo preflight`: whether an account is as the estate documents, and the template, need it. Nothing here writes: what
//! looks has no operation that does.
//!
//! What a document names in a region is read ([`RegionClients`]), with the few checks that need an SDK of their own behind
//! [`PolicyJudge`]; what that comes to is decided in `watchkeeper_domain::preflight`.

mod command;
mod draft;
mod error;
mod gather;
mod judge;
mod parameters;
mod print;
mod region;
mod run;
mod template;
mod unread;

pub use command::{PreflightArguments, play};
pub use draft::{DraftSelection, draft};
pub use error::PreflightError;
pub use judge::PolicyJudge;
pub use print::table;
pub use region::RegionClients;
pub use run::{PreflightSelection, preflight};
pub use template::{StackTemplate, TemplateResolver};
