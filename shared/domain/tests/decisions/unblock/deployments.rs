//! Which deployments are stuck.

use jiff::ToSpan;
use rstest::rstest;
use watchkeeper_domain::capacity::{ObservedService, Rollout, ServiceCapacity};
use watchkeeper_domain::unblock::{StuckDeployment, stuck_since};

use super::scene::{NOW, at, section};

#[rstest]
#[case::done(Rollout::Completed, 100, None)]
#[case::young(Rollout::InProgress, 59, None)]
#[case::stuck(Rollout::InProgress, 60, Some(StuckDeployment::Stuck(at(NOW) - 60.minutes())))]
#[case::waits_for_somebody(Rollout::Paused, 7 * 60, None)]
#[case::nobody_answers(Rollout::Paused, 8 * 60, Some(StuckDeployment::Paused(at(NOW) - 480.minutes())))]
#[case::failed(Rollout::Failed, 1, Some(StuckDeployment::Failed(Some(at(NOW) - 1.minutes()))))]
fn a_deployment_is_stuck_by_its_age_and_one_in_a_hook_waits_rightly(
    #[case] rollout: Rollout,
    #[case] minutes: i64,
    #[case] expected: Option<StuckDeployment>,
) {
    let service = ObservedService {
        daemon: false,
        target_groups: Vec::new(),
        scheduler: None,
        capacity: ServiceCapacity { desired: 1, scaling: None },
        running: 1,
        pending: 1,
        managed: true,
        rollout,
        rollout_since: Some(at(NOW) - minutes.minutes()),
        deployed: None,
        task_definition: None,
    };
    assert_eq!(stuck_since(Some(&section()), &service, at(NOW)), expected);
}
