//! The operator's window: facts and an instant in, HTML out. It knows no AWS, no clock and no environment.
//!
//! [`facts`] is what was read, [`call`] what a button asks for, and [`offer`] what a person is offered.

pub mod call;
pub mod facts;
pub mod offer;
