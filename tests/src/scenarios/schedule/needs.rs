//! Who can be seen to sleep.

use jiff::Timestamp;
use watchkeeper_domain::capacity::{ResourceId, ServiceId};
use watchkeeper_domain::estate::{Environment, EnvironmentDatabases, EnvironmentKind};

use crate::estate::declared;
use crate::scenarios::{ChosenNight, NoNight, Unplayed, next_night};

/// An environment with something in its primary region.
///
/// # Errors
/// [`Unplayed`] says what it lacks. So below.
pub fn resources(environment: &Environment) -> Result<(), Unplayed> {
    let primary = &environment.document().regions.primary;
    if !environment.services(primary).is_empty() || !environment.databases(primary).is_empty() {
        return Ok(());
    }
    let by_tag = environment.document().databases == EnvironmentDatabases::Managed;
    if by_tag || !environment.managed_clusters(primary).is_empty() {
        let found = "what it has is found by its tags, and the document does not say what there is";
        return Err(Unplayed::new(found, "services or databases by name"));
    }
    let found = format!("no service and no database in {primary}");
    Err(Unplayed::new(found, "`clusters` or `databases` of the primary region"))
}

/// Production, with something in its primary region.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn production(environment: &Environment) -> Result<(), Unplayed> {
    resources(environment)?;
    if environment.kind() == EnvironmentKind::Production {
        return Ok(());
    }
    Err(Unplayed::new("it is no production", "`kind: production`"))
}

/// The next night after `now` in which it sleeps unasked.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn night(environment: &Environment, now: Timestamp) -> Result<ChosenNight, Unplayed> {
    resources(environment)?;
    let Some(calendar) = environment.calendar() else {
        return Err(Unplayed::new("no `awake`, so it never sleeps", "`awake` with `zone` and `weekly`"));
    };
    obeys(environment)?;
    next_night(calendar, &environment.limits().freezes, now).map_err(|why| match why {
        NoNight::NeverSleeps => {
            Unplayed::new("`awake` never ends within 400 days", "hours without it, such as a night")
        }
        NoNight::NeverWakes => Unplayed::new("`awake` never begins within 400 days", "an hour of `weekly` to wake in"),
        NoNight::Short => Unplayed::new("no night of half an hour within 400 days", "a longer night in `awake`"),
        NoNight::Frozen => Unplayed::new("a freeze in every night of 400 days", "a shorter `guardrails.freeze`"),
    })
}

/// Whether a calendar moves anything of an environment unasked.
fn obeys(environment: &Environment) -> Result<(), Unplayed> {
    let document = environment.document();
    let primary = &document.regions.primary;
    let services = declared(environment, primary);
    let free = |id: &ServiceId| !environment.protects(&ResourceId::Service(id.clone()));
    let falling = services.iter().filter(|(id, capacity)| free(id) && capacity.desired > 0).count();
    let databases = environment.databases(primary);
    let stopping = databases.iter().filter(|id| !environment.protects(&ResourceId::Database((*id).clone()))).count();
    if falling + stopping == 0 {
        let found = "every service and database is protected, or has no task by `capacity`";
        return Err(Unplayed::new(found, "one that is in neither list"));
    }
    let radius = environment.limits().blast_radius;
    let limit = radius.of_rounded_up(100) as usize;
    if falling * 100 > limit * services.len() {
        let all = services.len();
        let found =
            format!("`guardrails.blast-radius: {radius}` asks a person before {falling} of {all} services go down");
        return Err(Unplayed::new(found, "a blast radius that lets its own calendar sleep"));
    }
    Ok(())
}

/// Whether it can be told from its capacity at an instant that an environment follows its calendar.
pub fn follows(environment: &Environment, instant: Timestamp) -> bool {
    environment.calendar().is_some() && environment.limits().freeze_at(instant).is_none() && obeys(environment).is_ok()
}
