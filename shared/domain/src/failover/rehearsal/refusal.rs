//! What a rehearsal makes way for: it is refused by name, before anything is written.

use jiff::Timestamp;

use super::rehearsing;
use crate::estate::FreezeWindow;
use crate::failover::Pointer;
use crate::guardrail::HaltSwitch;
use crate::intent::{Intent, Layer};
use crate::name::Region;

/// What a rehearsal begins in.
#[derive(Debug, Clone, Copy)]
pub struct RehearsalSituation<'a> {
    /// Who serves.
    pub pointer: &'a Pointer,
    /// The region that it is asked of.
    pub region: &'a Region,
    /// The pair's standby.
    pub standby: &'a Region,
    /// The halt switch, where it is on.
    pub halt: Option<&'a HaltSwitch>,
    /// The freeze window that is open, if one is.
    pub freeze: Option<&'a FreezeWindow>,
    /// The intents of the region.
    pub own: &'a [Intent],
    /// Those of the region that serves, as this region's replica has them.
    pub theirs: &'a [Intent],
    /// The execution that asks.
    pub by: &'a str,
    /// The wall time.
    pub now: Timestamp,
}

/// Why it is refused, if it is.
pub fn refusal(of: &RehearsalSituation<'_>) -> Option<String> {
    let RehearsalSituation { pointer, region, standby, now, .. } = *of;
    if let Some(moving) = &pointer.moving {
        return Some(format!("a move to {} is under way, by {}", moving.to, pointer.by));
    }
    if pointer.active == *region {
        return Some(format!("{region} serves: a rehearsal is of the region that stands by"));
    }
    if region != standby {
        return Some(format!("the pair is away from home: {region} stands by only until it goes home"));
    }
    if let Some(halt) = of.halt {
        return Some(halt.to_string());
    }
    if let Some(freeze) = of.freeze {
        return Some(format!("frozen until {}: {}", freeze.to, freeze.reason));
    }
    let emergency = |intents: &'_ [Intent]| {
        intents.iter().find(|intent| intent.layer == Layer::Emergency && intent.holds(now)).map(ToString::to_string)
    };
    if let Some(intent) = emergency(of.own).or_else(|| emergency(of.theirs)) {
        return Some(format!("an emergency holds: {intent}"));
    }
    let person = of.own.iter().find(|intent| intent.layer == Layer::Override && intent.holds(now));
    if let Some(intent) = person {
        return Some(format!("somebody else decides about {region}: {intent}"));
    }
    let other = rehearsing(of.own, now).filter(|intent| intent.by != of.by)?;
    Some(format!("another rehearsal is up, by {}", other.by))
}
