//! Periods that overlap, in minutes of the week.

use super::{DayHours, DayPeriod, period::DAY};
use crate::finding::{DocumentFinding, FieldPath};

/// A period with its minutes since the start of the week and the place it was written at.
#[derive(Debug, Clone)]
pub(super) struct PlacedPeriod {
    start: u32,
    end: u32,
    period: DayPeriod,
    place: FieldPath,
}

/// The periods of some hours, if they start on the day `slot` of the week.
pub(super) fn placed(place: &FieldPath, hours: &DayHours, slot: usize) -> Vec<PlacedPeriod> {
    let base = u32::try_from(slot).unwrap_or_default() * u32::from(DAY);
    let place_of = |index: usize| if hours.0.len() == 1 { place.clone() } else { place.clone().index(index) };
    let put = |(index, period): (usize, &DayPeriod)| PlacedPeriod {
        start: base + u32::from(period.start()),
        end: base + u32::from(period.end()),
        period: *period,
        place: place_of(index),
    };
    hours.0.iter().enumerate().map(put).collect()
}

/// What overlaps its predecessor; `cycle` is the length after which everything begins again.
pub(super) fn overlapping(mut periods: Vec<PlacedPeriod>, cycle: u32) -> Vec<DocumentFinding> {
    periods.sort_by_key(|p| (p.start, p.end));
    // The first one comes again after the last one.
    let again = periods.first().cloned().map(|p| PlacedPeriod { start: p.start.saturating_add(cycle), ..p });
    let followers = periods.iter().skip(1).chain(again.as_ref());
    let mut findings: Vec<DocumentFinding> = Vec::new();
    let mut latest: Option<&PlacedPeriod> = None;
    for (earlier, later) in periods.iter().zip(followers) {
        let reach = latest.filter(|l| l.end >= earlier.end).unwrap_or(earlier);
        latest = Some(reach);
        if later.start < reach.end {
            let found = format!("{}, which overlaps {} of {}", later.period, reach.period, reach.place);
            let finding =
                DocumentFinding::new(later.place.clone(), found, "periods that do not overlap; they may touch");
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    findings
}
