//! Releases to go back to: in the same plan as everything else.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::capacity::{Rollout, ServiceId, ServiceRelease, TaskDefinition};

/// The releases that services should run; a service that is not in it keeps its own.
pub type Releases = BTreeMap<ServiceId, TaskDefinition>;

/// The last release that reached COMPLETED before the one that runs now. `history` is newest first.
pub fn last_good<'a>(current: &TaskDefinition, history: &'a [ServiceRelease]) -> Option<&'a TaskDefinition> {
    let before = history.iter().skip_while(|release| release.task_definition != *current);
    before
        .filter(|release| release.rollout == Rollout::Completed)
        .map(|release| &release.task_definition)
        .find(|release| *release != current)
}

/// When the release that runs now began to be rolled out. `history` is newest first.
pub fn released(current: &TaskDefinition, history: &[ServiceRelease]) -> Option<Timestamp> {
    let runs = history.iter().take_while(|release| release.task_definition == *current);
    runs.last().map(|release| release.started)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(revision: u32, rollout: Rollout, second: i64) -> ServiceRelease {
        let started = Timestamp::constant(1_795_000_000 + second, 0);
        ServiceRelease { task_definition: definition(revision), rollout, started, ended: None }
    }

    fn definition(revision: u32) -> TaskDefinition {
        TaskDefinition::new(format!("arn:aws:ecs:us-east-1:123456789012:task-definition/h2o-backend:{revision}"))
    }

    #[test]
    fn the_last_good_release_is_the_one_completed_before_the_current() {
        let history = [
            release(125, Rollout::Failed, 300),
            release(124, Rollout::Failed, 200),
            release(123, Rollout::Completed, 100),
            release(122, Rollout::Completed, 0),
        ];
        assert_eq!(last_good(&definition(125), &history), Some(&definition(123)));
        assert_eq!(last_good(&definition(123), &history), Some(&definition(122)));
        assert_eq!(last_good(&definition(122), &history), None);
        assert_eq!(last_good(&definition(99), &history), None, "what AWS does not remember cannot be gone back from");
    }

    #[test]
    fn a_release_rolled_out_again_goes_back_to_another_one() {
        let history = [
            release(124, Rollout::InProgress, 300),
            release(124, Rollout::Completed, 200),
            release(123, Rollout::Completed, 100),
        ];
        assert_eq!(last_good(&definition(124), &history), Some(&definition(123)));
        assert_eq!(released(&definition(124), &history), Some(Timestamp::constant(1_795_000_200, 0)));
    }
}
