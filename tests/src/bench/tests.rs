#![allow(clippy::unwrap_used)]
use jiff::SignedDuration;

use super::*;

/// What the last whole run on a quiet machine came to.
const KEPT: &str = include_str!("../../data/bench.json");

fn row(met: Option<bool>) -> BenchRow {
    BenchRow {
        row: "start".to_owned(),
        what: "a cold start".to_owned(),
        measured: "12.0 ms".to_owned(),
        goal: "≤ 16 ms".to_owned(),
        met,
        runs: 15,
        figures: BTreeMap::from([("own_ms".to_owned(), 12.0)]),
    }
}

#[test]
fn the_median_is_the_middle_whatever_the_order() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[7.0]), Some(7.0));
    assert_eq!(median(&[9.0, 1.0, 4.0]), Some(4.0));
    assert_eq!(median(&[9.0, 1.0, 4.0, 2.0]), Some(3.0));
}

#[test]
fn the_share_of_a_bucket_is_what_the_fullest_window_took() {
    let at = |millis: i64| jiff::Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis);
    assert!(most_of_bucket(&[], 50.0, 5.0).abs() < 1e-9);
    let burst: Vec<_> = (0..25).map(at).collect();
    assert!((most_of_bucket(&burst, 50.0, 5.0) - 0.5).abs() < 2e-3);
    // Half of the bucket at once and half of its rate after it, for two minutes.
    let paced: Vec<_> = burst.iter().copied().chain((1..300).map(|n| at(400 * n))).collect();
    assert!((most_of_bucket(&paced, 50.0, 5.0) - 0.5).abs() < 2e-3, "{}", most_of_bucket(&paced, 50.0, 5.0));
    // One more at once is above it.
    let over: Vec<_> = (0..55).map(at).collect();
    assert!(most_of_bucket(&over, 50.0, 5.0) > 1.0);
}

#[test]
fn the_table_says_whether_a_goal_is_met() {
    let of = |met| table(&BenchReport { rows: vec![row(met)], ..BenchReport::default() });
    assert!(of(Some(true)).ends_with("| `start` | a cold start | 12.0 ms | ≤ 16 ms: met | 15 |"), "{}", of(Some(true)));
    assert!(of(Some(false)).contains("**missed**"));
    assert!(of(None).ends_with("| – | 15 |"));
}

#[test]
fn the_chart_is_xml_with_a_bar_and_two_labels_for_each_size() {
    let point = |services| GrowthPoint { services, runs: 1, over_floor_seconds: 1.5, calls_a_service: 2.5 };
    let size = |services| SizePoint { services, cpu_seconds: 0.25, peak_mb: 20.5 };
    let mut report = BenchReport { growth: vec![point(50), point(5_000)], ..BenchReport::default() };
    assert_eq!(chart(&report).matches("<rect").count(), 1 + 2 * 2);
    report.sizes = vec![size(50), size(5_000)];
    let svg = chart(&report);
    assert_eq!(svg.matches("<rect").count(), 1 + 4 * 2);
    assert!(svg.contains(">5000</text>") && svg.contains(">2.50</text>") && svg.contains(">20.50</text>"), "{svg}");
    assert!(chart(&BenchReport::default()).ends_with("</svg>\n"));
}

#[test]
fn a_report_reads_as_it_was_written() {
    let report = BenchReport {
        machine: "two cores".to_owned(),
        rows: vec![row(Some(true))],
        growth: vec![GrowthPoint { services: 50, runs: 1, over_floor_seconds: 0.0, calls_a_service: 2.2 }],
        sizes: vec![SizePoint { services: 50, cpu_seconds: 0.1, peak_mb: 17.0 }],
    };
    assert_eq!(serde_json::from_str::<BenchReport>(&serde_json::to_string(&report).unwrap()).unwrap(), report);
}

#[test]
fn the_page_has_the_table_and_the_chart_of_the_run_that_is_kept() {
    let report: BenchReport = serde_json::from_str(KEPT).unwrap();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let table = table(&report);
    assert!(page.contains(&table), "tests/README.md has another table than tests/data/bench.json:\n{table}");
    assert!(page.contains(&report.machine), "tests/README.md does not say where it ran: {}", report.machine);
    let picture = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../.github/growth.svg")).unwrap();
    assert_eq!(picture, chart(&report));
}
