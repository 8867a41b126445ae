//! Drawing one event: which kind by weight, and the rest from what there is.

use std::hash::{Hash as _, Hasher as _};

use fastrand::Rng;
use fnv::FnvHasher;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{DatabaseId, ResourceId, ServiceId, Suspensions};
use watchkeeper_domain::estate::{Environment, EnvironmentKind, EstateFolder};
use watchkeeper_domain::name::EnvironmentName;
use watchkeeper_domain::unblock::UnblockHour;

use super::weights::{DELIVERIES, EVENTS, MINUTES, TROUBLES, WAYS, Way};
use super::{Deployed, Edit, Event, EventKind};
use crate::generated::databases_of;

/// How often a kind is drawn before nothing happens instead.
const DRAWS: u8 = 8;

/// What there is for events to be about.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Environments, whether they are production, and their profiles.
    pub environments: Vec<(EnvironmentName, bool, Vec<String>)>,
    /// Services, each with its environment.
    pub services: Vec<(EnvironmentName, ServiceId)>,
    /// Databases.
    pub databases: Vec<DatabaseId>,
    /// Alarms that a response names.
    pub alarms: Vec<String>,
    /// Environments with locks and queues.
    pub unblocks: Vec<EnvironmentName>,
    /// How many resources are backed up.
    pub stores: u32,
    calendars: Vec<watchkeeper_domain::schedule::Calendar>,
    hours: Vec<UnblockHour>,
}

impl Setting {
    /// What the documents name in a region.
    pub fn of(estates: &EstateFolder, region: &watchkeeper_domain::name::Region) -> Self {
        let mut setting = Self::default();
        for (_, environment) in estates.environments() {
            setting.take_in(environment, region);
        }
        setting
    }

    fn take_in(&mut self, environment: &Environment, region: &watchkeeper_domain::name::Region) {
        let (name, document) = (environment.name(), environment.document());
        let emergency = document.emergency.as_ref();
        let profiles = emergency.into_iter().flat_map(|it| it.profiles.keys().map(ToString::to_string)).collect();
        self.environments.push((name.clone(), environment.kind() == EnvironmentKind::Production, profiles));
        let services = environment.services(region).into_iter();
        self.services.extend(services.map(|(cluster, service)| (name.clone(), ServiceId { cluster, service })));
        self.databases.extend(databases_of(environment, region));
        let responses = emergency.into_iter().flat_map(|it| &it.responses);
        for response in responses {
            self.alarms.extend(std::iter::once(&response.alarm).chain(&response.veto).map(ToString::to_string));
        }
        let rollback = emergency.and_then(|it| it.rollback.as_ref());
        self.alarms.extend(rollback.into_iter().flat_map(|it| &it.alarms).map(ToString::to_string));
        self.unblocks.extend(document.unblock.as_ref().map(|_| name.clone()));
        self.hours.extend(document.unblock.as_ref().map(UnblockHour::of));
        self.stores += u32::try_from(document.backups.as_ref().map_or(0, |it| it.jobs.len())).unwrap_or_default();
        self.calendars.extend(environment.calendar().cloned());
    }

