//! `cargo estates verify-report`: files of reports, each by itself and as chains.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use watchkeeper_window::report::{VerifiedFile, verify};

use crate::counted;

/// What the command is given.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The JSON files of reports, those of several estates at once if need be.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Verifies the files, and prints what was found of each and of the chains that they make.
pub(crate) fn run(arguments: &VerifyArguments) -> ExitCode {
    let (mut texts, mut wrong) = (Vec::new(), 0);
    for path in &arguments.files {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => texts.push((name, text)),
            Err(error) => {
                eprintln!("{name}: found {error}, expected the JSON of a report");
                wrong += 1;
            }
        }
    }
    let verified = verify(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    for VerifiedFile { file, found } in &verified.files {
        match found {
            Ok(what) => println!("{file}: {what}: as it was written, and its facts lead to its plan"),
            Err(why) => {
                eprintln!("{file}: {why}");
                wrong += 1;
            }
        }
    }
    for chain in &verified.chains {
        if chain.broken.is_empty() {
            println!("{chain}");
        } else {
            eprintln!("{chain}");
            wrong += chain.broken.len();
        }
    }
    if wrong == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("{}", counted(wrong, "problem"));
    ExitCode::FAILURE
}
