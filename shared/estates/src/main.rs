//! `cargo estates`: checks estate documents, shows what they would do, and prints their schema.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its user")]

mod command;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use watchkeeper_estates::{compile_dir, load_dir, picture_of, schema_text, week_of};

/// Checks estate documents.
#[derive(Debug, Parser)]
#[command(name = "cargo estates", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks a folder of documents, and prints what each environment does in the next seven days.
    Check {
        /// The folder.
        #[arg(default_value = "shared/estates")]
        folder: PathBuf,
        /// The instant from which the seven days count, such as 2026-11-20T12:00:00Z; without it, now.
        #[arg(long, value_name = "INSTANT")]
        at: Option<Timestamp>,
        /// A file for the seven days of all environments as one picture, an SVG.
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Checks a folder of documents, and writes them into it as a function reads them fastest; to be done anew after each change,
    /// else the function checks the documents itself.
    Compile {
        /// The folder.
        #[arg(default_value = "shared/estates")]
        folder: PathBuf,
    },
    /// Drafts a document from Terraform's state: what is known is filled in, what only people know is asked in its place. Nothing
    /// that is secret is read.
    Draft(command::draft::DraftArguments),
    /// Verifies files of reports: that each is as it was written, that they follow each other, and that the facts in each lead to its
    /// plan.
    VerifyReport(command::verify_report::VerifyArguments),
    /// Prints the JSON Schema of a document, as `shared/estates/estate.schema.json` holds it.
    Schema,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Check { folder, at, svg } => check(&folder, at.unwrap_or_else(now), svg.as_deref()),
        Command::Compile { folder } => match compile_dir(&folder) {
            Ok(path) => {
                println!("wrote {}", path.display());
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        Command::Draft(arguments) => command::draft::run(arguments),
        Command::VerifyReport(arguments) => command::verify_report::run(&arguments),
        Command::Schema => {
            print!("{}", schema_text());
            ExitCode::SUCCESS
        }
    }
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[expect(clippy::disallowed_methods, reason = "the command's main is where the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn draw(path: &Path, picture: &str) -> ExitCode {
    match std::fs::write(path, picture) {
        Ok(()) => {
            println!("wrote {}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: found {error}, expected a file that can be written", path.display());
            ExitCode::FAILURE
        }
    }
}

fn check(folder: &Path, instant: Timestamp, svg: Option<&Path>) -> ExitCode {
    match load_dir(folder) {
        Ok(estates) => {
            for (estate, environment) in estates.iter().flat_map(|e| e.environments().map(move |env| (e, env))) {
                println!("{}", week_of(estate, environment, instant));
            }
            let verb = if estates.iter().count() == 1 { "is" } else { "are" };
            println!("{} {verb} in order", counted(estates.iter().count(), "estate"));
            svg.map_or(ExitCode::SUCCESS, |path| draw(path, &picture_of(&estates, instant)))
        }
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            eprintln!("{}", counted(problems.len(), "problem"));
            ExitCode::FAILURE
        }
    }
}
