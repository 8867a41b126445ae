//! Environments of one estate beside each other.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{TICK, needs, night};
use crate::scenarios::{Harness, Played, Unplayed, asleep, difference, later};

/// Each environment follows its own calendar for a day, and what has none is never touched.
pub async fn calendars_side_by_side(harness: &mut impl Harness) -> Played {
    let siblings = harness.siblings();
    if siblings.len() < 2 {
        let found = format!("no other environment of {} in its region", harness.scope().estate);
        return Err(Unplayed::new(found, "one").into());
    }
    let begin = night(harness).await?.day;
    let end = later(begin, SignedDuration::from_hours(25));
    let calendars = siblings.iter().filter_map(|sibling| sibling.calendar());
    let mut instants: Vec<_> =
        calendars.flat_map(|calendar| calendar.transitions(begin, end)).map(|transition| transition.at).collect();
    instants.sort_unstable();
    instants.dedup();
    // What each is when it is awake, as it is first seen.
    let mut awake = BTreeMap::new();
    for instant in [later(begin, -TICK)].into_iter().chain(instants).map(|instant| later(instant, TICK)) {
        harness.tick(instant).await?;
        let (mut right, mut seen) = (true, Vec::new());
        for sibling in &siblings {
            let found = harness.capacity_of(sibling).await?;
            let name = sibling.name().to_string();
            if needs::follows(sibling, instant) && sibling.calendar().is_some_and(|it| !it.at(instant).awake) {
                right &= asleep(sibling, &found);
                seen.push(format!("{name} sleeps"));
                continue;
            }
            if sibling.calendar().is_some() && !needs::follows(sibling, instant) {
                continue;
            }
            let before = awake.entry(name.clone()).or_insert_with(|| found.clone());
            right &= found == *before && (sibling.calendar().is_none() || !asleep(sibling, &found));
            seen.push(format!("{name} is as it was {}", difference(before, &found)));
        }
        harness.check(&format!("each follows its own calendar at {instant}"), right, seen.join(", "));
    }
    Ok(())
}
