#![allow(clippy::unwrap_used)]
//! Documents of other people: each plays, or is named with what it lacks.

use rstest::rstest;
use watchkeeper_domain::estate::Emergency;

use super::failover::{FAILOVER, pair};
use super::*;
use crate::drill::backup::BACKUP;
use crate::drill::sleep::SLEEP;
use crate::drill::surge::SURGE;
use crate::drill::unblock::UNBLOCK;
use crate::harness::documents;
use crate::scenarios::emergency::needs::EmergencyParts;
use crate::scenarios::schedule::needs::follows;
use crate::scenarios::unblock::needs::UnblockParts;

/// A Sunday.
fn now() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

/// An estate with one environment: of this kind, with these lines after its regions.
fn estate(kind: &str, more: &str) -> Estate {
    let lines: Vec<String> = more.lines().map(|line| format!("    {}", line.trim_end())).collect();
    let lines = lines.join("\n");
    let text = format!(
        "estate: theirs\nenvironments:\n  env:\n    kind: {kind}\n    regions: {{ primary: eu-west-1, standby: eu-west-2 }}\n{lines}\n"
    );
    watchkeeper_estates::parse("theirs.yaml", &text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

const SERVICES: &str =
    "clusters:\n  eu-west-1: { one: [api, worker], two: [api-two] }\n  eu-west-2: { other: [api, worker] }\n";
const AWAKE: &str = "awake: { zone: Europe/London, weekly: { mon-fri: \"07:00-19:00\" } }\n";

fn verdict(audition: &Audition, estate: &Estate) -> Result<(), Unplayed> {
    (audition.judge)(estate.environments().next().unwrap(), now())
}

#[rstest]
#[case::by_a_calendar("development", &[SERVICES, AWAKE], None)]
#[case::protected_in_part("staging", &[SERVICES, AWAKE, "protected: [api]"], None)]
#[case::databases_alone("staging", &["databases: [{ rds: db }]\n", AWAKE], None)]
#[case::production_is_refused("production", &[SERVICES], None)]
#[case::without_a_calendar("development", &[SERVICES], Some("no `awake`"))]
#[case::in_the_standby_alone("development", &["clusters: { eu-west-2: { c: [api] } }\n", AWAKE], Some("no service and no database"))]
#[case::backups_alone("staging", &["backups: { zone: UTC, jobs: [{ rds: db, schedule: { at: \"02:00\" }, retention: { daily: 1 } }] }\n", AWAKE], Some("no service and no database"))]
#[case::always_awake("development", &[SERVICES, "awake: { zone: UTC, weekly: { mon-sun: \"00:00-24:00\" } }\n"], Some("never ends"))]
#[case::a_moment_of_sleep("development", &[SERVICES, "awake: { zone: UTC, weekly: { mon-sun: \"00:00-23:50\" } }\n"], Some("no night of half an hour"))]
#[case::frozen_for_years("development", &[SERVICES, AWAKE, "guardrails: { freeze: [{ from: 2026-11-01, to: 2028-11-01, reason: audit }] }\n"], Some("a freeze in every night"))]
#[case::frozen_for_weeks("development", &[SERVICES, AWAKE, "guardrails: { freeze: [{ from: 2026-11-01, to: 2027-01-06, reason: audit, calendar: stops }] }\n"], None)]
#[case::all_protected("development", &[SERVICES, AWAKE, "protected: [api, worker, api-two]"], Some("every service and database is protected"))]
#[case::all_at_zero("development", &["clusters: { eu-west-1: { c: [api] } }\ncapacity: { api: { desired: 0 } }\n", AWAKE], Some("has no task"))]
#[case::asking_first("staging", &[SERVICES, AWAKE, "guardrails: { blast-radius: 50 % }\n"], Some("asks a person before 3 of 3"))]
fn who_sleeps(#[case] kind: &str, #[case] lines: &[&str], #[case] lacks: Option<&str>) {
    expect(verdict(&SLEEP, &estate(kind, &lines.concat())), lacks);
}

fn expect(found: Result<(), Unplayed>, lacks: Option<&str>) {
    match (found, lacks) {
        (Ok(()), None) => {}
        (Err(why), Some(lacks)) => {
            assert!(why.found.contains(lacks) && !why.needed.is_empty(), "{why}");
        }
        (found, expected) => panic!("{found:?}, expected {expected:?}"),
    }
}

#[test]
fn a_neighbour_is_looked_at_where_its_calendar_moves_it_unasked() {
    let of = |more: &str| estate("staging", &[SERVICES, AWAKE, more].concat());
    let frozen = "guardrails: { freeze: [{ from: 2026-11-01, to: 2026-12-06, reason: audit, calendar: stops }] }\n";
    for (estate, expected) in [
        (of(""), true),
        (of("protected: [api, worker, api-two]"), false),
        (of(frozen), false),
        (of("guardrails: { blast-radius: 10 % }\n"), false),
    ] {
        assert_eq!(follows(estate.environments().next().unwrap(), now()), expected);
    }
}

/// Which parts are played of an emergency section: alarm, veto, by hand, asking, rollback.
fn parts(kind: &str, section: &str, more: &str) -> ([bool; 5], String) {
    let estate = estate(kind, &[SERVICES, section, more].concat());
    let environment = estate.environments().next().unwrap();
    let emergency: &Emergency = environment.document().emergency.as_ref().unwrap();
    let parts = EmergencyParts::of(environment, emergency);
    let why: Vec<String> = [
        parts.response.as_ref().err(),
        parts.veto.as_ref().err(),
        parts.by_hand.as_ref().err(),
        parts.asking.as_ref().err(),
        parts.rollback.as_ref().err(),
    ]
    .into_iter()
    .flatten()
    .map(ToString::to_string)
    .collect();
    let played = [
        parts.response.is_ok(),
        parts.veto.is_ok(),
        parts.by_hand.is_ok(),
        parts.asking.is_ok(),
        parts.rollback.is_ok(),
    ];
    (played, why.join(" | "))
}

const SURGING: &str = "profiles: { surge: { desired: 4, max: 8, for: 1h } }";

#[rstest]
#[case::profiles_alone("staging", SURGING, "", [false, false, true, false, false], "no `responses`")]
#[case::an_alarm("staging", "profiles: { surge: { desired: 4, max: 8, for: 1h } }\n  responses: [{ alarm: a, run: surge, veto: [b] }]", "", [true, true, true, false, false], "no `emergency.rollback`")]
#[case::a_veto_that_calls("staging", "profiles: { surge: { desired: 4, max: 8, for: 1h }, less: { desired: 1, max: 1, for: 1h } }\n  responses: [{ alarm: a, run: surge, veto: [b] }, { alarm: b, run: less }]", "", [true, false, true, false, false], "calls for something itself")]
#[case::asking_only("staging", "profiles: { surge: { desired: 4, max: 8, for: 1h, ask: true } }\n  responses: [{ alarm: a, run: surge }]", "", [false, false, false, true, false], "`surge` asks a person")]
#[case::a_guardrail_asks("production", "profiles: { less: { desired: 1, max: 1, for: 1h } }\n  responses: [{ alarm: a, run: less }]", "capacity: { api: { desired: 3 }, worker: { desired: 3 }, api-two: { desired: 3 } }\n", [false, false, false, false, false], "the blast radius asks")]
#[case::nothing_to_change("staging", "profiles: { same: { desired: 1, max: 1, for: 1h } }\n  responses: [{ alarm: a, run: same }]", "capacity: { api: { desired: 1 }, worker: { desired: 1 }, api-two: { desired: 1 } }\n", [false, false, false, false, false], "it changes nothing")]
#[case::below_the_floor("staging", "profiles: { none: { desired: 0, max: 0, for: 1h } }", "guardrails: { floor: 1 }\n", [false, false, false, false, false], "below the floor of 1")]
#[case::all_protected("staging", "profiles: { surge: { desired: 4, max: 8, for: 1h } }\n  rollback: { alarms: [a], within: 1h }", "protected: [api, worker, api-two]", [false, false, false, false, false], "not protected")]
#[case::flapping_at_once("staging", "profiles: { surge: { desired: 4, max: 8, for: 1h } }\n  responses: [{ alarm: a, run: surge }]\n  flap: { transitions: 2, within: 1h }", "", [false, false, true, false, false], "`flap.transitions: 2`")]
#[case::a_release("staging", "profiles: { surge: { desired: 4, max: 8, for: 1h } }\n  rollback: { alarms: [a], within: 1h }", "protected: [api]", [false, false, true, false, true], "no `responses`")]
fn what_of_an_emergency_is_played(
    #[case] kind: &str,
    #[case] section: &str,
    #[case] more: &str,
    #[case] played: [bool; 5],
    #[case] lacks: &str,
) {
    let found = parts(kind, &format!("emergency:\n  {section}\n"), more);
    assert_eq!(found.0, played, "{}", found.1);
    assert!(found.1.contains(lacks), "{}", found.1);
}

#[test]
fn an_environment_without_an_emergency_that_comes_to_something_is_named() {
    expect(verdict(&SURGE, &estate("staging", SERVICES)), Some("no `emergency`"));
    let section = "emergency: { profiles: { surge: { desired: 4, max: 8, for: 1h } } }\n";
    expect(verdict(&SURGE, &estate("staging", &[SERVICES, section].concat())), None);
    let databases = ["databases: [{ rds: db }]\n", section].concat();
    expect(verdict(&SURGE, &estate("staging", &databases)), Some("no service in eu-west-1"));
}

#[rstest]
#[case::native("{ rds: db, schedule: { at: \"02:00\" }, retention: { daily: 1 } }", None)]
#[case::of_aws_backup(
    "{ rds: db, engine: aws-backup, schedule: { at: \"02:00\" }, retention: { daily: 1 } }",
    Some("aws-backup")
)]
#[case::of_search(
    "{ opensearch: d, repository: r, schedule: { at: \"02:00\" }, retention: { daily: 1 } }",
    Some("`opensearch`")
)]
fn whose_backups_are_taken(#[case] job: &str, #[case] lacks: Option<&str>) {
    let vault = "aws-backup: { vault: v, role: \"arn:aws:iam::123456789012:role/r\" }";
    let section = format!("backups: {{ zone: UTC, {vault}, jobs: [{job}] }}\n");
    expect(verdict(&BACKUP, &estate("production", &section)), lacks);
    expect(verdict(&BACKUP, &estate("production", SERVICES)), Some("no `backups`"));
}

