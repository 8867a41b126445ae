//! Damaged inputs for every entry point: what comes from people, other programs, older and newer releases. Each is taken, or refused
//! with an error that says where; none may end in a panic. A seed is one input, on every machine.

pub mod damage;
pub mod documents;
pub mod entry;
pub mod events;
pub mod items;
pub mod requests;

use entry::EntryPoint;

/// Every entry point.
pub fn entry_points() -> Vec<EntryPoint> {
    let mut all = requests::entry_points();
    all.extend(events::entry_points());
    all.extend(documents::entry_points());
    all.extend(items::entry_points());
    all
}
