//! Which emergencies a document provides for.

use std::collections::BTreeMap;

use watchkeeper_domain::capacity::{ResourceId, ScalingState, ServiceCapacity, ServiceId};
use watchkeeper_domain::estate::{
    AlarmResponse, Emergency, EmergencyProfile, Environment, ProfileCapacity, RollbackPolicy,
};
use watchkeeper_domain::value::{AlarmName, ProfileName};

use crate::estate::declared;
use crate::scenarios::Unplayed;

/// Transitions of an alarm within one play of its response.
const TRANSITIONS: u32 = 3;

/// What of an environment's emergencies is played.
#[derive(Debug)]
pub struct EmergencyParts<'a> {
    /// An alarm and what it calls for unasked.
    pub response: Result<(&'a AlarmResponse, &'a EmergencyProfile), Unplayed>,
    /// An alarm that forbids it.
    pub veto: Result<&'a AlarmName, Unplayed>,
    /// A profile that nobody has to approve, for a person to start.
    pub by_hand: Result<(&'a ProfileName, &'a EmergencyProfile), Unplayed>,
    /// A profile that a person has to approve.
    pub asking: Result<(&'a ProfileName, &'a EmergencyProfile), Unplayed>,
    /// A service to roll back, and the alarm that says so.
    pub rollback: Result<(&'a RollbackPolicy, ServiceId, &'a AlarmName), Unplayed>,
}

/// The section of an environment with services.
///
/// # Errors
/// [`Unplayed`] says what it lacks. So below.
pub fn emergency(environment: &Environment) -> Result<&Emergency, Unplayed> {
    let document = environment.document();
    let primary = &document.regions.primary;
    let Some(emergency) = &document.emergency else {
        return Err(Unplayed::new("no `emergency`", "`emergency` with `profiles`"));
    };
    if environment.services(primary).is_empty() {
        return Err(Unplayed::new(format!("no service in {primary}"), "`clusters` of the primary region"));
    }
    Ok(emergency)
}

/// A profile that comes to something, or a rollback.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn anything(environment: &Environment) -> Result<(), Unplayed> {
    let parts = EmergencyParts::of(environment, emergency(environment)?);
    match (parts.by_hand, parts.asking, parts.rollback) {
        (Err(why), Err(_), Err(_)) => Err(why),
        _ => Ok(()),
    }
}

impl<'a> EmergencyParts<'a> {
    /// Of a document's section; the capacity is the declared one.
    pub fn of(environment: &Environment, emergency: &'a Emergency) -> Self {
        let services = declared(environment, &environment.document().regions.primary);
        let outcome = |profile: &EmergencyProfile| outcome(environment, profile, &services);
        let response = response(emergency, &outcome);
        let veto = match &response {
            Ok((response, _)) => veto(emergency, response),
            Err(why) => Err(why.clone()),
        };
        Self {
            veto,
            by_hand: profile(emergency, false, &outcome),
            asking: profile(emergency, true, &outcome),
            rollback: rollback(environment, emergency, &services),
            response,
        }
    }
}

/// What a profile comes to when it is not asked for, or why to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProfileOutcome {
    /// It is carried out.
    Done,
    /// A guardrail asks a person, too.
    Asked,
}

fn outcome(
    environment: &Environment,
    profile: &EmergencyProfile,
    services: &BTreeMap<ServiceId, ServiceCapacity>,
) -> Result<ProfileOutcome, String> {
    let limits = environment.limits();
    let (mut moved, mut reduced) = (false, 0);
    for (id, before) in services.iter().filter(|(id, _)| !environment.protects(&ResourceId::Service((*id).clone()))) {
        let Some(figures) = figures(profile, id) else { continue };
        let after = reached(figures, before);
        let (low, high) = bounds(&after);
        if after.desired < before.desired && after.desired < limits.floor {
            return Err(format!(
                "it leaves {} tasks of {}, below the floor of {}",
                after.desired, id.service, limits.floor
            ));
        }
        if limits.ceiling.is_some_and(|ceiling| high > ceiling && high > bounds(before).1) {
            return Err(format!("it gives {} up to {high} tasks, above the ceiling", id.service));
        }
        moved |= after.desired != before.desired || (low, high) != bounds(before);
        reduced += usize::from(after.desired < before.desired);
    }
    if !moved {
        return Err("it changes nothing of what the document declares".to_owned());
    }
    let limit = limits.blast_radius.of_rounded_up(100) as usize;
    Ok(if reduced * 100 > limit * services.len() { ProfileOutcome::Asked } else { ProfileOutcome::Done })
}

fn bounds(capacity: &ServiceCapacity) -> (u32, u32) {
    capacity.scaling.map_or((capacity.desired, capacity.desired), |scaling| (scaling.min, scaling.max))
}

/// The figures of a profile for a service; nothing where it is not for it.
pub(super) fn figures(profile: &EmergencyProfile, id: &ServiceId) -> Option<ProfileCapacity> {
    let meant = profile.only.is_empty() || profile.only.contains(&id.service);
    let own = profile.services.get(&id.service).copied();
    meant.then(|| own.unwrap_or(ProfileCapacity { desired: profile.desired, max: profile.max }))
}

