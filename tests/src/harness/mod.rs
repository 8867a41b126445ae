//! This repository's template, deployed in the sandbox's regions, with levers for what happens to it
//! (a tick, an alarm, a run by hand, an answer) and views of what it did (calls, messages, events, log, capacity).

mod alarms;
mod api_calls;
mod backup;
mod checks;
mod emergency;
mod forget;
mod keys;
mod move_execution;
mod move_start;
mod notifications;
mod outside;
mod pair;
mod pairs;
mod question;
mod reports;
mod runs;
mod stack;
mod tick;
mod traffic_switches;
mod unblock;
mod wake_page;
mod watch;

pub use api_calls::{ApiCalls, listed};
pub use emergency::{EmergencyExecution, EmergencyExecutionState};
pub use keys::key_of;
pub use move_execution::{MoveExecution, MoveExecutionState};
pub use notifications::{NotificationMessage, Notifications};
pub use outside::took;
pub use pair::StackPair;
pub use pairs::{document_of, site_name, write_document};
pub use question::{AnswerCommand, AskedQuestion};
pub use runs::EndedExecution;
pub use stack::DeployedStack;
pub use tick::TickResult;
pub use wake_page::APPLICATION;
pub use watch::WatchTick;

use std::collections::BTreeMap;
use std::path::PathBuf;

use watchkeeper_control::ledger::LedgerError;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::value::AccountId;
use watchkeeper_estates::{EstateFolder, load_dir};

use crate::estate::SiteError;
use crate::sandbox::{CheckoutLayout, Progress, Sandbox, SandboxError, SandboxOptions};

/// The name of the stack.
pub const STACK: &str = "watchkeeper";

/// So much of its words is in every name of an execution: 80 characters, less its children's 12, a hash and an instant.
const LEAST_KEPT: usize = 34;

/// What can go wrong in the sandbox.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A call to the emulated AWS, or a wait in vain.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// What is remembered cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The documents.
    #[error("the estate documents are not right:\n{0}")]
    Estates(String),
    /// What was asked for is not in them.
    #[error("{0}")]
    Unknown(String),
}

/// The documents of a folder, or this repository's own.
///
/// # Errors
/// [`HarnessError::Estates`] with every problem that was found.
pub fn documents(folder: Option<&PathBuf>) -> Result<EstateFolder, HarnessError> {
    let folder = match folder {
        Some(folder) => folder.clone(),
        None => CheckoutLayout::find()?.root().join("shared/estates"),
    };
    let all = |problems: Vec<watchkeeper_estates::FileProblem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    load_dir(&folder).map_err(|problems| HarnessError::Estates(all(problems)))
}

/// The environments of an account, and those whose documents name none.
pub fn at_home<'a>(estates: &'a EstateFolder, account: &str) -> impl Iterator<Item = (&'a Estate, &'a Environment)> {
    let home: Option<AccountId> = account.parse().ok();
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    all.filter(move |(_, environment)| home.as_ref().is_some_and(|home| environment.is_of_account(home)))
}

/// A sandbox with the stack in some regions.
#[derive(Debug)]
pub struct SandboxHarness {
    sandbox: Sandbox,
    estates: EstateFolder,
    account: String,
    stacks: BTreeMap<Region, DeployedStack>,
    /// Documents that were written for this harness alone; they go with it.
    _documents: Option<tempfile::TempDir>,
}

