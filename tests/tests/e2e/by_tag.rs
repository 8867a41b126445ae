//! What is found by its tags, in the deployed stack: what is there in the evening sleeps, what comes in the night too, and what is
//! excluded does not.

use watchkeeper_domain::capacity::{Capacity, DatabaseId, EnvironmentTag, ServiceCapacity, ServiceId};
use watchkeeper_tests::estate::RegionFixtures;

use crate::field::Plot;
use crate::small::play_small;

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("found/{name}")).unwrap()
}

fn tasks(capacity: &Capacity) -> Vec<(String, u32)> {
    capacity.services.iter().map(|(id, found)| (id.service.to_string(), found.desired)).collect()
}

#[test]
fn what_has_the_tag_sleeps_and_wakes_and_what_comes_in_the_night_too() {
    play_small(async |harness| {
        let plot = Plot::fresh(harness, "found", "dev").await;
        let site = plot.stack.site();
        let service = |desired| ServiceCapacity { desired, scaling: None };
        for (name, desired) in [("found-api", 2), ("found-web", 1), ("found-debugger", 1)] {
            site.make_service(&id(name), service(desired)).await.unwrap();
        }
        let ticked = plot.stack.tick(plot.time("19:05")).await.unwrap();
        assert_eq!(ticked.run_of(&plot.scope).unwrap().outcome(), "done");
        let own = |name: &str, desired| (name.to_owned(), desired);
        let asleep = [own("found-api", 0), own("found-debugger", 1), own("found-web", 0)];
        assert_eq!(tasks(&plot.capacity().await), asleep);

        let mark = plot.mark().await;
        let ticked = plot.stack.tick(plot.time("19:10")).await.unwrap();
        assert!(ticked.run_of(&plot.scope).is_none(), "nothing differs");
        assert_eq!(plot.stack.api_calls(mark).await.unwrap().writes().len(), 0);

        site.make_service(&id("found-new"), service(3)).await.unwrap();
        plot.stack.tick(plot.time("19:15")).await.unwrap();
        assert_eq!(tasks(&plot.capacity().await)[2], own("found-new", 0));

        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        let awake = [own("found-api", 2), own("found-debugger", 1), own("found-new", 3), own("found-web", 1)];
        assert_eq!(tasks(&plot.capacity().await), awake);
    });
}

fn db(name: &str) -> DatabaseId {
    DatabaseId::try_from(name.to_owned()).unwrap()
}

/// A new database with the tag of an environment.
async fn make(site: &RegionFixtures, name: &str, environment: &str) {
    site.make_database(&db(name)).await.unwrap();
    site.label_database(&db(name), &EnvironmentTag::found(environment)).await.unwrap();
}

async fn stopped(site: &RegionFixtures, names: &[&str]) -> Vec<bool> {
    let mut all = Vec::new();
    for name in names {
        all.push(site.status(&db(name)).await.unwrap().as_deref() == Some("stopped"));
    }
    all
}

#[test]
fn what_databases_have_both_tags_sleep_and_wake_and_what_comes_in_the_night_too() {
    play_small(async |harness| {
        let plot = Plot::fresh(harness, "found", "data").await;
        let site = plot.stack.site();
        for (name, environment) in [
            ("rds:data-orders", "found/data"),
            ("aurora:data-stock", "found/data"),
            ("rds:data-excluded", "found/data"),
            ("rds:data-others", "found/dev"),
        ] {
            make(site, name, environment).await;
        }
        site.make_database(&db("rds:data-nobodys")).await.unwrap();
        let all = ["rds:data-orders", "aurora:data-stock", "rds:data-excluded", "rds:data-others", "rds:data-nobodys"];
        let ticked = plot.stack.tick(plot.time("19:05")).await.unwrap();
        assert_eq!(ticked.run_of(&plot.scope).unwrap().outcome(), "done");
        assert_eq!(stopped(site, &all).await, [true, true, false, false, false]);

        let mark = plot.mark().await;
        let ticked = plot.stack.tick(plot.time("19:10")).await.unwrap();
        assert!(ticked.run_of(&plot.scope).is_none(), "nothing differs");
        // The other environments of the stack have runs of their own.
        assert_eq!(plot.stack.api_calls(mark).await.unwrap().capacity_writes().len(), 0);

        make(site, "rds:data-new", "found/data").await;
        plot.stack.tick(plot.time("19:15")).await.unwrap();
        assert_eq!(stopped(site, &["rds:data-new"]).await, [true]);

        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(stopped(site, &all).await, [false; 5]);
        assert_eq!(stopped(site, &["rds:data-new"]).await, [false]);
    });
}
