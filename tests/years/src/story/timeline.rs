//! A history is drawn from a seed: troubles, single events, and days in which the world behaves.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::Happening;
use super::draw::{self, Setting, weighted};
use super::weights::{DAYS, PACES, Pace};

/// A minute of the year from whose beginning histories begin.
const YEAR: i64 = 365 * 24 * 60;

/// When a history begins.
pub(super) fn begin(rng: &mut Rng) -> Timestamp {
    let year: Timestamp = Timestamp::constant(1_793_491_200, 0); // 1 November 2026
    year + SignedDuration::from_mins(rng.i64(0..YEAR) / 5 * 5)
}

/// When a history begins and ends, and what happens in it.
pub fn draw(rng: &mut Rng, setting: &Setting) -> (Timestamp, Timestamp, Vec<Happening>) {
    let begin = begin(rng);
    let range = weighted(rng, DAYS);
    let days = rng.u32(range);
    let end = begin + SignedDuration::from_hours(24 * i64::from(days));
    let mut story = Vec::new();
    let mut now = begin + SignedDuration::from_mins(30);
    while now < end {
        match weighted(rng, PACES) {
            Pace::Single => {
                now += SignedDuration::from_mins(rng.i64(5..1_440));
                story.extend(draw::event(rng, setting).map(|event| Happening { at: now, event }));
            }
            Pace::Trouble => {
                now = moment(rng, setting, now);
                for _ in 0..rng.u8(2..6) {
                    let at = now + SignedDuration::from_secs(rng.i64(0..1_800));
                    story.extend(draw::event(rng, setting).map(|event| Happening { at, event }));
                }
                now += SignedDuration::from_mins(30);
            }
            Pace::Calm => now += SignedDuration::from_hours(rng.i64(36..72)),
        }
    }
    story.retain(|happening| happening.at < end);
    story.sort_by_key(|happening| happening.at);
    (begin, end, story)
}

/// A moment of the next day: mostly shortly before a calendar changes its mind.
fn moment(rng: &mut Rng, setting: &Setting, now: Timestamp) -> Timestamp {
    let day = now + SignedDuration::from_hours(24);
    let edges = setting.edges(now, day);
    match edges.get(rng.usize(..edges.len().max(1))) {
        Some(edge) if rng.u8(0..4) > 0 => now.max(*edge - SignedDuration::from_mins(rng.i64(0..30))),
        _ => now + SignedDuration::from_mins(rng.i64(5..1_440)),
    }
}
