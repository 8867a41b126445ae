//! The next seven days of environments: the figures, and two ways to show them.

mod figures;
mod picture;
mod table;

pub use picture::picture_of;
pub use table::week_of;
