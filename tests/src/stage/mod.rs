//! The stack on stage: this repository's template deployed in the sandbox's regions, with levers for what happens to it
//! (a tick, an alarm, a run by hand, an answer) and views of what it did (calls, messages, events, log, capacity).

mod alarms;
mod crossing;
mod deeds;
mod departure;
mod keeper;
mod keys;
mod mailbox;
mod outside;
mod pair;
mod pairs;
mod question;
mod runs;
mod siren;
mod stack;
mod tick;
mod unblock;
mod watch;

pub use crossing::{Berth, Crossing};
pub use deeds::{Deeds, listed};
pub use keys::key_of;
pub use mailbox::{Letter, Mailbox};
pub use outside::took;
pub use pair::Duo;
pub use pairs::{document_of, site_name};
pub use question::{Command, Question};
pub use runs::Ended;
pub use siren::{Siren, Stands};
pub use stack::Stack;
pub use tick::Ticked;
pub use watch::Watched;

use std::collections::BTreeMap;
use std::path::PathBuf;

use watchkeeper_domain::estate::value::AccountId;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_estates::{EstateFolder, load_dir};

use crate::estate::SiteError;
use crate::sandbox::{Layout, Options, Progress, Sandbox, SandboxError};

/// The name of the stack.
pub const STACK: &str = "watchkeeper";

/// What can go wrong on stage.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A call to the emulated AWS, or a wait in vain.
    #[error(transparent)]
    Site(#[from] SiteError),
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
/// [`StageError::Estates`] with every problem that was found.
pub fn documents(folder: Option<&PathBuf>) -> Result<EstateFolder, StageError> {
    let folder = match folder {
        Some(folder) => folder.clone(),
        None => Layout::find()?.root().join("shared/estates"),
    };
    let all = |problems: Vec<watchkeeper_estates::FileProblem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    load_dir(&folder).map_err(|problems| StageError::Estates(all(problems)))
}

/// The environments of an account, and those whose documents name none.
pub fn at_home<'a>(estates: &'a EstateFolder, account: &str) -> impl Iterator<Item = (&'a Estate, &'a Environment)> {
    let home: Option<AccountId> = account.parse().ok();
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    all.filter(move |(_, environment)| home.as_ref().is_some_and(|home| environment.is_of_account(home)))
}

/// A sandbox with the stack in some regions.
#[derive(Debug)]
pub struct Stage {
    sandbox: Sandbox,
    estates: EstateFolder,
    account: String,
    stacks: BTreeMap<Region, Stack>,
    /// Documents that were written for this stage alone; they go with it.
    _documents: Option<tempfile::TempDir>,
}

impl Stage {
    /// Boot a sandbox over these documents, and deploy the stack in these regions.
    ///
    /// # Errors
    /// [`StageError`] says which step failed.
    pub async fn set<'a>(
        options: &Options,
        regions: impl IntoIterator<Item = &'a Region>,
        progress: &dyn Progress,
    ) -> Result<Self, StageError> {
        Self::make(options, regions, false, progress).await
    }

    /// The same with a topic in each region, over which alarms reach the stack too: [`Stack::alarm_topic`].
    ///
    /// # Errors
    /// As above.
    pub async fn set_with_topics<'a>(
        options: &Options,
        regions: impl IntoIterator<Item = &'a Region>,
        progress: &dyn Progress,
    ) -> Result<Self, StageError> {
        Self::make(options, regions, true, progress).await
    }

    async fn make<'a>(
        options: &Options,
        regions: impl IntoIterator<Item = &'a Region>,
        topics: bool,
        progress: &dyn Progress,
    ) -> Result<Self, StageError> {
        let estates = documents(options.estates.as_ref())?;
        let sandbox = Sandbox::up(options, progress).await?;
        let (account, kept) = (options.account.clone(), pairs::kept_buckets(&estates));
        let keys =
            keys::make(&sandbox, at_home(&estates, &account).map(|(_, environment)| environment)).await?.join(",");
        let mut stacks = BTreeMap::new();
        for region in regions {
            let topic = if topics { Some(alarms::make_topic(&sandbox, region).await?) } else { None };
            let mut parameters: Vec<(&str, &str)> = topic.iter().map(|arn| ("AlarmTopicArn", arn.as_str())).collect();
            // The SAM CLI takes no empty value.
            parameters.extend((!kept.is_empty()).then_some(("BackupBuckets", kept.as_str())));
            parameters.extend((!keys.is_empty()).then_some(("BackupKeys", keys.as_str())));
            let outputs = sandbox.deploy(STACK, region.as_str(), &parameters, progress).await?;
            let home: Vec<_> = at_home(&estates, &account).collect();
            let stack = Stack::new(&sandbox, (&account, region), outputs, topic.clone(), &home).await?;
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
    /// [`StageError::Unknown`] where none was deployed.
    pub fn stack(&self, region: &str) -> Result<&Stack, StageError> {
        let found = self.stacks.iter().find(|(name, _)| name.as_str() == region);
        let known = || self.stacks.keys().map(Region::as_str).collect::<Vec<_>>().join(", ");
        found
            .map(|(_, stack)| stack)
            .ok_or_else(|| StageError::Unknown(format!("no stack in {region}, only in {}", known())))
    }

    /// All stacks.
    pub fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.stacks.values()
    }

    /// Everything went well: end the sandbox and remove its folder.
    ///
    /// # Errors
    /// [`StageError::Sandbox`] when AWS would have refused a request.
    pub fn succeeded(self) -> Result<(), StageError> {
        Ok(self.sandbox.succeeded()?)
    }
}

/// The scope of an environment in a region.
pub fn scope(estate: &Estate, environment: &Environment, region: &Region) -> Scope {
    Scope { estate: estate.name().clone(), environment: environment.name().clone(), region: region.clone() }
}
