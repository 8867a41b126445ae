//! Read replicas in a region that was left: an old primary that is renamed and stopped, and a replica in its place.

use watchkeeper_control::failover::ports::StandbyReplicas;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::failover::protection::{InstanceFacts, InstanceSettings, NewReplica};
use watchkeeper_domain::failover::{DatabaseRole, PairDatabase};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::state::{DueEvent, SimState};

impl StandbyReplicas for SimRegion {
    async fn instance(&self, name: &ResourceName) -> Result<Option<InstanceFacts>, AwsError> {
        let asked = self.asked(Operation::DescribeInstance, name, Some(self.at));
        let at = self.at;
        self.reach_or_refuse(asked, |aws| {
            let other =
                aws.states.iter().enumerate().find(|(place, _)| *place != at).map(|(_, state)| state.region.clone());
            Ok(aws.states[at].instance(name, other.as_ref()))
        })
        .await
    }

    async fn resynchronizes(&self, global: &ResourceName) -> Result<bool, AwsError> {
        self.ask(Operation::DescribeResync, global, |state| Ok(state.resyncs.contains(global))).await
    }

    async fn rename_instance(&self, from: &ResourceName, to: &ResourceName) -> Result<(), AwsError> {
        self.ask(Operation::RenameInstance, from, |state| {
            state.free(to)?;
            state.available(from)?;
            state.becomes(&replica(from), DatabaseRole::Changing("renaming".to_owned()));
            state.plan(state.settings.promotion, DueEvent::Renamed(from.clone(), to.clone()));
            Ok(())
        })
        .await
    }

    async fn stop_instance(&self, name: &ResourceName) -> Result<(), AwsError> {
        self.ask(Operation::StopLeftInstance, name, |state| {
            state.available(name)?;
            state.becomes(&replica(name), DatabaseRole::Changing("stopping".to_owned()));
            let stopped = DatabaseRole::Changing("stopped".to_owned());
            state.plan(state.settings.database_stop, DueEvent::Role(replica(name), stopped));
            Ok(())
        })
        .await
    }

    async fn create_replica(&self, new: &NewReplica) -> Result<(), AwsError> {
        let asked = self.asked(Operation::CreateReplica, &new.name, Some(self.at));
        let at = self.at;
        self.reach_or_refuse(asked, |aws| {
            let (region, name) = (new.source.split(':').nth(3), new.source.split(':').nth(6));
            let source = aws.states.iter().find(|state| Some(state.region.as_str()) == region);
            let source = source.ok_or_else(|| CallRefusal::not_found(&new.source))?;
            let name =
                name.and_then(|name| name.parse().ok()).ok_or_else(|| CallRefusal::invalid("no ARN of an instance"))?;
            let role = source.roles.get(&replica(&name)).ok_or_else(|| CallRefusal::not_found(&new.source))?;
            if *role != DatabaseRole::Writer || source.loss.is_some() {
                return Err(CallRefusal::new(Fault::Conflict, format!("{} is not available", new.source)));
            }
            let state = &mut aws.states[at];
            state.free(&new.name)?;
            state.becomes(&replica(&new.name), DatabaseRole::Changing("creating".to_owned()));
            state.plan(state.settings.promotion, DueEvent::Role(replica(&new.name), DatabaseRole::Follower));
            Ok(())
        })
        .await
    }
}

fn replica(name: &ResourceName) -> PairDatabase {
    PairDatabase::Replica(name.clone())
}

impl SimState {
    /// An instance as AWS describes it; a replica names its source in the other region.
    fn instance(&self, name: &ResourceName, other: Option<&Region>) -> Option<InstanceFacts> {
        let arn = |region: &Region| format!("arn:aws:rds:{region}:123456789012:db:{name}");
        let role = self.roles.get(&replica(name))?;
        let (status, follows) = match role {
            DatabaseRole::Writer => ("available", false),
            DatabaseRole::Follower => ("available", true),
            DatabaseRole::Changing(status) => (status.as_str(), status == "creating"),
        };
        let settings = InstanceSettings { class: "db.t4g.small".to_owned(), ..InstanceSettings::default() };
        Some(InstanceFacts {
            arn: arn(&self.region),
            status: status.to_owned(),
            source: other.filter(|_| follows).map(arn),
            managed: true,
            settings,
        })
    }

    /// That no instance has a name yet.
    fn free(&self, name: &ResourceName) -> Result<(), CallRefusal> {
        match self.roles.get(&replica(name)) {
            Some(_) => Err(CallRefusal::new(Fault::Conflict, format!("{name} exists already"))),
            None => Ok(()),
        }
    }

    /// That an instance is available.
    fn available(&self, name: &ResourceName) -> Result<(), CallRefusal> {
        match self.roles.get(&replica(name)) {
            Some(DatabaseRole::Writer | DatabaseRole::Follower) => Ok(()),
            Some(other) => Err(CallRefusal::new(Fault::Conflict, format!("{name} is not available: {other:?}"))),
            None => Err(CallRefusal::not_found(name)),
        }
    }

    pub(crate) fn renamed(&mut self, from: &ResourceName, to: &ResourceName) {
        if self.roles.remove(&replica(from)).is_some() {
            self.becomes(&replica(to), DatabaseRole::Writer);
        }
    }
}

impl SimRegion {
    /// Whether the cluster of a global database here is still to catch up.
    ///
    /// # Panics
    /// When that is no name.
    pub fn set_resync(&self, global: &str, resynchronizes: bool) {
        let name = crate::spec::resource(global);
        let mut state = self.lock();
        if resynchronizes {
            state.resyncs.insert(name);
        } else {
            state.resyncs.remove(&name);
        }
    }

    /// The instances of the region that belong to a pair, each with what it is.
    pub fn pair_databases(&self) -> std::collections::BTreeMap<PairDatabase, DatabaseRole> {
        self.lock().roles.clone()
    }
}
