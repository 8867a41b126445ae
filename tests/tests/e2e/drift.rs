//! A change by somebody else while an environment sleeps.

use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_tests::harness::listed;

use crate::field::{Plot, asleep, play};

#[test]
fn a_foreign_change_is_told_once_and_left_alone_and_the_baseline_survives_it() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = plot.capacity().await;
        let touched: ServiceId = original.services.keys().next().unwrap().clone();
        plot.stack.tick(plot.time("19:05")).await.unwrap();
        assert!(asleep(&plot.capacity().await));
        plot.stack.notifications().letters().await.unwrap();

        plot.stack.site().set_count(&touched, 2).await.unwrap();
        let mark = plot.mark().await;
        let first = plot.stack.tick(plot.time("19:10")).await.unwrap();
        let run = first.run_of(&plot.scope).unwrap();
        assert_eq!(run.outcome(), "drift", "{}", run.says());
        let letters = plot.stack.notifications().letters().await.unwrap();
        let told = letters.iter().find(|letter| letter.subject == "clos-v2 dev: somebody else changed it").unwrap();
        assert!(told.text.contains(touched.service.as_str()), "{}", told.text);

        // It is not told again, and nobody puts it back.
        let second = plot.stack.tick(plot.time("19:15")).await.unwrap();
        assert_eq!(second.run_of(&plot.scope).unwrap().outcome(), "nothing");
        assert!(plot.stack.notifications().letters().await.unwrap().is_empty());
        let api_calls = plot.stack.api_calls(mark).await.unwrap();
        assert!(api_calls.capacity_writes().is_empty(), "{}", listed(&api_calls.capacity_writes()));
        assert_eq!(plot.capacity().await.services[&touched].desired, 2);

        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
    });
}
