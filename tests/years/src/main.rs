//! `cargo years`: whole histories, by the thousand.

mod command;
mod hunt;
mod tables;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    command::run(&command::Options::parse())
}
