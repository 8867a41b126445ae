//! What each resource may be: as it was before we held it, or as its owner last made it.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::capacity::{Capacity, DatabasePower, ResourceId, ServiceCapacity};

/// What a resource may be once nobody holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Right {
    /// A service.
    Service {
        /// As it was when nothing held it.
        was: ServiceCapacity,
        /// As its owner has made it since.
        made: ServiceCapacity,
        /// The counts that its owner has made on the way: each may have been taken for its own since.
        earlier: BTreeSet<u32>,
    },
    /// A database.
    Database {
        /// As it was when nothing held it.
        was: DatabasePower,
        /// As its owner has made it since.
        made: DatabasePower,
    },
}

/// What an owner has changed of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Its count.
    Count,
    /// Its count, with a release of what sleeps: nothing else is right any more.
    Released,
    /// Its bounds, and with them perhaps its count.
    Bounds,
    /// Everything: it is a new one.
    All,
}

/// The rights of every resource.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owners(BTreeMap<ResourceId, Right>);

impl Owners {
    /// What a resource may be.
    pub(crate) fn of(&self, resource: &ResourceId) -> Option<&Right> {
        self.0.get(resource)
    }

    /// The counts that a service may have.
    pub(crate) fn counts(&self, resource: &ResourceId) -> Vec<u32> {
        match self.of(resource) {
            Some(Right::Service { was, made, earlier }) => {
                [was.desired, made.desired].into_iter().chain(earlier.iter().copied()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Its owner has just made this of it; while nobody holds it, that is what it was, too.
    pub(crate) fn owned(&mut self, resource: &ResourceId, [before, now]: [&Capacity; 2], changed: Changed, held: bool) {
        let (stale, fresh) = (right(resource, before), right(resource, now));
        let Some(fresh) = fresh else {
            self.0.remove(resource);
            return;
        };
        let Some(right) = self.0.get_mut(resource).filter(|_| held) else {
            self.0.insert(resource.clone(), fresh);
            return;
        };
        match (right, fresh) {
            (Right::Service { was, made, earlier }, Right::Service { made: now, .. })
                if changed == Changed::Released =>
            {
                (was.desired, made.desired) = (now.desired, now.desired);
                earlier.clear();
            }
            (Right::Service { made, earlier, .. }, Right::Service { made: now, .. }) => {
                let moves = !matches!(stale, Some(Right::Service { was, .. }) if was.desired == now.desired);
                if changed != Changed::Bounds || moves {
                    earlier.insert(std::mem::replace(&mut made.desired, now.desired));
                }
                if changed != Changed::Count {
                    made.scaling = now.scaling;
                }
            }
            (Right::Database { made, .. }, Right::Database { made: now, .. }) => *made = now,
            _ => {}
        }
    }

    /// Everything that nobody holds is as it may be; from now on, that is what it was. What is not, and what it should be.
    pub(crate) fn settle(&mut self, now: &Capacity, held: impl Fn(&ResourceId) -> bool) -> Option<(ResourceId, Right)> {
        for resource in now.resources().filter(|it| !held(it)) {
            let Some(fresh) = right(&resource, now) else { continue };
            let known = self.0.entry(resource.clone()).or_insert_with(|| fresh.clone());
            if !known.allows(&fresh) {
                return Some((resource, known.clone()));
            }
            *known = fresh;
        }
        None
    }
}

/// What a resource is.
pub(crate) fn right(resource: &ResourceId, now: &Capacity) -> Option<Right> {
    Some(match resource {
        ResourceId::Service(id) => {
            let is = *now.services.get(id)?;
            Right::Service { was: is, made: is, earlier: BTreeSet::new() }
        }
        ResourceId::Database(id) => {
            let is = *now.databases.get(id)?;
            Right::Database { was: is, made: is }
        }
        // No history has a page.
        ResourceId::Rule(_) => return None,
    })
}

impl Right {
    fn allows(&self, fresh: &Self) -> bool {
        match (self, fresh) {
            (Self::Service { was, made, earlier }, Self::Service { was: is, .. }) => {
                let counts = [was.desired, made.desired];
                (counts.contains(&is.desired) || earlier.contains(&is.desired))
                    && [was.scaling, made.scaling].contains(&is.scaling)
            }
            // AWS starts what has been stopped for seven days.
            (Self::Database { was, made }, Self::Database { was: is, .. }) => {
                [*was, *made, DatabasePower::On].contains(is)
            }
            _ => false,
        }
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let service = |it: &ServiceCapacity| match it.scaling {
            Some(scaling) => format!("{} tasks, bounds {scaling}", it.desired),
            None => format!("{} tasks, no bounds", it.desired),
        };
        match self {
            Self::Service { was, made, .. } if was == made => f.write_str(&service(was)),
            Self::Service { was, made, .. } => write!(f, "{}, or {} by its owner", service(was), service(made)),
            Self::Database { was, made } if was == made => write!(f, "{was:?}"),
            Self::Database { was, made } => write!(f, "{was:?}, or {made:?} by its owner"),
        }
    }
}
