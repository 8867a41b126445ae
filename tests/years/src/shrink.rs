//! The shortest story that still fails in the same way: events are left out, halves first, then one by one.

use crate::history::Chapter;
use crate::invariant::Violation;

/// The places of the events without which a chapter does not fail in this way by then.
pub fn shrink(chapter: &Chapter, violation: &Violation) -> Vec<usize> {
    let invariant = violation.invariant;
    let chapter = Chapter { until: violation.at + jiff::SignedDuration::from_hours(1), ..chapter.clone() };
    let fails = |kept: &[usize]| {
        let played = chapter.keep(kept).play(false);
        played.violation.is_some_and(|it| it.invariant == invariant)
    };
    let mut kept: Vec<usize> = (0..chapter.story.len()).collect();
    let mut chunk = kept.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at < kept.len() {
            let mut fewer = kept.clone();
            fewer.drain(at..(at + chunk).min(kept.len()));
            if fails(&fewer) {
                kept = fewer;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    kept
}
