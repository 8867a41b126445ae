//! Five hundred services in one environment.

use watchkeeper_tests::scenarios::all_asleep as asleep;

use crate::field::{LARGE, Plot, play};

#[test]
fn a_second_tick_over_five_hundred_services_writes_nothing_and_describes_ten_at_a_time() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "large", "dev").await;
        let original = plot.capacity().await;
        assert_eq!(original.services.len(), LARGE);
        let ticked = plot.stack.tick(plot.time("19:05")).await.unwrap();
        let run = ticked.run_of(&plot.scope).unwrap();
        assert_eq!(run.outcome(), "done", "{}", run.says());
        assert!(asleep(&plot.capacity().await));

        let mark = plot.mark().await;
        let ticked = plot.stack.tick(plot.time("19:10")).await.unwrap();
        assert!(ticked.run_of(&plot.scope).is_none(), "nothing differs");
        let api_calls = plot.stack.api_calls(mark).await.unwrap();
        assert_eq!(api_calls.writes().len(), 0);
        let described = api_calls.count("DescribeServices");
        assert!((1..=LARGE / 10).contains(&described), "{described} calls of DescribeServices");

        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
    });
}
