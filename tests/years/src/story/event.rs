//! The events of a history, and how a person tells them.

use std::fmt;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{DatabaseId, ResourceId, ServiceId, Suspensions};
use watchkeeper_domain::name::{EnvironmentName, Region};
use watchkeeper_sim::CallTrouble;

use super::{Deployed, Edit};

/// An event, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// How the event of an alarm reaches its listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Delivery {
    /// Once, at once.
    Prompt,
    /// It never comes.
    Lost,
    /// Twice.
    Doubled,
    /// So late that its alarm may be over.
    Late,
}

/// How a region is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Loss {
    /// Calls to it fail, and its tasks are gone until it is back.
    #[strum(to_string = "is lost with its tasks")]
    Gone,
    /// Calls to it hang, and its tasks are gone until it is back.
    #[strum(to_string = "hangs, its tasks gone")]
    Hangs,
    /// Calls to it fail, and its tasks go on.
    #[strum(to_string = "is not reached")]
    Silent,
    /// Cut off, it goes on by itself.
    #[strum(to_string = "is cut off")]
    CutOff,
}

/// What happens. What lasts ends by itself after so many minutes.
#[derive(Debug, Clone, PartialEq, strum::EnumDiscriminants)]
#[strum_discriminants(name(EventKind), derive(PartialOrd, Ord, Hash, strum::Display, strum::VariantArray))]
#[strum_discriminants(strum(serialize_all = "kebab-case"), doc = "Kinds of events.", allow(missing_docs))]
pub enum Event {
    /// Somebody sets a count.
    Count(ServiceId, u32),
    /// Somebody sets the bounds of an autoscaler.
    Bounds(ServiceId, u32, u32, Suspensions),
    /// Terraform is applied again: counts and bounds are what they were first.
    Terraform(EnvironmentName),
    /// A deployment begins, goes on for so long, and fails or completes.
    Deployment(ServiceId, u32, bool),
    /// A pipeline releases a new task definition, with so many tasks where its template has a count.
    Release(ServiceId, Option<u32>),
    /// A pipeline keeps an environment awake for its release, which is made after so long.
    Pipeline(EnvironmentName, u32),
    /// A service is made, or made anew, with so many tasks.
    Create(ServiceId, u32),
    /// A service is deleted.
    Delete(ServiceId),
    /// Something loses its tag for so long.
    Untag(ResourceId, u32),
    /// A policy denies every change of something for so long.
    Deny(ResourceId, u32),
    /// A database is in a state of AWS's for so long.
    Database(DatabaseId, &'static str, u32),
    /// Its owner starts or stops a database.
    Switch(DatabaseId, bool),
    /// A document is edited, and put back after so long.
    Edit(EnvironmentName, Edit, Deployed, u32),
    /// Somebody wants an environment awake (or asleep) for so long.
    Override(EnvironmentName, bool, u32),
    /// Somebody goes back to the schedule.
    AsScheduled(EnvironmentName),
    /// Somebody starts a profile for so long.
    Surge(EnvironmentName, String, u32),
    /// Somebody gives a profile back.
    GiveBack(EnvironmentName, String),
    /// Somebody halts an environment, or everything, for so long.
    Halt(Option<EnvironmentName>, u32),
    /// An alarm goes off for so long.
    Alarm(String, u32, Delivery),
    /// An alarm goes off and on so many times, a minute each.
    Flap(String, u32),
    /// An alarm is muted for so long.
    Mute(String, u32),
    /// The call so many calls from now goes wrong.
    Fault(u64, CallTrouble),
    /// For so long, so many calls of a hundred go wrong.
    Weather(u32, u32, CallTrouble),
    /// For so long, answers are up to so many seconds old.
    Stale(u32, u32),
    /// For so long, tasks and databases take many times as long.
    Slow(u32),
    /// Schedules do not fire for so long.
    Silence(u32),
    /// The next tick comes twice.
    Twice,
    /// A tick of so many minutes ago comes now.
    Belated(u32),
    /// Every execution that is under way dies.
    Abort,
    /// A lock is taken for so many hours; 0: until shortly after the next unblock.
    Lock(EnvironmentName, u32, u32),
    /// A lock is renewed for so many hours, likewise.
    Renew(EnvironmentName, u32, u32),
    /// A message fails for good.
    Letter(EnvironmentName, u32),
    /// Somebody else makes a copy.
    ForeignCopy(u32),
    /// The newest copy of a resource turns out to have failed.
    BadCopy(u32),
    /// A region that copies go to is silent for so long.
    SilentShelf(u32),
    /// No more copies fit for so long.
    FullShelf(u32),
    /// A region of a pair is lost for so long.
    Lose(Region, Loss, u32),
    /// The two replicas of the ledger are cut off from each other for so long.
    Split(u32),
    /// What is written takes half a minute to the other region for so long.
    Behind(u32),
    /// The address of a region is not reached from outside for so long.
    Unreached(Region, u32),
    /// Somebody starts a failover: planned, or for a region that is lost.
    FailOver(bool),
    /// Somebody starts the way home.
    GoHome,
    /// Somebody rehearses for so many minutes, with a share in percent.
    Rehearse(u32, u32),
    /// AWS has no room for a service of the standby for so long.
    NoRoom(ServiceId, u32),
    /// Something of the above in one region of a pair.
    In(Region, Box<Event>),
}

impl Event {
    /// Its kind; that of what happens, where that is in one region of a pair.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::In(_, event) => event.kind(),
            event => event.into(),
        }
    }

    /// Whether it is a trouble that AWS has for a while, and that changes nothing of an estate. Without a schedule a whole day may be
    /// missed, and with it the transition that what somebody has changed waits for.
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::Fault(..)
                | Self::Weather(..)
                | Self::Stale(..)
                | Self::Slow(_)
                | Self::Twice
                | Self::Belated(_)
                | Self::Abort
        )
    }

    /// How long it lasts, in minutes.
    pub fn minutes(&self) -> u32 {
        match self {
            Self::Deployment(_, minutes, _)
            | Self::Untag(_, minutes)
            | Self::Deny(_, minutes)
            | Self::Database(_, _, minutes)
            | Self::Edit(.., minutes)
            | Self::Override(_, _, minutes)
            | Self::Pipeline(_, minutes)
            | Self::Surge(_, _, minutes)
            | Self::Halt(_, minutes)
            | Self::Alarm(_, minutes, _)
            | Self::Flap(_, minutes)
            | Self::Mute(_, minutes)
            | Self::Weather(minutes, ..)
            | Self::Stale(minutes, _)
            | Self::Slow(minutes)
            | Self::Silence(minutes)
            | Self::SilentShelf(minutes)
            | Self::FullShelf(minutes)
            | Self::Lose(_, _, minutes)
            | Self::Split(minutes)
            | Self::Behind(minutes)
            | Self::Unreached(_, minutes)
            | Self::Rehearse(minutes, _)
            | Self::NoRoom(_, minutes) => *minutes,
            Self::In(_, event) => event.minutes(),
            _ => 0,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(service, to) => write!(f, "somebody sets {} to {to} tasks", service.service),
            Self::Bounds(service, min, max, suspended) => {
                write!(f, "somebody sets the bounds of {} to {min}..{max}, {suspended}", service.service)
            }
            Self::Terraform(environment) => write!(f, "Terraform is applied to {environment} again"),
            Self::Deployment(service, minutes, fails) => {
                let end = if *fails { "fails" } else { "completes" };
                write!(f, "a deployment of {} begins; it {end} after {minutes} min", service.service)
            }
            Self::Release(service, None) => write!(f, "a new release of {} is deployed", service.service),
            Self::Release(service, Some(tasks)) => {
                write!(f, "a new release of {} is deployed, with {tasks} tasks", service.service)
            }
            Self::Pipeline(environment, minutes) => {
                write!(f, "a pipeline wants {environment} awake for its release, which is made after {minutes} min")
            }
            Self::Create(service, tasks) => write!(f, "{} is made, with {tasks} tasks", service.service),
            Self::Delete(service) => write!(f, "{} is deleted", service.service),
            Self::Untag(what, minutes) => write!(f, "{what} has lost its tag for {minutes} min"),
            Self::Deny(what, minutes) => write!(f, "IAM denies to change {what} for {minutes} min"),
            Self::Database(database, state, minutes) => write!(f, "{database} is {state} for {minutes} min"),
            Self::Switch(database, on) => {
                write!(f, "its owner {} {database}", if *on { "starts" } else { "stops" })
            }
            Self::Edit(environment, edit, deployed, minutes) => {
                write!(f, "the document of {environment} is edited for {minutes} min: {edit}{deployed}")
            }
            Self::Override(environment, awake, minutes) => {
                let want = if *awake { "awake" } else { "asleep" };
                write!(f, "somebody wants {environment} {want} for {minutes} min")
            }
            Self::AsScheduled(environment) => write!(f, "somebody wants {environment} as scheduled"),
            Self::Surge(environment, profile, minutes) => {
                write!(f, "somebody starts {profile} in {environment} for {minutes} min")
            }
            Self::GiveBack(environment, profile) => write!(f, "somebody gives {profile} of {environment} back"),
            Self::Halt(Some(environment), minutes) => write!(f, "somebody halts {environment} for {minutes} min"),
            Self::Halt(None, minutes) => write!(f, "somebody halts everything for {minutes} min"),
            Self::Alarm(alarm, minutes, delivery) => {
                write!(f, "{alarm} is in ALARM for {minutes} min; its event: {delivery}")
            }
            Self::Flap(alarm, times) => write!(f, "{alarm} goes off and on {times} times"),
            Self::Mute(alarm, minutes) => write!(f, "{alarm} is muted for {minutes} min"),
            Self::Fault(calls, trouble) => write!(f, "of the calls to AWS from here, number {calls} gets: {trouble:?}"),
            Self::Weather(minutes, percent, trouble) => {
                write!(f, "for {minutes} min, {percent} % of the calls to AWS get: {trouble:?}")
            }
            Self::Stale(minutes, seconds) => write!(f, "for {minutes} min, answers are up to {seconds} s old"),
            Self::Slow(minutes) => write!(f, "for {minutes} min, tasks and databases take long"),
            Self::Silence(minutes) => write!(f, "no schedule fires for {minutes} min"),
            Self::Twice => f.write_str("the next tick comes twice"),
            Self::Belated(minutes) => write!(f, "the tick of {minutes} min ago comes now"),
            Self::Abort => f.write_str("every execution that is under way dies"),
            Self::Lock(environment, lock, 0) => {
                write!(f, "lock {lock} of {environment} is taken until shortly after the next unblock")
            }
            Self::Renew(environment, lock, 0) => {
                write!(f, "lock {lock} of {environment} is renewed until shortly after the next unblock")
            }
            Self::Lock(environment, lock, hours) => write!(f, "lock {lock} of {environment} is taken for {hours} h"),
            Self::Renew(environment, lock, hours) => {
                write!(f, "lock {lock} of {environment} is renewed for {hours} h")
            }
            Self::Letter(environment, letter) => write!(f, "message {letter} of {environment} fails for good"),
            Self::ForeignCopy(store) => write!(f, "somebody makes a copy of store {store}"),
            Self::BadCopy(store) => write!(f, "the newest copy of store {store} has failed"),
            Self::SilentShelf(minutes) => write!(f, "the regions of copies are silent for {minutes} min"),
            Self::FullShelf(minutes) => write!(f, "no more copies fit for {minutes} min"),
            Self::Lose(region, loss, minutes) => write!(f, "{region} {loss} for {minutes} min"),
            Self::Split(minutes) => {
                write!(f, "the replicas of the ledger are cut off from each other for {minutes} min")
            }
            Self::Behind(minutes) => write!(f, "the replicas of the ledger are behind for {minutes} min"),
            Self::Unreached(region, minutes) => {
                write!(f, "the address of {region} is not reached from outside for {minutes} min")
            }
            Self::FailOver(true) => f.write_str("somebody starts a planned move"),
            Self::FailOver(false) => f.write_str("somebody starts a failover"),
            Self::GoHome => f.write_str("somebody starts the way home"),
            Self::Rehearse(minutes, percent) => {
                write!(f, "somebody rehearses with {percent} % for {minutes} min")
            }
            Self::NoRoom(service, minutes) => {
                write!(f, "AWS has no room for {} for {minutes} min", service.service)
            }
            Self::In(region, event) => write!(f, "in {region}: {event}"),
        }
    }
}
