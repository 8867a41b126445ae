//! A wave of a move: whether what it was to start can serve.

use std::collections::BTreeMap;

use crate::capacity::{ResourceId, ServiceId};
use crate::name::ServiceName;
use crate::plan::Obstacle;
use crate::reconcile::run::{RunRecord, WriteRefusal};

/// What a wave came to, by what its run has left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaveVerdict {
    /// Nothing that the region needs to serve.
    Stands,
    /// Something that it needs, and that may be there when it is tried again.
    Late(String),
    /// Something that it needs, and that trying again does not bring.
    Refused(String),
}

/// Judges a wave by the run that was to start it. What the document gives no tasks is not needed; a daemon has no count that
/// could have been raised. A look at the region comes later, and is about what was started.
pub fn judge_wave(run: &RunRecord, services: &[&ServiceId], capacity: &BTreeMap<ServiceName, u32>) -> WaveVerdict {
    let needed = |id: &&&ServiceId| capacity.get(&id.service).is_some_and(|tasks| *tasks > 0);
    let mut late = None;
    for id in services.iter().filter(needed) {
        let resource = ResourceId::Service(ServiceId::clone(id));
        let Some(obstacle) = run.plan.obstacle(&resource) else { continue };
        let why = format!("{id}: {}", obstacle.violation(&resource).found);
        let mut refusals = run.progress.refused.iter().filter(|refusal| refusal.resource == resource);
        match obstacle {
            Obstacle::Missing | Obstacle::Untagged => return WaveVerdict::Refused(why),
            Obstacle::Refused(_) if refusals.any(WriteRefusal::is_final) => return WaveVerdict::Refused(why),
            Obstacle::Refused(_) => late = late.or(Some(why)),
            _ => {}
        }
    }
    late.map_or(WaveVerdict::Stands, WaveVerdict::Late)
}
