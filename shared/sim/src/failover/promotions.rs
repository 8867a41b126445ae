//! Databases that have to be promoted: read replicas, which cut themselves loose, and global databases, whose writer moves.

use watchkeeper_control::failover::ports::DatabasePromotions;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::failover::{DatabaseRole, PairDatabase};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use crate::aws::SimAws;
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::spec::resource;
use crate::state::{DueEvent, SimState};

impl DatabasePromotions for SimRegion {
    async fn role(&self, database: &PairDatabase) -> Result<Option<DatabaseRole>, AwsError> {
        self.ask(Operation::DescribeRole, database, |state| Ok(state.roles.get(database).cloned())).await
    }

    async fn promote_replica(&self, database: &ResourceName) -> Result<(), AwsError> {
        let replica = PairDatabase::Replica(database.clone());
        self.ask(Operation::PromoteReadReplica, database, |state| {
            state.follower(&replica)?;
            state.change_role(&replica, "modifying", DatabaseRole::Writer);
            Ok(())
        })
        .await
    }

    async fn move_writer(&self, global: &ResourceName, to: &Region, lossless: bool) -> Result<(), AwsError> {
        let operation = if lossless { Operation::SwitchoverGlobalCluster } else { Operation::FailoverGlobalCluster };
        let asked = self.asked(operation, format!("{global} to {to}"), Some(self.at));
        let database = PairDatabase::AuroraGlobal(global.clone());
        self.reach_or_refuse(asked, |aws| aws.move_writer(&database, to, lossless)).await
    }
}

impl SimAws {
    /// A switchover needs every region; a failover leaves a lost one behind, which follows when it is back.
    fn move_writer(&mut self, global: &PairDatabase, to: &Region, lossless: bool) -> Result<(), CallRefusal> {
        let place = self.place(to).ok_or_else(|| CallRefusal::invalid(format!("{to} is no region of {global}")))?;
        self.states[place].follower(global)?;
        if lossless && self.states.iter().any(|state| state.loss.is_some()) {
            return Err(CallRefusal::new(Fault::Conflict, "a switchover needs every region to be healthy"));
        }
        for (at, state) in self.states.iter_mut().enumerate().filter(|(_, state)| state.roles.contains_key(global)) {
            let role = if at == place { DatabaseRole::Writer } else { DatabaseRole::Follower };
            state.change_role(global, if lossless { "switching-over" } else { "failing-over" }, role);
        }
        Ok(())
    }
}

impl SimState {
    /// That a database is here and follows a writer elsewhere.
    fn follower(&self, database: &PairDatabase) -> Result<(), CallRefusal> {
        match self.roles.get(database) {
            Some(DatabaseRole::Follower) => Ok(()),
            Some(other) => Err(CallRefusal::new(Fault::Conflict, format!("{database} is no replica: {other:?}"))),
            None => Err(CallRefusal::not_found(database)),
        }
    }

    fn change_role(&mut self, database: &PairDatabase, what: &str, role: DatabaseRole) {
        self.becomes(database, DatabaseRole::Changing(what.to_owned()));
        self.plan(self.settings.promotion, DueEvent::Role(database.clone(), role));
    }

    pub(crate) fn becomes(&mut self, database: &PairDatabase, role: DatabaseRole) {
        self.roles.insert(database.clone(), role);
    }
}

/// An RDS read replica.
///
/// # Panics
/// When that is no name.
pub fn replica(name: &str) -> PairDatabase {
    PairDatabase::Replica(resource(name))
}

/// An Aurora global database.
///
/// # Panics
/// When that is no name.
pub fn aurora_global(name: &str) -> PairDatabase {
    PairDatabase::AuroraGlobal(resource(name))
}

impl SimRegion {
    /// A database of the pair is this in the region, or is not there.
    pub fn set_role(&self, database: &PairDatabase, role: Option<DatabaseRole>) {
        let mut state = self.lock();
        match role {
            Some(role) => state.roles.insert(database.clone(), role),
            None => state.roles.remove(database),
        };
    }

    /// What a database of the pair truly is in the region.
    pub fn database_role(&self, database: &PairDatabase) -> Option<DatabaseRole> {
        self.lock().roles.get(database).cloned()
    }
}
