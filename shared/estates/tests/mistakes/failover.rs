//! Moves that could not be made as the document has them.

use rstest::rstest;

use crate::problems;

#[test]
fn an_order_of_moves_alone_is_told_where_it_belongs() {
    let own = include_str!("../../fleet-orchestration.yaml");
    let (before, after) = own.split_once("      singletons:\n").unwrap();
    let text = format!("{before}      waves: [[fleet-orchestration-dashboard]]\n      singletons:\n{after}");
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    let expected = "environments.prod.failover.waves: found an order of moves alone, expected the same lists as `order` beside \
                    `failover`: it is the order of wakes, sleeps and moves";
    assert!(found[0].ends_with(expected), "{found:?}");
}

/// The document of the pair, with these lines in its failover section.
fn with_failover(lines: &str) -> String {
    let (before, after) = include_str!("../../fleet-orchestration.yaml").split_once("      traffic:\n").unwrap();
    format!("{before}{lines}      traffic:\n{after}")
}

#[rstest]
#[case::a_machine_twice(
    "      steps: [{ after: scale, run: warm }, { after: verify, run: warm }]\n",
    "steps[1].run: found the machine warm a second time, expected each machine in one place"
)]
#[case::its_own_way_back(
    "      steps: [{ after: scale, run: warm, back: warm }]\n",
    "steps[0].back: found the machine warm a second time, expected each machine in one place"
)]
#[case::a_way_back_after_traffic(
    "      steps: [{ after: traffic, run: tell, back: untell }]\n",
    "steps[0].back: found a way back after traffic, expected none: a move goes back only before its traffic"
)]
#[case::another_place(
    "      steps: [{ after: settle, run: tell }]\n",
    "steps[0].after: found \"settle\", expected one of promote, scale, verify, traffic"
)]
#[case::a_machine_by_its_arn(
    "      steps: [{ after: scale, run: 'arn:aws:states:us-west-1:123456789012:stateMachine:warm' }]\n",
    "letters, digits, '-', '_' or '.'"
)]
#[case::a_hold_after_everything(
    "      hold-before: [settle]\n",
    "hold-before[0]: found \"settle\", expected one of promote, scale, traffic"
)]
#[case::nothing_to_replicate_again(
    "      protect-again: true\n",
    "protect-again: found true without a read replica, expected a `replica` among `databases`, or no `protect-again`: all else \
     comes back by AWS or by a person"
)]
#[case::protection_by_a_word("      protect-again: always\n", "protect-again: found")]
fn a_step_or_a_hold_that_cannot_be_meant_is_named(#[case] lines: &str, #[case] expected: &str) {
    let found = problems(&with_failover(lines));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("environments.prod.failover.") && found[0].contains(expected), "{found:?}");
}

#[rstest]
#[case::nothing_named(
    "[{ group: fleet }]",
    "sources[0]: found none or several kinds of source, expected one of `event-source-mapping` with `reads`, `schedule` and `rule`"
)]
#[case::two_kinds("[{ schedule: a, rule: a }]", "sources[0]: found none or several kinds of source, expected one of")]
#[case::half_a_mapping(
    "[{ event-source-mapping: worker }]",
    "sources[0].reads: found nothing, expected the name of the queue"
)]
#[case::a_schedule_that_reads(
    "[{ schedule: a, reads: q }]",
    "sources[0].reads: found a field of another kind of source, expected none"
)]
#[case::a_rule_of_a_group(
    "[{ rule: a, group: g }]",
    "sources[0].group: found a field of another kind of source, expected none"
)]
#[case::a_schedule_of_a_bus(
    "[{ schedule: a, bus: b }]",
    "sources[0].bus: found a field of another kind of source, expected none"
)]
#[case::twice(
    "[{ rule: a }, { rule: a, bus: default }]",
    "sources[1]: found the rule a of bus default a second time, expected each source once"
)]
fn an_event_source_that_cannot_be_meant_is_named(#[case] list: &str, #[case] expected: &str) {
    let found = problems(&with_failover(&format!("      sources: {list}\n")));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("environments.prod.failover.") && found[0].contains(expected), "{found:?}");
}

#[rstest]
#[case::no_day("every: 12h", "rehearse.every: found 12h, expected whole days, such as 30d")]
#[case::too_rare(
    "every: 60d",
    "certified-within: found 1080h, expected at least 1440h, the time between two rehearsals"
)]
#[case::too_long("every: 30d, for: 5h", "rehearse.for: found 5h, expected from 1m to 4h")]
#[case::too_much(
    "every: 30d, share: 120 %",
    "rehearse.share: found 120 %, expected from 1 % to 100 % of what a failover starts"
)]
fn a_rehearsal_that_cannot_be_due_or_would_prove_nothing_is_named(#[case] policy: &str, #[case] expected: &str) {
    let own = include_str!("../../fleet-orchestration.yaml");
    assert!(own.contains("rehearse: { every: 30d,"), "the fleet rehearses");
    let found = problems(&own.replace("rehearse: { every: 30d,", &format!("rehearse: {{ {policy},")));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with(&format!("environments.prod.failover.{expected}")), "{found:?}");
}
