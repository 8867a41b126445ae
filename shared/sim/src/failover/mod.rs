//! What a failover looks at and changes beside capacity: tasks, stores, the roles of databases, the means by which traffic
//! moves, and the site that people see.

pub(crate) mod promotions;
pub(crate) mod site;
pub(crate) mod stores;
pub(crate) mod switches;
pub(crate) mod tasks;
