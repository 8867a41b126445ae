//! What a drill measures of a failover, and what the bill comes to.

use std::collections::BTreeMap;

use serde::Deserialize;
use watchkeeper_preflight::StackTemplate;
use watchkeeper_tests::bench::{BenchRow, median};
use watchkeeper_tests::bill::{Bill, BillError};
use watchkeeper_tests::drill::command::{DrillArguments, DrillSelection, Runbook, run};

use crate::error::BenchError;
use crate::rows::row;

/// What of a drill's report is read here.
#[derive(Debug, Deserialize)]
struct Drilled {
    outcome: String,
    figures: BTreeMap<String, f64>,
}

/// The drill of a failover, whole: its own share, and how long it takes to see that a region is lost.
pub(crate) async fn failover(rounds: usize) -> Result<BenchRow, BenchError> {
    let mut drills = Vec::new();
    for _ in 0..rounds {
        drills.push(drill().await?);
    }
    let seconds = |name: &str| {
        let found = drills.iter().map(|figures| figures.get(name).map(|ms| *ms / 1000.0)).collect::<Option<Vec<_>>>();
        let middle = found.and_then(|found| median(&found));
        middle.ok_or_else(|| BenchError::found(format!("the drill measured no {name}")))
    };
    let (rto, own, detected) = (seconds("rto_ms")?, seconds("own_ms")?, seconds("detected_after_ms")?);
    let what = "a region of a pair is lost in the drill, its calls hang: everything but tasks, people and the probe's interval; \
                and from the loss until it is seen";
    let measured = format!("own share {own:.1} s, seen after {detected:.1} s, RTO {rto:.1} s");
    let row = row("failover", what.to_owned(), measured)
        .goal("own share ≤ 5 s, seen after ≤ 80 s", own <= 5.0 && detected <= 80.0)
        .runs(rounds);
    Ok(row.figures([("own_seconds", own), ("detected_seconds", detected), ("rto_seconds", rto)]).done())
}

/// What one drill measured, in milliseconds or counts.
async fn drill() -> Result<BTreeMap<String, f64>, BenchError> {
    let folder = tempfile::tempdir().map_err(BenchError::io("cannot make a folder for the drill's report"))?;
    let file = folder.path().join("failover.json");
    let selection = DrillSelection::default();
    let arguments = DrillArguments { runbook: Some(Runbook::Failover), selection, json: Some(file.clone()) };
    Box::pin(run(arguments)).await;
    let text = std::fs::read_to_string(&file).map_err(BenchError::io("the drill wrote no report"))?;
    let mut reports: Vec<Drilled> =
        serde_json::from_str(&text).map_err(|error| BenchError::found(format!("the drill's report: {error}")))?;
    match (reports.pop(), reports.len()) {
        (Some(Drilled { outcome, figures }), 0) if outcome == "passed" => Ok(figures),
        (Some(_), 0) => Err(BenchError::found("the drill of the failover did not pass")),
        (_, more) => Err(BenchError::found(format!("{more} reports of a drill beside one, expected none"))),
    }
}

/// The bill of the example estates.
pub(crate) fn bill() -> Result<BenchRow, BenchError> {
    let template = StackTemplate::of_this_repository().map_err(BillError::from)?;
    let bill = Bill::of(&template)?;
    let (list, free) = (bill.list_total(), bill.free_total());
    let what = "the bill of the five example estates a month, as `cargo bill` estimates it".to_owned();
    let measured = format!("{list:.2} USD at list prices, {free:.2} with free tiers");
    let goal = format!("≤ {:.0} and ≤ {:.0} USD", bill.goals.list, bill.goals.free);
    let row = row("bill", what, measured).goal(&goal, bill.missed().is_empty());
    Ok(row.figures([("list_usd", list), ("free_usd", free)]).done())
}