    /// When an unblock is due, in order.
    pub fn mornings(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let looks = (0..).map(|half| from + SignedDuration::from_hours(12 * half)).take_while(|look| *look < to);
        let mut all: Vec<_> =
            looks.flat_map(|look| self.hours.iter().filter_map(move |it| it.last_due(look))).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// When calendars change their minds, in order.
    pub fn edges(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let all = self.calendars.iter().flat_map(|it| it.transitions(from, to));
        let mut all: Vec<Timestamp> = all.map(|edge| edge.at).collect();
        all.sort_unstable();
        all
    }
}

/// One of a table, by its weight.
pub(crate) fn weighted<T: Clone>(rng: &mut Rng, table: &[(u32, T)]) -> T {
    let mut left = rng.u32(0..table.iter().map(|(weight, _)| weight).sum());
    for (weight, item) in table {
        match left.checked_sub(*weight) {
            Some(less) => left = less,
            None => return item.clone(),
        }
    }
    unreachable!("less than the sum of all weights is left")
}

/// How many minutes a person takes to answer, at the most.
const PATIENCE: u32 = 20;

/// One of a table, always the same for the same name.
pub(crate) fn fated<T: Clone>(seed: u64, name: &str, table: &[(u32, T)]) -> (T, u32) {
    let mut hasher = FnvHasher::default();
    (seed, name).hash(&mut hasher);
    let mut rng = Rng::with_seed(hasher.finish());
    (weighted(&mut rng, table), rng.u32(1..PATIENCE))
}

fn one<T: Clone>(rng: &mut Rng, all: &[T]) -> Option<T> {
    (!all.is_empty()).then(|| all[rng.usize(..all.len())].clone())
}

fn minutes(rng: &mut Rng) -> u32 {
    let range = weighted(rng, MINUTES);
    rng.u32(range)
}

fn deployed(rng: &mut Rng) -> Deployed {
    let way = weighted(rng, WAYS);
    let minutes = rng.u32(1..15);
    match way {
        Way::AtOnce => Deployed::AtOnce,
        Way::HandLast => Deployed::HandLast(minutes),
        Way::HandFirst => Deployed::HandFirst(minutes),
    }
}

/// For how many hours a lock is taken.
fn hours(rng: &mut Rng) -> u32 {
    if rng.bool() { 0 } else { rng.u32(1..72) }
}

fn suspensions(rng: &mut Rng) -> Suspensions {
    match rng.u8(0..6) {
        0 => Suspensions { scale_in: true, ..Suspensions::NONE },
        1 => Suspensions { scale_out: true, ..Suspensions::NONE },
        2 => Suspensions::ALL,
        _ => Suspensions::NONE,
    }
}

/// An event that can happen here.
pub(super) fn event(rng: &mut Rng, setting: &Setting) -> Option<Event> {
    (0..DRAWS).find_map(|_| {
        let kind = weighted(rng, EVENTS);
        person(rng, setting, kind).or_else(|| around(rng, setting, kind))
    })
}

/// What people do.
fn person(rng: &mut Rng, setting: &Setting, kind: EventKind) -> Option<Event> {
    let service = |rng: &mut Rng| one(rng, &setting.services).map(|(_, service)| service);
    let environment = |rng: &mut Rng| one(rng, &setting.environments);
    let profile = |rng: &mut Rng| {
        let (name, _, profiles) = environment(rng)?;
        Some((name, one(rng, &profiles)?))
    };
    Some(match kind {
        EventKind::Count => Event::Count(service(rng)?, rng.u32(0..6)),
        EventKind::Bounds => {
            let min = rng.u32(0..3);
            Event::Bounds(service(rng)?, min, min + rng.u32(1..5), suspensions(rng))
        }
        EventKind::Terraform => Event::Terraform(environment(rng)?.0),
        EventKind::Deployment => Event::Deployment(service(rng)?, minutes(rng).min(300), rng.u8(0..3) == 0),
        EventKind::Release => {
            let service = service(rng)?;
            Event::Release(service, rng.bool().then(|| rng.u32(1..4)))
        }
        EventKind::Pipeline => Event::Pipeline(environment(rng)?.0, minutes(rng).clamp(10, 600)),
        EventKind::Create => Event::Create(service(rng)?, rng.u32(1..4)),
        EventKind::Delete => Event::Delete(service(rng)?),
        EventKind::Switch => Event::Switch(one(rng, &setting.databases)?, rng.bool()),
        EventKind::Override => {
            let (name, production, _) = environment(rng)?;
            Event::Override(name, (production && rng.u8(0..4) > 0) || rng.bool(), minutes(rng).max(10))
        }
        EventKind::AsScheduled => Event::AsScheduled(environment(rng)?.0),
        EventKind::Surge => {
            let (name, profile) = profile(rng)?;
            Event::Surge(name, profile, minutes(rng).clamp(10, 600))
        }
        EventKind::GiveBack => {
            let (name, profile) = profile(rng)?;
            Event::GiveBack(name, profile)
        }
        EventKind::Halt => {
            let whose = if rng.bool() { Some(environment(rng)?.0) } else { None };
            Event::Halt(whose, minutes(rng).max(10))
        }
        EventKind::Edit => {
            let (name, service) = one(rng, &setting.services)?;
            let edit = match rng.u8(0..12) {
                0..3 => Edit::Protect(service),
                3..6 => Edit::Freeze(rng.i64(1..48), rng.bool()),
                6..8 => Edit::TakeOut(service),
                8 => Edit::Hours(one(rng, &[Some("20:00-02:00"), Some("06:00-22:00"), Some("12:00-13:00"), None])?),
                9 => Edit::Production,
                10 => Edit::Profiles(rng.u32(1..6)),
                11 if rng.bool() => Edit::Ceiling(rng.u32(2..8)),
                _ => Edit::Floor(rng.u32(0..3)),
            };
            Event::Edit(name, edit, deployed(rng), minutes(rng).max(10))
        }
        _ => return None,
    })
}

/// What happens around people.
fn around(rng: &mut Rng, setting: &Setting, kind: EventKind) -> Option<Event> {
    let resource = |rng: &mut Rng| {
        let database = one(rng, &setting.databases).filter(|_| rng.u8(0..3) == 0).map(ResourceId::Database);
        database.or_else(|| one(rng, &setting.services).map(|(_, service)| ResourceId::Service(service)))
    };
    let store = |rng: &mut Rng| (setting.stores > 0).then(|| rng.u32(..setting.stores.max(1)));
    let unblock = |rng: &mut Rng| one(rng, &setting.unblocks);
    Some(match kind {
        EventKind::Untag => Event::Untag(resource(rng)?, minutes(rng)),
        EventKind::Deny => Event::Deny(resource(rng)?, minutes(rng)),
        EventKind::Database => {
            let states = ["storage-optimization", "failed", "rebooting", "backing-up", "upgrading"];
            Event::Database(one(rng, &setting.databases)?, one(rng, &states)?, minutes(rng))
        }
        EventKind::Alarm => Event::Alarm(one(rng, &setting.alarms)?, minutes(rng), weighted(rng, DELIVERIES)),
        EventKind::Flap => Event::Flap(one(rng, &setting.alarms)?, rng.u32(3..9)),
        EventKind::Mute => Event::Mute(one(rng, &setting.alarms)?, minutes(rng)),
        EventKind::Fault => Event::Fault(rng.u64(0..60), weighted(rng, TROUBLES)),
        EventKind::Weather => Event::Weather(minutes(rng).min(240), rng.u32(1..12), weighted(rng, TROUBLES)),
        EventKind::Stale => Event::Stale(minutes(rng).min(600), rng.u32(1..5)),
        EventKind::Slow => Event::Slow(minutes(rng).min(600)),
        EventKind::Silence => Event::Silence(minutes(rng)),
        EventKind::Twice => Event::Twice,
        EventKind::Belated => Event::Belated(rng.u32(1..120)),
        EventKind::Abort => Event::Abort,
        EventKind::Lock => Event::Lock(unblock(rng)?, rng.u32(0..6), hours(rng)),
        EventKind::Renew => Event::Renew(unblock(rng)?, rng.u32(0..6), hours(rng)),
        EventKind::Letter => Event::Letter(unblock(rng)?, rng.u32(0..1_000)),
        EventKind::ForeignCopy => Event::ForeignCopy(store(rng)?),
        EventKind::BadCopy => Event::BadCopy(store(rng)?),
        EventKind::SilentShelf => {
            store(rng)?;
            Event::SilentShelf(minutes(rng))
        }
        EventKind::FullShelf => {
            store(rng)?;
            Event::FullShelf(minutes(rng))
        }
        _ => return None,
    })
}
