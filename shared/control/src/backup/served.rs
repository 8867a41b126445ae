//! Whose backups are taken in a region: those of what lives there, and of a pair what follows its pointer while it is served
//! there. What is remembered of them has one place, whichever region takes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::backup::{BackupMemory, BackupSource, JobPolicy, abandoned};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::request::RequestError;

use crate::ledger::{Ledger, LedgerError, PairId};
use crate::scoped::StackIdentity;

/// The jobs of an environment that a region has, and whose they are.
#[derive(Debug, Clone)]
pub struct EnvironmentJobs {
    /// The environment, in the region whose stack takes them.
    pub scope: Scope,
    /// The environment at home: under it is kept what is remembered of its backups.
    pub kept: Scope,
    /// What the document says of each resource that is backed up here now.
    pub policies: Vec<JobPolicy>,
    /// The same of those that are backed up where the pair is served: what was begun here may have to be tidied up.
    pub elsewhere: Vec<JobPolicy>,
    /// The region that serves.
    pub serves: Region,
    /// The environment.
    pub environment: Environment,
}

impl EnvironmentJobs {
    /// Whether a stack may take backups of an environment: that of its home, and of the standby region of a pair.
    pub fn are_of(home: &StackIdentity, environment: &Environment) -> bool {
        let document = environment.document();
        let away = document.failover.as_ref().and(document.regions.standby.as_ref());
        let here = document.regions.primary == home.region || away == Some(&home.region);
        document.backups.is_some() && environment.is_of_account(&home.account) && here
    }

    /// The jobs of an environment to a stack, while a region serves.
    ///
    /// # Errors
    /// [`RequestError`] when it has none, or another stack takes them: an empty selection is an error.
    pub fn of(
        estate: &Estate,
        environment: &Environment,
        home: &StackIdentity,
        serves: &Region,
    ) -> Result<Self, RequestError> {
        let name = environment.name();
        let wrong = |found: String, expected: String| RequestError { field: "environment", found, expected };
        if let Some(account) = environment.account().filter(|account| **account != home.account) {
            let expected = format!("an environment of this stack's account, {}", home.account);
            return Err(wrong(format!("{name}, which lives in account {account}"), expected));
        }
        let primary = &environment.document().regions.primary;
        let scope = |region: &Region| Scope {
            estate: estate.name().clone(),
            environment: name.clone(),
            region: region.clone(),
        };
        let all = JobPolicy::all(&scope(primary), environment);
        if all.is_empty() {
            let expected = "an environment whose document has `backups`".to_owned();
            return Err(wrong(format!("{name}, which has no backups"), expected));
        }
        if !all.iter().any(|policy| policy.may_be_in(&home.region)) {
            let expected = format!("an environment of this stack's region, {}", home.region);
            return Err(wrong(format!("{name}, whose backups are taken in {primary}"), expected));
        }
        let (mut policies, mut elsewhere) = (Vec::new(), Vec::new());
        for policy in all {
            let now = policy.clone().served_in(serves);
            if now.region == home.region {
                policies.push(now);
            } else if policy.may_be_in(&home.region) {
                elsewhere.push(policy.served_in(&home.region));
            }
        }
        let (kept, scope) = (scope(primary), scope(&home.region));
        Ok(Self { scope, kept, policies, elsewhere, serves: serves.clone(), environment: environment.clone() })
    }

    /// The same where some of them are taken here.
    ///
    /// # Errors
    /// [`RequestError`] when all of them are taken where the pair is served: an empty selection is an error.
    pub fn taken_here(self) -> Result<Self, RequestError> {
        if !self.policies.is_empty() {
            return Ok(self);
        }
        let found = format!("{}, whose backups are taken in {}", self.scope.environment, self.serves);
        let expected = format!("an environment of this stack's region, {}", self.scope.region);
        Err(RequestError { field: "environment", found, expected })
    }

    /// The job of a resource that is backed up here.
    ///
    /// # Errors
    /// [`RequestError`] with the resources that there are.
    pub fn policy(&self, source: &BackupSource) -> Result<&JobPolicy, RequestError> {
        self.policies.iter().find(|policy| policy.subject.source == *source).ok_or_else(|| {
            let known: Vec<String> = self.policies.iter().map(|it| it.subject.source.to_string()).collect();
            let expected = format!("one of {}", known.join(", "));
            RequestError { field: "resource", found: source.to_string(), expected }
        })
    }

    /// The job of a resource of which something may be here, though its pair is served elsewhere by now.
    ///
    /// # Errors
    /// [`RequestError`] with the resources that there are.
    pub fn policy_of_any(&self, source: &BackupSource) -> Result<&JobPolicy, RequestError> {
        let left = self.elsewhere.iter().find(|policy| policy.subject.source == *source);
        left.map_or_else(|| self.policy(source), Ok)
    }

    /// Whether a resource is backed up where the pair is served, and not here.
    pub(super) fn is_elsewhere(&self, source: &BackupSource) -> bool {
        self.elsewhere.iter().any(|policy| policy.subject.source == *source)
    }

    /// What is said of resources that the document names no more.
    pub(super) fn abandoned(&self, memories: &BTreeMap<BackupSource, BackupMemory>) -> Vec<String> {
        abandoned(&JobPolicy::all(&self.kept, &self.environment), memories)
    }

    /// When the environment wakes, if its calendar says that it sleeps now.
    pub(super) fn wakes(&self, now: Timestamp) -> Option<Timestamp> {
        let calendar = self.environment.calendar()?;
        let (awake, _) = calendar.says(now);
        if awake { None } else { calendar.at(now).until }
    }
}

/// The region that serves an environment, as this region's replica of the ledger has it; during a move the one that is left.
///
/// # Errors
/// [`LedgerError`] where it does not answer.
pub async fn serving_region<L: Ledger>(
    ledger: &L,
    estate: &Estate,
    environment: &Environment,
) -> Result<Region, LedgerError> {
    let document = environment.document();
    let primary = document.regions.primary.clone();
    if document.failover.is_none() {
        return Ok(primary);
    }
    let id = PairId { estate: estate.name().clone(), environment: environment.name().clone() };
    Ok(ledger.pair(&id).await?.pointer.map_or(primary, |pointer| pointer.active))
}
