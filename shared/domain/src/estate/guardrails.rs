//! The limits that a document sets, and the ones that hold where it is silent.

use jiff::{Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::EnvironmentKind;
use crate::value::{Duration, Label, Percent, PointInTime, Zone};

/// The limits of what a plan may do. What is left out has the default of the environment's kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Guardrails {
    /// Tasks that every service keeps. Default: 1 for production, else 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<u32>,
    /// Tasks that no service exceeds. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<u32>,
    /// The share of the environment's services that one plan may change unasked. Default: 50 % for production, else
    /// 100 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blast_radius: Option<Percent>,
    /// The age at which a database backup no longer counts as fresh before something risky. Default: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_backup: Option<Duration>,
    /// Times in which nothing new is changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
}

/// What a freeze makes of the environment's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrozenCalendar {
    /// It sleeps and wakes as on other days.
    GoesOn,
    /// It is not put to sleep any more; what sleeps is still woken.
    Stops,
}

/// A time in which nothing new is changed: what is held is given back, and emergencies and failovers are only told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Freeze {
    /// When it begins.
    pub from: PointInTime,
    /// When it is over; a date counts to its end.
    pub to: PointInTime,
    /// Why, for the person who is refused.
    pub reason: Label,
    /// What it makes of the calendar of a development or staging environment. Default: it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<FrozenCalendar>,
    /// The zone of dates and local times. Default: the calendar's zone, else UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
}

/// A freeze in absolute time: from `from` inclusive to `to` exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeWindow {
    /// The first instant of it.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What it is for, as messages say it.
    pub reason: String,
    /// Whether it stops the calendar, too.
    pub calendar: bool,
}

/// A freeze window that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OpenFreeze {
    /// What it is for, as messages say it.
    pub reason: String,
    /// Whether it holds the calendar up, too.
    pub calendar: bool,
}

impl FreezeWindow {
    /// What the guardrails know of it.
    pub fn frozen(&self) -> OpenFreeze {
        OpenFreeze { reason: self.reason.clone(), calendar: self.calendar }
    }

    /// Whether an instant is in it.
    pub fn holds(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.to
    }
}

impl Freeze {
    /// The window in absolute time; nothing if it ends before it begins.
    pub(super) fn window(&self, default: &TimeZone) -> Option<FreezeWindow> {
        let zone = self.zone.as_ref().map_or(default, Zone::rules);
        let (from, to) = (self.from.start(zone)?, self.to.end(zone)?);
        let calendar = self.calendar == Some(FrozenCalendar::Stops);
        (from < to).then(|| FreezeWindow { from, to, reason: self.reason.to_string(), calendar })
    }
}

/// The limits of an environment, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentLimits {
    /// Tasks that every service keeps.
    pub floor: u32,
    /// Tasks that no service exceeds, if there is such a number.
    pub ceiling: Option<u32>,
    /// The share of the environment's services that one plan may change unasked.
    pub blast_radius: Percent,
    /// The age at which a backup no longer counts as fresh, if that is asked.
    pub fresh_backup: Option<Duration>,
    /// Times in which nothing new is changed.
    pub freezes: Vec<FreezeWindow>,
}

/// Tasks that each production service keeps, unless its document says otherwise.
const PRODUCTION_FLOOR: u32 = 1;
/// The share of production that one plan may change unasked, unless its document says otherwise.
const PRODUCTION_BLAST_RADIUS: Percent = Percent::new(50);
/// The same for the other kinds: sleep changes all of them at once.
const OTHER_BLAST_RADIUS: Percent = Percent::new(100);

impl EnvironmentLimits {
    pub(super) fn of(kind: EnvironmentKind, guardrails: &Guardrails, zone: &TimeZone) -> Self {
        let production = kind == EnvironmentKind::Production;
        let blast_radius = if production { PRODUCTION_BLAST_RADIUS } else { OTHER_BLAST_RADIUS };
        Self {
            floor: guardrails.floor.unwrap_or(if production { PRODUCTION_FLOOR } else { 0 }),
            ceiling: guardrails.ceiling,
            blast_radius: guardrails.blast_radius.unwrap_or(blast_radius),
            fresh_backup: guardrails.fresh_backup,
            freezes: guardrails.freeze.iter().filter_map(|freeze| freeze.window(zone)).collect(),
        }
    }

    /// The freeze that holds at an instant.
    pub fn freeze_at(&self, instant: Timestamp) -> Option<&FreezeWindow> {
        self.freezes.iter().find(|freeze| freeze.holds(instant))
    }
}
