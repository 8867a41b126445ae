//! What sleeping has saved, and what it would: hours from what runs verified, money where the document declares it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Month;
use crate::message::Message;
use crate::name::{Region, Scope};
use crate::value::{HourlyCost, rounded};

/// How long an environment has slept in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthAsleep {
    /// Which one.
    pub scope: Scope,
    /// For how long, in seconds.
    pub seconds: u64,
    /// What an hour awake costs, where its document declares that.
    pub cost: Option<HourlyCost>,
}

/// The month that people were told of last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SavingsMemory {
    /// None before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Month>,
}

impl MonthAsleep {
    /// What people are told of a month that is over; nothing where nothing has slept.
    pub fn message(region: &Region, month: &Month, all: &[Self]) -> Option<Message> {
        let slept: Vec<&Self> = all.iter().filter(|it| it.seconds > 0).collect();
        if slept.is_empty() {
            return None;
        }
        let hours = slept.iter().map(|it| it.seconds).sum::<u64>() / 3600;
        let cents: Vec<u64> = slept.iter().filter_map(|it| it.cents()).collect();
        let saved = if cents.is_empty() { String::new() } else { format!(", about {} saved", usd(cents.iter().sum())) };
        let lines: Vec<String> = slept.iter().map(|it| it.line()).collect();
        let text = format!(
            "Asleep in {month}, in {region}:\n\n{}\n\nThe hours are those between the end of a run that has seen all of it \
             asleep and the beginning of the next run, by months of UTC. The money is what the documents declare as \
             `awake-cost`.\n\nWhat to do: nothing.",
            lines.join("\n")
        );
        Some(Message::new(&format!("{region}: asleep for {hours} h in {month}{saved}"), text))
    }

    fn cents(&self) -> Option<u64> {
        self.cost.map(|cost| cost.cents_of(self.seconds))
    }

    fn line(&self) -> String {
        let Scope { estate, environment, .. } = &self.scope;
        let saved =
            self.cents().zip(self.cost).map(|(cents, cost)| format!(", which saved about {} ({cost})", usd(cents)));
        format!("- {estate} {environment}: {} h{}", self.seconds / 3600, saved.unwrap_or_default())
    }
}

/// What a sleep from an instant to another would save, in a sentence of a plan.
pub fn would_save(from: Timestamp, until: Timestamp, cost: Option<HourlyCost>) -> Option<String> {
    let lasts = until.duration_since(from);
    let seconds = u64::try_from(lasts.as_secs()).ok().filter(|seconds| *seconds > 0)?;
    let saves = |cost: HourlyCost| format!(", and would save about {} ({cost})", usd(cost.cents_of(seconds)));
    Some(format!("asleep until {until}: that is {}{}", rounded(lasts), cost.map(saves).unwrap_or_default()))
}

/// An amount of cents, as dollars.
fn usd(cents: u64) -> String {
    format!("{}.{:02} USD", cents / 100, cents % 100)
}
