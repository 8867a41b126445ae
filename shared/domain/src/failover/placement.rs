//! Placement: what each region of a pair runs, derived from the pointer and stored nowhere else.
//!
//! | pointer, as a region's replica has it      | home                                  | standby                              |
//! | ------------------------------------------ | ------------------------------------- | ------------------------------------ |
//! | none, or steady at home                    | as without a pair                     | as without a pair                    |
//! | the same, and the standby silent for T     | singletons with `dead-man` are down   | as without a pair                    |
//! | moving to the standby, opening or traffic  | singletons are down, the rest serves  | what is open runs, singletons wait   |
//! | the same, going back                       | singletons are down, the rest serves  | baseline, and singletons are down    |
//! | steady at the standby                      | everything is down                    | serves, with the figures of the move |
//! | moving home, opening or traffic            | what is open has its baseline, the rest is down | serves, but for singletons |
//! | the same, going back                       | everything is down                    | serves, but for singletons           |
//! | older than what the region has settled     | nothing is changed, and it is told    | nothing is changed, and it is told   |
//! | active in a region that is none of the two | nothing is changed, and it is told    | nothing is changed, and it is told   |
//!
//! Home and standby are those of the pointer, where it has moved: a document that calls the other region home by now changes
//! nothing here, and nothing moves until it does not.
//! While services open, the least of their bounds is what they open with: an autoscaler that sees no traffic yet would take
//! away what the traffic is about to need.
//!
//! So a region that comes back late fences itself as soon as its replica has the pointer, and a pair that is home again
//! has nothing derived: both regions give back their baselines.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::pointer::{MoveStage, OngoingMove, Pointer};
use crate::estate::{Failover, FencePolicy};
use crate::intent::{DesiredState, Intent, Layer, PlacedService, Placement, ScalingBounds, ServiceFigures};
use crate::name::{Region, ServiceName};

/// A pair as a region sees it.
#[derive(Debug, Clone, Copy)]
pub struct RegionalPair<'a> {
    /// The pointer in the region's replica; `None` when it never moved.
    pub pointer: Option<&'a Pointer>,
    /// The region that sees it.
    pub region: &'a Region,
    /// Where the document has the pair at home.
    pub home: &'a Region,
    /// Where it has it stand by.
    pub standby: &'a Region,
    /// The services that the document has in the region, and those whose baseline is kept there.
    pub services: &'a BTreeSet<ServiceName>,
    /// What the document says of failovers.
    pub failover: &'a Failover,
    /// The epoch at which the region has settled last.
    pub settled: Option<u64>,
    /// The standby's last grant that the region has heard of.
    pub heard: Option<Timestamp>,
    /// The wall time.
    pub now: Timestamp,
}

/// A pointer that a region cannot follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfollowablePointer {
    /// The replica has an older pointer than the region has followed before.
    #[error("the ledger's pointer is of epoch {found}, and this region has followed epoch {settled} before")]
    Behind {
        /// Its epoch.
        found: u64,
        /// The one that was followed.
        settled: u64,
    },
    /// It names a region that is none of the pair's.
    #[error("the ledger's pointer names {found}, and the document has {home} and {standby}")]
    Stranger {
        /// The region that it names.
        found: Region,
        /// The pair's home.
        home: Region,
        /// The pair's standby.
        standby: Region,
    },
    /// The pair has moved, and the document calls the other one of its two regions home. What runs stays; nothing moves.
    #[error(
        "the pair was made with {home} as its home, and the document says {found}: go home with the document as it was, and \
         change it after that"
    )]
    Rehomed {
        /// The home that the pointer has.
        home: Region,
        /// The document's.
        found: Region,
    },
    /// The pair is away, and the document has lost services that it runs there.
    #[error(
        "{pointer}, with {services} at work that the document does not have any more: put them back, go home, and take them out \
         after that"
    )]
    Forgotten {
        /// The pointer, in words.
        pointer: String,
        /// Their names.
        services: String,
    },
    /// The pair has moved, and the document has no pair by now.
    #[error(
        "{pointer}, and the document has no `failover` section with a standby region any more: put it back, go home, and take \
         it out after that"
    )]
    Unpaired {
        /// The pointer, in words.
        pointer: String,
    },
}

