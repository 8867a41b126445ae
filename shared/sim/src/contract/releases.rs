//! Cases about releases, and about what a task takes.

use watchkeeper_control::ports::ServiceWrites;
use watchkeeper_control::ports::{AccountQuotas, Fault, ServiceReleases, Services};
use watchkeeper_domain::capacity::{ObservedService, Rollout, ServiceId, ServiceRelease, TaskDefinition};
use watchkeeper_domain::name::ServiceName;

use super::{CaseFailure, ContractBench, Passed, equal, fails, holds, named, there};

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! release_cases {
    ($test:ident) => {
        $test! {
            a_new_service_has_the_release_that_it_was_made_with
            a_release_is_rolled_out_and_the_count_stays
            a_count_touches_the_newest_deployment_and_makes_none
            the_way_back_is_a_release_of_its_own
            what_runs_already_is_not_released_again
            an_unknown_release_is_invalid_and_changes_nothing
            the_releases_of_an_unknown_service_are_not_found
            a_task_takes_what_its_definition_says
            a_deregistered_release_is_none_to_go_back_to
        }
    };
}

async fn described<B: ContractBench>(bench: &B, id: &ServiceId) -> Result<ObservedService, CaseFailure> {
    let mut found = bench.cloud().describe_services(&id.cluster, std::slice::from_ref(&id.service)).await?;
    there(&id.to_string(), found.remove(id))
}

async fn running<B: ContractBench>(bench: &B, id: &ServiceId) -> Result<TaskDefinition, CaseFailure> {
    there("the task definition", described(bench, id).await?.task_definition)
}

/// What the releases brought, newest first.
async fn history<B: ContractBench>(bench: &B, id: &ServiceId) -> Result<Vec<(TaskDefinition, Rollout)>, CaseFailure> {
    let releases: Vec<ServiceRelease> = bench.cloud().releases(id).await?;
    holds("that the newest is first", releases.is_sorted_by(|one, other| one.started >= other.started))?;
    Ok(releases.into_iter().map(|release| (release.task_definition, release.rollout)).collect())
}

/// One deployment, which completed.
pub async fn a_new_service_has_the_release_that_it_was_made_with<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, None).await?;
    bench.settle().await;
    let expected = vec![(running(bench, &id).await?, Rollout::Completed)];
    equal("the releases", &history(bench, &id).await?, &expected)
}

/// `createdAt` stays, and `updatedAt` does not; a release has both anew, and says when it has ended.
pub async fn a_count_touches_the_newest_deployment_and_makes_none<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, None).await?;
    bench.settle().await;
    let before = there("its deployment", described(bench, &id).await?.deployed)?;
    bench.cloud().set_count(&id, 2).await?;
    let after = there("its deployment", described(bench, &id).await?.deployed)?;
    equal("when it was made", &after.created, &before.created)?;
    holds("that it is not touched earlier", after.updated >= before.updated)?;
    let release = bench.make_release(&id, None).await?;
    bench.cloud().set_release(&id, &release).await?;
    let new = there("its deployment", described(bench, &id).await?.deployed)?;
    holds("that the release is a deployment of its own", new.created >= after.updated)?;
    bench.settle().await;
    let newest = bench.cloud().releases(&id).await?.into_iter().next();
    holds("that its end is known", newest.and_then(|it| it.ended).is_some_and(|ended| ended >= new.created))
}

/// The task definition is there at once, the tasks of it later.
pub async fn a_release_is_rolled_out_and_the_count_stays<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(2, None).await?;
    bench.settle().await;
    let (old, new) = (running(bench, &id).await?, bench.make_release(&id, Some(512)).await?);
    holds("that the sample differs", old != new)?;
    bench.cloud().set_release(&id, &new).await?;
    equal("what is rolled out", &running(bench, &id).await?, &new)?;
    bench.settle().await;
    let found = described(bench, &id).await?;
    equal("the rollout", &found.rollout, &Rollout::Completed)?;
    equal("desired and running", &(found.capacity.desired, found.running), &(2, 2))?;
    let expected = vec![(new, Rollout::Completed), (old, Rollout::Completed)];
    equal("the releases", &history(bench, &id).await?, &expected)
}

/// Three deployments of two task definitions.
pub async fn the_way_back_is_a_release_of_its_own<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, None).await?;
    bench.settle().await;
    let (old, new) = (running(bench, &id).await?, bench.make_release(&id, Some(512)).await?);
    for release in [&new, &old] {
        bench.cloud().set_release(&id, release).await?;
        bench.settle().await;
    }
    let found = history(bench, &id).await?.into_iter().map(|(definition, _)| definition).collect::<Vec<_>>();
    equal("the releases", &found, &vec![old.clone(), new, old.clone()])?;
    equal("what runs", &running(bench, &id).await?, &old)
}

/// A crash may repeat the call: the same again begins no second deployment.
pub async fn what_runs_already_is_not_released_again<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, None).await?;
    bench.settle().await;
    let new = bench.make_release(&id, Some(512)).await?;
    for _ in 0..2 {
        bench.cloud().set_release(&id, &new).await?;
        bench.settle().await;
    }
    equal("how many releases there are", &history(bench, &id).await?.len(), &2)
}

/// AWS does not accept it.
pub async fn an_unknown_release_is_invalid_and_changes_nothing<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, None).await?;
    bench.settle().await;
    let known = running(bench, &id).await?;
    let unknown = TaskDefinition::new(format!("{}999", known.arn()));
    fails("the write", bench.cloud().set_release(&id, &unknown).await, Fault::Invalid)?;
    fails("the size of its task", bench.cloud().cpu_units(&unknown).await, Fault::Invalid)?;
    equal("what runs", &running(bench, &id).await?, &known)
}

/// Reading and writing fail by the service's name.
pub async fn the_releases_of_an_unknown_service_are_not_found<B: ContractBench>(bench: &B) -> Passed {
    let known = bench.make_service(0, None).await?;
    let release = running(bench, &known).await?;
    let id = ServiceId { cluster: known.cluster, service: named(ServiceName::new(bench.fresh_name()))? };
    fails("the read", bench.cloud().releases(&id).await, Fault::NotFound)?;
    fails("the write", bench.cloud().set_release(&id, &release).await, Fault::NotFound)
}

/// A task without a size of its own has no figure.
pub async fn a_task_takes_what_its_definition_says<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(0, None).await?;
    for units in [Some(512), Some(2048), None] {
        let release = bench.make_release(&id, units).await?;
        equal("its CPU units", &bench.cloud().cpu_units(&release).await?, &units)?;
    }
    Ok(())
}

/// It is still remembered, and AWS rolls it out no more; one that AWS does not know is none either.
pub async fn a_deregistered_release_is_none_to_go_back_to<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, None).await?;
    bench.settle().await;
    let (old, new) = (running(bench, &id).await?, bench.make_release(&id, Some(512)).await?);
    equal("that it is active", &bench.cloud().is_active(&old).await?, &true)?;
    bench.cloud().set_release(&id, &new).await?;
    bench.settle().await;
    bench.retire_release(&old).await?;
    equal("that it is active", &bench.cloud().is_active(&old).await?, &false)?;
    fails("the way back", bench.cloud().set_release(&id, &old).await, Fault::Invalid)?;
    equal("what runs", &running(bench, &id).await?, &new)?;
    let unknown = TaskDefinition::new(format!("{}999", old.arn()));
    equal("that an unknown one is active", &bench.cloud().is_active(&unknown).await?, &false)
}
