//! Cases about the instances of a region that was left: one gets another name and stops, and a replica comes in its place.

use watchkeeper_control::failover::ports::StandbyReplicas;
use watchkeeper_control::ports::Fault;
use watchkeeper_domain::failover::protection::{InstanceFacts, NewReplica};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use super::{CaseFailure, ContractBench, Passed, equal, fails, holds, there};

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! replica_cases {
    ($test:ident) => {
        $test! {
            an_unknown_instance_of_a_region_that_was_left_is_none
            an_instance_gets_another_name_and_is_what_it_was
            a_name_that_is_taken_is_given_to_no_other_instance
            an_instance_on_its_way_gets_no_name_and_does_not_stop
            an_instance_that_was_set_aside_stops
            a_replica_is_made_once_and_follows_its_source
            a_replica_of_nothing_is_not_made
        }
    };
}

/// A place to try an implementation of the port in, with another region beside its own.
pub trait ReplicaBench: ContractBench {
    /// The port.
    type Replicas: StandbyReplicas;

    /// The port.
    fn replicas(&self) -> &Self::Replicas;

    /// The other region.
    fn elsewhere(&self) -> Region;

    /// A new instance of this name in the other region, available, and replicated nowhere; its ARN.
    async fn make_source(&self, name: &ResourceName) -> Result<String, CaseFailure>;
}

/// A new instance here, available and managed.
async fn made<B: ReplicaBench>(bench: &B) -> Result<ResourceName, CaseFailure> {
    use watchkeeper_domain::capacity::DatabaseKind;
    let id = bench.make_database(DatabaseKind::Rds).await?;
    name(id.name().as_str())
}

fn name(text: &str) -> Result<ResourceName, CaseFailure> {
    text.parse().map_err(|_| CaseFailure::Differs {
        what: "a name of the bench".to_owned(),
        found: text.to_owned(),
        expected: "a name".to_owned(),
    })
}

fn fresh<B: ReplicaBench>(bench: &B) -> Result<ResourceName, CaseFailure> {
    name(&bench.fresh_name())
}

async fn seen<B: ReplicaBench>(bench: &B, name: &ResourceName) -> Result<InstanceFacts, CaseFailure> {
    there(name.as_str(), bench.replicas().instance(name).await?)
}

async fn set_aside<B: ReplicaBench>(bench: &B) -> Result<(ResourceName, ResourceName), CaseFailure> {
    let (old, left) = (made(bench).await?, fresh(bench)?);
    bench.replicas().rename_instance(&old, &left).await?;
    bench.settle().await;
    Ok((old, left))
}

/// Nor can it be renamed or stopped.
pub async fn an_unknown_instance_of_a_region_that_was_left_is_none<B: ReplicaBench>(bench: &B) -> Passed {
    let unknown = fresh(bench)?;
    equal("the instance", &bench.replicas().instance(&unknown).await?, &None)?;
    fails("the rename", bench.replicas().rename_instance(&unknown, &fresh(bench)?).await, Fault::NotFound)?;
    fails("the stop", bench.replicas().stop_instance(&unknown).await, Fault::NotFound)
}

/// The old name is free then; tag and settings stay.
pub async fn an_instance_gets_another_name_and_is_what_it_was<B: ReplicaBench>(bench: &B) -> Passed {
    let (old, left) = (made(bench).await?, fresh(bench)?);
    let before = seen(bench, &old).await?;
    equal("the status", &before.status.as_str(), &"available")?;
    bench.replicas().rename_instance(&old, &left).await?;
    equal("the status meanwhile", &seen(bench, &old).await?.status.as_str(), &"renaming")?;
    bench.settle().await;
    equal("what has the old name", &bench.replicas().instance(&old).await?, &None)?;
    let after = seen(bench, &left).await?;
    holds("the ARN has the new name", after.arn.ends_with(&format!(":db:{left}")))?;
    equal("the instance", &InstanceFacts { arn: before.arn.clone(), ..after }, &before)
}

/// The other one stays as it is.
pub async fn a_name_that_is_taken_is_given_to_no_other_instance<B: ReplicaBench>(bench: &B) -> Passed {
    let (one, other) = (made(bench).await?, made(bench).await?);
    fails("the rename", bench.replicas().rename_instance(&one, &other).await, Fault::Conflict)?;
    bench.settle().await;
    for name in [&one, &other] {
        equal(name.as_str(), &seen(bench, name).await?.status.as_str(), &"available")?;
    }
    Ok(())
}

/// A second look, a moment later, changes nothing.
pub async fn an_instance_on_its_way_gets_no_name_and_does_not_stop<B: ReplicaBench>(bench: &B) -> Passed {
    let old = made(bench).await?;
    bench.replicas().rename_instance(&old, &fresh(bench)?).await?;
    fails("a second name", bench.replicas().rename_instance(&old, &fresh(bench)?).await, Fault::Conflict)?;
    fails("the stop", bench.replicas().stop_instance(&old).await, Fault::Conflict)
}

/// Twice is a conflict.
pub async fn an_instance_that_was_set_aside_stops<B: ReplicaBench>(bench: &B) -> Passed {
    let (_, left) = set_aside(bench).await?;
    bench.replicas().stop_instance(&left).await?;
    bench.settle().await;
    equal("the status", &seen(bench, &left).await?.status.as_str(), &"stopped")?;
    fails("the second stop", bench.replicas().stop_instance(&left).await, Fault::Conflict)
}

/// It is named as the old one was, and like it.
pub async fn a_replica_is_made_once_and_follows_its_source<B: ReplicaBench>(bench: &B) -> Passed {
    let (old, left) = set_aside(bench).await?;
    let source = bench.make_source(&old).await?;
    let settings = seen(bench, &left).await?.settings;
    let new = NewReplica { name: old.clone(), source: source.clone(), settings };
    bench.replicas().create_replica(&new).await?;
    fails("a second one", bench.replicas().create_replica(&new).await, Fault::Conflict)?;
    bench.settle().await;
    let found = seen(bench, &old).await?;
    equal("the status", &found.status.as_str(), &"available")?;
    equal("the source", &found.source, &Some(source))?;
    holds("it follows the other region", found.follows(&bench.elsewhere()))?;
    holds("it is managed", found.managed)
}

/// And nothing has its name.
pub async fn a_replica_of_nothing_is_not_made<B: ReplicaBench>(bench: &B) -> Passed {
    let (old, left) = set_aside(bench).await?;
    let settings = seen(bench, &left).await?.settings;
    let source = format!("arn:aws:rds:{}:123456789012:db:{old}", bench.elsewhere());
    let new = NewReplica { name: old.clone(), source, settings };
    fails("the replica", bench.replicas().create_replica(&new).await, Fault::NotFound)?;
    equal("what has its name", &bench.replicas().instance(&old).await?, &None)
}
