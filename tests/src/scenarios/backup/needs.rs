//! Whose backups can be taken where a scenario is played, and what it needs of them.

use watchkeeper_domain::backup::{JobPolicy, ResourceKind};
use watchkeeper_domain::capacity::DatabaseId;
use watchkeeper_domain::estate::{BackupJob, BackupProvider, Environment};
use watchkeeper_domain::name::Scope;

use super::database;
use crate::scenarios::Unplayed;

/// An environment with a job that the sandbox can do.
///
/// # Errors
/// [`Unplayed`] says what it lacks. So below.
pub fn backups(environment: &Environment) -> Result<(), Unplayed> {
    let Some(backups) = &environment.document().backups else {
        return Err(Unplayed::new("no `backups`", "`backups` with a job"));
    };
    let mut why = Unplayed::new("no job in `backups`", "a job of `rds`, `aurora`, `dynamodb`, `elasticache` or `s3`");
    for job in &backups.jobs {
        match can(job) {
            Ok(()) => return Ok(()),
            Err(lacking) => why.found = lacking.found,
        }
    }
    Err(why)
}

/// Whether the sandbox can do a job.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn can(job: &BackupJob) -> Result<(), Unplayed> {
    if job.engine == Some(BackupProvider::AwsBackup) {
        return Err(Unplayed::new("`engine: aws-backup`, which the sandbox has not", "the resource's own backups"));
    }
    if job.opensearch.is_some() {
        return Err(Unplayed::new(
            "`opensearch`, of which the sandbox keeps no documents",
            "AWS: take it there by hand",
        ));
    }
    Ok(())
}

/// The jobs of an environment.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn policies(scope: &Scope, environment: &Environment) -> Result<Vec<JobPolicy>, Unplayed> {
    backups(environment)?;
    Ok(JobPolicy::all(scope, environment))
}

/// The jobs of an environment that have a drill.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn drilled(scope: &Scope, environment: &Environment) -> Result<Vec<JobPolicy>, Unplayed> {
    let mut policies = policies(scope, environment)?;
    policies.retain(|policy| policy.drill.is_some());
    if policies.is_empty() {
        return Err(Unplayed::new("no job with `drill`", "`drill` at a job"));
    }
    Ok(policies)
}

/// The first job about a table, one with a drill before others.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn table(scope: &Scope, environment: &Environment) -> Result<JobPolicy, Unplayed> {
    let mut policies = policies(scope, environment)?;
    policies.retain(|policy| policy.subject.source.kind == ResourceKind::Dynamodb);
    let found = policies.into_iter().min_by_key(|policy| policy.drill.is_none());
    found.ok_or_else(|| Unplayed::new("no table in `backups`", "a job with `dynamodb`"))
}

/// The first job about an instance of a database, which can be stopped, and which it is.
///
/// # Errors
/// [`Unplayed`] says what it lacks.
pub fn instance(scope: &Scope, environment: &Environment) -> Result<(JobPolicy, DatabaseId), Unplayed> {
    for policy in policies(scope, environment)? {
        let source = &policy.subject.source;
        if let Some(id @ DatabaseId::Rds(_)) = database(source.kind, source.name.as_str()) {
            return Ok((policy, id));
        }
    }
    Err(Unplayed::new("no instance of a database in `backups`", "a job with `rds`"))
}
