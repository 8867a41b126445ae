//! `cargo bench`: what Watchkeeper promises of speed and thrift, measured.
#![allow(
    clippy::disallowed_methods,
    reason = "this is a tool of a developer's machine: its clock, its environment and its processes are what it works with"
)]

mod documents;
mod drilled;
mod error;
mod growth;
mod machine;
mod rows;
mod runtime_api;
mod size;
mod sleep;
mod start;
mod worker;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use watchkeeper_tests::bench::{BenchReport, BenchRow, chart, table};
use watchkeeper_tests::sandbox::CheckoutLayout;

use crate::error::{BenchError, chain};

/// What is measured. Each row says what it is to be and whether it is.
#[derive(Debug, Parser)]
#[command(
    name = "cargo bench --",
    about = "Measures what Watchkeeper promises of speed and thrift, in the local AWS and in the simulator.",
    after_help = "A figure that misses its goal is no failure; a row that could not be measured is."
)]
struct BenchArguments {
    /// Only these rows.
    rows: Vec<RowName>,
    /// How often a row is played that lasts; the medians of an odd number say most.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    rounds: u8,
    /// Where the report goes; target/bench.json without it.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the chart of `growth` and `size` goes; nowhere without it.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RowName {
    /// The bill of the example estates.
    Bill,
    /// Environments of growing size, in the simulator.
    Growth,
    /// The cold start of `reconcile`, against Python and boto3.
    Start,
    /// Cloud Custodian puts 200 services to sleep.
    Custodian,
    /// Watchkeeper puts the same 200 services to sleep.
    Large,
    /// Four environments fall asleep at one tick.
    Crowd,
    /// The memory and the processor's time of `reconcile` at environments of growing size. Cloud Custodian would look at all of their
    /// services, too: after it.
    Size,
    /// A failover's own share.
    Failover,
}

impl RowName {
    fn needs_the_sandbox(self) -> bool {
        matches!(self, Self::Start | Self::Size | Self::Custodian | Self::Large | Self::Crowd)
    }
}

fn main() -> ExitCode {
    let arguments = BenchArguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&BenchError::io("cannot start")(error)),
    };
    let code = match runtime.block_on(measured(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    };
    runtime.shutdown_background();
    code
}

async fn measured(arguments: &BenchArguments) -> Result<(), BenchError> {
    let chosen: Vec<RowName> = if arguments.rows.is_empty() {
        RowName::value_variants().to_vec()
    } else {
        // In the order that they leave the sandbox in order for each other.
        RowName::value_variants().iter().copied().filter(|row| arguments.rows.contains(row)).collect()
    };
    let mut report = BenchReport { machine: machine::described()?, ..BenchReport::default() };
    let sandbox = if chosen.iter().any(|row| row.needs_the_sandbox()) { Some(sleep::prepared().await?) } else { None };
    let rounds = usize::from(arguments.rounds);
    for name in chosen {
        let row = match (name, &sandbox) {
            (RowName::Bill, _) => drilled::bill()?,
            (RowName::Growth, _) => {
                let (row, points) = growth::growth()?;
                report.growth = points;
                row
            }
            (RowName::Size, Some(sandbox)) => {
                let (row, points) = size::sizes(&sandbox.harness).await?;
                report.sizes = points;
                row
            }
            (RowName::Failover, _) => drilled::failover(rounds).await?,
            (name, Some(sandbox)) => of_the_sandbox(name, sandbox, rounds).await?,
            (name, None) => return Err(BenchError::found(format!("{name:?} needs the sandbox, and there is none"))),
        };
        print(&format!("{}: {}", row.row, row.measured));
        report.rows.push(row);
    }
    if let Some(sandbox) = sandbox {
        sandbox.harness.succeeded()?;
    }
    print(&format!("\n{}\n\n{}", report.machine, table(&report)));
    written(arguments, &report)
}

async fn of_the_sandbox(
    name: RowName,
    sandbox: &sleep::MeasuredSandbox,
    rounds: usize,
) -> Result<BenchRow, BenchError> {
    let harness = &sandbox.harness;
    match name {
        RowName::Start => start::start(harness).await,
        RowName::Custodian => sleep::custodian(harness, rounds).await,
        RowName::Large => sleep::large(harness, rounds).await,
        RowName::Crowd => sleep::crowd(harness, rounds).await,
        RowName::Bill | RowName::Growth | RowName::Size | RowName::Failover => {
            Err(BenchError::found(format!("{name:?} is not played in this sandbox")))
        }
    }
}

fn written(arguments: &BenchArguments, report: &BenchReport) -> Result<(), BenchError> {
    let json = match &arguments.json {
        Some(file) => file.clone(),
        None => CheckoutLayout::find()?.target().join("bench.json"),
    };
    let text = serde_json::to_string_pretty(report).map_err(|error| BenchError::found(error.to_string()))?;
    write(&json, &(text + "\n"))?;
    match &arguments.svg {
        Some(file) if !report.growth.is_empty() => write(file, &chart(report)),
        _ => Ok(()),
    }
}

fn write(file: &Path, text: &str) -> Result<(), BenchError> {
    std::fs::write(file, text).map_err(BenchError::io(format!("cannot write {}", file.display())))
}

/// A result, on standard output.
#[allow(clippy::print_stdout, reason = "this is what was asked for")]
fn print(text: &str) {
    println!("{text}");
}

#[allow(clippy::print_stderr, reason = "it is a command")]
fn failed(error: &BenchError) -> ExitCode {
    eprintln!("the benchmarks could not be played: {}", chain(error));
    ExitCode::FAILURE
}
