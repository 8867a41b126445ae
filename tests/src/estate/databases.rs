//! Databases of both kinds.

use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};
use watchkeeper_aws::MANAGED_TAG;
use watchkeeper_domain::capacity::{DatabaseId, EnvironmentTag};
use watchkeeper_domain::estate::{BackupJob, Environment};

use super::{RegionFixtures, SiteError, awaited};

/// A master password has to be given; nothing ever connects.
const PASSWORD: &str = "not-a-secret";

impl RegionFixtures {
    /// Make the databases that are missing, and start those that are stopped.
    pub(super) async fn start_databases(&self, environment: &Environment) -> Result<(), SiteError> {
        for database in environment.databases(self.region()) {
            match self.status(&database).await?.as_deref() {
                None => self.make(&database).await?,
                Some("available" | "starting" | "creating") => {}
                Some("stopping") => {
                    self.is(&database, "stopped").await?;
                    self.start(&database).await?;
                }
                Some(_) => self.start(&database).await?,
            }
        }
        Ok(())
    }

    /// Make the database that is backed up, where it is none that sleeps with the environment.
    pub(super) async fn make_backed_up(&self, job: &BackupJob) -> Result<(), SiteError> {
        let database = match (&job.aurora, &job.rds) {
            (Some(name), _) => DatabaseId::Aurora(name.clone()),
            (None, Some(name)) => DatabaseId::Rds(name.clone()),
            (None, None) => return Ok(()),
        };
        if self.status(&database).await?.is_some() {
            return Ok(());
        }
        self.make_database(&database).await
    }

    /// Make one database, and wait until it is available.
    ///
    /// # Errors
    /// [`SiteError`] when RDS refuses.
    pub async fn make_database(&self, id: &DatabaseId) -> Result<(), SiteError> {
        self.make(id).await?;
        self.is(id, "available").await
    }

    /// Somebody says by its tag whose a database is.
    ///
    /// # Errors
    /// [`SiteError`] when RDS refuses.
    pub async fn label_database(&self, id: &DatabaseId, environment: &EnvironmentTag) -> Result<(), SiteError> {
        let tag = Tag::builder().key(EnvironmentTag::KEY).value(environment.to_string()).build();
        let what = || format!("tag database {}", id.name());
        let (_, arn) = self.found(id).await?.ok_or_else(|| SiteError::new(what(), "it does not exist"))?;
        let call = self.rds.add_tags_to_resource().resource_name(arn).tags(tag);
        call.send().await.map_err(SiteError::aws(what()))?;
        Ok(())
    }

    /// Wait until all databases of an environment have this status.
    pub(super) async fn databases_are(&self, environment: &Environment, status: &str) -> Result<(), SiteError> {
        for database in environment.databases(self.region()) {
            self.is(&database, status).await?;
        }
        Ok(())
    }

    /// Somebody starts a database, or stops it, and waits until it is done.
    ///
    /// # Errors
    /// [`SiteError`] when RDS refuses.
    pub async fn turn_database(&self, id: &DatabaseId, on: bool) -> Result<(), SiteError> {
        if on {
            self.start(id).await?;
            return self.is(id, "available").await;
        }
        let (name, what) = (id.name().as_str(), || format!("stop database {}", id.name()));
        match id {
            DatabaseId::Aurora(_) => {
                let call = self.rds.stop_db_cluster().db_cluster_identifier(name);
                call.send().await.map_err(SiteError::aws(what()))?;
            }
            DatabaseId::Rds(_) => {
                let call = self.rds.stop_db_instance().db_instance_identifier(name);
                call.send().await.map_err(SiteError::aws(what()))?;
            }
        }
        self.is(id, "stopped").await
    }

    /// The status of a database in the words of RDS, if it exists.
    ///
    /// # Errors
    /// [`SiteError`] when RDS does not answer.
    pub async fn status(&self, database: &DatabaseId) -> Result<Option<String>, SiteError> {
        Ok(self.found(database).await?.map(|(status, _)| status))
    }

    /// The status and the ARN of a database, if it exists.
    async fn found(&self, database: &DatabaseId) -> Result<Option<(String, String)>, SiteError> {
        let what = || format!("describe database {}", database.name());
        Ok(match database {
            DatabaseId::Aurora(name) => {
                let all = self.rds.describe_db_clusters().into_paginator().items().send();
                let all: Vec<DbCluster> = all.try_collect().await.map_err(SiteError::aws(what()))?;
                let mut all = all.into_iter().filter(|it| it.db_cluster_identifier() == Some(name.as_str()));
                all.find_map(|it| it.status.zip(it.db_cluster_arn))
            }
            DatabaseId::Rds(name) => {
                let all = self.rds.describe_db_instances().into_paginator().items().send();
                let all: Vec<DbInstance> = all.try_collect().await.map_err(SiteError::aws(what()))?;
                let mut all = all.into_iter().filter(|it| it.db_instance_identifier() == Some(name.as_str()));
                all.find_map(|it| it.db_instance_status.zip(it.db_instance_arn))
            }
        })
    }

    async fn is(&self, database: &DatabaseId, status: &str) -> Result<(), SiteError> {
        let what = format!("database {} {status}", database.name());
        awaited(&what, async || Ok((self.status(database).await?.as_deref() == Some(status)).then_some(()))).await
    }

    async fn make(&self, database: &DatabaseId) -> Result<(), SiteError> {
        let what = || format!("make database {}", database.name());
        let tag = || Tag::builder().key(MANAGED_TAG).value("true").build();
        let instance = self.rds.create_db_instance().db_instance_class("db.t4g.medium").tags(tag());
        let instance = match database {
            DatabaseId::Aurora(name) => {
                let call = self.rds.create_db_cluster().db_cluster_identifier(name.as_str()).tags(tag());
                let call = call.engine("aurora-postgresql").master_username("sandbox").master_user_password(PASSWORD);
                call.send().await.map_err(SiteError::aws(what()))?;
                let member = instance.db_instance_identifier(format!("{name}-0")).db_cluster_identifier(name.as_str());
                member.engine("aurora-postgresql")
            }
            DatabaseId::Rds(name) => {
                let instance = instance.db_instance_identifier(name.as_str()).engine("postgres").allocated_storage(20);
                instance.master_username("sandbox").master_user_password(PASSWORD)
            }
        };
        instance.send().await.map_err(SiteError::aws(what()))?;
        Ok(())
    }

    async fn start(&self, database: &DatabaseId) -> Result<(), SiteError> {
        let what = || format!("start database {}", database.name());
        match database {
            DatabaseId::Aurora(name) => {
                let call = self.rds.start_db_cluster().db_cluster_identifier(name.as_str());
                call.send().await.map_err(SiteError::aws(what()))?;
            }
            DatabaseId::Rds(name) => {
                let call = self.rds.start_db_instance().db_instance_identifier(name.as_str());
                call.send().await.map_err(SiteError::aws(what()))?;
            }
        }
        Ok(())
    }
}
