//! What starts, holds and ends an emergency: the alarms of a simulation.

mod alarms;
mod event;

pub use event::alarm_event;
