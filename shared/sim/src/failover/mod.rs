//! What a failover looks at and changes beside capacity: tasks, stores, the roles of databases, the means by which traffic
//! moves, what people see, and the loss of a region.

pub(crate) mod event_sources;
mod loss;
mod probe;
pub(crate) mod promotions;
mod replicas;
pub(crate) mod stores;
mod tasks;
mod traffic_switches;
