//! What the window says of an environment: state, what comes next, what needs a person, the strip, and what is offered.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod confirmations;
mod next;
mod offers;
mod people;
mod scene;
mod states;
mod strips;
