//! `cargo bill`: what the example estates cost a month, by item and stack. What is always there is counted in the template, stack
//! by stack with its conditions; the rest are quantities that nobody has measured on AWS, from `tests/data/bill.json`.

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::preflight::AccountRegion;
use watchkeeper_preflight::{PreflightError, StackTemplate, TemplateResolver};

pub use table::table;

/// The prices, stacks and goals.
const DATA: &str = include_str!("../../data/bill.json");

/// What may go wrong.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// The data does not read.
    #[error("tests/data/bill.json")]
    Data(#[from] serde_json::Error),
    /// The template does not.
    #[error(transparent)]
    Template(#[from] PreflightError),
    /// A quantity of something that has no price.
    #[error("tests/data/bill.json: {0} has no price")]
    NoPrice(String),
}

/// What something costs.
#[derive(Debug, Clone, Deserialize)]
pub struct Price {
    /// What is counted.
    pub unit: String,
    /// US dollars in us-east-1, without a free tier.
    pub usd: f64,
    /// For so many of them.
    pub each: f64,
    /// As many are free in each account and month.
    pub free: f64,
    /// Where it was read: AWS publishes no price list that could be kept here, so most are others' copies of it.
    pub source: String,
    /// Of when that is, as far as it says.
    pub date: String,
}

/// What may be spent, in US dollars a month.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Goals {
    /// At list prices.
    pub list: f64,
    /// With the free tiers of each account.
    pub free: f64,
}

#[derive(Debug, Deserialize)]
struct StackLine {
    name: String,
    account: String,
    parameters: BTreeMap<String, String>,
    /// By item: the example estates' own, a month.
    estimated: BTreeMap<String, f64>,
}

#[derive(Debug, Deserialize)]
struct BillData {
    goals: Goals,
    prices: BTreeMap<String, Price>,
    stacks: Vec<StackLine>,
}

/// What one stack uses a month, by item.
#[derive(Debug, Clone)]
pub struct StackUse {
    /// The stack.
    pub name: String,
    account: String,
    /// By item.
    pub quantities: BTreeMap<String, f64>,
}

/// The bill of a month.
#[derive(Debug)]
pub struct Bill {
    /// What it may be.
    pub goals: Goals,
    /// By item.
    pub prices: BTreeMap<String, Price>,
    /// Each stack.
    pub stacks: Vec<StackUse>,
}

impl Bill {
    /// The bill of the example estates over this template.
    ///
    /// # Errors
    /// [`BillError`] says what does not read.
    pub fn of(template: &StackTemplate) -> Result<Self, BillError> {
        let BillData { goals, prices, stacks } = serde_json::from_str(DATA)?;
        let mut used = Vec::new();
        for StackLine { name, account, parameters, estimated } in stacks {
            let mut quantities = counted(template, parameters)?;
            quantities.extend(estimated);
            if let Some(item) = quantities.keys().find(|item| !prices.contains_key(*item)) {
                return Err(BillError::NoPrice(item.clone()));
            }
            used.push(StackUse { name, account, quantities });
        }
        Ok(Self { goals, prices, stacks: used })
    }

    /// What a stack pays for an item at list prices.
    pub fn list(&self, stack: &StackUse, item: &str) -> f64 {
        stack.quantities.get(item).map_or(0.0, |quantity| self.cost(item, *quantity))
    }

    /// What all of them pay at list prices.
    pub fn list_total(&self) -> f64 {
        self.stacks.iter().flat_map(|stack| self.prices.keys().map(|item| self.list(stack, item))).sum()
    }

    /// What all of them pay for an item with the free tiers of their accounts.
    pub fn free(&self, item: &str) -> f64 {
        let mut accounts: BTreeMap<&str, f64> = BTreeMap::new();
        for stack in &self.stacks {
            *accounts.entry(&stack.account).or_default() += stack.quantities.get(item).copied().unwrap_or_default();
        }
        let free = self.prices.get(item).map_or(0.0, |price| price.free);
        accounts.into_values().map(|quantity| self.cost(item, (quantity - free).max(0.0))).sum()
    }

    /// What all of them pay with free tiers.
    pub fn free_total(&self) -> f64 {
        self.prices.keys().map(|item| self.free(item)).sum()
    }

    /// The goals that are missed, in words.
    pub fn missed(&self) -> Vec<String> {
        let sums = [
            ("at list prices", self.list_total(), self.goals.list),
            ("with free tiers", self.free_total(), self.goals.free),
        ];
        let over = sums.into_iter().filter(|(_, sum, goal)| sum > goal);
        over.map(|(what, sum, goal)| format!("{what} it is {sum:.2} USD a month, and the goal is {goal:.2}")).collect()
    }

    fn cost(&self, item: &str, quantity: f64) -> f64 {
        self.prices.get(item).map_or(0.0, |price| quantity / price.each * price.usd)
    }
}

/// What the template alone brings about, whatever happens.
fn counted(
    template: &StackTemplate,
    parameters: BTreeMap<String, String>,
) -> Result<BTreeMap<String, f64>, PreflightError> {
    let (partition, account) = ("aws".to_owned(), "123456789012".to_owned());
    // What a stack has is the same in each region.
    let region = Region::new("us-east-1").map_err(|error| PreflightError::Template(error.to_string()))?;
    let place = AccountRegion { partition, account, region };
    let stack = TemplateResolver::new(template, place, "watchkeeper", parameters);
    let mut all = BTreeMap::new();
    for (item, kind) in
        [("alarm", "AWS::CloudWatch::Alarm"), ("dashboard", "AWS::CloudWatch::Dashboard"), ("key", "AWS::KMS::Key")]
    {
        all.insert(item.to_owned(), f64::from(stack.count(kind)?));
    }
    all.insert("firing".to_owned(), f64::from(stack.firings_a_month()?));
    Ok(all)
}