/// Whether a pair may move by this document: only with the home that its pointer has.
///
/// # Errors
/// [`UnfollowablePointer::Rehomed`].
pub fn same_home(pointer: &Pointer, home: &Region) -> Result<(), UnfollowablePointer> {
    match pointer.home.as_ref().filter(|own| *own != home && pointer.revision > 0) {
        Some(own) => Err(UnfollowablePointer::Rehomed { home: own.clone(), found: home.clone() }),
        None => Ok(()),
    }
}

/// Whether a move may begin: not while services are at work away from home that the document has lost, for nobody would keep
/// one of them from running in both regions.
///
/// # Errors
/// [`UnfollowablePointer::Forgotten`].
pub fn none_forgotten(pointer: &Pointer, services: &BTreeSet<ServiceName>) -> Result<(), UnfollowablePointer> {
    let lost = pointer.serving.keys().filter(|service| pointer.moving.is_none() && !services.contains(*service));
    let lost: Vec<&str> = lost.map(ServiceName::as_str).collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(UnfollowablePointer::Forgotten { pointer: pointer.to_string(), services: lost.join(", ") })
}

/// Whether a scope whose document has no pair may be changed: not while the pointer of the pair that it had says anything.
///
/// # Errors
/// [`UnfollowablePointer::Unpaired`].
pub fn unpaired(pointer: Option<&Pointer>) -> Result<(), UnfollowablePointer> {
    let away = |pointer: &&Pointer| pointer.moving.is_some() || pointer.home.as_ref() != Some(&pointer.active);
    match pointer.filter(|pointer| pointer.revision > 0).filter(away) {
        Some(pointer) => Err(UnfollowablePointer::Unpaired { pointer: pointer.to_string() }),
        None => Ok(()),
    }
}

/// What the pointer wants of a region, as the intent of the `failover` layer; nothing where the region is as without a
/// pair.
///
/// # Errors
/// [`UnfollowablePointer`]: then nothing may be changed, because nobody can tell who serves.
pub fn placement(seen: &RegionalPair<'_>) -> Result<Option<Intent>, UnfollowablePointer> {
    let at_home = Pointer::at_home(seen.home);
    let pointer = seen.pointer.unwrap_or(&at_home);
    check(seen, pointer)?;
    let seen = &seen.as_made(pointer);
    let services = match &pointer.moving {
        Some(moving) => moving_services(seen, pointer, moving),
        None if pointer.active == *seen.home && seen.region == seen.home => silenced(seen, pointer),
        None if pointer.active == *seen.home => BTreeMap::new(),
        None if pointer.active == *seen.region => at(pointer.serving.iter()),
        None => down(seen.services),
    };
    if services.is_empty() {
        return Ok(None);
    }
    let reason = if pointer.moving.is_none() && pointer.active == *seen.home {
        format!("{} has not been heard of, and its stack may start them", seen.standby)
    } else {
        pointer.to_string()
    };
    Ok(Some(Intent {
        layer: Layer::Failover,
        want: DesiredState::Placed(Placement { epoch: pointer.epoch, promised: promised(seen, &services), services }),
        reason,
        by: pointer.by.clone(),
        declared: pointer.since,
        expires: None,
        approved: pointer.approved.clone(),
        for_release: None,
    }))
}

impl<'a> RegionalPair<'a> {
    /// The same with home and standby as the pointer was made with them.
    fn as_made(&self, pointer: &Pointer) -> RegionalPair<'a> {
        let swapped = pointer.revision > 0 && pointer.home.as_ref() == Some(self.standby);
        if swapped { RegionalPair { home: self.standby, standby: self.home, ..*self } } else { *self }
    }
}

