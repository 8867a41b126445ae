//! The table of changing documents: each part of one, changed while an environment sleeps, or while an emergency holds. Nothing
//! that is held is lost: what was found in the evening, or before the alarm, comes back exactly.

use std::path::Path;

use serde_json::json;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::{InMemoryHarness, documents};

use crate::emergency_scene::{ACCOUNT, API as PROD_API, by_hand, figures, production};
use crate::scene::{asleep, evening, minutes, morning, sim};

type Changes = &'static [(&'static str, &'static str)];

const SERVICES: &str = "[clos-v2-core-api-service, clos-v2-workflow-engine-service]";

/// What each part of the document is changed to; the morning finds everything as it was in the evening.
const ASLEEP: [(&str, Changes); 9] = [
    (
        "a service less",
        &[
            (SERVICES, "[clos-v2-workflow-engine-service]"),
            ("      clos-v2-core-api-service: { desired: 1, min: 1, max: 2 }\n", ""),
        ],
    ),
    ("a service more", &[(SERVICES, "[clos-v2-core-api-service, clos-v2-workflow-engine-service, clos-v2-new]")]),
    ("another cluster", &[("{ clos-v2-cluster: [clos-v2", "{ clos-v2-other: [clos-v2")]),
    (
        "a database less",
        &[
            (
                "databases: [{ aurora: clos-v2-db-cluster }]\n    capacity: # the upper",
                "databases: []\n    capacity: # the upper",
            ),
            BACKUPS_GONE,
        ],
    ),
    ("another calendar", &[("mon-fri: \"08:00-19:00\"", "mon-fri: \"07:00-20:00\"")]),
    (
        "no calendar",
        &[(
            "    awake:\n      zone: America/New_York\n      weekly: { mon-fri: \"08:00-19:00\" }\n      holidays: [2026-12-25, 2027-01-01]\n",
            "",
        )],
    ),
    ("another kind", &[("kind: development", "kind: staging")]),
    (
        "production",
        &[
            ("kind: development", "kind: production"),
            (
                "    awake:\n      zone: America/New_York\n      weekly: { mon-fri: \"08:00-19:00\" }\n      holidays: [2026-12-25, 2027-01-01]\n",
                "",
            ),
        ],
    ),
    ("backups' retention", &[("retention: { daily: 1 }", "retention: { daily: 5 }")]),
];
const BACKUPS_GONE: (&str, &str) = (
    "    backups:\n      zone: America/New_York\n      jobs: # one day is kept; taken while the cluster is awake, for a stopped one cannot be\n        - aurora: clos-v2-db-cluster\n          schedule: { at: \"18:00\", days: mon-fri }\n          retention: { daily: 1 }\n",
    "",
);

/// What changes while an emergency holds: in the end it has gone, and everything is as it was before.
const HELD: [(&str, Changes); 4] = [
    ("the profile", &[("surge: { desired: 4, max: 10, for: 2h }", "surge: { desired: 5, max: 9, for: 1h }")]),
    (
        "no such profile",
        &[
            ("        surge: { desired: 4, max: 10, for: 2h }\n", "        other: { desired: 4, max: 10, for: 2h }\n"),
            ("precedence: [surge, minimum]", "precedence: [other, minimum]"),
            ("run: surge", "run: other"),
        ],
    ),
    (
        "a service less",
        &[
            (
                "      us-east-1: { clos-v2-cluster: [clos-v2-core-api-service, clos-v2-workflow-engine-service] }\n    databases: [{ aurora: clos-v2-db-cluster }] #",
                "      us-east-1: { clos-v2-cluster: [clos-v2-workflow-engine-service] }\n    databases: [{ aurora: clos-v2-db-cluster }] #",
            ),
            ("      clos-v2-core-api-service: { desired: 3, min: 3, max: 6 }\n", ""),
        ],
    ),
    (
        "a ceiling",
        &[
            ("ceiling: 10", "ceiling: 4"),
            ("surge: { desired: 4, max: 10, for: 2h }", "surge: { desired: 4, max: 4, for: 2h }"),
        ],
    ),
];

fn changed(changes: Changes) -> EstateFolder {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/estates/clos-v2.yaml");
    let mut text = std::fs::read_to_string(own).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "the document has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("clos-v2.yaml"), text).unwrap();
    documents(folder.path())
}

/// The night with a document that changes after everything sleeps.
fn night(changes: Changes) -> (Capacity, Capacity, InMemoryHarness) {
    let mut before = InMemoryHarness::over(sim().build(), changed(&[]), "us-east-1");
    let original = before.sim.capacity();
    before.tick(evening());
    let slept = before.sim.capacity();
    assert!(asleep(&slept));
    let mut after = InMemoryHarness::over(before.sim.clone(), changed(changes), "us-east-1");
    after.tick(evening() + minutes(30));
    for n in 0..3 {
        after.tick(morning() + minutes(5 * n));
    }
    (original, after.sim.capacity(), after)
}

#[test]
fn a_document_that_changes_while_its_environment_sleeps_is_woken_as_it_was() {
    for (part, changes) in ASLEEP {
        let (original, woken, after) = night(changes);
        let subjects: Vec<String> = after.sim.messages().into_iter().map(|message| message.subject).collect();
        assert_eq!(woken, original, "{part}: {subjects:?}");
    }
}

#[test]
fn a_document_that_changes_while_an_emergency_holds_gives_back_what_was_there() {
    for (part, changes) in HELD {
        let before = InMemoryHarness::over(production().build(), changed(&[]), "us-east-1").in_account(ACCOUNT);
        let original = before.sim.capacity();
        let _held = by_hand(&before, "surge", json!({"profile": "surge", "reason": "launch"}));
        assert_eq!(figures(&before.sim.capacity(), PROD_API), (4, 4, 10), "{part}");
        let mut after = InMemoryHarness::over(before.sim.clone(), changed(changes), "us-east-1").in_account(ACCOUNT);
        // Its execution is gone; the tick gives back at the expiry, whatever the document says by then.
        let now = watchkeeper_control::ports::Clock::now(&after.sim);
        after.tick(now + minutes(30));
        after.tick(now + minutes(150));
        after.tick(now + minutes(155));
        assert_eq!(after.sim.capacity(), original, "{part}");
    }
}
