//! A day on which nobody uses an environment, in the deployed stack: what CloudWatch has of its services tells that it is idle.

use watchkeeper_tests::scenarios::schedule::a_day_without_use;

use crate::field::{Plot, played};
use crate::small::play_small;

#[test]
fn a_day_without_use_ends_in_sleep_until_somebody_wakes_it() {
    play_small(async |harness| {
        let plot = Plot::fresh(harness, "found", "idle").await;
        played("sleep", "a_day_without_use", harness, &plot.scope, async |scene| a_day_without_use(scene).await).await;
    });
}
