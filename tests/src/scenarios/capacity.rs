//! Capacities in the eyes of a scenario.

use watchkeeper_domain::capacity::{Capacity, DatabasePower, ResourceId, ScalingState, Suspensions};
use watchkeeper_domain::estate::Environment;

/// What of a capacity may be changed, and what is protected.
pub fn parted(environment: &Environment, capacity: &Capacity) -> (Capacity, Capacity) {
    let (mut free, mut kept) = (Capacity::default(), Capacity::default());
    for (id, service) in &capacity.services {
        let protected = environment.protects(&ResourceId::Service(id.clone()));
        let part = if protected { &mut kept } else { &mut free };
        part.services.insert(id.clone(), *service);
    }
    for (id, power) in &capacity.databases {
        let protected = environment.protects(&ResourceId::Database(id.clone()));
        let part = if protected { &mut kept } else { &mut free };
        part.databases.insert(id.clone(), *power);
    }
    free.rules.clone_from(&capacity.rules);
    (free, kept)
}

/// Nothing runs, nothing can be scaled up, and databases are stopped.
pub fn all_asleep(capacity: &Capacity) -> bool {
    let held = |scaling: ScalingState| scaling.min == 0 && scaling.suspended == Suspensions::ALL;
    let still = capacity.services.values().all(|service| service.desired == 0 && service.scaling.is_none_or(held));
    still && capacity.databases.values().all(|power| *power == DatabasePower::Off)
}

/// The same, but for what is protected.
pub fn asleep(environment: &Environment, capacity: &Capacity) -> bool {
    *capacity != Capacity::default() && all_asleep(&parted(environment, capacity).0)
}

/// A capacity in a line.
pub fn line(capacity: &Capacity) -> String {
    let tasks: u32 = capacity.services.values().map(|service| service.desired).sum();
    let targets = capacity.services.values().filter(|service| service.scaling.is_some()).count();
    let on = capacity.databases.values().filter(|power| **power == DatabasePower::On).count();
    let services = counted(capacity.services.len(), "service");
    let (tasks, databases) = (counted(tasks as usize, "task"), counted(capacity.databases.len(), "database"));
    format!("{tasks} of {services} ({targets} with a scalable target), {on} of {databases} on")
}

/// `1 service`, `2 services`.
fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Where two capacities differ.
pub fn difference(before: &Capacity, after: &Capacity) -> String {
    let services = before.services.iter().filter(|(id, was)| after.services.get(*id) != Some(*was));
    let services = services.map(|(id, was)| format!("{id} was {was:?}, is {:?}", after.services.get(id)));
    let databases = before.databases.iter().filter(|(id, was)| after.databases.get(*id) != Some(*was));
    let databases = databases.map(|(id, was)| format!("{id} was {was:?}, is {:?}", after.databases.get(id)));
    let rules = before.rules.iter().filter(|(id, was)| after.rules.get(*id) != Some(*was));
    let rules = rules.map(|(id, was)| format!("{id} was {was:?}, is {:?}", after.rules.get(id)));
    services.chain(databases).chain(rules).collect::<Vec<_>>().join("; ")
}