#[test]
fn queues_alone_are_freed_and_the_rest_is_named() {
    let queues = "unblock:\n  at: \"09:00\"\n  days: mon-fri\n  zone: UTC\n  queues:\n    \
                  - { queue: q, dead-letters: d, redrive: false }\n    \
                  - { queue: r, dead-letters: e, redrive: true, batch: 1 }\n    \
                  - { queue: s, dead-letters: f, redrive: true }\n    \
                  - { queue: t, dead-letters: f, redrive: true }\n    \
                  - { queue: u, dead-letters: g, redrive: true }\n";
    let estate = estate("production", &[SERVICES, queues].concat());
    expect(verdict(&UNBLOCK, &estate), None);
    let section = estate.environments().next().unwrap().document().unblock.as_ref().unwrap();
    let parts = UnblockParts::of(section);
    assert_eq!(parts.queue.as_ref().unwrap().queue.as_str(), "u", "one with dead letters of its own");
    let left: Vec<&str> = parts.left_out().into_iter().map(|(part, _)| part).collect();
    let expected = [
        "locks that are left behind",
        "too many locks of a pod",
        "items that wait",
        "the report on the estate's own bus",
    ];
    assert_eq!(left, expected);
}

#[test]
fn an_environment_that_no_tick_frees_is_named() {
    expect(verdict(&UNBLOCK, &estate("production", SERVICES)), Some("no `unblock`"));
    let alone =
        "unblock: { at: \"09:00\", days: mon, zone: UTC, queues: [{ queue: q, dead-letters: d, redrive: true }] }\n";
    expect(verdict(&UNBLOCK, &estate("production", alone)), Some("no tick looks after it"));
}

