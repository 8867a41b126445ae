//! Cases about services and scalable targets.

use watchkeeper_control::ports::ServiceWrites;
use watchkeeper_control::ports::{Fault, ScalableTargets, ServiceLists, Services, all_services};
use watchkeeper_domain::capacity::{ObservedService, Rollout, ScalingState, ServiceCapacity, ServiceId, Suspensions};
use watchkeeper_domain::name::{ClusterName, ServiceName};

use super::{CaseFailure, ContractBench, Passed, equal, fails, holds, named, there};

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! cloud_cases {
    ($test:ident) => {
        $test! {
            a_service_is_described_as_it_was_made
            describe_finds_what_exists_and_leaves_out_the_rest
            an_unknown_cluster_is_one_without_services
            a_count_is_read_back_and_tasks_follow
            a_count_goes_to_zero
            the_count_of_an_unknown_service_is_not_found
            ten_services_are_described_in_one_call
            the_services_of_a_cluster_are_listed_page_after_page
            an_unknown_cluster_lists_no_services
            bounds_and_flags_are_kept_exactly
            a_service_without_a_target_is_left_out
            a_minimum_above_desired_lifts_desired
            a_count_above_a_minimum_stays
            a_held_service_sleeps_and_wakes_as_it_was
            bounds_the_wrong_way_round_are_invalid
        }
    };
}

/// More than a page of a list has (Amazon ECS API reference, `ListServices`).
const MORE_THAN_A_PAGE: usize = 101;

/// Bounds with nothing suspended.
fn bounds(min: u32, max: u32) -> ScalingState {
    ScalingState { min, max, suspended: Suspensions::NONE }
}

async fn described<B: ContractBench>(bench: &B, id: &ServiceId) -> Result<ObservedService, CaseFailure> {
    let mut found = bench.cloud().describe_services(&id.cluster, std::slice::from_ref(&id.service)).await?;
    there(&id.to_string(), found.remove(id))
}

async fn scaling<B: ContractBench>(bench: &B, id: &ServiceId) -> Result<ScalingState, CaseFailure> {
    let mut found = bench.cloud().describe_targets(std::slice::from_ref(id)).await?;
    there(&format!("the target of {id}"), found.remove(id))
}

async fn unknown<B: ContractBench>(bench: &B) -> Result<ServiceId, CaseFailure> {
    let known = bench.make_service(0, None).await?;
    Ok(ServiceId { cluster: known.cluster, service: named(ServiceName::new(bench.fresh_name()))? })
}

/// Count, tasks, tag and rollout are those of the service; bounds are not the business of this call.
pub async fn a_service_is_described_as_it_was_made<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(2, Some(bounds(1, 4))).await?;
    let found = described(bench, &id).await?;
    equal("count and bounds", &found.capacity, &ServiceCapacity { desired: 2, scaling: None })?;
    equal("running and pending", &(found.running, found.pending), &(2, 0))?;
    equal("the tag", &found.managed, &true)?;
    equal("the rollout", &found.rollout, &Rollout::Completed)
}

/// A batch with unknown names answers with the known ones.
pub async fn describe_finds_what_exists_and_leaves_out_the_rest<B: ContractBench>(bench: &B) -> Passed {
    let (one, two) = (bench.make_service(1, None).await?, bench.make_service(2, None).await?);
    let unknown = unknown(bench).await?;
    let names = [one.service.clone(), unknown.service.clone(), two.service.clone()];
    let found = bench.cloud().describe_services(&one.cluster, &names).await?;
    let counts: Vec<_> = [&one, &two, &unknown].map(|id| found.get(id).map(|service| service.capacity.desired)).into();
    equal("the counts", &counts, &vec![Some(1), Some(2), None])?;
    equal("how many are found", &found.len(), &2)
}

/// No error: whoever asks learns that nothing is there.
pub async fn an_unknown_cluster_is_one_without_services<B: ContractBench>(bench: &B) -> Passed {
    let cluster = named(ClusterName::new(bench.fresh_name()))?;
    let service = named(ServiceName::new(bench.fresh_name()))?;
    let found = bench.cloud().describe_services(&cluster, &[service]).await?;
    equal("the services", &found.len(), &0)
}

/// The count is there at once or soon, the tasks later.
pub async fn a_count_is_read_back_and_tasks_follow<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, None).await?;
    bench.cloud().set_count(&id, 3).await?;
    bench.settle().await;
    let found = described(bench, &id).await?;
    let counts = (found.capacity.desired, found.running, found.pending);
    equal("desired, running and pending", &counts, &(3, 3, 0))
}

/// Nothing runs in the end.
pub async fn a_count_goes_to_zero<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(3, None).await?;
    bench.cloud().set_count(&id, 0).await?;
    bench.settle().await;
    let found = described(bench, &id).await?;
    let counts = (found.capacity.desired, found.running, found.pending);
    equal("desired, running and pending", &counts, &(0, 0, 0))
}

/// A write to nothing fails by its name.
pub async fn the_count_of_an_unknown_service_is_not_found<B: ContractBench>(bench: &B) -> Passed {
    let id = unknown(bench).await?;
    fails("the write", bench.cloud().set_count(&id, 1).await, Fault::NotFound)
}

