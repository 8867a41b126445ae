//! `cargo fuzz`: damaged inputs by the million.
#![allow(clippy::print_stdout, reason = "a command speaks to its user")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use watchkeeper_fuzz::entry::{EntryPoint, Input, Outcome};
use watchkeeper_fuzz::entry_points;

/// Seeds that a thread takes at once.
const SEEDS: u64 = 1_000;

/// Reads damaged inputs at every entry point: each is taken, or refused with an error that says where; none may end in a panic.
#[derive(Debug, Clone, Parser)]
#[command(name = "cargo fuzz")]
struct Options {
    /// How many inputs of each entry point.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    inputs: u64,
    /// The seed of the first one.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Only entry points whose names have this in them.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// What came of the inputs of an entry point.
#[derive(Debug, Default)]
struct Sum {
    taken: u64,
    refused: u64,
    bad: Vec<(u64, Outcome)>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let all: Vec<EntryPoint> = entry_points()
        .into_iter()
        .filter(|it| options.only.as_deref().is_none_or(|only| it.name.contains(only)))
        .collect();
    if all.is_empty() {
        let known: Vec<&str> = entry_points().iter().map(|it| it.name).collect();
        println!("--only: found {}, expected a part of one of {}", options.only.unwrap_or_default(), known.join(", "));
        return ExitCode::FAILURE;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["entry point", "inputs", "taken", "refused", "without a place", "panics"]);
    let mut good = true;
    for entry in &all {
        let sum = play(entry, &options);
        let panics = sum.bad.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Panic(_))).count();
        let unnamed = sum.bad.len() - panics;
        good &= sum.bad.is_empty();
        table.add_row([
            entry.name.to_owned(),
            options.inputs.to_string(),
            sum.taken.to_string(),
            sum.refused.to_string(),
            unnamed.to_string(),
            panics.to_string(),
        ]);
        for (seed, outcome) in sum.bad.iter().take(3) {
            println!("{}, seed {seed}: {outcome:?}\n  of {}", entry.name, shown(&entry.input(*seed)));
        }
    }
    println!("{table}");
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays the seeds of an entry point on every core.
fn play(entry: &EntryPoint, options: &Options) -> Sum {
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Sum::default()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(SEEDS, Ordering::Relaxed);
                    if first >= options.inputs {
                        return;
                    }
                    let mut own = Sum::default();
                    for nth in first..(first + SEEDS).min(options.inputs) {
                        let seed = options.seed.wrapping_add(nth);
                        match entry.outcome(&entry.input(seed)) {
                            Outcome::Taken => own.taken += 1,
                            Outcome::Refused => own.refused += 1,
                            bad => own.bad.push((seed, bad)),
                        }
                    }
                    let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    sum.taken += own.taken;
                    sum.refused += own.refused;
                    sum.bad.extend(own.bad);
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    sum.bad.sort_by_key(|(seed, _)| *seed);
    sum
}

fn shown(input: &Input) -> String {
    match input {
        Input::Json(value) => value.to_string(),
        Input::Text(text) => text.clone(),
    }
}
