//! What happens in a history: data, each event complete in itself, so that any of them can be left out and the rest still
//! happens.

mod draw;
mod edit;
mod event;
mod pair;
mod timeline;
pub mod weights;

pub use draw::Setting;
pub(crate) use draw::{fated, weighted};
pub use edit::{Deployed, Edit};
pub use event::{Delivery, Event, EventKind, Happening, Loss};
pub use pair::draw as draw_pair;
pub use timeline::draw;
