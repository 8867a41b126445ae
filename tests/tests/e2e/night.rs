//! A night of `clos-v2` dev, as the schedule brings it.

use watchkeeper_domain::capacity::{Capacity, ServiceId};
use watchkeeper_tests::harness::listed;

use crate::field::{Plot, asleep, play};

/// A human has suspended scaling in of the one service, and the other has no scalable target.
async fn touched(plot: &Plot) -> Capacity {
    let services: Vec<ServiceId> = plot.capacity().await.services.into_keys().collect();
    let target = plot.capacity().await.services[&services[0]].scaling.unwrap();
    plot.stack.site().suspend_scale_in(&services[0], target).await.unwrap();
    plot.stack.site().drop_target(&services[1]).await.unwrap();
    let capacity = plot.capacity().await;
    assert!(capacity.services[&services[0]].scaling.unwrap().suspended.scale_in);
    assert_eq!(capacity.services[&services[1]].scaling, None);
    capacity
}

#[test]
fn it_sleeps_in_the_evening_and_wakes_in_the_morning_exactly_as_it_was() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = touched(&plot).await;
        plot.stack.notifications().letters().await.unwrap();
        plot.stack.notifications().events().await.unwrap();
        let mark = plot.mark().await;

        let evening = plot.stack.tick(plot.time("19:05")).await.unwrap();
        let run = evening.run_of(&plot.scope).unwrap();
        assert_eq!(run.outcome(), "done", "{}", run.says());
        let night = plot.capacity().await;
        assert!(asleep(&night), "{night:?}");
        assert_eq!(plot.stack.site().running(plot.environment).await.unwrap(), 0);

        // The cluster is stopped after the last count, and nothing is written more than twice.
        let api_calls = plot.stack.api_calls(mark).await.unwrap();
        let last_count =
            original.services.keys().filter_map(|id| api_calls.last_write_to("UpdateService", id.service.as_str()));
        let stopped = api_calls.first_write_to("StopDBCluster", "clos-v2-db-cluster").unwrap();
        assert!(last_count.max().unwrap() < stopped);
        for id in original.services.keys() {
            let about = api_calls
                .capacity_writes()
                .into_iter()
                .filter(|call| format!("{:?}", call.resources).contains(id.service.as_str()));
            assert!(about.count() <= 2, "{id}: {}", listed(&api_calls.capacity_writes()));
        }

        // A person and a program hear of it.
        let letters = plot.stack.notifications().letters().await.unwrap();
        assert!(letters.iter().any(|letter| letter.subject == "clos-v2 dev is asleep"), "{letters:?}");
        let events = plot.stack.notifications().events().await.unwrap();
        let told = events
            .iter()
            .any(|event| event["detail"]["run"] == run.name.as_str() && event["detail"]["outcome"] == "done");
        assert!(told, "{events:?}");

        let morning = plot.stack.tick(plot.time("+08:00")).await.unwrap();
        let run = morning.run_of(&plot.scope).unwrap();
        assert_eq!(run.outcome(), "done", "{}", run.says());
        assert_eq!(plot.capacity().await, original);
    });
}

#[test]
fn a_tick_that_comes_twice_in_between_or_not_at_all_changes_nothing() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = touched(&plot).await;
        // The tick of 19:00 is lost; that of 19:05 does its work.
        plot.stack.tick(plot.time("19:05")).await.unwrap();
        let night = plot.capacity().await;
        assert!(asleep(&night), "{night:?}");

        let mark = plot.mark().await;
        for again in ["19:05", "19:10", "19:10", "19:25"] {
            plot.stack.tick(plot.time(again)).await.unwrap();
        }
        let api_calls = plot.stack.api_calls(mark).await.unwrap();
        assert!(api_calls.count("DescribeServices") > 0);
        // Neither to AWS nor to the ledger, and nothing is told.
        assert!(api_calls.writes().is_empty(), "{}", listed(&api_calls.writes()));
        assert_eq!(plot.capacity().await, night);

        plot.stack.tick(plot.time("+08:10")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
        let mark = plot.mark().await;
        for again in ["+08:10", "+08:15", "+12:00"] {
            plot.stack.tick(plot.time(again)).await.unwrap();
        }
        let writes = plot.stack.api_calls(mark).await.unwrap();
        assert!(writes.capacity_writes().is_empty(), "{}", listed(&writes.capacity_writes()));
        assert_eq!(plot.capacity().await, original);
    });
}
