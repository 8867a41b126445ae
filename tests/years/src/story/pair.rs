//! A history of a pair of regions is drawn from a seed.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::ServiceId;

use super::draw::weighted;
use super::weights::{LOSSES, PAIR_EVENTS, PAIR_GAPS, PAIR_HOURS, PAIR_MINUTES, TROUBLES};
use super::{Event, EventKind, Happening};
use crate::pair::PairSite;

/// When it begins and ends, and what happens in it.
pub fn draw(rng: &mut Rng, site: &PairSite) -> (Timestamp, Timestamp, Vec<Happening>) {
    let begin = super::timeline::begin(rng);
    let range = weighted(rng, PAIR_HOURS);
    let end = begin + SignedDuration::from_hours(rng.i64(range));
    let (mut story, mut at) = (Vec::new(), begin + SignedDuration::from_mins(5));
    loop {
        let gap = weighted(rng, PAIR_GAPS);
        at += SignedDuration::from_mins(rng.i64(gap)) + SignedDuration::from_secs(rng.i64(1..60));
        if at >= end {
            return (begin, end, story);
        }
        story.push(Happening { at, event: event(rng, site) });
    }
}

fn event(rng: &mut Rng, site: &PairSite) -> Event {
    let region = site.regions[rng.usize(..2)].clone();
    let range = weighted(rng, PAIR_MINUTES);
    let minutes = rng.u32(range);
    let here = |event| Event::In(region.clone(), Box::new(event));
    let service = |rng: &mut Rng, services: &[ServiceId]| services[rng.usize(..services.len())].clone();
    match weighted(rng, PAIR_EVENTS) {
        EventKind::Lose => {
            let lost = if rng.u8(0..4) > 0 { &site.regions[0] } else { &site.regions[1] };
            Event::Lose(lost.clone(), weighted(rng, LOSSES), minutes)
        }
        EventKind::Split => Event::Split(minutes),
        EventKind::Behind => Event::Behind(minutes),
        EventKind::Unreached => Event::Unreached(region, minutes),
        EventKind::NoRoom => Event::NoRoom(service(rng, &site.standby_services), minutes),
        EventKind::FailOver => Event::FailOver(rng.bool()),
        EventKind::GoHome => Event::GoHome,
        EventKind::Rehearse => Event::Rehearse(minutes.min(40), [100, 50][rng.usize(..2)]),
        EventKind::Count => Event::Count(service(rng, &site.home_services), rng.u32(1..5)),
        EventKind::Release => Event::Release(service(rng, &site.standby_services), None),
        EventKind::Halt => here(Event::Halt(Some(site.environment.clone()), minutes)),
        EventKind::Weather => here(Event::Weather(minutes, rng.u32(1..12), weighted(rng, TROUBLES))),
        EventKind::Slow => here(Event::Slow(minutes)),
        EventKind::Abort => Event::Abort,
        _ => here(Event::Fault(rng.u64(0..60), weighted(rng, TROUBLES))),
    }
}
