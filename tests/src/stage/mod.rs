//! The stack on stage: this repository's template deployed in the sandbox's regions, with levers for what happens to it
//! (a tick, a run by hand) and views of what it did (calls, messages, events, capacity).

mod deeds;
mod mailbox;
mod runs;
mod tick;

pub use deeds::{Deeds, listed};
pub use mailbox::{Letter, Mailbox};
pub use runs::Ended;
pub use tick::Ticked;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::estate::value::AccountId;
use watchkeeper_domain::estate::{Environment, Estate, Kind};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_estates::{Estates, load_dir};

use crate::estate::{Site, SiteError};
use crate::sandbox::{Control, Layout, Options, Outputs, Progress, Sandbox, SandboxError};

/// The account of the sandbox, as documents name it.
const ACCOUNT: &str = "123456789012";
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
pub fn documents(folder: Option<&PathBuf>) -> Result<Estates, StageError> {
    let folder = match folder {
        Some(folder) => folder.clone(),
        None => Layout::find()?.root().join("shared/estates"),
    };
    let all = |problems: Vec<watchkeeper_estates::Problem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    load_dir(&folder).map_err(|problems| StageError::Estates(all(problems)))
}

/// The environments that the sandbox's account holds.
pub fn at_home(estates: &Estates) -> impl Iterator<Item = (&Estate, &Environment)> {
    let home: Option<AccountId> = ACCOUNT.parse().ok();
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    all.filter(move |(_, environment)| home.as_ref().is_some_and(|home| environment.is_of_account(home)))
}

/// A sandbox with the stack in some regions.
#[derive(Debug)]
pub struct Stage {
    sandbox: Sandbox,
    estates: Estates,
    stacks: BTreeMap<Region, Stack>,
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
        let estates = documents(options.estates.as_ref())?;
        let sandbox = Sandbox::up(options, progress).await?;
        let mut stacks = BTreeMap::new();
        for region in regions {
            let outputs = sandbox.deploy(STACK, region.as_str(), &[], progress).await?;
            stacks.insert(region.clone(), Stack::new(&sandbox, region.clone(), outputs, &estates).await?);
        }
        Ok(Self { sandbox, estates, stacks })
    }

    /// The sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The documents.
    pub fn estates(&self) -> &Estates {
        &self.estates
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
    pub fn succeeded(self) {
        self.sandbox.succeeded();
    }
}

/// The stack of one region.
#[derive(Debug)]
pub struct Stack {
    region: Region,
    outputs: Outputs,
    control: Control,
    site: Site,
    sfn: aws_sdk_sfn::Client,
    tick_log: PathBuf,
    watched: Vec<Scope>,
    mailbox: Mailbox,
}

impl Stack {
    async fn new(sandbox: &Sandbox, region: Region, outputs: Outputs, estates: &Estates) -> Result<Self, StageError> {
        let config = sandbox.sdk_config(region.as_str());
        let mailbox = Mailbox::open(sandbox.emulator().endpoint(), &config, &region, &outputs).await?;
        let tick_log = sandbox.emulator().logs().join(format!("{}.log", outputs.get("AutoShutdownFunction")?));
        let watched = at_home(estates)
            .filter(|(_, e)| e.kind() != Kind::Production && e.calendar().is_some() && e.has_resources(&region))
            .map(|(estate, environment)| scope(estate, environment, &region))
            .collect();
        Ok(Self {
            control: sandbox.control().clone(),
            site: Site::new(&config, region.clone()),
            sfn: aws_sdk_sfn::Client::new(&config),
            region,
            outputs,
            tick_log,
            watched,
            mailbox,
        })
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The outputs of the stack.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The resources of the region.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The emulator's clock, record and faults.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// What people and programs hear.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The environments that a tick of this stack looks after.
    pub fn watched(&self) -> &[Scope] {
        &self.watched
    }

    /// Make it `instant` in the emulated AWS, unless it is later already: its clock never goes back, for leases would
    /// come to life again.
    ///
    /// # Errors
    /// [`StageError`] when the emulator is gone.
    pub async fn at(&self, instant: Timestamp) -> Result<(), StageError> {
        if self.control.now().await? < instant {
            self.control.set_clock(instant).await?;
        }
        Ok(())
    }

    /// The true capacity of an environment.
    ///
    /// # Errors
    /// [`StageError`] when AWS does not answer.
    pub async fn capacity(&self, environment: &Environment) -> Result<Capacity, StageError> {
        Ok(self.site.capacity(environment).await?)
    }

    /// What the functions did since the call numbered `since`.
    ///
    /// # Errors
    /// [`StageError`] when the emulator is gone.
    pub async fn deeds(&self, since: u64) -> Result<Deeds, StageError> {
        let functions = [self.outputs.get("AutoShutdownFunction")?, self.outputs.get("ReconcileFunction")?];
        Ok(Deeds::of(self.control.calls(since).await?, &functions, &self.region))
    }
}

/// The scope of an environment in a region.
pub fn scope(estate: &Estate, environment: &Environment, region: &Region) -> Scope {
    Scope { estate: estate.name().clone(), environment: environment.name().clone(), region: region.clone() }
}