/// The least that a service has at a profile: the count, where it lies outside of the band, becomes the desired one.
fn reached(figures: ProfileCapacity, before: &ServiceCapacity) -> ServiceCapacity {
    let floor = figures.desired.of(before.desired);
    let ceiling = figures.max.map(|max| max.of(bounds(before).1).max(floor));
    let outside = before.desired < floor || ceiling.is_some_and(|ceiling| before.desired > ceiling);
    let scaling = before.scaling.map(|scaling| ScalingState {
        min: floor,
        max: ceiling.unwrap_or_else(|| scaling.max.max(floor)),
        ..scaling
    });
    ServiceCapacity { desired: if outside { floor } else { before.desired }, scaling }
}

type Outcome<'o> = &'o dyn Fn(&EmergencyProfile) -> Result<ProfileOutcome, String>;

fn response<'a>(
    emergency: &'a Emergency,
    outcome: Outcome<'_>,
) -> Result<(&'a AlarmResponse, &'a EmergencyProfile), Unplayed> {
    let mut why = Unplayed::new("no `responses`", "a response that runs a profile without `ask`");
    if emergency.flap().transitions < TRANSITIONS && !emergency.responses.is_empty() {
        let found = format!("`flap.transitions: {}`, which hands each alarm to a person", emergency.flap().transitions);
        return Err(Unplayed::new(found, format!("at least {TRANSITIONS}")));
    }
    for response in &emergency.responses {
        let Some(profile) = emergency.profiles.get(&response.run) else { continue };
        match outcome(profile) {
            _ if profile.ask => why.found = format!("`{}` asks a person", response.run),
            Ok(ProfileOutcome::Done) => return Ok((response, profile)),
            Ok(ProfileOutcome::Asked) => {
                why.found = format!("the blast radius asks a person before `{}`", response.run);
            }
            Err(nothing) => why.found = format!("`{}` is not carried out: {nothing}", response.run),
        }
    }
    Err(why)
}

/// An alarm that forbids a response, and calls for nothing itself.
fn veto<'a>(emergency: &'a Emergency, response: &'a AlarmResponse) -> Result<&'a AlarmName, Unplayed> {
    let calls = |alarm: &AlarmName| {
        let releases = emergency.rollback.iter().flat_map(|rollback| &rollback.alarms);
        emergency.responses.iter().map(|response| &response.alarm).chain(releases).any(|other| other == alarm)
    };
    response.veto.iter().find(|alarm| !calls(alarm)).ok_or_else(|| {
        let found = match response.veto.first() {
            None => format!("no `veto` at the response of {}", response.alarm),
            Some(alarm) => format!("{alarm}, the veto of {}, calls for something itself", response.alarm),
        };
        Unplayed::new(found, "a `veto` of an alarm that is for nothing else")
    })
}

fn profile<'a>(
    emergency: &'a Emergency,
    ask: bool,
    outcome: Outcome<'_>,
) -> Result<(&'a ProfileName, &'a EmergencyProfile), Unplayed> {
    let what = if ask { "a profile with `ask: true`" } else { "a profile without `ask`" };
    let mut why = Unplayed::new(format!("no {}", what.trim_start_matches("a ")), what);
    for (name, profile) in emergency.profiles.iter().filter(|(_, profile)| profile.ask == ask) {
        match outcome(profile) {
            Ok(ProfileOutcome::Asked) if !ask => why.found = format!("the blast radius asks a person before `{name}`"),
            Ok(_) => return Ok((name, profile)),
            Err(nothing) => why.found = format!("`{name}` is not carried out: {nothing}"),
        }
    }
    Err(why)
}

/// The first service that runs and may be changed, and an alarm that calls for nothing else if there is one.
fn rollback<'a>(
    environment: &Environment,
    emergency: &'a Emergency,
    services: &BTreeMap<ServiceId, ServiceCapacity>,
) -> Result<(&'a RollbackPolicy, ServiceId, &'a AlarmName), Unplayed> {
    let Some(section) = &emergency.rollback else {
        return Err(Unplayed::new("no `emergency.rollback`", "`rollback` with `alarms` and `within`"));
    };
    let free = |id: &ServiceId| !environment.protects(&ResourceId::Service(id.clone()));
    let runs = services.iter().find(|(id, capacity)| free(id) && capacity.desired > 0).map(|(id, _)| id.clone());
    let id = runs.ok_or_else(|| Unplayed::new("no service with a task that is not protected", "one"))?;
    let busy = |alarm: &&AlarmName| !emergency.responses.iter().any(|response| response.alarm == **alarm);
    let alarm = section.alarms.iter().find(busy).or_else(|| section.alarms.first());
    Ok((section, id, alarm.ok_or_else(|| Unplayed::new("no alarm in `rollback.alarms`", "one"))?))
}
