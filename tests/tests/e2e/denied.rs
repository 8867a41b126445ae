//! A right that the role lacks: AWS refuses the call, a person reads what to do, and the next tick makes up for it.

use watchkeeper_tests::scenarios::all_asleep as asleep;

use crate::field::{Plot, play};

#[test]
fn a_person_reads_which_call_was_denied_and_once_it_is_allowed_the_night_goes_on() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = plot.capacity().await;
        plot.stack.notifications().letters().await.unwrap();
        plot.stack.control().withdraw("Reconcile", "WriteDatabases").await.unwrap();

        let evening = plot.stack.tick(plot.time("19:05")).await.unwrap();
        let run = evening.run_of(&plot.scope).unwrap();
        assert_ne!(run.outcome(), "done", "{}", run.says());
        let letters = plot.stack.notifications().letters().await.unwrap();
        let told =
            letters.iter().find(|letter| letter.text.contains("StopDBCluster") && letter.text.contains("denied"));
        assert!(told.is_some_and(|letter| letter.subject.contains("clos-v2 dev")), "{letters:?}");
        let denials = plot.stack.control().forgive_denials().await.unwrap();
        assert!(!denials.is_empty());
        for denial in &denials {
            assert_eq!((denial.role.as_str(), denial.action.as_str()), ("Reconcile", "rds:StopDBCluster"));
            assert_eq!(denial.why, "no statement grants the action");
        }

        plot.stack.control().restore_rights().await.unwrap();
        plot.stack.tick(plot.time("19:10")).await.unwrap();
        let night = plot.capacity().await;
        assert!(asleep(&night), "{night:?}");
        plot.stack.tick(plot.time("+08:00")).await.unwrap();
        assert_eq!(plot.capacity().await, original);
    });
}
