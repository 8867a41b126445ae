//! A tick of the watch over pairs: the deployed schedule, fired at an instant, and what follows from it at once.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::name::Scope;

use super::{DeployedStack, EndedExecution, HarnessError};
use crate::estate::awaited;

/// What the function logs for each pair when it is done with it.
const LOOKED: [&str; 2] = ["pair looked after", "the pair could not be looked after"];

/// A tick of the watch.
#[derive(Debug)]
pub struct WatchTick {
    /// What the function logged of each pair.
    pub lines: Vec<Value>,
    /// The runs of the own hand that it started, once they have ended.
    pub followed: Vec<EndedExecution>,
}

impl WatchTick {
    /// What it did about a pair, in words; empty where it did nothing.
    pub fn did(&self, scope: &Scope) -> String {
        let ours = |line: &&Value| {
            line["estate"] == scope.estate.as_str() && line["environment"] == scope.environment.as_str()
        };
        let line = self.lines.iter().find(ours);
        line.and_then(|line| line["did"].as_str()).unwrap_or_default().to_owned()
    }
}

impl DeployedStack {
    /// Make it `instant`, fire the schedule of the watch at it, and wait until the function has looked after every pair
    /// and the runs that it started for its own region have ended. The region must not be lost.
    ///
    /// # Errors
    /// [`HarnessError`] when something does not end.
    pub async fn watch(&self, instant: Timestamp) -> Result<WatchTick, HarnessError> {
        // Scheduler knows whole seconds only.
        let instant = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        self.at(instant).await?;
        let before = self.looks().len();
        let since = self.control.now().await?;
        self.control.fire_schedule(self.region.as_str(), self.outputs.get("WatchSchedule")?, instant).await?;
        let what = format!("the watch of {} looking after {} pairs", self.region, self.pairs.len());
        let wanted = before + self.pairs.len();
        let lines = awaited(&what, async || {
            let lines = self.looks();
            Ok::<_, HarnessError>((lines.len() >= wanted).then_some(lines))
        })
        .await?;
        let mut followed = Vec::new();
        for scope in &self.pairs {
            let name = execution_name(&[scope.estate.as_str(), scope.environment.as_str(), "pair"], instant);
            followed.extend(self.ended_by_name(&name, since).await?);
        }
        Ok(WatchTick { lines: lines.into_iter().skip(before).collect(), followed })
    }

    /// What the function has logged of pairs so far, in all regions together: its logs share a name.
    fn looks(&self) -> Vec<Value> {
        // The log is not there before the first invocation.
        let log = std::fs::read_to_string(&self.watch_log).unwrap_or_default();
        let read = |line: &str| -> Option<Value> { serde_json::from_str(line.split_once(' ')?.1).ok() };
        let looked = |line: &Value| line["message"].as_str().is_some_and(|text| LOOKED.contains(&text));
        log.lines().filter_map(read).filter(looked).collect()
    }
}
