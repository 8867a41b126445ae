//! Before the first deploy: whether an account is as an estate document, and what Watchkeeper does with it, needs it.
//!
//! What the document names in a region ([`WantedResources`]) is looked up ([`PreflightFacts`]) and judged ([`judge`]): a row for each question,
//! with what was found and the command that mends it. What could not be read is a row of its own, and never a good one.

mod alarms;
mod call;
mod calls;
mod command;
mod databases;
mod definitions;
mod facts;
mod pages;
mod places;
mod queues;
mod quotas;
mod report;
mod row;
mod schedules;
mod services;
mod tables;
mod wanted;

pub use call::{SimulatedAction, SimulatedCalls, policies, simulated};
pub use calls::calls;
pub use definitions::definition;
pub use facts::{
    AccountQuotaFacts, AccountRegion, AlarmFacts, BucketFacts, ControllerKind, DatabaseFacts, DefinitionDiagnostic,
    FoundService, FoundTable, KeyFacts, PageGroup, PolicyFinding, PreflightFacts, PromotedFacts, QueueFacts, Read,
    Tags, TargetFacts, UnreadFact,
};
pub use quotas::{FARGATE_VCPU, TASKS_PER_SERVICE};
pub use report::{PreflightReport, ReportSection};
pub use row::{Check, ReportRow, RowMark};
pub use schedules::ScheduledCall;
pub use wanted::{QueueNeed, TableNeed, WantedResources};

use crate::estate::Environment;

/// The tag that lets us change a resource, with the value `true`.
pub const MANAGED: &str = "watchkeeper:managed";

/// Everything there is to say about what an environment has in a region.
pub fn judge(environment: &Environment, wanted: &WantedResources, facts: &PreflightFacts) -> Vec<ReportRow> {
    let case = PreflightCase { environment, wanted, facts };
    let mut rows = Vec::new();
    services::judge(case, &mut rows);
    databases::judge(case, &mut rows);
    pages::judge(case, &mut rows);
    schedules::judge(case, &mut rows);
    tables::judge(case, &mut rows);
    queues::judge(case, &mut rows);
    alarms::judge(case, &mut rows);
    places::judge(case, &mut rows);
    quotas::judge(case, &mut rows);
    rows
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
struct PreflightCase<'a> {
    environment: &'a Environment,
    wanted: &'a WantedResources,
    facts: &'a PreflightFacts,
}

impl PreflightCase<'_> {
    fn region(&self) -> &str {
        self.facts.place.region.as_str()
    }

    /// A command of the AWS CLI in the region.
    fn aws(&self, words: &[&str]) -> String {
        command::aws(words, self.region())
    }
}
