//! What sleeping has saved, as people are told with the first tick of a month.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use watchkeeper_control::ledger::{KeptHistory, Ledger as _};
use watchkeeper_domain::reconcile::history::Month;

use super::{Harness, Played, later, listed, long_night, sleeps, wakes};

/// How much shorter than its night a sleep may be: what comes between the edges of the calendar and the ends of the runs.
const EDGES: SignedDuration = SignedDuration::from_mins(45);

/// A month is over in which it has slept for a night: its hours are in the ledger, as they were verified, and people are told once.
pub async fn a_month_of_nights(harness: &mut impl Harness) -> Played {
    let night = long_night(harness).await?;
    let original = harness.capacity().await?;
    let before = slept(harness, night.evening).await?;
    sleeps(harness, night.evening).await?;
    wakes(harness, night.morning, &original).await?;
    let (first, after) = (next_month(night.morning), slept(harness, night.morning).await?);
    let lasted = night.morning.duration_since(night.evening.max(month_before(first)));
    let seen = SignedDuration::from_secs(after.saturating_sub(before).cast_signed());
    let holds = seen <= lasted && lasted <= seen + EDGES;
    harness.check("the night is in the ledger", holds, format!("{seen:#} of {lasted:#}"));

    let _before = harness.told().await?;
    let (region, of) =
        (harness.scope().region.clone(), format!("- {} {}: ", harness.scope().estate, harness.scope().environment));
    let about = format!("{region}: asleep for ");
    for (name, minutes, times) in [("people are told of the month, by name", 10, 1), ("and not again", 20, 0)] {
        harness.tick(later(first, SignedDuration::from_mins(minutes))).await?;
        let told = harness.told_of(&about).await?;
        let named = told.iter().filter(|(_, text)| text.contains(&of)).count();
        let seen = listed(told.iter().map(|(subject, text)| format!("{subject}: {text}")));
        harness.check(name, named == times && told.len() == times, seen);
    }
    // The month may begin in a night.
    let calendar =
        harness.environment().calendar().map(|calendar| calendar.at(later(first, SignedDuration::from_mins(20))));
    if let Some(morning) = calendar.filter(|now| !now.awake).and_then(|now| now.until) {
        wakes(harness, morning, &original).await?;
    }
    Ok(())
}

/// The seconds that it has slept in the month of an instant, until then.
async fn slept(harness: &impl Harness, now: Timestamp) -> Result<u64, crate::scenarios::ScenarioError> {
    let history = harness.ledger().load(harness.scope()).await?.history;
    let KeptHistory::Known(history, _) = history else { return Ok(0) };
    Ok(history.asleep.in_month(&Month::of(now), now).unwrap_or_default())
}

/// The first instant of the month after that of `instant`.
fn next_month(instant: Timestamp) -> Timestamp {
    let first = instant.to_zoned(TimeZone::UTC).first_of_month().and_then(|it| it.start_of_day());
    first.and_then(|it| it.checked_add(1.month())).map_or(Timestamp::MAX, |it| it.timestamp())
}

/// The first instant of the month before one that begins.
fn month_before(first: Timestamp) -> Timestamp {
    first.to_zoned(TimeZone::UTC).checked_sub(1.month()).map_or(Timestamp::MIN, |it| it.timestamp())
}
