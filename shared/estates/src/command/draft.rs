//! `cargo estates draft`: reads the files, writes a document that is not there yet, and compares one that is.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::Args;
use watchkeeper_domain::name::{EnvironmentName, EstateName};
use watchkeeper_estates::draft::{DraftNames, StateFile, draft};

use crate::counted;

/// What to draft from, and where to.
#[derive(Debug, Args)]
pub(crate) struct DraftArguments {
    /// A Terraform state file (version 4), or what `terraform show -json` prints of a state; more than once for several.
    /// NAME=FILE says that everything in it belongs to the environment NAME.
    #[arg(long, value_name = "[NAME=]FILE", required = true)]
    terraform: Vec<TerraformFile>,
    /// The name of the estate. Without it, that of the document behind `--out`, else what the names of the clusters share.
    #[arg(long, value_name = "NAME", value_parser = estate)]
    estate: Option<EstateName>,
    /// The environment of everything that no file gives another one. Without it, tags and names tell.
    #[arg(long, value_name = "NAME", value_parser = environment)]
    environment: Option<EnvironmentName>,
    /// The document to write. One that is there is never written to: what it differs in is printed instead.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A file, and the environment that everything in it belongs to.
#[derive(Debug, Clone)]
struct TerraformFile {
    path: PathBuf,
    environment: Option<EnvironmentName>,
}

impl FromStr for TerraformFile {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        // A path with a folder before its `=` is a path: no name has a slash.
        let named = text.split_once('=').and_then(|(name, path)| Some((EnvironmentName::new(name).ok()?, path)));
        let (environment, path) = named.map_or((None, text), |(name, path)| (Some(name), path));
        if path.is_empty() {
            return Err(format!("found {text:?}, expected FILE or NAME=FILE"));
        }
        Ok(Self { path: PathBuf::from(path), environment })
    }
}

fn estate(text: &str) -> Result<EstateName, String> {
    EstateName::new(text).map_err(|error| error.to_string())
}

fn environment(text: &str) -> Result<EnvironmentName, String> {
    EnvironmentName::new(text).map_err(|error| error.to_string())
}

/// Drafts, and says how it went. It fails where the document that is there differs, too.
pub(crate) fn run(arguments: DraftArguments) -> ExitCode {
    match drafted(arguments) {
        Ok(code) => code,
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            eprintln!("{}; nothing was written", counted(problems.len(), "problem"));
            ExitCode::FAILURE
        }
    }
}

fn drafted(arguments: DraftArguments) -> Result<ExitCode, Vec<String>> {
    let (files, unreadable): (Vec<_>, Vec<_>) = arguments.terraform.into_iter().map(read).partition(Result::is_ok);
    let unreadable: Vec<String> = unreadable.into_iter().filter_map(Result::err).collect();
    if !unreadable.is_empty() {
        return Err(unreadable);
    }
    let files: Vec<StateFile> = files.into_iter().filter_map(Result::ok).collect();
    let of_document = || EstateName::new(arguments.out.as_deref()?.file_stem()?.to_str()?).ok();
    let estate = arguments.estate.clone().or_else(of_document);
    let names = DraftNames { estate, environment: arguments.environment };
    let draft = draft(&files, &names).map_err(texts)?;
    match &arguments.out {
        None => {
            print!("{}", draft.text());
            eprintln!("drafted {}", draft.summary());
            Ok(ExitCode::SUCCESS)
        }
        Some(out) => {
            let delivered = draft.deliver(out)?;
            print!("{}", delivered.text);
            Ok(if delivered.agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn read(file: TerraformFile) -> Result<StateFile, String> {
    let name = file.path.display().to_string();
    match fs::read(&file.path) {
        Ok(bytes) => Ok(StateFile { name, bytes, environment: file.environment }),
        Err(error) => Err(format!("{name}: found {error}, expected a file that can be read")),
    }
}

fn texts<T: ToString>(problems: Vec<T>) -> Vec<String> {
    problems.into_iter().map(|problem| problem.to_string()).collect()
}
