//! The page of an environment that sleeps: how that stands, and what the page's button may do. Whoever reaches the page may press
//! it, so it only ever wakes, for a while, so many times a day, and one press at a time.

mod press;
mod progress;
mod state;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::{Baseline, PagePlace};
use crate::estate::Environment;
use crate::execution::execution_name;
use crate::intent::Intent;
use crate::name::Scope;
use crate::reconcile::history::ScopeHistory;
use crate::schedule::Calendar;
use crate::value::{BuildId, Duration, Sha256, Zone};

pub use press::{WakePress, WakeRefusal};
pub use progress::{WakeProgress, usual_wake};
pub use state::WakeState;

/// What the wish of a press is for, as that of a pipeline's release is: it holds beside people's own and ends by itself, so that
/// whatever a person wants counts again then.
pub const FOR_PAGE: &str = "wake-page";

/// For how long a press counts as under way although no sign of its run is there: a run waits some four minutes for the lease of
/// another one.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(10);

/// For how long a press is waited for that has not said whether it could start anything: its function lives no longer.
const STARTING: SignedDuration = SignedDuration::from_secs(30);

/// What a document allows the button of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakePolicy {
    /// Where the page is shown.
    pub place: PagePlace,
    /// For how long it wakes.
    pub lasts: Duration,
    /// How often a day.
    pub at_most: u32,
    /// The digest of the word that has to be typed, if one has.
    pub token: Option<Sha256>,
    /// By whose clocks a day begins.
    pub zone: Zone,
}

impl WakePolicy {
    /// Of an environment that has a page.
    pub fn of(environment: &Environment) -> Option<Self> {
        let page = environment.document().wake_page.as_ref()?;
        Some(Self {
            place: page.place(),
            lasts: page.lasts(),
            at_most: page.at_most(),
            token: page.token_sha256.clone(),
            zone: environment.zone(),
        })
    }

    /// The day of an instant.
    fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.rules().clone()).date()
    }

    /// When a day begins.
    fn begins(&self, day: Date) -> Timestamp {
        self.zone
            .rules()
            .to_zoned(day.to_datetime(jiff::civil::Time::midnight()))
            .map_or(Timestamp::MAX, |it| it.timestamp())
    }
}

/// What is remembered of the presses of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WakeMemory {
    /// The day that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// How often the button has woken on it.
    #[serde(default)]
    pub count: u32,
    /// The last press.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastPress>,
}

/// A press of the button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LastPress {
    /// The execution that it starts.
    pub execution: String,
    /// When.
    pub at: Timestamp,
    /// Whether that was started. Until it is known, nobody else starts one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub started: bool,
}

impl WakeMemory {
    /// The same once the execution of the last press is known to be started.
    #[must_use]
    pub fn started(&self) -> Self {
        Self { last: self.last.clone().map(|last| LastPress { started: true, ..last }), ..self.clone() }
    }

    /// The same once the last press could start nothing: it does not count.
    #[must_use]
    pub fn taken_back(&self) -> Self {
        Self { count: self.count.saturating_sub(1), last: None, ..self.clone() }
    }

    fn count_on(&self, day: Date) -> u32 {
        if self.day == Some(day) { self.count } else { 0 }
    }
}

/// What is known of an environment when somebody asks for its page.
#[derive(Debug, Clone, Copy)]
pub struct WakeSituation<'a> {
    /// Which environment.
    pub scope: &'a Scope,
    /// What its document allows.
    pub policy: &'a WakePolicy,
    /// When it is awake; nothing without a calendar.
    pub calendar: Option<&'a Calendar>,
    /// What is wanted of it.
    pub intents: &'a [Intent],
    /// What is kept of it.
    pub baseline: Option<&'a Baseline>,
    /// What its runs came to, where that is known.
    pub history: Option<&'a ScopeHistory>,
    /// When the run began that changes it now, if one does.
    pub running: Option<Timestamp>,
    /// Whether nothing may be changed.
    pub halted: bool,
    /// What is remembered of its page.
    pub memory: &'a WakeMemory,
    /// The instant.
    pub now: Timestamp,
}

impl WakeSituation<'_> {
    /// The execution of a day's press with this number: pressed a hundred times at once, it is one.
    fn execution(&self, day: Date, number: u32) -> String {
        let words = ["wake-page", self.scope.estate.as_str(), self.scope.environment.as_str(), &number.to_string()];
        execution_name(&words, self.policy.begins(day))
    }

    /// How the run of the last press ended, if it is known to have.
    fn ending(&self, execution: &str) -> Option<&crate::reconcile::history::RunEnding> {
        self.history?.endings.iter().rev().find(|ending| ending.run == execution)
    }
}

/// The release that a wish of the page is for; nothing where the text is none, which a test excludes.
fn for_page() -> Option<BuildId> {
    FOR_PAGE.parse().ok()
}

/// Whether a wish that is for this release is the page's.
pub fn is_of_page(release: &BuildId) -> bool {
    release.as_str() == FOR_PAGE
}
