//! One environment in the sandbox, and the report about it.

mod backup;
mod emergency;
mod failover;
mod harness;
mod idle;
mod unblock;
mod wake;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::capacity::{DatabaseId, ServiceId};
use watchkeeper_domain::estate::{Environment, LockSchema};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::unblock::LockItem;

use failover::PairScene;

use super::output::DrillOutput;
use super::report::{DrillReport, LeftOutPart};
use crate::estate::declared;
use crate::harness::{
    ApiCalls, AskedQuestion, DeployedStack, EmergencyExecution, HarnessError, NotificationMessage, SandboxHarness,
    StackPair,
};
use crate::sandbox::{ApiCall, Progress as _};
use crate::scenarios::{Played, ScenarioError, Unplayed};

/// One environment in the sandbox: a scenario's harness.
pub struct SandboxScene<'a> {
    pub(super) harness: &'a SandboxHarness,
    pub(super) stack: &'a DeployedStack,
    pub(super) environment: &'a Environment,
    pub(super) scope: Scope,
    pub(super) report: DrillReport,
    show: &'a DrillOutput,
    /// The executions of the emergency machine so far.
    emergencies: Vec<EmergencyExecution<'a>>,
    /// What the function that answers alarms had said when the last alarm moved, and when that was.
    heard: (usize, Timestamp),
    /// The latest question.
    question: Option<AskedQuestion>,
    /// Messages that were looked at for a question, and that nobody has been told of yet.
    letters: Vec<NotificationMessage>,
    /// A lock that is renewed while the next run releases others.
    renewal: Option<(LockSchema, LockItem)>,
    /// The host of the load balancer in front of it, once it is made.
    page_host: Option<String>,
    /// The executions of its page that are known.
    woken: BTreeSet<String>,
    /// Its pair, where both regions have a stack.
    pair: Option<PairScene<'a>>,
}

impl<'a> SandboxScene<'a> {
    /// The environment of this scope, in the scenarios of a runbook.
    ///
    /// # Errors
    /// [`HarnessError`] where there is none, or no stack looks after it.
    pub fn of(
        scenario: &'static str,
        harness: &'a SandboxHarness,
        scope: &Scope,
        show: &'a DrillOutput,
    ) -> Result<Self, HarnessError> {
        let found = harness.estates().environment(scope.estate.as_str(), scope.environment.as_str());
        let (_, environment) = found.map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
        let stack = harness.stack(scope.region.as_str())?;
        let report = DrillReport::new(scenario, scope.estate.as_str(), scope.environment.as_str());
        Ok(Self {
            harness,
            stack,
            environment,
            scope: scope.clone(),
            report,
            show,
            emergencies: Vec::new(),
            heard: (0, Timestamp::UNIX_EPOCH),
            question: None,
            letters: Vec::new(),
            renewal: None,
            page_host: None,
            woken: BTreeSet::new(),
            pair: StackPair::of(harness, scope.estate.as_str(), scope.environment.as_str()).ok().map(PairScene::of),
        })
    }

    /// Say whose turn it is.
    pub(super) fn announce(&self) {
        self.show.say(&format!("\n{}", self.scope));
    }

    /// Note and show what was seen.
    pub(super) fn check(&mut self, name: &str, ok: bool, detail: impl Into<String>) {
        let check = self.report.check(name, ok, detail);
        self.show.check(check);
    }

    /// Play a scenario. One for which the document lacks something is left out.
    ///
    /// # Errors
    /// [`HarnessError`] when it cannot be played to its end.
    pub async fn play(
        &mut self,
        name: &str,
        scenario: impl AsyncFnOnce(&mut Self) -> Played,
    ) -> Result<(), HarnessError> {
        self.show.say(&format!("  {name}"));
        match scenario(self).await {
            Ok(()) => Ok(()),
            Err(ScenarioError::Lacks(why)) => {
                self.leave_out(name, &why);
                Ok(())
            }
            Err(ScenarioError::Harness(error)) => Err(error),
        }
    }

    /// Leave a part of the scenario out, and say why.
    pub(super) fn leave_out(&mut self, part: &str, why: &Unplayed) {
        self.show.say(&format!("    – {part}: left out: {why}"));
        self.report.left_out.push(LeftOutPart { part: part.to_owned(), why: why.clone() });
    }

    /// The report, once the scenarios have been played or could not go on.
    pub fn ended(mut self, played: Result<(), HarnessError>) -> DrillReport {
        if let Err(error) = played {
            // The step that failed is over, though nothing said so.
            self.show.stop();
            self.check("it can be played to its end", false, chain(&error));
        }
        self.report
    }

    /// Something done without the stack.
    pub(super) async fn prepare(&mut self, what: &str) -> Result<(), HarnessError> {
        let at = self.stack.control().now().await?;
        let step = format!("{}: {what}", self.local(at));
        self.report.step(at, step.clone(), Duration::ZERO);
        self.show.say(&format!("  {step}"));
        Ok(())
    }

    fn done(&mut self, at: Timestamp, step: &str, took: Duration) {
        self.report.step(at, step, took);
        self.show.end(step, took);
    }

    /// The number of the latest call.
    pub(super) async fn mark(&self) -> Result<u64, HarnessError> {
        Ok(self.stack.control().mark().await?)
    }

    /// What the functions did since then.
    pub(super) async fn api_calls(&self, since: u64) -> Result<ApiCalls, HarnessError> {
        self.stack.api_calls(since).await
    }

    /// The writes among them that changed something of this environment.
    pub(super) fn writes<'d>(&self, api_calls: &'d ApiCalls) -> Vec<&'d ApiCall> {
        let (environment, region) = (self.environment, &self.scope.region);
        let (services, databases) = (declared(environment, region), environment.databases(region));
        let ours = |call: &&ApiCall| {
            services.keys().any(|id| is_of_service(call, id)) || databases.iter().any(|id| is_of_database(call, id))
        };
        api_calls.capacity_writes().into_iter().filter(ours).collect()
    }

    /// An instant on the clocks of the environment.
    pub(super) fn local(&self, instant: Timestamp) -> String {
        instant.to_zoned(self.environment.zone().rules().clone()).strftime("%a %d %b %H:%M").to_string()
    }
}

/// Whether a call is about a service; other environments may have one of that name in another cluster.
pub(super) fn is_of_service(call: &ApiCall, id: &ServiceId) -> bool {
    let named = |name: &str| {
        let mut values = call.resources.values().filter_map(Value::as_str);
        values.any(|text| text == name || text.ends_with(&format!("/{name}")))
    };
    // Application Auto Scaling names both at once.
    named(&id.to_string()) || (named(id.service.as_str()) && named(id.cluster.as_str()))
}

/// Whether a call is about a database.
pub(super) fn is_of_database(call: &ApiCall, id: &DatabaseId) -> bool {
    call.service == "rds" && call.resources.values().filter_map(Value::as_str).any(|text| id.is_called(text))
}

/// An error with its sources.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        if !text.contains(&source.to_string()) {
            text = format!("{text}: {source}");
        }
        next = source.source();
    }
    text
}
