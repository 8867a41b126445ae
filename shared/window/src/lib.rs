//! The operator's window: facts and an instant in, HTML out. It knows no AWS, no clock and no environment.
//!
//! [`facts`] is what was read, [`call`] what a button asks for; [`state`], [`next`], [`person`], [`strip`], [`backups`] and [`offer`] decide
//! what is said of it, and [`page`] says it, as [`html::Html`].

pub mod backups;
pub mod call;
pub mod confirm;
pub mod facts;
pub mod html;
pub mod next;
pub mod offer;
pub mod page;
pub mod person;
pub mod report;
pub mod shape;
pub mod state;
pub mod strip;
pub mod style;
pub mod words;
