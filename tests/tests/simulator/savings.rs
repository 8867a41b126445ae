//! What sleeping saves: what plans and the month's message say of it.

use serde_json::json;
use watchkeeper_in_memory::InMemoryHarness;

use crate::scene::{afternoon, asleep, at, evening, minutes, morning};

/// The messages about a month.
fn months(harness: &InMemoryHarness) -> Vec<(String, String)> {
    let told = harness.sim.messages().into_iter().filter(|message| message.subject.contains(": asleep for "));
    told.map(|message| (message.subject, message.text)).collect()
}

#[test]
fn the_month_that_is_over_is_told_once_with_its_hours() {
    let mut harness = afternoon();
    harness.tick(evening());
    assert!(asleep(&harness.sim.capacity()));
    harness.tick(morning());
    assert_eq!(months(&harness), [], "the month goes on");
    // A month is one of UTC; the first tick of it is late, and then comes twice.
    for instant in ["2026-12-01T00:10:00Z", "2026-12-01T00:15:00Z", "2026-12-03T12:00:00Z"] {
        harness.tick(at(instant));
    }
    let [(subject, text)] = &months(&harness)[..] else { panic!("{:?}", months(&harness)) };
    assert!(subject.starts_with("us-east-1: asleep for 12 h in 2026-11"), "{subject}");
    assert!(text.contains("- clos-v2 dev: 12 h"), "{text}");
    harness.tick(at("2027-01-01T00:10:00Z"));
    assert_eq!(months(&harness).len(), 2, "the next month is told, too");
}

#[test]
fn a_plan_of_a_sleep_says_how_long_it_would_last() {
    let mut harness = afternoon();
    harness.sim.set_now(evening() - minutes(30));
    let wish = json!({"estate": "clos-v2", "environment": "dev", "want": "asleep", "until": "2h", "mode": "plan"});
    let planned = harness.execute("plan", &wish);
    assert!(planned.said().contains("asleep until 2026-11-20T01:35:00Z: that is 2h"), "{}", planned.said());
    harness.tick(evening());
    let awake = json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": "2h", "mode": "plan"});
    let planned = harness.execute("other-plan", &awake);
    assert!(!planned.said().contains("asleep until"), "{}", planned.said());
}
