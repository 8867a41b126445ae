//! `cargo bill`: what the example estates cost a month; fails where that is more than the goal.

use std::process::ExitCode;

use watchkeeper_preflight::StackTemplate;
use watchkeeper_tests::bill::{Bill, BillError, table};

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]
fn main() -> ExitCode {
    let bill = StackTemplate::of_this_repository().map_err(BillError::from).and_then(|it| Bill::of(&it));
    match bill {
        Ok(bill) => {
            println!("{}", table(&bill));
            let missed = bill.missed();
            for what in &missed {
                eprintln!("{what}");
            }
            if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
