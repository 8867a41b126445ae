//! What starts, holds and ends an emergency: the alarms of a world.

mod alarms;
