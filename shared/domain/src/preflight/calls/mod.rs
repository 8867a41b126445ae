//! The calls that our functions make on what a document names: what is simulated before the first deploy.

mod alarms;
mod backups;
mod capacity;
mod failover;
mod unblock;

use super::{MANAGED, PreflightCase, PreflightFacts, SimulatedCalls, Tags, WantedResources};
use crate::estate::Environment;
use crate::name::Region;

/// Every call to simulate. What is missing, or lacks its tag, is left out: that is a finding already, and the denial would only
/// repeat it.
pub fn calls(environment: &Environment, wanted: &WantedResources, facts: &PreflightFacts) -> Vec<SimulatedCalls> {
    let case = PreflightCase { environment, wanted, facts };
    let mut calls = Vec::new();
    capacity::add(case, &mut calls);
    alarms::add(case, &mut calls);
    failover::add(case, &mut calls);
    backups::add(case, &mut calls);
    unblock::add(case, &mut calls);
    calls
}

impl PreflightCase<'_> {
    /// One function's calls on a resource of the region.
    fn call(
        self,
        function: &'static str,
        actions: &[&'static str],
        subject: impl Into<String>,
        resource: impl Into<String>,
    ) -> SimulatedCalls {
        let (actions, subject, resource) = (actions.to_vec(), subject.into(), resource.into());
        let (region, stack) = (self.region().to_owned(), self.facts.place.region.clone());
        SimulatedCalls { function, actions, subject, resource, region, stack, tags: Tags::new(), keys: Vec::new() }
    }

    /// An ARN of S3 or Route 53, which has neither region nor account.
    fn global(self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:::{resource}", self.facts.place.partition)
    }
}

impl SimulatedCalls {
    /// The same on a resource with these tags.
    fn tagged(self, tags: &Tags) -> Self {
        Self { tags: tags.clone(), ..self }
    }

    /// The same by the function of another region's stack.
    fn by_stack_in(self, region: &Region) -> Self {
        Self { stack: region.clone(), ..self }
    }

    /// The same with something that a condition may ask for.
    fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.keys.push((key.into(), value.into()));
        self
    }
}

fn is_managed(tags: &Tags) -> bool {
    tags.get(MANAGED).is_some_and(|value| value == "true")
}