fn check(seen: &RegionalPair<'_>, pointer: &Pointer) -> Result<(), UnfollowablePointer> {
    let named = [Some(&pointer.active), pointer.moving.as_ref().map(|moving| &moving.to), pointer.home.as_ref()];
    let stranger = named.into_iter().flatten().find(|region| *region != seen.home && *region != seen.standby);
    if let Some(found) = stranger {
        let (home, standby) = (seen.home.clone(), seen.standby.clone());
        return Err(UnfollowablePointer::Stranger { found: found.clone(), home, standby });
    }
    match seen.settled.filter(|settled| *settled > pointer.epoch) {
        Some(settled) => Err(UnfollowablePointer::Behind { found: pointer.epoch, settled }),
        None => Ok(()),
    }
}

fn moving_services(
    seen: &RegionalPair<'_>,
    pointer: &Pointer,
    moving: &OngoingMove,
) -> BTreeMap<ServiceName, PlacedService> {
    let declared = seen.failover.singletons.iter().map(|singleton| &singleton.service);
    let singletons: BTreeSet<&ServiceName> = declared.chain(&moving.singletons).collect();
    let is_new = moving.to == *seen.region;
    let closed = |service: &&ServiceName| !moving.open.contains(*service);
    let mut services = match (is_new, moving.to == *seen.home) {
        // The standby opens, service after service; what is not open has its baseline, and a singleton waits.
        (true, false) if moving.stage == MoveStage::Back => BTreeMap::new(),
        (true, false) => at(opening(moving).iter().filter(|(service, _)| moving.open.contains(*service))),
        // The way home: what is open has its baseline again.
        (true, true) => down(seen.services.iter().filter(closed)),
        // The region that is left goes on serving until the pointer is steady elsewhere.
        (false, _) => at(pointer.serving.iter()),
    };
    services.extend(down(singletons.into_iter().filter(|service| !is_new || closed(service))));
    services
}

/// The stops of singletons whose dead man's switch is at home here.
fn promised(seen: &RegionalPair<'_>, services: &BTreeMap<ServiceName, PlacedService>) -> BTreeSet<ServiceName> {
    let dead_man = seen.failover.singletons.iter().filter(|it| it.fence == Some(FencePolicy::DeadMan));
    let down = dead_man.map(|it| &it.service).filter(|service| services.get(*service) == Some(&PlacedService::Down));
    down.filter(|_| seen.region == seen.home).cloned().collect()
}

/// What the new region opens with: no fewer tasks than its traffic will need, whatever an autoscaler makes of their idleness.
fn opening(moving: &OngoingMove) -> BTreeMap<ServiceName, ServiceFigures> {
    let held = |figures: &ServiceFigures| ServiceFigures {
        bounds: figures.bounds.map(|bounds| ScalingBounds { min: bounds.min.max(figures.desired), ..bounds }),
        ..*figures
    };
    moving.serving.iter().map(|(service, figures)| (service.clone(), held(figures))).collect()
}

/// Singletons whose dead man's switch has fired: the standby granted them once, and not for so long. A pair that came home
/// has as long from then on.
fn silenced(seen: &RegionalPair<'_>, pointer: &Pointer) -> BTreeMap<ServiceName, PlacedService> {
    let silent = |limit: SignedDuration| {
        seen.heard.is_some_and(|heard| seen.now.duration_since(heard.max(pointer.since)) >= limit)
    };
    let fired = seen.failover.singletons.iter().filter(|singleton| {
        singleton.fence == Some(FencePolicy::DeadMan) && singleton.silence.is_some_and(|limit| silent(limit.signed()))
    });
    down(fired.map(|singleton| &singleton.service))
}

fn down<'a>(services: impl IntoIterator<Item = &'a ServiceName>) -> BTreeMap<ServiceName, PlacedService> {
    services.into_iter().map(|service| (service.clone(), PlacedService::Down)).collect()
}

fn at<'a>(
    serving: impl Iterator<Item = (&'a ServiceName, &'a ServiceFigures)>,
) -> BTreeMap<ServiceName, PlacedService> {
    serving.map(|(service, figures)| (service.clone(), PlacedService::At(*figures))).collect()
}