/// As many as one call takes.
pub async fn ten_services_are_described_in_one_call<B: ContractBench>(bench: &B) -> Passed {
    let mut ids = Vec::new();
    for desired in 0..10 {
        ids.push(bench.make_service(desired % 2, None).await?);
    }
    let names: Vec<_> = ids.iter().map(|id| id.service.clone()).collect();
    let found = bench.cloud().describe_services(&ids[0].cluster, &names).await?;
    holds("that all ten are found", ids.iter().all(|id| found.contains_key(id)))
}

/// A page has a token while more follow, and none comes twice.
pub async fn the_services_of_a_cluster_are_listed_page_after_page<B: ContractBench>(bench: &B) -> Passed {
    let mut made = Vec::new();
    for _ in 0..MORE_THAN_A_PAGE {
        made.push(bench.make_service(0, None).await?);
    }
    bench.settle().await;
    let cluster = &made[0].cluster;
    let (page, next) = bench.cloud().list_services(cluster, None).await?;
    holds("a page short of all", page.len() < MORE_THAN_A_PAGE && next.is_some())?;
    let mut found = all_services(bench.cloud(), cluster).await?;
    let all = found.len();
    found.sort();
    found.dedup();
    equal("those that came once", &found.len(), &all)?;
    holds("all that were made", made.iter().all(|id| found.contains(&id.service)))
}

/// No error: whoever asks learns that nothing is there.
pub async fn an_unknown_cluster_lists_no_services<B: ContractBench>(bench: &B) -> Passed {
    let cluster = named(ClusterName::new(bench.fresh_name()))?;
    equal("the list", &bench.cloud().list_services(&cluster, None).await?, &(Vec::new(), None))
}

/// Every combination of the three flags comes back as it was put, and so do the bounds.
pub async fn bounds_and_flags_are_kept_exactly<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(2, Some(bounds(1, 4))).await?;
    for (min, flags) in (0..).zip(0..8_u8) {
        let suspended = Suspensions { scale_in: flags & 1 != 0, scale_out: flags & 2 != 0, scheduled: flags & 4 != 0 };
        let wanted = ScalingState { min: min % 3, max: 5 + min, suspended };
        bench.cloud().set_scaling(&id, wanted).await?;
        bench.settle().await;
        equal("the target", &scaling(bench, &id).await?, &wanted)?;
    }
    equal("the count, inside the bounds all the time", &described(bench, &id).await?.capacity.desired, &2)
}

/// Not every service has an autoscaler.
pub async fn a_service_without_a_target_is_left_out<B: ContractBench>(bench: &B) -> Passed {
    let (with, without) = (bench.make_service(1, Some(bounds(1, 2))).await?, bench.make_service(1, None).await?);
    let unknown = unknown(bench).await?;
    let found = bench.cloud().describe_targets(&[without, with.clone(), unknown]).await?;
    equal("the targets", &found.into_iter().collect::<Vec<_>>(), &vec![(with, bounds(1, 2))])
}

/// Why a minimum has to go down before a count does.
pub async fn a_minimum_above_desired_lifts_desired<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, Some(bounds(1, 6))).await?;
    bench.cloud().set_scaling(&id, bounds(3, 6)).await?;
    bench.settle().await;
    let found = described(bench, &id).await?;
    equal("desired and running", &(found.capacity.desired, found.running), &(3, 3))
}

/// An autoscaler without load leaves a count inside its bounds alone.
pub async fn a_count_above_a_minimum_stays<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(2, Some(bounds(1, 6))).await?;
    bench.cloud().set_count(&id, 4).await?;
    bench.settle().await;
    equal("desired", &described(bench, &id).await?.capacity.desired, &4)
}

/// The whole way: held, minimum 0, count 0; then the count, and the bounds as they were.
pub async fn a_held_service_sleeps_and_wakes_as_it_was<B: ContractBench>(bench: &B) -> Passed {
    let suspended = Suspensions { scale_in: true, ..Suspensions::NONE };
    let before = ScalingState { min: 2, max: 6, suspended };
    let id = bench.make_service(3, Some(before)).await?;
    bench.cloud().set_scaling(&id, ScalingState { min: 0, max: 6, suspended: Suspensions::ALL }).await?;
    bench.cloud().set_count(&id, 0).await?;
    bench.settle().await;
    let asleep = described(bench, &id).await?;
    equal("desired and running, asleep", &(asleep.capacity.desired, asleep.running), &(0, 0))?;
    bench.cloud().set_count(&id, 3).await?;
    bench.cloud().set_scaling(&id, before).await?;
    bench.settle().await;
    let awake = described(bench, &id).await?;
    equal("desired and running, awake", &(awake.capacity.desired, awake.running), &(3, 3))?;
    equal("the target, awake", &scaling(bench, &id).await?, &before)
}

/// AWS does not accept it, and the target stays what it was.
pub async fn bounds_the_wrong_way_round_are_invalid<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_service(1, Some(bounds(1, 2))).await?;
    fails("the write", bench.cloud().set_scaling(&id, bounds(3, 2)).await, Fault::Invalid)?;
    equal("the target", &scaling(bench, &id).await?, &bounds(1, 2))
}