/// A failover section: how it detects, its probe's paths, and what else.
fn failover(detect: &str, paths: &str, more: &str) -> String {
    let probe = if paths.is_empty() {
        String::new()
    } else {
        format!("  probe: {{ primary: https://a.example, standby: https://b.example, paths: {{ {paths} }} }}\n")
    };
    format!(
        "{SERVICES}failover:\n  detect: {detect}\n{probe}  rto: 5m\n  rpo: 1m\n  capacity: {{ api: 1 }}\n  \
         traffic: {{ strategy: record, names: [www.example.com], hosted-zone: Z1 }}\n{more}"
    )
}

#[rstest]
#[case::asked("ask", "api: /health", "", None)]
#[case::by_hand("off", "api: /health", "", None)]
#[case::without_a_probe("off", "", "", Some("no `failover.probe`"))]
#[case::with_databases("ask", "api: /health", "  databases: [{ replica: db }]\n", Some("`failover.databases`"))]
fn which_pairs_move(#[case] detect: &str, #[case] paths: &str, #[case] more: &str, #[case] lacks: Option<&str>) {
    expect(verdict(&FAILOVER, &estate("production", &failover(detect, paths, more))), lacks);
    expect(verdict(&FAILOVER, &estate("production", SERVICES)), Some("no `failover`"));
}

