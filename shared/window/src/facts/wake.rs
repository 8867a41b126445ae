//! The facts of the page that is shown in the place of an environment that sleeps.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::name::{EnvironmentName, EstateName};
use watchkeeper_domain::value::{Duration, Zone};
use watchkeeper_domain::wake_page::{WakeProgress, WakeState};

/// What whoever meets the page is told. No more of an environment is in it: the page asks nobody who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakePageFacts {
    /// The system.
    pub estate: EstateName,
    /// The copy of it.
    pub environment: EnvironmentName,
    /// What the system is, where its document says so.
    pub about: Option<String>,
    /// Whom to ask.
    pub owner: Option<String>,
    /// By whose clocks times are told.
    pub zone: Zone,
    /// The instant of the page.
    pub now: Timestamp,
    /// How it stands.
    pub state: WakeState,
    /// The services that have tasks while it is awake.
    pub services: usize,
    /// Its databases.
    pub databases: usize,
    /// How far the wake has come, where its run has said so.
    pub progress: Option<WakeProgress>,
    /// How long a wake usually takes.
    pub usual: Option<SignedDuration>,
    /// How often the button may still wake it today.
    pub left: u32,
    /// Whether nothing may be changed.
    pub halted: bool,
    /// For how long the button wakes.
    pub lasts: Duration,
    /// Whether a word has to be typed.
    pub asks_token: bool,
    /// What came of a press.
    pub notice: Option<WakeNotice>,
}

/// What came of a press that woke nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WakeNotice {
    /// The word is another one.
    WrongToken,
    /// Nothing may be changed now.
    Halted,
    /// The button has woken it as often as it may on one day.
    UsedUp {
        /// How often that is.
        at_most: u32,
        /// When the next day begins.
        again: Timestamp,
    },
    /// Nothing could be started; the press does not count.
    NotStarted,
}
