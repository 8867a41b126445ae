//! Edits of documents, and how they reach the functions.

use std::fmt;

use watchkeeper_domain::capacity::ServiceId;

/// An edit of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A service becomes protected.
    Protect(ServiceId),
    /// A freeze begins now, for so many hours; whether it stops the calendar.
    Freeze(i64, bool),
    /// A service is taken out.
    TakeOut(ServiceId),
    /// Other hours, as the document writes them; none takes the calendar away.
    Hours(Option<&'static str>),
    /// It becomes production.
    Production,
    /// Emergencies bring so many tasks.
    Profiles(u32),
    /// The least count of a service.
    Floor(u32),
    /// The most tasks of a service, while emergencies bring four times what there is.
    Ceiling(u32),
}

/// How an edited document reaches the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployed {
    /// All of them at once.
    AtOnce,
    /// `reconcile`, which alone changes capacity, so many minutes after the others.
    HandLast(u32),
    /// `reconcile` so many minutes before the others.
    HandFirst(u32),
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protect(service) => write!(f, "{} is protected", service.service),
            Self::Freeze(hours, calendar) => {
                write!(f, "a freeze of {hours} h{}", if *calendar { ", which stops the calendar" } else { "" })
            }
            Self::TakeOut(service) => write!(f, "{} is taken out", service.service),
            Self::Hours(Some(hours)) => write!(f, "the hours are {hours}"),
            Self::Hours(None) => f.write_str("it has no hours any more"),
            Self::Production => f.write_str("it is production now"),
            Self::Profiles(tasks) => write!(f, "profiles bring {tasks} tasks"),
            Self::Floor(tasks) => write!(f, "the floor is {tasks}"),
            Self::Ceiling(tasks) => write!(f, "the ceiling is {tasks}, and profiles bring 400 %"),
        }
    }
}

impl fmt::Display for Deployed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => Ok(()),
            Self::HandLast(minutes) => write!(f, "; reconcile has it {minutes} min after the others"),
            Self::HandFirst(minutes) => write!(f, "; reconcile has it {minutes} min before the others"),
        }
    }
}
