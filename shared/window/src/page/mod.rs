//! The pages. Each is a function of facts and a frame.

mod frame;
mod needs;
mod row;
mod strip;
mod window;

pub use window::{BYTES_MAX, FULL_MAX, LINES_MAX, Selection, Shown, window};
