//! A day on which nobody uses an environment, in the deployed stack. The rule of its page does not exist here, so that each of its
//! sleeps is done in part; what CloudWatch has of its services tells that it is idle.

use watchkeeper_tests::drill::{DrillOutput, SandboxScene};
use watchkeeper_tests::scenarios::schedule::a_day_without_use;

use crate::field::Plot;
use crate::small::play_small;

#[test]
fn a_day_without_use_ends_in_sleep_until_somebody_wakes_it() {
    play_small(async |harness| {
        let (plot, show) = (Plot::fresh(harness, "found", "idle").await, DrillOutput::new());
        let mut scene = SandboxScene::of("sleep", harness, &plot.scope, &show).unwrap();
        let played = scene.play("a_day_without_use", async |scene| a_day_without_use(scene).await).await;
        let report = scene.ended(played);
        let (passed, failed): (Vec<_>, Vec<_>) = report.checks.iter().partition(|check| check.ok);
        assert!(
            failed.iter().all(|check| check.detail.contains("found idle is asleep, but for 1 resource")),
            "{failed:#?}"
        );
        assert_eq!((passed.len(), failed.len(), report.left_out.len()), (12, 2, 0), "{passed:#?}");
    });
}
