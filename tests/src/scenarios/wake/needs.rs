//! Whose page can be seen.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::wake_page::WakePolicy;

use crate::scenarios::schedule::needs::night;
use crate::scenarios::{ChosenNight, Unplayed};

/// What has to be left of a night beside the time that the button wakes for.
const BESIDE: SignedDuration = SignedDuration::from_hours(1);

/// An environment with a page that anybody may press, and the next night in which there is time for it.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn page(environment: &Environment, now: Timestamp) -> Result<(ChosenNight, WakePolicy), Unplayed> {
    let Some(policy) = WakePolicy::of(environment) else {
        return Err(Unplayed::new("no `wake-page`", "`wake-page` with its rule and target group"));
    };
    if policy.token.is_some() {
        let found = "a `wake-page.token-sha256`, whose word only its owners know";
        return Err(Unplayed::new(found, "none in a copy of the document"));
    }
    let night = night(environment, now)?;
    let needed = policy.lasts.signed() + BESIDE;
    if night.morning.duration_since(night.evening) < needed {
        let found = format!("a night that is shorter than `wake-page.for` ({}) and an hour", policy.lasts);
        return Err(Unplayed::new(found, "a longer night in `awake`, or a shorter `for`"));
    }
    Ok((night, policy))
}