impl SandboxHarness {
    /// Boot a sandbox over these documents, and deploy the stack in these regions.
    ///
    /// # Errors
    /// [`HarnessError`] says which step failed.
    pub async fn set<'a>(
        options: &SandboxOptions,
        regions: impl IntoIterator<Item = &'a Region>,
        progress: &dyn Progress,
    ) -> Result<Self, HarnessError> {
        Self::make(options, regions, false, progress).await
    }

    /// The same with a topic in each region, over which alarms reach the stack too: [`DeployedStack::alarm_topic`].
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn set_with_topics<'a>(
        options: &SandboxOptions,
        regions: impl IntoIterator<Item = &'a Region>,
        progress: &dyn Progress,
    ) -> Result<Self, HarnessError> {
        Self::make(options, regions, true, progress).await
    }

    async fn make<'a>(
        options: &SandboxOptions,
        regions: impl IntoIterator<Item = &'a Region>,
        topics: bool,
        progress: &dyn Progress,
    ) -> Result<Self, HarnessError> {
        let estates = documents(options.estates.as_ref())?;
        let sandbox = Sandbox::up(options, progress).await?;
        let (account, kept) = (options.account.clone(), pairs::kept_buckets(&estates));
        let keys =
            keys::make(&sandbox, at_home(&estates, &account).map(|(_, environment)| environment)).await?.join(",");
        let mut stacks = BTreeMap::new();
        for region in regions {
            let topic = if topics { Some(alarms::make_topic(&sandbox, region).await?) } else { None };
            let topic_key = keys::topic_key(&sandbox, region.as_str()).await?;
            let mut parameters = vec![("TopicKeyArn", topic_key.as_str()), ("ChatTopic", "true")];
            parameters.extend(topic.iter().map(|arn| ("AlarmTopicArn", arn.as_str())));
            // The SAM CLI takes no empty value.
            parameters.extend((!kept.is_empty()).then_some(("BackupBuckets", kept.as_str())));
            parameters.extend((!keys.is_empty()).then_some(("BackupKeys", keys.as_str())));
            let checks = checks::parameters(&estates, &account, region.as_str());
            parameters.extend(checks.iter().map(|(name, value)| (*name, value.as_str())));
            let outputs = sandbox.deploy(STACK, region.as_str(), &parameters, progress).await?;
            let home: Vec<_> = at_home(&estates, &account).collect();
            let stack = DeployedStack::new(&sandbox, (&account, region), outputs, topic.clone(), &home).await?;
            stacks.insert(region.clone(), stack);
        }
        Ok(Self { sandbox, estates, account, stacks, _documents: None })
    }

    /// The sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The documents.
    pub fn estates(&self) -> &EstateFolder {
        &self.estates
    }

    /// The environments that the sandbox's account holds.
    pub fn at_home(&self) -> impl Iterator<Item = (&Estate, &Environment)> {
        at_home(&self.estates, &self.account)
    }

    /// The stack of a region.
    ///
    /// # Errors
    /// [`HarnessError::Unknown`] where none was deployed.
    pub fn stack(&self, region: &str) -> Result<&DeployedStack, HarnessError> {
        let found = self.stacks.iter().find(|(name, _)| name.as_str() == region);
        let known = || self.stacks.keys().map(Region::as_str).collect::<Vec<_>>().join(", ");
        found
            .map(|(_, stack)| stack)
            .ok_or_else(|| HarnessError::Unknown(format!("no stack in {region}, only in {}", known())))
    }

    /// All stacks.
    pub fn stacks(&self) -> impl Iterator<Item = &DeployedStack> {
        self.stacks.values()
    }

    /// Everything went well: end the sandbox and remove its folder.
    ///
    /// # Errors
    /// [`HarnessError::Sandbox`] when AWS would have refused a request.
    pub fn succeeded(self) -> Result<(), HarnessError> {
        Ok(self.sandbox.succeeded()?)
    }
}

/// What the name of an execution about these words begins with, whatever became of long names and odd characters
/// ([`watchkeeper_domain::execution::execution_name`]).
pub fn name_prefix(words: &[&str]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    format!("{}-", words.join("-")).chars().map(plain).take(LEAST_KEPT).collect()
}

/// The scope of an environment in a region.
pub fn scope(estate: &Estate, environment: &Environment, region: &Region) -> Scope {
    Scope { estate: estate.name().clone(), environment: environment.name().clone(), region: region.clone() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_domain::execution::execution_name;

    use super::*;

    #[test]
    fn every_name_of_an_execution_begins_with_the_prefix_of_its_words() {
        let instant = "2026-11-20T00:05:00Z".parse().unwrap();
        for (estate, environment) in
            [("nia", "ptl"), ("my.estate", "dev"), ("an-estate-with-quite-a-long-name", "an-environment-likewise")]
        {
            for more in ["surge", "unblock"] {
                let name = execution_name(&[estate, environment, more, "an-alarm"], instant);
                assert!(name.starts_with(&name_prefix(&[estate, environment, more])), "{name}");
                assert!(name.starts_with(&name_prefix(&[estate, environment])), "{name}");
            }
        }
    }
}
