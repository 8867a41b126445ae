//! Who has something that can be stuck, and what of it is played.

use watchkeeper_domain::capacity::{ResourceId, ServiceId};
use watchkeeper_domain::estate::{BlockerPolicy, Environment, LockSchema, QueuePolicy, ReportTarget, Unblock};
use watchkeeper_domain::value::ProfileName;

use crate::estate::declared;
use crate::scenarios::Unplayed;

/// Locks that a morning leaves behind, at least.
const LOCKS: u32 = 4;
/// Letters of a morning.
const LETTERS: u32 = 2;
/// Locks of one pod that are made to have one too many.
const MANY: u32 = 200;

/// The section of an environment that a tick looks after.
///
/// # Errors
/// [`Unplayed`] says what it lacks. So below.
pub fn section(environment: &Environment) -> Result<&Unblock, Unplayed> {
    let document = environment.document();
    let primary = &document.regions.primary;
    let Some(section) = &document.unblock else {
        return Err(Unplayed::new("no `unblock`", "`unblock` with `at`, `days` and `zone`"));
    };
    if !environment.has_resources(primary) {
        let found = format!("no service and no database in {primary}, so no tick looks after it");
        return Err(Unplayed::new(found, "`clusters` or `databases` of the primary region"));
    }
    Ok(section)
}

/// A profile whose execution waits for a person, and runs meanwhile.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn waiting_execution(environment: &Environment) -> Result<&ProfileName, Unplayed> {
    let profiles = environment.document().emergency.iter().flat_map(|emergency| &emergency.profiles);
    let asking = profiles.into_iter().find(|(_, profile)| profile.ask).map(|(name, _)| name);
    asking.ok_or_else(|| Unplayed::new("no execution that waits for a person", "an emergency profile with `ask: true`"))
}

/// A service with a task, for which a release can be rolled out.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn deployed_service(environment: &Environment) -> Result<ServiceId, Unplayed> {
    let free = |id: &ServiceId| !environment.protects(&ResourceId::Service(id.clone()));
    let services = declared(environment, &environment.document().regions.primary);
    let found = services.into_iter().find(|(id, capacity)| free(id) && capacity.desired > 0).map(|(id, _)| id);
    found.ok_or_else(|| Unplayed::new("no service with a task that is not protected", "one"))
}

/// What of a section is played.
#[derive(Debug)]
pub struct UnblockParts<'a> {
    /// Locks that are left behind.
    pub locks: Result<&'a LockSchema, Unplayed>,
    /// A pod with a limit, the type it is for, and the limit.
    pub limit: Result<(String, String, u32), Unplayed>,
    /// Items that wait.
    pub blockers: Result<&'a BlockerPolicy, Unplayed>,
    /// A queue whose dead letters are sent again.
    pub queue: Result<&'a QueuePolicy, Unplayed>,
    /// The estate's own bus.
    pub bus: Result<&'a ReportTarget, Unplayed>,
}

impl<'a> UnblockParts<'a> {
    /// Of a document's section.
    pub fn of(section: &'a Unblock) -> Self {
        let locks = match &section.locks {
            None => Err(Unplayed::new("no `unblock.locks`", "the table of locks")),
            Some(_) if section.release_at_most() < LOCKS => {
                let found = format!("`release-at-most: {}`", section.release_at_most());
                Err(Unplayed::new(found, format!("at least {LOCKS}")))
            }
            Some(locks) => Ok(locks),
        };
        let blockers = section.blockers.as_ref();
        Self {
            limit: if locks.is_ok() { limit(section) } else { Err(Unplayed::new("no locks to count", "`locks`")) },
            locks,
            blockers: blockers.ok_or_else(|| Unplayed::new("no `unblock.blockers`", "the table of items that wait")),
            queue: queue(section),
            bus: section.report.as_ref().ok_or_else(|| Unplayed::new("no `unblock.report`", "the estate's event bus")),
        }
    }

    /// What is left out, by name.
    pub fn left_out(&self) -> Vec<(&'static str, Unplayed)> {
        let named = [
            ("locks that are left behind", self.locks.as_ref().err()),
            ("too many locks of a pod", self.limit.as_ref().err()),
            ("items that wait", self.blockers.as_ref().err()),
            ("dead letters", self.queue.as_ref().err()),
            ("the report on the estate's own bus", self.bus.as_ref().err()),
        ];
        named.into_iter().filter_map(|(part, why)| Some((part, why?.clone()))).collect()
    }
}

fn limit(section: &Unblock) -> Result<(String, String, u32), Unplayed> {
    let all = section.limits.iter().flat_map(|(pod, types)| types.iter().map(move |(kind, most)| (pod, kind, *most)));
    let least = all.min_by_key(|(_, _, most)| *most);
    let found = least.map_or("no `unblock.limits`".to_owned(), |(pod, kind, most)| format!("{most} {kind} of {pod}"));
    match least {
        Some((pod, kind, most)) if most <= MANY => Ok((pod.to_string(), kind.to_string(), most)),
        _ => Err(Unplayed::new(found, format!("a limit of at most {MANY}"))),
    }
}

/// The first queue that may be redriven; one over dead letters of its own before others.
fn queue(section: &Unblock) -> Result<&QueuePolicy, Unplayed> {
    let mut why = Unplayed::new("no `unblock.queues`", "a queue with `redrive: true`");
    let shared = |queue: &QueuePolicy| {
        section.queues.iter().any(|other| other.queue != queue.queue && other.dead_letters == queue.dead_letters)
    };
    let mut queues: Vec<&QueuePolicy> = section.queues.iter().collect();
    queues.sort_by_key(|queue| shared(queue));
    for queue in queues {
        if !queue.redrive {
            why.found = format!("`redrive: false` of {}", queue.queue);
        } else if queue.batch() < LETTERS || queue.poison() < LETTERS {
            why.found = format!("a `batch` or `poison` below {LETTERS} of {}", queue.queue);
        } else {
            return Ok(queue);
        }
    }
    Err(why)
}
