//! What comes next by itself.

use jiff::Timestamp;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::value::AlarmName;

use crate::state::{EnvironmentState, Matter};

/// What comes next by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It wakes, or goes to sleep.
    Turns {
        /// Whether it wakes.
        awake: bool,
        /// When.
        at: Timestamp,
        /// Whether because an override ends then.
        override_ends: bool,
    },
    /// An emergency is given back.
    GivenBack {
        /// At the latest then; none when only a person ends it.
        at: Option<Timestamp>,
        /// The alarms that have to be quiet for it to be sooner, and for how long, in seconds.
        alarms: Option<(Vec<AlarmName>, u64)>,
    },
    /// The override ends, and nothing changes by it.
    Ends(Timestamp),
    /// A pair serves away from home: only a person starts the way home.
    AwayFromHome,
    /// A move goes on.
    Moves,
    /// Nothing: there is no calendar.
    NoCalendar,
    /// It sleeps because nobody uses it, and only somebody who does wakes it.
    UntilUsed,
    /// Nothing: the calendar never changes again.
    Never,
    /// Nobody knows.
    Unread,
}

/// What comes next by itself; of several the first that changes something.
pub fn next(state: &EnvironmentState<'_>) -> Next {
    if let Some(Matter::Moving(_)) = state.matter {
        return Next::Moves;
    }
    if state.ledger.is_none() {
        return Next::Unread;
    }
    if state.pair.is_some_and(|pair| pair.pointer.active != state.facts.home) {
        return Next::AwayFromHome;
    }
    if let Some(requested) = state.emergency() {
        let quiet = state.facts.profiles.iter().find(|it| it.name == requested.profile).map(|it| it.cool_down_seconds);
        let alarms: Vec<AlarmName> = requested.alarms.iter().cloned().collect();
        let at = state.chosen().and_then(|intent| intent.expires);
        return Next::GivenBack { at, alarms: quiet.filter(|_| !alarms.is_empty()).map(|quiet| (alarms, quiet)) };
    }
    let over = state.chosen().filter(|intent| intent.layer == Layer::Override).and_then(|intent| intent.expires);
    match (&state.facts.calendar, over) {
        (None, Some(at)) if state.wants_sleep() => Next::Turns { awake: true, at, override_ends: true },
        (None, Some(at)) => Next::Ends(at),
        (None, None) if state.idle().is_some() => Next::UntilUsed,
        (None, None) => Next::NoCalendar,
        (Some(calendar), Some(at)) => {
            let then = calendar.calendar().at(at);
            let turns_then = then.awake == state.wants_sleep();
            let later = then.until.map(|at| Next::Turns { awake: !then.awake, at, override_ends: false });
            let now = Next::Turns { awake: then.awake, at, override_ends: true };
            if turns_then { now } else { later.unwrap_or(Next::Ends(at)) }
        }
        (Some(calendar), None) if state.idle().is_some() => {
            let wakes = calendar.calendar().wakes_after(state.now);
            wakes.map_or(Next::UntilUsed, |at| Next::Turns { awake: true, at, override_ends: false })
        }
        (Some(calendar), None) => {
            let says = calendar.calendar().at(state.now);
            says.until.map_or(Next::Never, |at| Next::Turns { awake: !says.awake, at, override_ends: false })
        }
    }
}

impl Next {
    /// When it comes, where that is known.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Turns { at, .. } | Self::Ends(at) => Some(*at),
            Self::GivenBack { at, .. } => *at,
            Self::AwayFromHome | Self::Moves | Self::NoCalendar | Self::UntilUsed | Self::Never | Self::Unread => None,
        }
    }
}
