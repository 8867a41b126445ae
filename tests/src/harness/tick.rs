//! A tick of the calendars: the deployed schedule, fired at an instant for that part, and everything that follows from it.

use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::name::Scope;

use super::{DeployedStack, EndedExecution, HarnessError, name_prefix};
use crate::estate::awaited;

/// What the function logs for each environment when it is done with it.
const DECIDED: [&str; 2] = ["calendar evaluated", "could not be looked after"];

/// A tick that has had all its consequences.
#[derive(Debug)]
pub struct TickResult {
    /// The runs that it started, or found there already.
    pub runs: Vec<EndedExecution>,
    /// From the schedule to the end of the function.
    pub decided: Duration,
    /// Whether the function had to be started for it.
    pub cold: bool,
}

impl TickResult {
    /// The run of a scope, if there was one.
    pub fn run_of(&self, scope: &Scope) -> Option<&EndedExecution> {
        let prefix = name_prefix(&[scope.estate.as_str(), scope.environment.as_str()]);
        self.runs.iter().find(|run| run.name.starts_with(&prefix))
    }
}

impl DeployedStack {
    /// Make it `instant`, fire the deployed schedule at it, and wait until the function and all runs have ended.
    ///
    /// # Errors
    /// [`HarnessError`] when something does not end.
    pub async fn tick(&self, instant: Timestamp) -> Result<TickResult, HarnessError> {
        // Scheduler knows whole seconds only.
        let instant = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        self.at(instant).await?;
        let before = self.decisions();
        let since = self.control.now().await?;
        self.fire_part("schedule", instant).await?;
        let what = format!("the tick of {instant} deciding for {} environments", self.watched.len());
        awaited(&what, async || Ok::<_, HarnessError>((self.decisions() >= before + self.watched.len()).then_some(())))
            .await?;
        let decided = self.control.now().await?.duration_since(since);
        let mut runs = Vec::new();
        for scope in &self.watched {
            runs.extend(
                self.ended_by_name(
                    &execution_name(&[scope.estate.as_str(), scope.environment.as_str()], instant),
                    since,
                )
                .await?,
            );
        }
        Ok(TickResult { runs, decided: decided.unsigned_abs(), cold: before == 0 })
    }

    /// How many decisions the function has logged so far, in all regions together: its logs share a name.
    fn decisions(&self) -> usize {
        // The log is not there before the first invocation.
        let log = std::fs::read_to_string(&self.tick_log).unwrap_or_default();
        log.lines().filter(|line| DECIDED.iter().any(|text| line.contains(text))).count()
    }
}