#[test]
fn a_pair_plays_as_its_document_says_but_for_the_approval_of_what_was_detected() {
    let estate = estate("production", &failover("ask", "api: /health", ""));
    let environment = estate.environments().next().unwrap();
    let chosen = pair(&estate, environment, "111111111111").unwrap();
    let copy = chosen.document.environments[&chosen.environment].failover.as_ref().unwrap();
    let theirs = environment.document().failover.as_ref().unwrap();
    assert!(theirs.approve && !copy.approve);
    assert_eq!((copy.detect, &copy.traffic, &copy.capacity), (theirs.detect, &theirs.traffic, &theirs.capacity));
    let left: Vec<&str> = chosen.left_out.iter().map(|(part, _)| *part).collect();
    assert_eq!(left, ["the fence of singletons"]);
    assert_eq!(chosen.account, "111111111111");
}

/// Who plays what of the repository's own documents, or of one of its estates: accounts and environments.
fn played(audition: &Audition, estate: Option<&str>) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let selection = DrillSelection { estate: estate.map(str::to_owned), ..DrillSelection::default() };
    let choice = choose(audition, &documents(None).unwrap(), &selection, now()).unwrap();
    let names = |scopes: &[Scope]| scopes.iter().map(|s| format!("{} {}", s.estate, s.environment)).collect();
    let casts = choice.casts.iter().map(|cast| (cast.account.clone(), names(&cast.scopes))).collect();
    (casts, choice.skipped.iter().map(ToString::to_string).collect())
}

#[test]
fn where_nothing_is_chosen_the_estates_that_need_it_most_play_and_no_other_is_named() {
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let sleepers = of(&["carcierge prod", "carcierge qa", "carcierge staging", "carcierge uat", "clos-v2 dev"]);
    assert_eq!(played(&SLEEP, None), (vec![("123456789012".to_owned(), sleepers)], Vec::new()));
    let surging = of(&["clos-v2 prod", "coldchain production", "h2o-allegiant prod"]);
    assert_eq!(played(&SURGE, None), (vec![("210987654321".to_owned(), surging)], Vec::new()));
    for audition in [&BACKUP, &UNBLOCK] {
        assert_eq!(played(audition, None), (vec![("210987654321".to_owned(), of(&["clos-v2 prod"]))], Vec::new()));
    }
    let fleet = of(&["fleet-orchestration prod"]);
    assert_eq!(played(&FAILOVER, None), (vec![("123456789012".to_owned(), fleet)], Vec::new()));
}

#[test]
fn environments_of_every_account_play_and_the_rest_is_named() {
    let (casts, skipped) = played(&SLEEP, Some("clos-v2"));
    let accounts: Vec<&str> = casts.iter().map(|(account, _)| account.as_str()).collect();
    assert_eq!((accounts, skipped.len()), (vec!["123456789012", "210987654321"], 0));
    let (casts, skipped) = played(&UNBLOCK, Some("carcierge"));
    assert!(casts.is_empty());
    assert_eq!(skipped.len(), 4);
    assert_eq!(
        skipped[0],
        "unblock of carcierge prod: no `unblock`; it plays with `unblock` with `at`, `days` and `zone`"
    );
}

#[test]
fn environments_of_one_region_take_their_backups_in_sandboxes_of_their_own() {
    let backups = "backups: { zone: UTC, jobs: [{ rds: DB, schedule: { at: \"02:00\" }, retention: { daily: 1 } }] }";
    let environment = |name: &str, region: &str| {
        let backups = backups.replace("DB", &format!("{name}-db"));
        format!("  {name}:\n    kind: staging\n    regions: {{ primary: {region} }}\n    {backups}\n")
    };
    let text = format!(
        "estate: theirs\nenvironments:\n{}{}{}",
        environment("one", "eu-west-1"),
        environment("two", "eu-west-1"),
        environment("three", "eu-west-2")
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("theirs.yaml"), text).unwrap();
    let selection = DrillSelection { estates: Some(folder.path().to_owned()), ..DrillSelection::default() };
    let choice = choose(&BACKUP, &documents(selection.estates.as_ref()).unwrap(), &selection, now()).unwrap();
    let names = |cast: &DrillCast| cast.scopes.iter().map(|scope| scope.environment.to_string()).collect::<Vec<_>>();
    let casts: Vec<Vec<String>> = choice.casts.iter().map(names).collect();
    assert_eq!(casts, [vec!["one".to_owned(), "three".to_owned()], vec!["two".to_owned()]]);
}
